//! Decoders give a value or an error for any bytes: they never panic.

use aisix_dialects::{Depth, Dialect, Frame, OPENAI_CHAT};
use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::generate::{fields, json};

proptest! {
    #[test]
    fn any_bytes_are_a_request_or_an_error(body in body()) {
        if let Ok(mut request) = OPENAI_CHAT.decode_request(body) {
            let _ = request.value();
        }
    }

    #[test]
    fn any_bytes_are_an_answer_or_an_error(body in body()) {
        if let Ok(mut answer) = OPENAI_CHAT.decode_response(body) {
            let _ = answer.value();
        }
    }

    #[test]
    fn any_bytes_are_chunks_or_an_error(chunks in vec(body(), 0..4)) {
        for depth in [Depth::Outline, Depth::Full] {
            let mut decoder = OPENAI_CHAT.event_decoder(depth);
            for data in &chunks {
                if decoder.push(Frame { event: None, data: data.clone() }).is_err() {
                    break;
                }
            }
            let _ = decoder.finish();
        }
    }

    #[test]
    fn any_bytes_are_somebodys_error(body in body()) {
        prop_assert!(OPENAI_CHAT.decode_error(&body).message.len() <= 1024 + "…".len());
    }
}

/// Bytes; JSON; and JSON in which the names that are looked for hold anything.
fn body() -> impl Strategy<Value = Bytes> {
    let bytes = vec(any::<u8>(), 0..64).prop_map(Bytes::from);
    let any_json = json().prop_map(|value| Bytes::from(value.to_string()));
    let known = prop_oneof![known(), known().prop_map(|value| json!([value]))];
    prop_oneof![1 => bytes, 1 => any_json, 6 => known.prop_map(|value| value.to_string().into())]
}

fn known() -> impl Strategy<Value = Value> {
    let function = object(vec![("name", json().boxed()), ("arguments", json().boxed())]);
    let call = object(vec![
        ("index", json().boxed()),
        ("id", json().boxed()),
        ("type", prop_oneof![Just(json!("function")), json()].boxed()),
        ("function", function.clone().boxed()),
        ("custom", json().boxed()),
    ]);
    let part = object(vec![
        ("type", word("(text|refusal|image_url|video_url|input_audio|file)")),
        ("text", json().boxed()),
        ("image_url", object(vec![("url", json().boxed())]).boxed()),
        ("input_audio", object(vec![("data", json().boxed())]).boxed()),
        ("file", object(vec![("file_data", json().boxed()), ("file_id", json().boxed())]).boxed()),
    ]);
    let message = object(vec![
        ("role", word("(system|user|assistant|tool|function)")),
        ("content", prop_oneof![vec(part, 0..3).prop_map(Value::from), json()].boxed()),
        ("reasoning_content", json().boxed()),
        ("reasoning", json().boxed()),
        ("refusal", json().boxed()),
        ("tool_calls", vec(call, 0..3).prop_map(Value::from).boxed()),
        ("function_call", prop_oneof![function, json()].boxed()),
        ("audio", json().boxed()),
    ]);
    let choice = object(vec![
        ("index", prop_oneof![(0..3u32).prop_map(Value::from), json()].boxed()),
        ("message", message.clone().boxed()),
        ("delta", message.clone().boxed()),
        ("finish_reason", json().boxed()),
    ]);
    object(vec![
        ("id", json().boxed()),
        ("created", json().boxed()),
        ("model", json().boxed()),
        ("messages", vec(message, 1..3).prop_map(Value::from).boxed()),
        ("choices", vec(choice, 0..3).prop_map(Value::from).boxed()),
        ("usage", json().boxed()),
        ("error", json().boxed()),
        ("tools", json().boxed()),
        ("functions", json().boxed()),
        ("tool_choice", json().boxed()),
        ("response_format", json().boxed()),
        ("stop", json().boxed()),
        ("stream_options", json().boxed()),
    ])
}

fn object(
    known: Vec<(&'static str, BoxedStrategy<Value>)>,
) -> impl Strategy<Value = Value> + Clone {
    fields(known).prop_map(Value::Object).boxed()
}

fn word(pattern: &'static str) -> BoxedStrategy<Value> {
    pattern.prop_map(Value::from).boxed()
}
