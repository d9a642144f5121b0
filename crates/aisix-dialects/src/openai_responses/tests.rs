use aisix_core::chat::{ChatEvent, FrameKind, fold};
use aisix_core::{Error, ErrorCode};
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

use super::OPENAI_RESPONSES;
use crate::dialect::{AnswerContext, Depth, Dialect, UpstreamRequest};
use crate::frame::{Frame, FrameDecoder as _};
use crate::openai_chat::OPENAI_CHAT;
use crate::sse::SseDecoder;

/// A request of one format's, as an upstream of another reads it; and what was left out.
#[track_caller]
fn translated(from: &dyn Dialect, to: &dyn Dialect, request: &Value) -> (Value, Vec<String>) {
    let mut request = from.decode_request(request.to_string().into()).expect("it is a request");
    let stream = request.outline().stream;
    let upstream = UpstreamRequest { model: "upstream", stream };
    let encoded = to.encode_request(&mut request, &upstream).expect("it can be said");
    let body = serde_json::from_slice(&encoded.body).expect("it is JSON");
    (body, encoded.dropped.into_iter().map(|dropped| dropped.field).collect())
}

fn to_chat(request: &Value) -> (Value, Vec<String>) {
    translated(&OPENAI_RESPONSES, &OPENAI_CHAT, request)
}

mod requests {
    use super::*;

    fn complaint(body: &Value) -> Option<String> {
        let request = OPENAI_RESPONSES.decode_request(body.to_string().into());
        request.expect("it is a request").outline().complaint.clone()
    }

    #[test]
    fn an_input_must_be_text_or_items() {
        let text = complaint(&json!({"model": "m", "input": 5}));
        assert_eq!(text.as_deref(), Some("'input' must be a string or an array"));
        let empty = complaint(&json!({"model": "m", "input": []}));
        assert_eq!(empty.as_deref(), Some("'input' must not be empty"));
        let stored = complaint(&json!({"model": "m", "previous_response_id": "resp_1"}));
        assert_eq!(stored, None, "what is stored may stand in for it");
    }

    #[test]
    fn a_type_that_is_acted_upon_is_checked() {
        for (field, value, form) in [
            ("stream", json!("yes"), "true or false"),
            ("temperature", json!("hot"), "a number"),
            ("top_p", json!([]), "a number"),
            ("max_output_tokens", json!(-1), "an integer from 0 to 4294967295"),
        ] {
            let complained = complaint(&json!({"model": "m", "input": "hi", field: value}));
            assert_eq!(complained, Some(format!("'{field}' must be {form}")));
        }
    }

