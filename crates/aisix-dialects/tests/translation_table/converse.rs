//! The things that an answer of Bedrock's can say.

use serde_json::{Value, json};

/// An answer with these fields.
pub(crate) fn answer(fields: Value) -> Value {
    let message = json!({"role": "assistant", "content": [{"text": "Hi"}]});
    let mut answer = json!({
        "output": {"message": message}, "stopReason": "end_turn", "metrics": {"latencyMs": 1},
        "usage": {"inputTokens": 9, "outputTokens": 3, "totalTokens": 12},
    });
    for (name, value) in fields.as_object().expect("a feature is an object") {
        match name.as_str() {
            "content" => answer["output"]["message"]["content"] = value.clone(),
            name if name.starts_with("cache") => answer["usage"][name] = value.clone(),
            _ => answer[name] = value.clone(),
        }
    }
    answer
}

/// What answers say.
pub(crate) fn answers() -> Vec<(&'static str, Value)> {
    let block = |block: Value| json!({"content": [block, {"text": "Hi"}]});
    let ended = |word: &str| json!({ "stopReason": word });
    let call = json!({"toolUseId": "c", "name": "f", "input": {"a": 1}});
    let thought = json!({"reasoningText": {"text": "Hm.", "signature": "seal"}});
    let cited = |citation: Value| {
        let text = json!([{"text": "Hi"}]);
        json!({"content": [{"citationsContent": {"content": text, "citations": [citation]}}]})
    };
    let page = json!({"title": "T", "location": {"web": {"url": "https://example.com/a"}}});
    let place = json!({"title": "T", "location": {"documentPage": {"documentIndex": 0, "start": 1, "end": 2}}});
    let server =
        json!({"toolUseId": "s", "name": "search", "type": "server_tool_use", "input": {}});
    let image = json!({"format": "png", "source": {"bytes": "aGk="}});
    let features = [
        ("text", json!({"content": [{"text": "Ho"}]})),
        ("a call", json!({"content": [{"toolUse": call}], "stopReason": "tool_use"})),
        ("a thought", block(json!({"reasoningContent": {"reasoningText": {"text": "Hm."}}}))),
        ("a thought with its signature", block(json!({ "reasoningContent": thought }))),
        ("a redacted thought", block(json!({"reasoningContent": {"redactedContent": "YmxvYg=="}}))),
        ("a citation of a page", cited(page)),
        ("a citation of a document", cited(place)),
        ("an image", block(json!({ "image": image }))),
        ("a call of a tool that runs at the provider", block(json!({ "toolUse": server }))),
        ("ended at the limit of tokens", ended("max_tokens")),
        ("ended as the context was full", ended("model_context_window_exceeded")),
        ("ended by a guardrail", ended("guardrail_intervened")),
        ("ended by a filter", ended("content_filtered")),
        ("ended by a call that makes no sense", ended("malformed_tool_use")),
        ("tokens read from a prompt cache", json!({"cacheReadInputTokens": 5})),
        ("tokens written to a prompt cache", json!({"cacheWriteInputTokens": 5})),
        ("fields that the request asked for", json!({"additionalModelResponseFields": {"a": 1}})),
        ("what a guardrail found", json!({"trace": {"guardrail": {"actionReason": "r"}}})),
        ("the tier that served it", json!({"serviceTier": {"type": "priority"}})),
    ];
    features.into_iter().map(|(name, fields)| (name, answer(fields))).collect()
}
