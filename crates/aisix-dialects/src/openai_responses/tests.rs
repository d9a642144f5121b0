use aisix_core::chat::{ChatEvent, FrameKind, fold};
use aisix_core::{Error, ErrorCode};
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

use super::OPENAI_RESPONSES;
use crate::dialect::{AnswerContext, CallerDialect, Depth, Dialect};
use crate::frame::Frame;

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
    fn any_number_of_thoughts_is_read_as_one_turn() {
        let thought = json!({"type": "reasoning", "summary": []});
        let said = json!({"role": "assistant", "content": "So."});
        let mut input = vec![thought.clone(); 50_000];
        input.extend([said, thought]);
        let body = json!({"model": "m", "input": input}).to_string();
        let mut request = OPENAI_RESPONSES.decode_request(body.into()).expect("it is a request");
        let turns = &request.value().expect("it decodes").turns;
        let parts: Vec<_> = turns.iter().map(|turn| turn.parts.len()).collect();
        assert_eq!(parts, [50_001, 1], "what comes after words is a turn of its own");
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
}

mod streams {
    use super::*;

    fn frames(events: &[Value]) -> Vec<Frame> {
        let frame =
            |event: &Value| Frame { event: None, data: event.to_string().into(), failed: false };
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
        let done = Frame { event: None, data: Bytes::from_static(b"[DONE]"), failed: false };
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
}