    #[test]
    fn a_model_that_stands_twice_is_refused() {
        let body = Bytes::from_static(br#"{"model":"a","input":"x","\u006dodel":"b"}"#);
        let Err(error) = OPENAI_RESPONSES.decode_request(body) else {
            panic!("two readers could disagree");
        };
        assert_eq!(error.message(), "request payload is invalid: duplicate field 'model'");
    }

    #[test]
    fn an_item_that_is_none_is_refused_where_it_must_be_understood() {
        for (item, place) in [
            (json!(5), "'input[0]' must be an object"),
            (json!({}), "'input[0]' must be a message, or an object with a 'type'"),
            (
                json!({"role": "robot", "content": "x"}),
                "'input[0].role' must be 'user', 'assistant', 'system' or 'developer'",
            ),
            (
                json!({"role": "user", "content": 5}),
                "'input[0].content' must be a string or an array of parts",
            ),
            (
                json!({"type": "function_call_output", "call_id": "c", "output": 5}),
                "'input[0].output' must be a string or an array of parts",
            ),
        ] {
            let body = json!({"model": "m", "input": [item]}).to_string();
            let mut request = OPENAI_RESPONSES.decode_request(body.into()).expect("it is JSON");
            let error = request.value().expect_err("it says nothing");
            assert_eq!(error.message(), format!("request payload is invalid: {place}"));
        }
    }

    #[test]
    fn chat_completions_hear_the_whole_conversation() {
        let (body, dropped) = to_chat(&json!({
            "model": "m",
            "instructions": "Be terse.",
            "input": [
                {"role": "developer", "content": "No lists."},
                {"role": "user", "content": [
                    {"type": "input_text", "text": "What is this?"},
                    {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "low"},
                ]},
                {"type": "message", "role": "assistant", "id": "msg_1", "status": "completed",
                 "content": [{"type": "output_text", "text": "I look.", "annotations": []}]},
                {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "see",
                 "arguments": "{}"},
                {"type": "function_call", "id": "fc_2", "call_id": "c2", "name": "hear",
                 "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c1", "output": "a cat"},
                {"type": "function_call_output", "call_id": "c2", "output": "purring"},
            ],
            "tools": [{"type": "function", "name": "see", "parameters": {"type": "object"},
                       "strict": true}],
            "tool_choice": {"type": "function", "name": "see"},
            "parallel_tool_calls": true,
            "max_output_tokens": 64,
            "temperature": 0.5,
            "text": {"format": {"type": "json_schema", "name": "animal",
                                "schema": {"type": "object"}, "strict": true}},
            "reasoning": {"effort": "low"},
            "user": "u1",
        }));
        let call = |id: &str, name: &str| json!({"id": id, "type": "function", "function": {"name": name, "arguments": "{}"}});
        let expected = json!({
            "model": "upstream",
            "messages": [
                {"role": "system", "content": "Be terse."},
                {"role": "developer", "content": "No lists."},
                {"role": "user", "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url",
                     "image_url": {"url": "https://example.com/a.png", "detail": "low"}},
                ]},
                {"role": "assistant", "content": "I look.",
                 "tool_calls": [call("c1", "see"), call("c2", "hear")]},
                {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
                {"role": "tool", "tool_call_id": "c2", "content": "purring"},
            ],
            "tools": [{"type": "function", "function": {
                "name": "see", "parameters": {"type": "object"}, "strict": true}}],
            "tool_choice": {"type": "function", "function": {"name": "see"}},
            "parallel_tool_calls": true,
            "temperature": 0.5,
            "max_tokens": 64,
            "response_format": {"type": "json_schema", "json_schema": {
                "name": "animal", "schema": {"type": "object"}, "strict": true}},
            "reasoning_effort": "low",
            "user": "u1",
            "stream": false,
        });
        assert_eq!(body, expected);
        assert_eq!(dropped, ["id", "status"], "ids of items mean something to OpenAI only");
    }

    #[test]
    fn what_only_openai_stores_or_runs_is_left_out_for_others_and_said() {
        let (body, dropped) = to_chat(&json!({
            "model": "m",
            "input": "go on",
            "previous_response_id": "resp_1",
            "tools": [{"type": "web_search"}],
            "truncation": "auto",
            "reasoning": {"summary": "auto"},
        }));
        assert_eq!(body["messages"], json!([{"role": "user", "content": "go on"}]));
        assert_eq!(body.get("tools"), None);
        let expected = ["tools", "reasoning.summary", "previous_response_id", "truncation"];
        assert_eq!(dropped, expected);
    }

    #[test]
    fn chat_completions_can_be_said_in_items() {
        let (body, dropped) = translated(
            &OPENAI_CHAT,
            &OPENAI_RESPONSES,
            &json!({
                "model": "m",
                "messages": [
                    {"role": "system", "content": "Be terse."},
                    {"role": "user", "content": "Weather?"},
                    {"role": "assistant", "content": null, "tool_calls": [
                        {"id": "c1", "type": "function",
                         "function": {"name": "wx", "arguments": "{}"}}]},
                    {"role": "tool", "tool_call_id": "c1", "content": "4C"},
                ],
                "tools": [{"type": "function", "function": {"name": "wx"}}],
                "stop": ["END"],
                "seed": 7,
                "max_tokens": 9,
            }),
        );
        let expected = json!({
            "model": "upstream",
            "input": [
                {"type": "message", "role": "system", "content": "Be terse."},
                {"type": "message", "role": "user", "content": "Weather?"},
                {"type": "function_call", "call_id": "c1", "name": "wx", "arguments": "{}"},
                {"type": "function_call_output", "call_id": "c1", "output": "4C"},
            ],
            "tools": [{"type": "function", "name": "wx", "strict": false}],
            "max_output_tokens": 9,
            "stream": false,
            "store": false,
            "include": ["reasoning.encrypted_content"],
        });
        assert_eq!(body, expected);
        assert_eq!(dropped, ["stop", "seed"]);
    }
}

