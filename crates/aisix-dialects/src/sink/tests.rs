use aisix_core::DialectId;
use serde_json::json;

use super::*;

#[test]
fn a_field_is_named_once_in_its_place_however_many_there_are() {
    let dialect = DialectId("test");
    let mut sink = Sink::new(dialect, dialect);
    // As many as a caller's body may hold: looking through all of them for each would not end.
    let names: Vec<_> = (0..500_000).map(|number| format!("field_{number}")).collect();
    names.iter().chain(&names).for_each(|name| sink.drop(name));
    assert!(sink.dropped().iter().map(|dropped| &dropped.field).eq(&names));
}

#[test]
fn a_request_that_begins_at_another_provider_is_refused_and_nothing_else_is() {
    let (one, other) = (DialectId("one"), DialectId("other"));
    let refused = |sink: Sink| sink.encoded(&Map::new()).is_err();
    let request = |value: Value| {
        let native = vec![Native::new(one, "thread", value)];
        ChatRequest { native, ..ChatRequest::default() }
    };
    let asked = |dialect, value| {
        let mut sink = Sink::new(dialect, one);
        sink.refuse_unheard(&request(value));
        refused(sink)
    };
    let thread = json!({"type": "continue", "previous_message_id": "msg_1"});
    assert!(asked(other, thread.clone()));
    assert!(!asked(one, thread.clone()), "its own provider knows the beginning");
    assert!(!asked(other, Value::Null), "nothing is gone on with");
    let mut answer = Sink::new(other, one);
    answer.drop_natives(&request(thread).native);
    assert!(!refused(answer), "an answer may name its thread");
}
