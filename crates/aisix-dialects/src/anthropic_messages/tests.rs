use aisix_core::chat::{ChatEvent, ChatEvents, Delta, FrameKind, PartStart, RequestOutline, Usage};
use aisix_core::{Carried, DialectId, Error, ErrorCode};
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

use super::ANTHROPIC_MESSAGES;
use crate::dialect::{AnswerContext, CallerDialect, Depth, Dialect, EventEncoder, UpstreamRequest};
use crate::frame::Frame;

mod requests {
    use super::*;

    #[track_caller]
    fn outline(body: &str) -> RequestOutline {
        let request = ANTHROPIC_MESSAGES.decode_request(Bytes::copy_from_slice(body.as_bytes()));
        request.expect("it is a request").outline().clone()
    }

    #[track_caller]
    fn refused(body: &str, message: &str) {
        let request = ANTHROPIC_MESSAGES.decode_request(Bytes::copy_from_slice(body.as_bytes()));
        let error = request.expect_err("it is refused");
        assert_eq!((error.status(), error.message()), (400, message), "for {body}");
    }

    #[test]
    fn a_model_that_is_absent_null_or_empty_is_none() {
        for body in [r#"{"messages":[1]}"#, r#"{"model":null}"#, r#"{"model":""}"#] {
            assert_eq!(outline(body).model, None, "for {body}");
        }
    }

