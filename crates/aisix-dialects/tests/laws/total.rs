//! Decoders give a value or an error for any bytes: they never panic.

use aisix_dialects::{
    ANTHROPIC_MESSAGES, AnswerContext, CallerDialect, Depth, Frame, OPENAI_CHAT, UpstreamRequest,
};
use bytes::{Bytes, BytesMut};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::generate::{fields, json};

proptest! {
    #[test]
    fn any_bytes_are_a_request_or_an_error(body in body()) {
        for dialect in DIALECTS {
            if let Ok(mut request) = dialect.decode_request(body.clone()) {
                for other in DIALECTS {
                    let upstream = UpstreamRequest { model: "up", stream: true };
                    let _ = other.encode_request(&mut request, &upstream);
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_an_answer_or_an_error(body in body()) {
        for dialect in DIALECTS {
            if let Ok(mut answer) = dialect.decode_response(body.clone()) {
                for other in DIALECTS {
                    let _ = other.encode_response(&mut answer, &AnswerContext::new("m"));
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_frames_or_an_error(frames in vec((event_name(), body()), 0..6)) {
        for (dialect, other) in [(DIALECTS[0], DIALECTS[1]), (DIALECTS[1], DIALECTS[0])] {
            for depth in [Depth::Outline, Depth::Full] {
                let mut decoder = dialect.event_decoder(depth);
                let mut encoder = other.event_encoder(AnswerContext::new("m"));
                let mut out = BytesMut::new();
                for (event, data) in &frames {
                    match decoder.push(Frame { event: event.clone(), data: data.clone(), failed: false }) {
                        Ok(Some(mut frame)) => drop(encoder.push(&mut frame, &mut out)),
                        Ok(None) => {}
                        Err(_) => break,
                    }
                }
                let _ = decoder.finish();
                encoder.finish(&mut out);
            }
        }
    }

    #[test]
    fn any_bytes_are_somebodys_error(body in body()) {
        for dialect in DIALECTS {
            prop_assert!(dialect.decode_error(&body).message.len() <= 1024 + "…".len());
        }
    }
}

static DIALECTS: [&dyn CallerDialect; 2] = [&OPENAI_CHAT, &ANTHROPIC_MESSAGES];

fn event_name() -> impl Strategy<Value = Option<Bytes>> {
    let name = "(message_start|content_block_delta|error|ping|future)".prop_map(Bytes::from);
    option::of(name)
}

/// Bytes; JSON; and JSON in which the names that are looked for hold anything.
fn body() -> impl Strategy<Value = Bytes> {
    let bytes = vec(any::<u8>(), 0..64).prop_map(Bytes::from);
    let any_json = json().prop_map(|value| Bytes::from(value.to_string()));
    let known = prop_oneof![
        2 => known(),
        1 => known().prop_map(|value| json!([value])),
        3 => anthropic(),
    ];
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

/// What Anthropic's requests, answers and events are made of.
fn anthropic() -> impl Strategy<Value = Value> {
    let source = object(vec![
        ("type", word("(base64|url|text|file|content)")),
        ("media_type", json().boxed()),
        ("data", prop_oneof![Just(json!("AAAA")), json()].boxed()),
        ("url", json().boxed()),
        ("file_id", json().boxed()),
    ]);
    let kinds =
        "(text|image|document|tool_use|tool_result|thinking|redacted_thinking|server_tool_use|x)";
    let text = || prop_oneof![Just(json!("a")), json()].boxed();
    let block = object(vec![
        ("type", word(kinds)),
        ("text", text()),
        ("source", source.boxed()),
        ("id", text()),
        ("name", text()),
        ("input", json().boxed()),
        ("tool_use_id", text()),
        ("content", json().boxed()),
        ("thinking", text()),
        ("signature", text()),
        ("data", text()),
        ("citations", prop_oneof![vec(json(), 0..2).prop_map(Value::from), json()].boxed()),
        ("cache_control", json().boxed()),
    ]);
    let delta = object(vec![
        ("type", word("(text|input_json|citations|thinking|signature|x)_delta")),
        ("text", text()),
        ("partial_json", text()),
        ("citation", json().boxed()),
        ("thinking", text()),
        ("signature", text()),
        ("stop_reason", prop_oneof![word("(end_turn|tool_use|refusal|x)"), json()].boxed()),
    ]);
    let content = vec(block.clone(), 0..3).prop_map(Value::from);
    let message = object(vec![
        ("role", word("(user|assistant|system)")),
        ("content", prop_oneof![content.clone(), json()].boxed()),
        ("usage", json().boxed()),
        ("model", json().boxed()),
    ]);
    let kinds = "(message_start|content_block_start|content_block_delta|content_block_stop|message_delta|message_stop|ping|error|x)";
    object(vec![
        ("type", word(kinds)),
        ("index", prop_oneof![(0..3u32).prop_map(Value::from), json()].boxed()),
        ("message", message.clone().boxed()),
        ("messages", vec(message, 1..3).prop_map(Value::from).boxed()),
        ("content", content.boxed()),
        ("content_block", block.boxed()),
        ("delta", delta.boxed()),
        ("usage", json().boxed()),
        ("error", option::of(json()).prop_map(Value::from).boxed()),
        ("system", json().boxed()),
        ("tools", json().boxed()),
        ("tool_choice", json().boxed()),
        ("thinking", json().boxed()),
        ("output_config", json().boxed()),
        ("metadata", json().boxed()),
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
