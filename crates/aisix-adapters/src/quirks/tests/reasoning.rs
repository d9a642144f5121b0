//! Reasoning that a vendor has somewhere else.

use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{anthropic_messages, openai_chat};
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::Answers;
use super::key;

fn answers(path: &str) -> Answers {
    Answers::of(&key(Value::Null, json!({"reasoning_field": path})).spec, openai_chat::ID)
}

/// What becomes of the delta of a chunk and the message of an answer.
#[track_caller]
fn check(path: &str, held: &str, expected: &str) {
    let chunk =
        |held: &str| format!(r#"{{"id":"x", "choices" : [ {{"index":0,"delta": {held} }} ]}}"#);
    let message = |held: &str| format!(r#"{{"choices":[{{"message":{held}}}],"delta":{held}}}"#);
    let mut frames = Vec::new();
    let mut decoder = answers(path).frames(Box::new(SseDecoder::default()));
    let stream = format!("data: {}\n\ndata: [DONE]\n\n", chunk(held));
    decoder.push(Bytes::from(stream), &mut frames).expect("it is a stream");
    let found: Vec<_> = frames.iter().map(|frame| &frame.data[..]).collect();
    assert_eq!(found, [chunk(expected).as_bytes(), b"[DONE]"], "for {held}");
    let whole = answers(path).whole(message(held).into());
    let untouched = format!(r#""delta":{held}}}"#);
    let expected = message(expected);
    let (expected, _) = expected.split_once(r#""delta""#).expect("it is there");
    assert_eq!(whole, format!("{expected}{untouched}"), "for {held}");
}

#[test]
fn reasoning_is_copied_to_where_the_format_has_it() {
    check(
        "delta.thinking",
        r#"{"thinking":"a\u00e9\n"}"#,
        r#"{"reasoning_content":"a\u00e9\n","thinking":"a\u00e9\n"}"#,
    );
    check(
        "delta.thinking.text",
        r#"{ "role":"assistant","thinking":{"n":1,"text":"why"}}"#,
        r#"{"reasoning_content":"why", "role":"assistant","thinking":{"n":1,"text":"why"}}"#,
    );
    check(
        "delta.reasoning",
        r#"{"reasoning_content":null,"reasoning":"why"}"#,
        r#"{"reasoning_content":"why","reasoning":"why"}"#,
    );
}

#[test]
fn what_is_no_text_or_says_nothing_is_not_reasoning() {
    for held in [
        "{}",
        "null",
        r#"{"content":"x"}"#,
        r#"{"thinking":""}"#,
        r#"{"thinking":null}"#,
        r#"{"thinking":{"text":"x"}}"#,
        r#"{"thinking":["x"]}"#,
    ] {
        check("delta.thinking", held, held);
    }
    check("delta.a.b", r#"{"a":"x","b":"y"}"#, r#"{"a":"x","b":"y"}"#);
    check(
        "delta.reasoning_content",
        r#"{"reasoning_content":"x"}"#,
        r#"{"reasoning_content":"x"}"#,
    );
}

#[test]
fn every_choice_has_its_own() {
    let body =
        r#"{"choices":[{"message":{"t":"a"}},{"message":{"t":""}},{"message":{"t":"c"}},5]}"#;
    let expected = r#"{"choices":[{"message":{"reasoning_content":"a","t":"a"}},{"message":{"t":""}},{"message":{"reasoning_content":"c","t":"c"}},5]}"#;
    assert_eq!(answers("delta.t").whole(Bytes::from_static(body.as_bytes())), expected);
}

#[test]
fn other_formats_and_odd_bodies_are_left_alone() {
    let body = Bytes::from_static(br#"{"choices":[{"message":{"t":"a"}}]}"#);
    let key = key(Value::Null, json!({"reasoning_field": "delta.t"}));
    assert_eq!(Answers::of(&key.spec, anthropic_messages::ID).whole(body.clone()), body);
    for odd in
        ["", "[]", "{", r#"{"choices":5}"#, r#"{"choices":[{"message":{"t":"a"}}]"#, "\u{ff}"]
    {
        assert_eq!(answers("delta.t").whole(Bytes::from(odd)), odd);
    }
}
