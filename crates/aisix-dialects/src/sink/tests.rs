use aisix_core::DialectId;

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
