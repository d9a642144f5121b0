//! Messages.

use serde_json::{Value, json};

use super::{
    Asked, Format, SEAL, Saying, TOKENS, Tool, halves, list, named, pieces, text, text_of,
};

pub(super) const FORMAT: Format = Format {
    path: "/v1/messages",
    read,
    whole,
    frames: |saying, _| frames(saying),
    error,
    breaking: || named(&error(529, "Overloaded")),
    overloaded: 529,
};

fn read(body: &Value) -> Result<Asked, String> {
    if !body["max_tokens"].is_u64() {
        return Err("max_tokens: Field required".to_owned());
    }
    if !body["thread"].is_null() {
        // The beta that knows it is not asked for by the gateway.
        return Err("thread: Extra inputs are not permitted".to_owned());
    }
    let messages = list(&body["messages"]);
    let mut called = Vec::new();
    let mut results = Vec::new();
    for message in messages {
        results.clear();
        for block in list(&message["content"]) {
            match block["type"].as_str().unwrap_or_default() {
                "thinking" if block["signature"] != SEAL => {
                    return Err("Invalid `signature` in `thinking` block".to_owned());
                }
                "tool_use" => called.push(text(&block["id"])),
                "tool_result" => {
                    let id = text(&block["tool_use_id"]);
                    if !called.contains(&id) {
                        return Err(format!("unexpected `tool_use_id` found: {id}"));
                    }
                    results.push(text_of(&block["content"]));
                }
                _ => {}
            }
        }
    }
    let enabled = body["thinking"]["type"] == "enabled";
    if enabled && !results.is_empty() {
        continues_a_thought(messages)?;
    }
    let tools =
        list(&body["tools"]).iter().map(|tool| Tool::new(&tool["name"], &tool["input_schema"]));
    let choice = &body["tool_choice"];
    Ok(Asked {
        stream: body["stream"] == true,
        tools: if choice["type"] == "none" { Vec::new() } else { tools.collect() },
        several: choice["disable_parallel_tool_use"] != true
            && messages.iter().any(|message| text_of(&message["content"]).contains("Rome")),
        results,
        schema: body["output_config"]["format"]["type"] == "json_schema",
        thoughts: enabled || body["thinking"]["type"] == "adaptive",
        turn: messages.len(),
    })
}

/// While thinking is on, a turn that called tools goes on only with the thought that led there.
fn continues_a_thought(messages: &[Value]) -> Result<(), String> {
    let last = messages.iter().rfind(|message| message["role"] == "assistant");
    let first = last.map(|message| &message["content"][0]["type"]);
    if first.is_some_and(|kind| kind == "thinking" || kind == "redacted_thinking") {
        return Ok(());
    }
    Err("Expected `thinking` or `redacted_thinking`, but found another block. When `thinking` is \
         enabled, a final `assistant` message must start with a thinking block."
        .to_owned())
}

fn whole(saying: &Saying) -> Value {
    let mut content = Vec::new();
    if let Some(thought) = saying.thought {
        content.push(json!({"type": "thinking", "thinking": thought, "signature": SEAL}));
    }
    content.push(json!({"type": "text", "text": saying.text}));
    content.extend(saying.calls.iter().map(|(id, name, arguments)| {
        let input: Value = serde_json::from_str(arguments).unwrap_or_default();
        json!({"type": "tool_use", "id": id, "name": name, "input": input})
    }));
    let mut answer = head();
    answer["content"] = content.into();
    answer["stop_reason"] = stop(saying).into();
    answer["usage"] = usage(TOKENS.1);
    answer
}

fn frames(saying: &Saying) -> Vec<String> {
    let mut message = head();
    message["content"] = json!([]);
    message["usage"] = usage(1);
    let mut frames = vec![
        named(&json!({"type": "message_start", "message": message})),
        named(&json!({"type": "ping"})),
    ];
    let mut index = 0;
    let mut block = |start: Value, deltas: Vec<Value>| {
        frames.push(named(
            &json!({"type": "content_block_start", "index": index, "content_block": start}),
        ));
        frames.extend(deltas.into_iter().map(|delta| {
            named(&json!({"type": "content_block_delta", "index": index, "delta": delta}))
        }));
        frames.push(named(&json!({"type": "content_block_stop", "index": index})));
        index += 1;
    };
    if let Some(thought) = saying.thought {
        let thinking = |piece| json!({"type": "thinking_delta", "thinking": piece});
        let seal = json!({"type": "signature_delta", "signature": SEAL});
        let start = json!({"type": "thinking", "thinking": "", "signature": ""});
        block(start, pieces(thought).map(thinking).chain([seal]).collect());
    }
    let text = |piece| json!({"type": "text_delta", "text": piece});
    block(json!({"type": "text", "text": ""}), pieces(&saying.text).map(text).collect());
    for (id, name, arguments) in &saying.calls {
        let start = json!({"type": "tool_use", "id": id, "name": name, "input": {}});
        let input = |piece| json!({"type": "input_json_delta", "partial_json": piece});
        block(start, halves(arguments).into_iter().map(input).collect());
    }
    frames.push(named(&json!({
        "type": "message_delta",
        "delta": {"stop_reason": stop(saying), "stop_sequence": null},
        "usage": {"output_tokens": TOKENS.1},
    })));
    frames.push(named(&json!({"type": "message_stop"})));
    frames
}

fn head() -> Value {
    json!({
        "id": "msg_01XFDUDYJgAACzvnptvVoYEL", "type": "message", "role": "assistant",
        "model": "claude-sonnet-4-5-20250929", "stop_reason": null, "stop_sequence": null,
    })
}

fn stop(saying: &Saying) -> &'static str {
    if saying.calls.is_empty() { "end_turn" } else { "tool_use" }
}

/// Here what was read from a cache stands beside the other tokens of the request.
fn usage(output: u64) -> Value {
    json!({
        "input_tokens": TOKENS.0 - 4, "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 4, "output_tokens": output, "service_tier": "standard",
    })
}

fn error(status: u16, message: &str) -> Value {
    let kind = match status {
        400 => "invalid_request_error",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        _ => "api_error",
    };
    json!({"type": "error", "error": {"type": kind, "message": message}})
}
