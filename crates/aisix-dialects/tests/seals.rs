//! Seals of Google's go through every format that callers speak, and back to Google only.
#![expect(clippy::expect_used, reason = "a test fails with the reason")]

use aisix_dialects::{
    ANTHROPIC_MESSAGES, AnswerContext, CallerDialect, Dialect as _, GEMINI, OPENAI_CHAT,
    OPENAI_RESPONSES, UpstreamRequest,
};
use serde_json::{Value, json};

const SEAL: &str = "c2VhbA==";

/// What a caller of this format is answered, once the model calls two functions.
fn answered(caller: &dyn CallerDialect) -> Value {
    let call = |name: &str| json!({"functionCall": {"name": name, "args": {}}});
    let mut first = call("wx");
    first["thoughtSignature"] = SEAL.into();
    let parts = json!([{"text": "Hm.", "thought": true}, first, call("now")]);
    let candidate = json!({"content": {"role": "model", "parts": parts}, "finishReason": "STOP"});
    let answer = json!({"candidates": [candidate], "responseId": "r"});
    let mut answer = GEMINI.decode_response(answer.to_string().into()).expect("it is an answer");
    let context = AnswerContext::new("m").minted("id", 1);
    let written = caller.encode_response(&mut answer, &context).expect("it is written");
    serde_json::from_slice(&written.body).expect("it is JSON")
}

/// What Google receives when the caller sends this.
#[track_caller]
fn check(caller: &dyn CallerDialect, request: &Value) {
    let body = request.to_string();
    let mut request = caller.decode_request(body.into()).expect("it is a request");
    let upstream = UpstreamRequest { model: "gemini-3-pro-preview", stream: false };
    let written = GEMINI.encode_request(&mut request, &upstream).expect("it is written");
    let body: Value = serde_json::from_slice(&written.body).expect("it is JSON");
    let calls: Vec<_> = body["contents"][1]["parts"]
        .as_array()
        .expect("a turn has parts")
        .iter()
        .filter_map(|part| Some((part.get("functionCall")?["name"].clone(), part.clone())))
        .map(|(name, part)| (name, part["thoughtSignature"].clone()))
        .collect();
    assert_eq!(calls, [(json!("wx"), json!(SEAL)), (json!("now"), Value::Null)], "in {body}");
    let results = body["contents"][2]["parts"].as_array().expect("a turn has parts");
    let names: Vec<_> = results.iter().map(|part| &part["functionResponse"]["name"]).collect();
    assert_eq!(names, ["wx", "now"]);
}

#[test]
fn a_seal_goes_through_openai_chat() {
    let message = answered(&OPENAI_CHAT)["choices"][0]["message"].clone();
    let result = |call: usize| {
        let id = &message["tool_calls"][call]["id"];
        json!({"role": "tool", "tool_call_id": id, "content": "4"})
    };
    let messages = json!([{"role": "user", "content": "Hi"}, message, result(0), result(1)]);
    check(&OPENAI_CHAT, &json!({"model": "m", "messages": messages}));
}

#[test]
fn a_seal_goes_through_anthropic_messages() {
    let content = answered(&ANTHROPIC_MESSAGES)["content"].clone();
    let ids = content.as_array().expect("it is a list").iter().filter_map(|block| block.get("id"));
    let results: Vec<_> =
        ids.map(|id| json!({"type": "tool_result", "tool_use_id": id, "content": "4"})).collect();
    let messages = json!([
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": content},
        {"role": "user", "content": results},
    ]);
    check(&ANTHROPIC_MESSAGES, &json!({"model": "m", "max_tokens": 9, "messages": messages}));
}

#[test]
fn a_seal_goes_through_openai_responses() {
    let output = answered(&OPENAI_RESPONSES)["output"].clone();
    let mut input = vec![json!({"role": "user", "content": "Hi"})];
    let items = output.as_array().expect("it is a list");
    input.extend(items.iter().cloned());
    let ids = items.iter().filter_map(|item| item.get("call_id"));
    input.extend(
        ids.map(|id| json!({"type": "function_call_output", "call_id": id, "output": "4"})),
    );
    check(&OPENAI_RESPONSES, &json!({"model": "m", "input": input}));
}

#[test]
fn a_seal_of_another_provider_does_not_go_to_google() {
    let thought = json!({"type": "thinking", "thinking": "Hm.", "signature": "Eq"});
    let content = json!([thought, {"type": "text", "text": "Yes"}]);
    let messages = json!([
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": content},
        {"role": "user", "content": "Go on"},
    ]);
    let body = json!({"model": "m", "max_tokens": 9, "messages": messages}).to_string();
    let mut request = ANTHROPIC_MESSAGES.decode_request(body.into()).expect("it is a request");
    let upstream = UpstreamRequest { model: "gemini-3-pro-preview", stream: false };
    let written = GEMINI.encode_request(&mut request, &upstream).expect("it is written");
    let body = String::from_utf8_lossy(&written.body).into_owned();
    assert!(!body.contains("Eq") && !body.contains("thoughtSignature"), "{body}");
    let dropped: Vec<_> = written.dropped.iter().map(|dropped| &*dropped.field).collect();
    assert_eq!(dropped, ["reasoning"]);
}
