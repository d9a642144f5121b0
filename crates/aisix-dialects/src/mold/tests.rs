use std::collections::HashMap;

use aisix_core::chat::FrameOutline;
use bytes::Bytes;
use serde_json::value::RawValue;

use super::{LONGEST, Mold};
use crate::frame::Frame;

fn frame(data: &str) -> Frame {
    Frame { data: Bytes::copy_from_slice(data.as_bytes()), ..Frame::default() }
}

/// The form of an event whose top-level fields `gap` and `other` are gaps.
fn mold(data: &str, outline: &FrameOutline) -> Mold {
    let fields: HashMap<&str, &RawValue> = serde_json::from_str(data).expect("an object");
    let gaps = ["gap", "other"].map(|name| fields.get(name).copied());
    let mut mold = Mold::default();
    mold.take((&frame(data), data), gaps, outline);
    mold
}

fn fits(of: &str, data: &str) -> bool {
    mold(of, &FrameOutline::default()).outline(&frame(data)).is_some()
}

#[test]
fn an_event_that_differs_in_the_gaps_alone_has_the_same_outline() {
    let outline =
        FrameOutline { model_span: Some(5..8), finished: true, ..FrameOutline::default() };
    let mold = mold(r#"{"a":"m","gap":{"text":"x"},"b":[],"other":1}"#, &outline);
    for like in [
        r#"{"a":"m","gap":{"text":"x"},"b":[],"other":1}"#,
        r#"{"a":"m","gap":{"text":"a \"longer\" one"},"b":[],"other":23}"#,
        r#"{"a":"m","gap":null,"b":[],"other":{"any":["value"]}}"#,
        r#"{"a":"m","gap":"}","b":[],"other":"é"}"#,
    ] {
        assert_eq!(mold.outline(&frame(like)).as_ref(), Some(&outline), "{like}");
    }
}

#[test]
fn an_event_that_differs_elsewhere_is_scanned() {
    let of = r#"{"a":1,"gap":"x","b":2,"other":3}"#;
    for unlike in [
        r#"{"a":2,"gap":"x","b":2,"other":3}"#,
        r#"{"a":1,"gap":"x","b":3,"other":3}"#,
        r#"{"a":1,"gap":"x","b":2,"other":3,"more":4}"#,
        r#"{"a":1,"gap":"x","gap":"y","b":2,"other":3}"#,
        r#"{"a":1,"gap":"x","b":2,"other":3} "#,
        r#"{"a":1}"#,
        "",
    ] {
        assert!(!fits(of, unlike), "{unlike}");
    }
}

#[test]
fn a_gap_holds_one_value_that_is_json() {
    let of = r#"{"gap":"x","b":2}"#;
    for broken in ["", "x", "\"x", "\"x\",\"y\":\"z\"", "\"\n\"", "{\"x\"}", "\"\\x\"", "01", "{}}"]
    {
        assert!(!fits(of, &format!(r#"{{"gap":{broken},"b":2}}"#)), "{broken}");
    }
    assert!(fits(of, r#"{"gap":"x","b":2}"#));
}

#[test]
fn bytes_that_are_no_text_are_scanned() {
    let mold = mold(r#"{"gap":"x"}"#, &FrameOutline::default());
    let broken = Frame { data: Bytes::from_static(b"{\"gap\":\"\xff\"}"), ..Frame::default() };
    assert_eq!(mold.outline(&broken), None);
}

#[test]
fn an_event_of_another_type_is_scanned() {
    let mold = mold(r#"{"gap":"x"}"#, &FrameOutline::default());
    let typed = Frame { event: Some(Bytes::from_static(b"delta")), ..frame(r#"{"gap":"x"}"#) };
    assert_eq!(mold.outline(&typed), None);
}

#[test]
fn an_event_whose_outline_may_shift_has_no_form() {
    let behind = FrameOutline { model_span: Some(15..18), ..FrameOutline::default() };
    let data = r#"{"gap":"x","a":"m"}"#;
    assert_eq!(mold(data, &behind).outline(&frame(data)), None);
}

#[test]
fn without_gaps_and_beyond_the_usual_length_there_is_no_form() {
    assert!(!fits("{}", "{}"));
    let long = format!(r#"{{"gap":"{}"}}"#, "x".repeat(LONGEST));
    assert!(!fits(&long, &long));
    let mut mold = mold(r#"{"gap":"x"}"#, &FrameOutline::default());
    mold.take((&frame(&long), &long), [None], &FrameOutline::default());
    assert_eq!(mold.outline(&frame(r#"{"gap":"x"}"#)), None);
}