mod streams {
    use super::*;

    fn frames(events: &[Value]) -> Vec<Frame> {
        let frame = |event: &Value| Frame { event: None, data: event.to_string().into() };
        events.iter().map(frame).collect()
    }

    fn read(events: &[Value]) -> Result<Vec<ChatEvent>, Error> {
        let mut decoder = OPENAI_RESPONSES.event_decoder(Depth::Full);
        let mut read = Vec::new();
        for frame in frames(events) {
            if let Some(mut events) = decoder.push(frame)? {
                read.extend(events.value()?.iter().cloned());
            }
        }
        decoder.finish()?;
        Ok(read)
    }

    fn completed() -> Value {
        json!({"type": "response.completed", "response": {
            "id": "resp_1", "model": "m", "created_at": 1, "status": "completed", "output": []}})
    }

    #[test]
    fn an_unknown_event_is_passed_on_and_means_nothing() {
        let mut decoder = OPENAI_RESPONSES.event_decoder(Depth::Full);
        let frame = frames(&[json!({"type": "response.hologram.delta", "delta": "x"})]).remove(0);
        let mut carried = decoder.push(frame).expect("it is no error").expect("it is a frame");
        assert_eq!(carried.outline().kind, FrameKind::Unknown);
        assert_eq!(carried.value().expect("it is read"), &[]);
    }

    #[test]
    fn a_stream_without_its_last_event_is_not_complete() {
        let delta = json!({"type": "response.output_text.delta", "delta": "Hi"});
        let error = read(&[delta]).expect_err("it broke off");
        assert_eq!(error.code(), ErrorCode::StreamAborted);
    }

    #[test]
    fn the_marker_of_another_format_ends_nothing_and_harms_nothing() {
        let mut decoder = OPENAI_RESPONSES.event_decoder(Depth::Outline);
        let done = Frame { event: None, data: Bytes::from_static(b"[DONE]") };
        assert!(decoder.push(done).expect("it is ignored").is_none());
        assert!(decoder.finish().is_err());
    }