    #[test]
    fn what_is_not_the_json_that_is_taken_is_refused() {
        for body in [r#"{"model":1}"#, "{", "[]", "", "\"model\""] {
            refused(body, "invalid JSON request body");
        }
        let twice = "request payload is invalid: duplicate field 'model'";
        refused(r#"{"model":"a","\u006dodel":"b"}"#, twice);
    }

    #[track_caller]
    fn complained(body: &str, complaint: &str) {
        assert_eq!(outline(body).complaint.as_deref(), Some(complaint), "for {body}");
    }

    #[test]
    fn what_is_wrong_beside_the_model_is_left_for_later() {
        complained(r#"{"model":"a"}"#, "missing field 'messages'");
        complained(r#"{"messages":{}}"#, "'messages' must be an array");
        complained(r#"{"messages":[ ]}"#, "'messages' must not be empty");
        complained(r#"{"messages":[1],"stream":"yes"}"#, "'stream' must be true or false");
        let limit = "'max_tokens' must be an integer from 0 to 4294967295";
        complained(r#"{"messages":[1],"max_tokens":"many"}"#, limit);
    }

    #[track_caller]
    fn misread(request: Value, detail: &str) {
        let decoded = ANTHROPIC_MESSAGES.decode_request(request.to_string().into());
        let mut carried = decoded.expect("the outline is fine");
        let error = carried.value().expect_err("the whole is not");
        assert_eq!(error.message(), format!("request payload is invalid: {detail}"));
        assert_eq!(error.status(), 400);
    }

    #[test]
    fn says_where_a_request_cannot_be_read() {
        let messages = |messages: Value| json!({"model": "a", "messages": messages});
        misread(messages(json!([1])), "'messages[0]' must be an object");
        misread(
            messages(json!([{"role": "user", "content": "a"}, {"role": "root", "content": "b"}])),
            "'messages[1].role' must be 'user', 'assistant' or 'system'",
        );
        for content in [json!(null), json!(7), json!({})] {
            misread(
                messages(json!([{"role": "user", "content": content}])),
                "'messages[0].content' must be a string or an array of blocks",
            );
        }
        misread(
            messages(json!([{"role": "user", "content": [{"text": "a"}]}])),
            "'messages[0].content[0]' must be an object with a 'type'",
        );
        let result = json!({"type": "tool_result", "tool_use_id": "t", "content": 7});
        misread(
            messages(json!([{"role": "user", "content": [result]}])),
            "'messages[0].content[0].content' must be a string or an array of blocks",
        );
        let turn = json!([{"role": "user", "content": "a"}]);
        misread(
            json!({"model": "a", "messages": turn, "system": 7}),
            "'system' must be a string or an array of blocks",
        );
        misread(
            json!({"model": "a", "messages": turn, "system": ["a"]}),
            "'system[0]' must be an object with a 'type'",
        );
    }

    #[test]
    fn a_large_image_is_relayed_and_read_whole() {
        let data = "A".repeat(10 << 20);
        let source = json!({"type": "base64", "media_type": "image/png", "data": data});
        let content = json!([{"type": "image", "source": source}]);
        let messages = json!([{"role": "user", "content": content}]);
        let body = json!({"model": "a", "max_tokens": 1, "messages": messages}).to_string();
        let mut carried =
            ANTHROPIC_MESSAGES.decode_request(body.clone().into()).expect("it is one");
        let upstream = UpstreamRequest { model: "up", stream: false };
        let relayed = ANTHROPIC_MESSAGES.encode_request(&mut carried, &upstream).expect("relayed");
        assert_eq!(relayed.body, body.replacen("\"a\"", "\"up\"", 1));
        carried.value_mut().expect("it decodes");
        let anew = ANTHROPIC_MESSAGES.encode_request(&mut carried, &upstream).expect("written");
        assert!(anew.body.len() > data.len(), "the data are there");
    }

    #[test]
    fn a_request_of_the_other_kind_is_written_anew() {
        let body = r#"{"model":"a","max_tokens":5,"messages":[{"role":"user","content":"Hi"}],"stream":true}"#;
        let mut carried = ANTHROPIC_MESSAGES.decode_request(body.into()).expect("it is a request");
        let upstream = UpstreamRequest { model: "up", stream: false };
        let encoded = ANTHROPIC_MESSAGES.encode_request(&mut carried, &upstream).expect("written");
        let written: Value = serde_json::from_slice(&encoded.body).expect("it is JSON");
        let content = json!([{"type": "text", "text": "Hi"}]);
        let messages = json!([{"role": "user", "content": content}]);
        let expected =
            json!({"model": "up", "max_tokens": 5, "stream": false, "messages": messages});
        assert_eq!(written, expected);
    }
}

mod answers {
    use super::*;

    #[test]
    fn counts_beside_the_input_are_part_of_it() {
        let body = r#"{"content":[],"usage":{"input_tokens":30,"output_tokens":3,"cache_read_input_tokens":10,
            "cache_creation":{"ephemeral_5m_input_tokens":2,"ephemeral_1h_input_tokens":5}}}"#;
        let answer = ANTHROPIC_MESSAGES.decode_response(body.into()).expect("it is an answer");
        let expected = Usage {
            input: 47,
            output: 3,
            cache_read: 10,
            cache_write: 7,
            cache_write_1h: 5,
            reasoning: 0,
            cache_beside: true,
        };
        assert_eq!(answer.outline().usage, Some(expected));
        assert_eq!(expected.uncached(), 30);
    }

    #[test]
    fn an_odd_usage_is_no_reason_to_refuse_an_answer() {
        for usage in ["null", "[]", r#"{"input_tokens":null}"#, r#"{"input_tokens":-1}"#, "7"] {
            let body = format!(r#"{{"content":[],"usage":{usage}}}"#);
            let mut answer = ANTHROPIC_MESSAGES.decode_response(body.into()).expect("an answer");
            let counted = answer.outline().usage.unwrap_or_default();
            assert_eq!(counted.total(), 0, "for {usage}");
            answer.value().expect("it decodes");
        }
    }

    #[test]
    fn an_error_inside_a_success_is_the_upstreams_error() {
        for (kind, status, code) in [
            ("invalid_request_error", 400, None),
            ("authentication_error", 401, Some("invalid_api_key")),
            ("permission_error", 403, Some("permission_denied")),
            ("not_found_error", 404, Some("model_not_found")),
            ("request_too_large", 413, Some("request_too_large")),
            ("rate_limit_error", 429, Some("rate_limit_exceeded")),
            ("api_error", 500, None),
            ("overloaded_error", 529, Some("overloaded")),
            ("new_error", 502, None),
        ] {
            let error = json!({"type": kind, "message": "no"});
            let body = json!({"type": "error", "error": error}).to_string();
            let error = ANTHROPIC_MESSAGES.decode_response(body.into()).expect_err("an error");
            assert_eq!(error.code(), ErrorCode::UpstreamInBand, "for {kind}");
            let upstream = error.upstream().expect("the upstream spoke");
            assert_eq!((upstream.status, upstream.code.as_deref()), (status, code), "for {kind}");
        }
    }
}

mod errors {
    use super::*;

    #[test]
    fn the_type_follows_from_the_status() {
        for code in ErrorCode::ALL {
            let body = ANTHROPIC_MESSAGES.encode_error(&Error::new(code, "why"));
            let value: Value = serde_json::from_slice(&body).expect("it is JSON");
            let kind = match code.status() {
                400 => "invalid_request_error",
                401 => "authentication_error",
                403 => "permission_error",
                404 => "not_found_error",
                408 => "timeout_error",
                413 => "request_too_large",
                429 => "rate_limit_error",
                503 => "overloaded_error",
                500.. => "api_error",
                other => panic!("{code:?} has the status {other}, which no type is named for"),
            };
            let error = json!({"type": kind, "message": "why"});
            assert_eq!(value, json!({"type": "error", "error": error}), "for {code:?}");
        }
    }

    #[test]
    fn inside_a_stream_the_type_says_what_happened() {
        let mut out = BytesMut::new();
        let error = Error::new(ErrorCode::UpstreamTimeout, "late\n");
        ANTHROPIC_MESSAGES.event_encoder(AnswerContext::new("m")).fail(&error, &mut out);
        assert_eq!(
            String::from_utf8_lossy(&out),
            "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"timeout\",\"message\":\"late\\n\"}}\n\n",
        );
    }
}

mod streams {
    use super::*;

    const START: &str = r#"{"type":"message_start","message":{"id":"a","model":"up","content":[],"usage":{"input_tokens":10,"cache_read_input_tokens":30,"output_tokens":1}}}"#;
    const END: &str = r#"{"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":4}}"#;
    const STOP: &str = r#"{"type":"message_stop"}"#;

    fn frame(data: &str) -> Frame {
        Frame { event: None, data: Bytes::copy_from_slice(data.as_bytes()), failed: false }
    }

    fn read(depth: Depth, events: &[&str]) -> Vec<Carried<ChatEvents>> {
        let mut decoder = ANTHROPIC_MESSAGES.event_decoder(depth);
        let read = |data: &&str| decoder.push(frame(data)).expect("it is an event");
        events.iter().filter_map(read).collect()
    }

    #[track_caller]
    fn ended(events: &[&str]) -> Result<(), ErrorCode> {
        let mut decoder = ANTHROPIC_MESSAGES.event_decoder(Depth::Outline);
        for data in events {
            decoder.push(frame(data)).expect("it is an event");
        }
        decoder.finish().map_err(|error| error.code())
    }

    #[test]
    fn a_stream_is_complete_with_its_last_event_or_a_reason() {
        assert_eq!(ended(&[START, END, STOP]), Ok(()));
        assert_eq!(ended(&[START, END]), Ok(()));
        assert_eq!(ended(&[START, STOP]), Ok(()));
        assert_eq!(ended(&[START]), Err(ErrorCode::StreamAborted));
        let unfinished = r#"{"type":"message_delta","delta":{"stop_reason":null},"usage":{}}"#;
        assert_eq!(ended(&[START, unfinished]), Err(ErrorCode::StreamAborted));
    }

    #[test]
    fn an_error_in_a_stream_of_this_format_keeps_the_type_that_clients_look_for() {
        let mut decoder = ANTHROPIC_MESSAGES.event_decoder(Depth::Outline);
        let mut first = decoder.push(frame(START)).expect("it is read").expect("it is an event");
        for told in ["overloaded_error", "rate_limit_error", "api_error", "unheard_of"] {
            let data = json!({"type": "error", "error": {"type": told, "message": "why"}});
            let error = decoder.push(frame(&data.to_string())).expect_err("it is an error");
            let failure = |encoder: &mut dyn EventEncoder| {
                let mut out = BytesMut::new();
                encoder.fail(&error, &mut out);
                String::from_utf8_lossy(&out).into_owned()
            };
            let mut encoder = ANTHROPIC_MESSAGES.event_encoder(AnswerContext::new("m"));
            let other = failure(&mut *encoder);
            assert!(other.contains(r#""type":"upstream_in_band_error""#), "{other}");
            encoder.push(&mut first, &mut BytesMut::new()).expect("it is relayed");
            let own = failure(&mut *encoder);
            let kind = format!(r#"{{"type":"{told}","message":"why"}}"#);
            assert!(own.contains(&kind), "{own}");
        }
    }

    #[test]
    fn what_a_later_event_does_not_count_still_holds() {
        let larger =
            r#"{"type":"message_delta","delta":{},"usage":{"input_tokens":25,"output_tokens":2}}"#;
        let frames = read(Depth::Outline, &[START, larger, END]);
        let counted: Vec<_> =
            frames.iter().map(|frame| frame.outline().usage.unwrap_or_default()).collect();
        let told: Vec<_> = counted.iter().map(|usage| (usage.input, usage.output)).collect();
        assert_eq!(told, [(40, 1), (55, 2), (55, 4)]);
    }

    #[test]
    fn what_is_no_event_is_the_upstreams_mistake() {
        for data in ["{}", "[]", "null", "x", r#"{"type":"message_start"}"#, r#"{"type":7}"#] {
            for depth in [Depth::Outline, Depth::Full] {
                let result = ANTHROPIC_MESSAGES.event_decoder(depth).push(frame(data));
                let code = result.err().map(|error: Error| error.code());
                assert_eq!(code, Some(ErrorCode::UpstreamDecode), "for {data}");
            }
        }
    }

    #[test]
    fn an_event_of_a_type_that_nobody_knows_is_passed_on_and_can_be_counted() {
        let unknown = Frame { event: Some("later".into()), data: "no JSON".into(), failed: false };
        let mut decoder = ANTHROPIC_MESSAGES.event_decoder(Depth::Full);
        let mut read = decoder.push(unknown).expect("it is ignored").expect("it is passed on");
        assert_eq!(read.outline().kind, FrameKind::Unknown);
        assert_eq!(read.value().expect("it says nothing"), &[]);
        let mut out = BytesMut::new();
        let mut encoder = ANTHROPIC_MESSAGES.event_encoder(AnswerContext::new("m"));
        encoder.push(&mut read, &mut out).expect("it is relayed");
        assert_eq!(out, "event: later\ndata: no JSON\n\n");
    }

    #[test]
    fn events_are_relayed_under_their_names_and_the_callers_name_of_the_model() {
        let mut encoder = ANTHROPIC_MESSAGES.event_encoder(AnswerContext::new("m"));
        let mut out = BytesMut::new();
        let ping = r#"{"type": "ping"}"#;
        for mut frame in read(Depth::Outline, &[START, ping, END, STOP, START]) {
            encoder.push(&mut frame, &mut out).expect("it is relayed");
        }
        encoder.finish(&mut out);
        let start = START.replace("\"up\"", "\"m\"");
        let told = [("message_start", &*start), ("ping", ping), ("message_delta", END)];
        let expected: String = told
            .into_iter()
            .chain([("message_stop", STOP)])
            .map(|(name, data)| format!("event: {name}\ndata: {data}\n\n"))
            .collect();
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[test]
    fn arguments_that_are_not_json_are_kept_as_they_came() {
        let call = r#"{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{}}}"#;
        let half = r#"{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{\"a\": "}}"#;
        let frames = read(Depth::Full, &[START, call, half, END, STOP]);
        let events = frames.into_iter().flat_map(|mut frame| frame.value().cloned().expect("read"));
        let answer = aisix_core::chat::fold(events);
        let [aisix_core::chat::Part::ToolCall(call)] = &*answer.choices[0].parts else {
            panic!("it is a call: {answer:?}");
        };
        assert_eq!(call.arguments, "{\"a\": ");
    }

    /// Writes the events of another format, one frame for each, and tells what blocks begin, grow
    /// and stop.
    #[track_caller]
    fn blocks(events: Vec<ChatEvent>) -> Vec<String> {
        let mut encoder = ANTHROPIC_MESSAGES.event_encoder(AnswerContext::new("m"));
        let mut out = BytesMut::new();
        for event in events {
            let outline = aisix_core::chat::FrameOutline::default();
            let mut frame = Carried::made(DialectId("other"), outline, vec![event]);
            encoder.push(&mut frame, &mut out).expect("it is written");
        }
        encoder.finish(&mut out);
        let text = String::from_utf8(out.to_vec()).expect("it is text");
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        let told = data.filter_map(|data| {
            let value: Value = serde_json::from_str(data).expect("it is JSON");
            let index = &value["index"];
            Some(match value["type"].as_str()? {
                "content_block_start" => {
                    format!("{index} {}", value["content_block"]["type"].as_str()?)
                }
                "content_block_delta" => {
                    let delta = &value["delta"];
                    format!(
                        "{index} + {}",
                        delta["text"].as_str().or(delta["partial_json"].as_str())?
                    )
                }
                "content_block_stop" => format!("{index} stops"),
                _ => return None,
            })
        });
        told.collect()
    }

    fn text(part: u32) -> ChatEvent {
        ChatEvent::PartStart { choice: 0, part, start: PartStart::Text { refusal: false } }
    }

    fn call(part: u32) -> ChatEvent {
        let start = PartStart::ToolCall { id: format!("c{part}"), name: "f".to_owned() };
        ChatEvent::PartStart { choice: 0, part, start }
    }

    fn grow(part: u32, more: &str) -> ChatEvent {
        ChatEvent::PartDelta { choice: 0, part, delta: Delta::Text(more.to_owned()) }
    }

    #[test]
    fn one_block_is_told_after_the_other() {
        let told = blocks(vec![
            text(0),
            grow(0, "a"),
            call(1),
            grow(1, "{}"),
            grow(1, " "),
            grow(0, "b"),
            ChatEvent::PartEnd { choice: 0, part: 0 },
            ChatEvent::PartEnd { choice: 0, part: 1 },
        ]);
        let expected = [
            "0 text",
            "0 + a",
            "0 stops",
            "1 tool_use",
            "1 + {}",
            "1 +  ",
            "1 stops",
            "2 text",
            "2 + b",
            "2 stops",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_call_stays_open_until_its_arguments_are_complete() {
        let told = blocks(vec![
            call(0),
            grow(0, "{\"a\":"),
            call(1),
            grow(1, "{\"b\":"),
            grow(0, "1}"),
            grow(1, "2}"),
            ChatEvent::PartEnd { choice: 0, part: 0 },
            ChatEvent::PartEnd { choice: 0, part: 1 },
        ]);
        let expected = [
            "0 tool_use",
            "0 + {\"a\":",
            "1 tool_use",
            "1 + {\"b\":",
            "0 + 1}",
            "1 + 2}",
            "0 stops",
            "1 stops",
        ];
        assert_eq!(told, expected);
    }
}

#[test]
fn an_error_about_a_thread_tells_programs_to_go_on_without_one() {
    let told = |error: &Error| -> Value {
        serde_json::from_slice(&ANTHROPIC_MESSAGES.encode_error(error)).unwrap()
    };
    let details = json!({"error_code": "thread_unsupported_request", "unsupported": ["thread"]});
    let refused = Error::unsupported("'thread'");
    assert_eq!(told(&refused)["error"].get("details"), None);
    assert_eq!(told(&refused.about("thread"))["error"]["details"], details);
    let other = Error::invalid_request("'thread'").about("thread");
    assert_eq!(told(&other)["error"].get("details"), None);
}
