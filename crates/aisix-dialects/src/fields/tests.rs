use aisix_core::DialectId;
use serde_json::{Value, json};

use super::{Borrowed, Fields, Json};

fn borrowed(text: &str) -> Borrowed<'_> {
    Borrowed::read(text.as_bytes()).expect("an object")
}

fn left(fields: Borrowed<'_>) -> Value {
    Fields::from(fields).into_value()
}

#[test]
fn what_nobody_took_is_left_as_it_stands() {
    let text = r#"{"text":"a\u0062","more":[null,true,-1,2,0.5,{"in":"side"}],"null":null}"#;
    let mut fields = borrowed(text);
    assert_eq!(fields.text("text").as_deref(), Some("ab"));
    assert_eq!(
        left(fields),
        json!({"more": [null, true, -1, 2, 0.5, {"in": "side"}], "null": null})
    );
}

#[test]
fn a_field_of_another_form_stays_for_whoever_understands_it() {
    let mut fields = borrowed(r#"{"text":1,"index":"1","list":{},"number":null}"#);
    assert_eq!(fields.text("text"), None);
    assert_eq!(fields.integer::<u32>("index"), None);
    assert!(fields.list("list").is_none());
    assert_eq!(fields.number("number"), None);
    assert_eq!(left(fields), json!({"text": 1, "index": "1", "list": {}}));
}

#[test]
fn an_integer_that_does_not_fit_stays() {
    let mut fields = borrowed(r#"{"index":4294967296,"half":0.5}"#);
    assert_eq!(fields.integer::<u32>("index"), None);
    assert_eq!(fields.integer::<u32>("half"), None);
    assert_eq!(left(fields), json!({"index": 4_294_967_296_u64, "half": 0.5}));
}

#[test]
fn of_a_field_that_stands_there_twice_the_last_counts() {
    let twice = r#"{"text":"first","te\u0078t":"last","more":1,"more":2}"#;
    let mut fields = borrowed(twice);
    assert_eq!(fields.text("text").as_deref(), Some("last"));
    let natives: Vec<_> = fields.natives(DialectId("test"), "of.").collect();
    let names: Vec<_> = natives.iter().map(|native| (&*native.name, &native.value)).collect();
    assert_eq!(names, [("of.more", &json!(2))]);
}

#[test]
fn texts_without_escapes_are_not_copied() {
    let text = r#"{"text":"plain"}"#;
    let taken = borrowed(text).text("text").expect("a text");
    assert!(matches!(taken, std::borrow::Cow::Borrowed(_)));
}

#[test]
fn what_is_no_object_has_no_fields() {
    for text in ["[]", "1", "\"{}\"", "{", "{} {}", "{\"a\":1e999}", "{\"a\":\"\\ud800\"}"] {
        assert!(Borrowed::read(text.as_bytes()).is_err(), "{text}");
    }
}

#[test]
fn an_object_within_is_read_like_the_one_around_it() {
    let mut fields = borrowed(r#"{"delta":{"text":"x","more":1},"other":1}"#);
    let mut delta = fields.take("delta").map(Json::object).expect("a delta").expect("an object");
    assert_eq!(delta.text("text").as_deref(), Some("x"));
    assert_eq!(left(delta), json!({"more": 1}));
    assert!(fields.take("other").map(Json::object).is_some_and(|other| other.is_err()));
}
