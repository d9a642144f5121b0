use std::sync::Arc;

use aisix_core::chat::{
    ChatEvent, Delta, FinishReason, FrameKind, FrameOutline, PartStart, StreamOptions, Usage,
};
use aisix_core::{Carried, DialectId, Error, ErrorCode};
use bytes::{Bytes, BytesMut};
use serde_json::{Value, json};

use super::OPENAI_CHAT;
use crate::dialect::{AnswerContext, CallerDialect, Depth, Dialect, UpstreamRequest};
use crate::frame::Frame;

mod requests {
    use super::*;

    #[track_caller]
    fn outline(body: &str) -> aisix_core::chat::RequestOutline {
        let request = OPENAI_CHAT.decode_request(Bytes::copy_from_slice(body.as_bytes()));
        request.expect("it is a request").outline().clone()
    }

    #[track_caller]
    fn refused(body: &str, message: &str) {
        let Err(error) = OPENAI_CHAT.decode_request(Bytes::copy_from_slice(body.as_bytes())) else {
            panic!("{body} is refused");
        };
        assert_eq!((error.status(), error.message()), (400, message), "for {body}");
    }

    #[track_caller]
    fn complained(body: &str, complaint: &str) {
        assert_eq!(outline(body).complaint.as_deref(), Some(complaint), "for {body}");
    }

    #[test]
    fn a_model_that_is_absent_null_or_empty_is_none() {
        for body in [r#"{"messages":[1]}"#, r#"{"model":null}"#, r#"{"model":""}"#] {
            assert_eq!(outline(body).model, None, "for {body}");
        }
    }

    #[test]
    fn a_model_that_is_no_text_is_not_the_json_that_is_taken() {
        for body in [r#"{"model":1}"#, r#"{"model":["a"]}"#, r#"{"model":{}}"#, "{", "[]", ""] {
            refused(body, "invalid JSON request body");
        }
    }

