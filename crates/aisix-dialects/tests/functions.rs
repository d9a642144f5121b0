//! Callers of chat completions who know functions, but no tools yet, in front of others.
#![expect(clippy::expect_used, reason = "a test fails with the reason")]

use aisix_core::Carried;
use aisix_core::chat::{FrameOutline, unfold};
use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{
    ANTHROPIC_MESSAGES, AnswerContext, CONVERSE, CallerDialect as _, Dialect, GEMINI, OPENAI_CHAT,
    OPENAI_RESPONSES, UpstreamRequest,
};
use bytes::BytesMut;
use serde_json::{Value, json};

/// A request of such a caller, with what stands between two turns of a person's.
fn request(between: &Value) -> Value {
    let mut messages = vec![json!({"role": "user", "content": "Weather?"})];
    messages.extend(between.as_array().expect("it is a list").clone());
    json!({
        "model": "m", "messages": messages, "function_call": {"name": "wx"},
        "functions": [{"name": "wx", "parameters": {"type": "object"}}],
    })
}

fn called(name: &str, arguments: &str) -> Value {
    let call = json!({"name": name, "arguments": arguments});
    json!({"role": "assistant", "content": null, "function_call": call})
}

fn result(name: &str, content: &str) -> Value {
    json!({"role": "function", "name": name, "content": content})
}

#[track_caller]
fn translated(to: &dyn Dialect, request: &Value) -> Result<Value, String> {
    let mut request =
        OPENAI_CHAT.decode_request(request.to_string().into()).expect("it is a request");
    // Somebody looked inside, so that nothing is relayed.
    request.value_mut().expect("it is a request");
    let upstream = UpstreamRequest { model: "anthropic.claude", stream: false };
    let encoded = to.encode_request(&mut request, &upstream);
    encoded
        .map(|encoded| serde_json::from_slice(&encoded.body).expect("it is JSON"))
        .map_err(|error| error.message().to_owned())
}

#[test]
fn calls_and_results_are_paired_in_their_order_by_ids_that_stay() {
    let history = json!([
        called("wx", "{\"city\":\"Oslo\"}"),
        result("wx", "4C"),
        called("wx", "{\"city\":\"Rome\"}"),
        result("wx", "20C"),
    ]);
    let body = translated(&ANTHROPIC_MESSAGES, &request(&history)).expect("it can be said");
    let asked = |id: &str, city: &str| {
        let block = json!({"type": "tool_use", "id": id, "name": "wx", "input": {"city": city}});
        json!({"role": "assistant", "content": [block]})
    };
    let told = |id: &str, content: &str| {
        let block = json!({"type": "tool_result", "tool_use_id": id, "content": content});
        json!({"role": "user", "content": [block]})
    };
    let expected = json!([
        {"role": "user", "content": [{"type": "text", "text": "Weather?"}]},
        asked("function_call_1", "Oslo"),
        told("function_call_1", "4C"),
        asked("function_call_3", "Rome"),
        told("function_call_3", "20C"),
    ]);
    assert_eq!(body["messages"], expected);
    assert_eq!(body["tools"][0]["name"], "wx");
    let choice = json!({"type": "tool", "name": "wx", "disable_parallel_tool_use": true});
    assert_eq!(body["tool_choice"], choice);

    let of = |to: &dyn Dialect| translated(to, &request(&history)).expect("it can be said");
    let id = "function_call_1";
    assert_eq!(of(&CONVERSE)["messages"][2]["content"][0]["toolResult"]["toolUseId"], id);
    assert_eq!(of(&OPENAI_RESPONSES)["input"][2]["call_id"], id);
    assert_eq!(of(&GEMINI)["contents"][2]["parts"][0]["functionResponse"]["name"], "wx");
}

#[test]
fn in_their_own_format_they_have_no_ids() {
    let request = request(&json!([called("wx", "{}"), result("wx", "4C")]));
    let body = translated(&OPENAI_CHAT, &request).expect("it can be said");
    for field in ["messages", "functions", "function_call"] {
        assert_eq!(body[field], request[field], "{field}");
    }
    assert_eq!(body.get("parallel_tool_calls"), None);
}

#[test]
fn a_result_that_follows_no_call_is_refused() {
    for history in [json!([result("wx", "4C")]), json!([called("wx", "{}"), result("other", "4C")])]
    {
        let refused = translated(&ANTHROPIC_MESSAGES, &request(&history));
        let message = refused.expect_err("nobody asked");
        assert!(message.contains("follows no call of its function"), "{message}");
    }
}

#[test]
fn a_call_is_told_as_a_function_call_whole_and_streamed() {
    let block = |id: &str, name: &str| json!({"type": "tool_use", "id": id, "name": name, "input": {"a": 1}});
    let answer = json!({
        "id": "a", "type": "message", "role": "assistant", "model": "m", "stop_reason": "tool_use",
        "stop_sequence": null, "usage": {"input_tokens": 9, "output_tokens": 3},
        "content": [{"type": "text", "text": "I look."}, block("t1", "wx"), block("t2", "more")],
    });
    let mut asked =
        OPENAI_CHAT.decode_request(request(&json!([])).to_string().into()).expect("a request");
    let asked = OPENAI_CHAT.asked(asked.value().expect("a request"));
    let context = AnswerContext::new("m").asked(asked);
    let mut answer =
        ANTHROPIC_MESSAGES.decode_response(answer.to_string().into()).expect("an answer");
    let encoded = OPENAI_CHAT.encode_response(&mut answer, &context).expect("it can be said");
    let whole: Value = serde_json::from_slice(&encoded.body).expect("it is JSON");
    let call = json!({"name": "wx", "arguments": "{\"a\":1}"});
    let choice = &whole["choices"][0];
    assert_eq!(choice["message"]["function_call"], call);
    assert_eq!(choice["message"].get("tool_calls"), None);
    assert_eq!(choice["finish_reason"], "function_call");
    assert_eq!(encoded.dropped[0].field, "tool_calls", "there is one call in this form");

    let mut encoder = OPENAI_CHAT.event_encoder(context);
    let mut out = BytesMut::new();
    for event in unfold(answer.value().expect("an answer").clone()) {
        let mut frame =
            Carried::made(ANTHROPIC_MESSAGES.id(), FrameOutline::default(), vec![event]);
        encoder.push(&mut frame, &mut out).expect("it can be said");
    }
    encoder.finish(&mut out);
    assert_eq!(encoder.dropped(), encoded.dropped);
    let (mut framing, mut frames) = (SseDecoder::default(), Vec::new());
    aisix_dialects::FrameDecoder::push(&mut framing, out.freeze(), &mut frames).expect("a stream");
    let mut told = (String::new(), String::new(), String::new());
    for frame in frames.iter().filter(|frame| &*frame.data != b"[DONE]") {
        let chunk: Value = serde_json::from_slice(&frame.data).expect("it is JSON");
        let choice = &chunk["choices"][0];
        assert_eq!(choice["delta"].get("tool_calls"), None);
        let call = &choice["delta"]["function_call"];
        told.0 += call["name"].as_str().unwrap_or_default();
        told.1 += call["arguments"].as_str().unwrap_or_default();
        told.2 += choice["finish_reason"].as_str().unwrap_or_default();
    }
    let expected = ("wx", "{\"a\":1}", "function_call");
    assert_eq!((&*told.0, &*told.1, &*told.2), expected);
}