    #[test]
    fn a_vendor_may_leave_out_what_opens_parts_and_items() {
        let events = read(&[
            json!({"type": "response.output_text.delta", "delta": "Hel"}),
            json!({"type": "response.output_text.delta", "delta": "lo"}),
            json!({"type": "response.output_item.done", "output_index": 1, "item": {
                "type": "function_call", "id": "fc_1", "call_id": "c1", "name": "wx",
                "arguments": "{}", "status": "completed"}}),
            completed(),
        ]);
        let answer = fold(events.expect("it is complete"));
        let (text, call) = (&answer.choices[0].parts[0], &answer.choices[0].parts[1]);
        assert!(format!("{text:?}").contains("Hello"), "{text:?}");
        assert!(format!("{call:?}").contains(r#"arguments: "{}""#), "{call:?}");
    }

    #[test]
    fn a_text_that_is_told_only_when_it_is_complete_is_told_once() {
        let place = json!({"item_id": "msg_1", "output_index": 0, "content_index": 0});
        let event = |kind: &str, more: Value| {
            let mut event = place.clone();
            event["type"] = kind.into();
            for (name, value) in more.as_object().expect("fields") {
                event[name] = value.clone();
            }
            event
        };
        let part = json!({"type": "output_text", "text": "Hi", "annotations": []});
        let opened = json!({"type": "output_text", "text": "", "annotations": []});
        let events = read(&[
            event("response.content_part.added", json!({ "part": opened })),
            event("response.output_text.done", json!({"text": "Hi"})),
            event("response.content_part.done", json!({ "part": part })),
            completed(),
        ]);
        let answer = fold(events.expect("it is complete"));
        assert!(format!("{:?}", answer.choices[0].parts).contains(r#"text: "Hi""#));
    }

    #[test]
    fn a_failure_in_the_stream_is_the_upstreams_error() {
        for event in [
            json!({"type": "error", "code": "server_error", "message": "boom", "param": null}),
            json!({"type": "error", "error": {"code": "server_error", "message": "boom"}}),
            json!({"error": {"code": "server_error", "message": "boom"}}),
            json!({"type": "response.failed", "response": {"id": "r", "status": "failed",
                   "output": [], "error": {"code": "server_error", "message": "boom"}}}),
        ] {
            let error = read(&[event]).expect_err("it failed");
            assert_eq!(error.code(), ErrorCode::UpstreamInBand);
            assert_eq!(error.message(), "boom");
        }
    }

    #[test]
    fn a_caller_hears_of_a_failure_in_its_own_format() {
        let mut encoder = OPENAI_RESPONSES.event_encoder(AnswerContext::new("m"));
        let mut out = BytesMut::new();
        encoder.fail(&Error::new(ErrorCode::StreamAborted, "it broke off"), &mut out);
        let text = String::from_utf8(out.to_vec()).expect("it is text");
        let expected = "event: error\ndata: {\"type\":\"error\",\"sequence_number\":0,\
                        \"code\":\"stream_aborted\",\"message\":\"it broke off\"}\n\n";
        assert_eq!(text, expected);
    }

    /// A stream of chat completions, as a caller of this format reads it.
    #[test]
    fn a_stream_of_chunks_becomes_events_in_their_order() {
        let chunk = |delta: Value, finish: Value| {
            let choice = json!({"index": 0, "delta": delta, "finish_reason": finish});
            format!("data: {}\n\n", json!({"id": "c1", "created": 5, "choices": [choice]}))
        };
        let call = json!({"index": 0, "id": "c9", "type": "function",
                          "function": {"name": "wx", "arguments": "{}"}});
        let stream = [
            chunk(json!({"role": "assistant", "content": ""}), Value::Null),
            chunk(json!({"content": "Hi"}), Value::Null),
            chunk(json!({"tool_calls": [call]}), Value::Null),
            chunk(json!({}), json!("tool_calls")),
            "data: [DONE]\n\n".to_owned(),
        ]
        .concat();
        let (mut framing, mut frames) = (SseDecoder::default(), Vec::new());
        framing.push(stream.into(), &mut frames).expect("it is a stream");
        let mut decoder = OPENAI_CHAT.event_decoder(Depth::Full);
        let context = AnswerContext::new("m").minted("0a-1b", 7);
        let mut encoder = OPENAI_RESPONSES.event_encoder(context);
        let mut out = BytesMut::new();
        for frame in frames {
            if let Some(mut events) = decoder.push(frame).expect("it is a chunk") {
                encoder.push(&mut events, &mut out).expect("it can be said");
            }
        }
        encoder.finish(&mut out);
        let (mut framing, mut frames) = (SseDecoder::default(), Vec::new());
        framing.push(out.freeze(), &mut frames).expect("it wrote a stream");
        let events: Vec<Value> =
            frames.iter().map(|frame| serde_json::from_slice(&frame.data).expect("JSON")).collect();
        let kinds: Vec<_> = events.iter().filter_map(|event| event["type"].as_str()).collect();
        let expected = [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
            "response.output_text.delta",
            "response.output_item.added",
            "response.function_call_arguments.delta",
            "response.output_text.done",
            "response.content_part.done",
            "response.function_call_arguments.done",
            "response.output_item.done",
            "response.output_item.done",
            "response.completed",
        ];
        assert_eq!(kinds, expected);
        let numbers: Vec<_> =
            events.iter().map(|event| event["sequence_number"].as_u64()).collect();
        assert_eq!(numbers, (0..13).map(Some).collect::<Vec<_>>());
        let response = &events[12]["response"];
        assert_eq!(response["status"], "completed");
        assert_eq!(response["output"][0]["content"][0]["text"], "Hi");
        assert_eq!(response["output"][1]["call_id"], "c9");
    }
}