    #[test]
    fn a_field_that_relaying_looks_at_must_not_stand_twice() {
        let refusal = "request payload is invalid: duplicate field 'model'";
        refused(r#"{"model":"a","model":"a"}"#, refusal);
        refused(r#"{"model":"a","\u006dodel":"b"}"#, refusal);
    }

    #[test]
    fn a_model_inside_a_message_is_not_the_models_name() {
        let found = outline(r#"{"messages":[{"model":"b"}],"model":"a","metadata":{"model":"c"}}"#);
        assert_eq!(found.model.as_deref(), Some("a"));
        assert_eq!(found.complaint, None);
    }

    #[test]
    fn what_is_wrong_beside_the_model_is_left_for_later() {
        complained(r#"{"model":"a"}"#, "missing field 'messages'");
        complained(r#"{"messages":{}}"#, "'messages' must be an array");
        complained(r#"{"messages":[ ]}"#, "'messages' must not be empty");
        complained(r#"{"messages":[1],"temperature":"hot"}"#, "'temperature' must be a number");
        let limit = "'max_tokens' must be an integer from 0 to 4294967295";
        complained(r#"{"messages":[1],"max_tokens":-1}"#, limit);
        complained(r#"{"messages":[1],"stream":"yes"}"#, "'stream' must be true or false");
    }

    #[test]
    fn null_is_no_wrong_type() {
        let body = r#"{"messages":[1],"temperature":null,"top_p":null,"max_tokens":null}"#;
        assert_eq!(outline(body).complaint, None);
    }

    fn relayed(body: &str, stream: bool) -> String {
        let mut request =
            OPENAI_CHAT.decode_request(Bytes::copy_from_slice(body.as_bytes())).expect("a request");
        let upstream = UpstreamRequest { model: "up", stream };
        let encoded = OPENAI_CHAT.encode_request(&mut request, &upstream).expect("it is relayed");
        String::from_utf8(encoded.body.to_vec()).expect("it is text")
    }

    #[test]
    fn usage_is_asked_for_where_the_caller_said_nothing_of_it() {
        assert_eq!(
            relayed(r#"{ "model": "a", "messages": [1], "stream": true }"#, true),
            r#"{"stream_options":{"include_usage":true}, "model": "up", "messages": [1], "stream": true }"#,
        );
    }

    #[test]
    fn null_says_nothing_of_the_stream() {
        let asked = r#""stream_options":{"include_usage":true}"#;
        assert_eq!(
            relayed(r#"{"stream_options":null,"model":"a","messages":[1],"stream":true}"#, true),
            format!(r#"{{{asked},"model":"up","messages":[1],"stream":true}}"#),
        );
        assert_eq!(
            relayed(r#"{"model":"a","messages":[1],"stream":true,"stream_options":null}"#, true),
            format!(r#"{{"model":"up","messages":[1],"stream":true,{asked}}}"#),
        );
    }

    #[test]
    fn what_the_caller_said_of_the_stream_is_sent_as_it_is() {
        assert_eq!(
            relayed(r#"{"model":"a","messages":[1],"stream":true,"stream_options":{"x":1}}"#, true),
            r#"{"model":"up","messages":[1],"stream":true,"stream_options":{"x":1}}"#,
        );
    }

    #[test]
    fn a_request_of_the_other_kind_is_written_anew() {
        let body = r#"{"model":"a","messages":[{"role":"user","content":"Hi"}],
            "stream":true,"stream_options":{"include_usage":true}}"#;
        let written: Value = serde_json::from_str(&relayed(body, false)).expect("it is JSON");
        let messages = json!([{"role": "user", "content": "Hi"}]);
        assert_eq!(written, json!({"model": "up", "messages": messages, "stream": false}));
    }

    #[track_caller]
    fn misread(messages: Value, detail: &str) {
        let body = json!({"model": "a", "messages": messages}).to_string();
        let mut request = OPENAI_CHAT.decode_request(body.into()).expect("the outline is fine");
        let error = request.value().expect_err("the whole is not");
        assert_eq!(error.message(), format!("request payload is invalid: {detail}"));
        assert_eq!(error.status(), 400);
    }

    #[test]
    fn says_which_message_cannot_be_read() {
        misread(json!([1]), "'messages[0]' must be an object");
        misread(
            json!([{"role": "user", "content": {}}]),
            "'messages[0].content' must be a string, null or an array of parts",
        );
        misread(
            json!([{"role": "user", "content": ["text"]}]),
            "'messages[0].content[0]' must be an object with a 'type'",
        );
        misread(
            json!([{"role": "user"}, {"role": "root"}]),
            "'messages[1].role' must be 'system', 'developer', 'user', 'assistant', 'tool' or \
             'function'",
        );
    }

    #[test]
    fn a_message_that_two_readers_could_read_differently_is_refused() {
        let body = r#"{"model":"a","messages":[{"role":"user","content":"b","content":"c"}]}"#;
        let mut request = OPENAI_CHAT.decode_request(body.into()).expect("the outline is fine");
        let error = request.value().expect_err("the whole is not");
        assert_eq!(error.message(), "request payload is invalid: an object holds a field twice");
    }
}

mod answers {
    use super::*;

    #[test]
    fn an_odd_usage_is_no_reason_to_refuse_an_answer() {
        for usage in ["null", "[]", "{\"prompt_tokens\":null}", "{\"prompt_tokens\":-1}", "7"] {
            let body = format!(r#"{{"choices":[],"usage":{usage}}}"#);
            let mut answer = OPENAI_CHAT.decode_response(body.into()).expect("it is an answer");
            let counted = answer.outline().usage.unwrap_or_default();
            assert_eq!(counted, Usage::default(), "for {usage}");
            answer.value().expect("it decodes");
        }
    }

    #[test]
    fn cached_tokens_are_read_in_either_spelling() {
        for usage in [
            r#"{"prompt_tokens":9,"prompt_tokens_details":{"cached_tokens":4}}"#,
            r#"{"prompt_tokens":9,"prompt_cache_hit_tokens":4}"#,
        ] {
            let body = format!(r#"{{"choices":[],"usage":{usage}}}"#);
            let answer = OPENAI_CHAT.decode_response(body.into()).expect("it is an answer");
            let usage = answer.outline().usage.unwrap_or_default();
            assert_eq!((usage.input, usage.cache_read), (9, 4));
        }
    }

    #[test]
    fn an_error_inside_a_success_is_the_upstreams_error() {
        let body = r#"{"error":{"message":"no capacity","code":429}}"#;
        let error = OPENAI_CHAT.decode_response(body.into()).expect_err("it is an error");
        assert_eq!(error.code(), ErrorCode::UpstreamInBand);
        assert_eq!(error.message(), "no capacity");
        assert_eq!(error.upstream().map(|upstream| upstream.status), Some(429));
    }

    #[test]
    fn an_answer_of_another_family_gets_an_id_and_a_time() {
        let answer = aisix_core::chat::ChatResponse::default();
        let mut made = Carried::made(OTHER, Default::default(), answer);
        let context = AnswerContext::new("m").minted("1", 5);
        let body = OPENAI_CHAT.encode_response(&mut made, &context).expect("it is written").body;
        assert_eq!(
            String::from_utf8_lossy(&body),
            r#"{"id":"chatcmpl-1","object":"chat.completion","created":5,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":""},"finish_reason":"stop"}],"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0}}"#,
        );
    }
}

const OTHER: DialectId = DialectId("other");

mod streams {
    use super::*;

    fn context(include_usage: bool) -> AnswerContext {
        let options = StreamOptions { include_usage };
        AnswerContext::new(Arc::from("m")).stream_options(Some(options)).minted("1", 5)
    }

    fn read(depth: Depth, chunks: &[&'static str]) -> Vec<Carried<aisix_core::chat::ChatEvents>> {
        let mut decoder = OPENAI_CHAT.event_decoder(depth);
        let frame = |data: &&'static str| Frame {
            event: None,
            data: Bytes::from_static(data.as_bytes()),
            failed: false,
        };
        chunks
            .iter()
            .filter_map(|chunk| decoder.push(frame(chunk)).expect("it is a chunk"))
            .collect()
    }

    #[track_caller]
    fn check(
        frames: Vec<Carried<aisix_core::chat::ChatEvents>>,
        context: AnswerContext,
        expected: &[&str],
    ) {
        let mut encoder = OPENAI_CHAT.event_encoder(context);
        let mut out = BytesMut::new();
        for mut frame in frames {
            encoder.push(&mut frame, &mut out).expect("it is written");
        }
        encoder.finish(&mut out);
        let expected: String =
            expected.iter().chain(&["[DONE]"]).map(|data| format!("data: {data}\n\n")).collect();
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    fn made(events: Vec<ChatEvent>) -> Carried<aisix_core::chat::ChatEvents> {
        Carried::made(OTHER, FrameOutline::default(), events)
    }

    const TEXT: &str = r#"{"id":"a","created":1,"model":"up","choices":[{"index":0,"delta":{"role":"assistant","content":"Hi"}}]}"#;
    const END: &str = r#"{"id":"a","created":1,"model":"up","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
    const USAGE: &str = r#"{"id":"a","created":1,"model":"up","choices":[],"usage":{"prompt_tokens":2,"completion_tokens":1}}"#;

    fn renamed(chunk: &str) -> String {
        chunk.replace("\"up\"", "\"m\"")
    }

    #[test]
    fn a_chunk_with_nothing_but_usage_is_for_those_who_asked() {
        let chunks = [TEXT, END, USAGE, "[DONE]"];
        let (text, end, usage) = (renamed(TEXT), renamed(END), renamed(USAGE));
        check(read(Depth::Outline, &chunks), context(true), &[&text, &end, &usage]);
        check(read(Depth::Outline, &chunks), context(false), &[&text, &end]);
    }

    #[test]
    fn a_model_that_is_null_or_absent_gets_its_name() {
        let null = r#"{"model": null ,"choices":[]}"#;
        let absent = r#"{ "choices":[]}"#;
        let expected = [r#"{"model": "m" ,"choices":[]}"#, r#"{"model":"m", "choices":[]}"#];
        check(read(Depth::Outline, &[null, absent]), context(false), &expected);
    }

    #[test]
    fn usage_that_comes_with_other_news_is_passed_on() {
        let both =
            r#"{"model":"up","choices":[{"delta":{"content":"x"}}],"usage":{"prompt_tokens":2}}"#;
        check(read(Depth::Outline, &[both]), context(false), &[&renamed(both)]);
    }

    #[test]
    fn a_chunk_made_anew_among_relayed_ones_goes_on_where_they_stopped() {
        let mut frames = read(Depth::Full, &[TEXT, END, USAGE, "[DONE]"]);
        frames[1].value_mut().expect("it is decoded");
        let end = r#"{"id":"a","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;
        check(frames, context(true), &[&renamed(TEXT), end, &renamed(USAGE)]);
    }

    #[test]
    fn frames_of_another_family_become_chunks_with_one_id_and_time() {
        let part = 0;
        let text = PartStart::Text { refusal: false };
        let call = PartStart::ToolCall { id: "c".to_owned(), name: "f".to_owned() };
        let grow = |part, text: &str| ChatEvent::PartDelta {
            choice: 0,
            part,
            delta: Delta::Text(text.to_owned()),
        };
        let usage = Usage { input: 3, output: 2, ..Usage::default() };
        let frames = vec![
            made(vec![ChatEvent::Start {
                id: String::new(),
                model: "up".to_owned(),
                created: None,
            }]),
            made(vec![ChatEvent::PartStart { choice: 0, part, start: text }]),
            made(vec![grow(0, "Hi"), grow(0, ".")]),
            made(vec![ChatEvent::PartEnd { choice: 0, part }]),
            made(vec![ChatEvent::PartStart { choice: 0, part: 1, start: call }, grow(1, "{")]),
            made(vec![grow(1, "}")]),
            made(vec![
                ChatEvent::Finish { choice: 0, reason: FinishReason::ToolCalls },
                ChatEvent::Usage(usage),
            ]),
            made(vec![ChatEvent::End]),
        ];
        let chunk = |choice: &str, usage: &str| {
            format!(
                r#"{{"id":"chatcmpl-1","object":"chat.completion.chunk","created":5,"model":"m","choices":[{choice}]{usage}}}"#
            )
        };
        let expected = [
            chunk(r#"{"index":0,"delta":{"role":"assistant"}}"#, ""),
            chunk(r#"{"index":0,"delta":{"content":"Hi."}}"#, ""),
            chunk(
                r#"{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","type":"function","function":{"name":"f","arguments":"{"}}]}}"#,
                "",
            ),
            chunk(
                r#"{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"}"}}]}}"#,
                "",
            ),
            chunk(r#"{"index":0,"delta":{},"finish_reason":"tool_calls"}"#, ""),
            chunk("", r#","usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}"#),
        ];
        check(frames, context(true), &expected.each_ref().map(String::as_str));
    }

    #[test]
    fn the_marker_of_the_upstream_is_not_relayed_twice() {
        check(read(Depth::Outline, &[END, "[DONE]", TEXT]), context(false), &[&renamed(END)]);
    }

    #[test]
    fn an_empty_event_says_nothing() {
        assert!(read(Depth::Outline, &["", " "]).is_empty());
    }

    #[test]
    fn a_chunk_without_choices_counts_as_usage_where_it_holds_some() {
        let frames = read(Depth::Outline, &[r#"{"usage":{"prompt_tokens":2}}"#]);
        assert_eq!(frames[0].outline().kind, FrameKind::UsageOnly);
    }

    #[track_caller]
    fn ended(chunks: &[&'static str]) -> Result<(), ErrorCode> {
        let mut decoder = OPENAI_CHAT.event_decoder(Depth::Outline);
        for chunk in chunks {
            let frame =
                Frame { event: None, data: Bytes::from_static(chunk.as_bytes()), failed: false };
            decoder.push(frame).expect("it is a chunk");
        }
        decoder.finish().map_err(|error| error.code())
    }

    #[test]
    fn a_stream_is_complete_with_its_marker_or_a_finish_reason() {
        assert_eq!(ended(&[TEXT, "[DONE]"]), Ok(()));
        assert_eq!(ended(&[TEXT, END]), Ok(()));
        assert_eq!(ended(&[TEXT]), Err(ErrorCode::StreamAborted));
        let empty = r#"{"choices":[{"delta":{},"finish_reason":""}]}"#;
        assert_eq!(ended(&[empty]), Err(ErrorCode::StreamAborted));
    }

    #[test]
    fn a_stream_without_a_marker_is_complete_once_each_choice_that_began_has_ended() {
        let both = r#"{"choices":[{"index":0,"delta":{}},{"index":1,"delta":{}}]}"#;
        let unnumbered = r#"{"choices":[{"delta":{}},{"delta":{}}]}"#;
        let second = r#"{"choices":[{"index":1,"delta":{},"finish_reason":"stop"}]}"#;
        for begin in [both, unnumbered] {
            assert_eq!(ended(&[begin, END]), Err(ErrorCode::StreamAborted), "after {begin}");
            assert_eq!(ended(&[begin, second]), Err(ErrorCode::StreamAborted), "after {begin}");
            assert_eq!(ended(&[begin, END, second]), Ok(()), "after {begin}");
        }
        let last = r#"{"choices":[{"index":127,"delta":{}}]}"#;
        assert_eq!(ended(&[END, last]), Err(ErrorCode::StreamAborted));
    }

    #[test]
    fn what_is_no_chunk_is_the_upstreams_mistake() {
        for data in ["{}", "[]", "null", "x", "{\"choices\":{}}"] {
            let frame =
                Frame { event: None, data: Bytes::from_static(data.as_bytes()), failed: false };
            let result = OPENAI_CHAT.event_decoder(Depth::Outline).push(frame);
            let code = result.err().map(|error: Error| error.code());
            assert_eq!(code, Some(ErrorCode::UpstreamDecode), "for {data}");
        }
    }

    #[test]
    fn calls_that_all_have_the_number_0_are_told_apart_by_their_ids() {
        let chunk = r#"{"id":"a","choices":[{"index":0,"delta":{"tool_calls":[
            {"index":0,"id":"c1","function":{"name":"f","arguments":"1"}},
            {"index":0,"id":"c2","function":{"name":"g","arguments":"2"}}]}}]}"#;
        let mut frames = read(Depth::Full, &[chunk]);
        let folded = aisix_core::chat::fold(frames[0].value().expect("it is decoded").clone());
        assert_eq!(folded.choices[0].parts.len(), 2, "{folded:?}");
    }

    #[test]
    fn a_failure_is_told_in_an_event_of_its_own_type() {
        let mut out = BytesMut::new();
        let error = Error::new(ErrorCode::UpstreamTimeout, "late\n");
        OPENAI_CHAT.event_encoder(context(false)).fail(&error, &mut out);
        assert_eq!(
            String::from_utf8_lossy(&out),
            "event: error\ndata: {\"error\":{\"message\":\"late\\n\",\"type\":\"timeout\"}}\n\n",
        );
    }
}
