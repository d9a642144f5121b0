//! Chat completions.

use serde_json::{Value, json};

use super::{Asked, Format, Saying, TOKENS, Tool, halves, list, pieces, text, text_of};

pub(super) const FORMAT: Format = Format {
    path: "/v1/chat/completions",
    read,
    whole,
    frames,
    error,
    breaking: || {
        format!("data: {}\n\n", error(500, "The server had an error while processing it."))
    },
    overloaded: 503,
};

fn read(body: &Value) -> Result<Asked, String> {
    let messages = list(&body["messages"]);
    let mut called = Vec::new();
    let mut results = Vec::new();
    for message in messages {
        if message["role"] == "tool" {
            let id = text(&message["tool_call_id"]);
            if !called.contains(&id) {
                return Err(format!("No tool call has the id '{id}'."));
            }
            results.push(text_of(&message["content"]));
        } else {
            results.clear();
            called.extend(list(&message["tool_calls"]).iter().map(|call| text(&call["id"])));
        }
    }
    let tools = list(&body["tools"])
        .iter()
        .map(|tool| Tool::new(&tool["function"]["name"], &tool["function"]["parameters"]));
    let effort = body["reasoning_effort"].as_str().is_some_and(|effort| effort != "none");
    Ok(Asked {
        stream: body["stream"] == true,
        tools: if body["tool_choice"] == "none" { Vec::new() } else { tools.collect() },
        several: body["parallel_tool_calls"] != false
            && messages.iter().any(|message| text_of(&message["content"]).contains("Rome")),
        results,
        schema: body["response_format"]["type"] == "json_schema",
        thoughts: effort,
        turn: messages.len(),
    })
}

fn whole(saying: &Saying) -> Value {
    let calls = saying.calls.iter().map(|(id, name, arguments)| {
        json!({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
    });
    let mut message = json!({
        "role": "assistant", "content": saying.text, "refusal": null, "annotations": [],
    });
    if !saying.calls.is_empty() {
        message["tool_calls"] = calls.collect();
    }
    if let Some(thought) = saying.thought {
        message["reasoning_content"] = thought.into();
    }
    let choice = json!({
        "index": 0, "message": message, "logprobs": null, "finish_reason": finish(saying),
    });
    let mut answer = head("chat.completion");
    answer["choices"] = json!([choice]);
    answer["usage"] = usage();
    answer
}

fn frames(saying: &Saying, body: &Value) -> Vec<String> {
    let counted = body["stream_options"]["include_usage"] == true;
    let chunk = |choices: Value, usage: Value| {
        let mut chunk = head("chat.completion.chunk");
        chunk["choices"] = choices;
        if counted {
            chunk["usage"] = usage;
        }
        format!("data: {chunk}\n\n")
    };
    let delta = |delta: Value, finish: Option<&str>| {
        let choice = json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": finish});
        chunk(json!([choice]), Value::Null)
    };
    let mut frames =
        vec![delta(json!({"role": "assistant", "content": "", "refusal": null}), None)];
    let thought = saying.thought.unwrap_or_default();
    frames.extend(pieces(thought).map(|piece| delta(json!({"reasoning_content": piece}), None)));
    frames.extend(pieces(&saying.text).map(|piece| delta(json!({"content": piece}), None)));
    for (index, (id, name, arguments)) in saying.calls.iter().enumerate() {
        let call = json!({
            "index": index, "id": id, "type": "function",
            "function": {"name": name, "arguments": ""},
        });
        frames.push(delta(json!({"tool_calls": [call]}), None));
        for piece in halves(arguments) {
            let call = json!({"index": index, "function": {"arguments": piece}});
            frames.push(delta(json!({"tool_calls": [call]}), None));
        }
    }
    frames.push(delta(json!({}), Some(finish(saying))));
    if counted {
        frames.push(chunk(json!([]), usage()));
    }
    frames.push("data: [DONE]\n\n".to_owned());
    frames
}

fn head(object: &str) -> Value {
    json!({
        "id": "chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT", "object": object, "created": 1_741_569_952,
        "model": "gpt-4o-mini-2024-07-18", "service_tier": "default",
        "system_fingerprint": "fp_06737a9306",
    })
}

fn finish(saying: &Saying) -> &'static str {
    if saying.calls.is_empty() { "stop" } else { "tool_calls" }
}

fn usage() -> Value {
    json!({
        "prompt_tokens": TOKENS.0, "completion_tokens": TOKENS.1,
        "total_tokens": TOKENS.0 + TOKENS.1,
        "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 2, "audio_tokens": 0},
    })
}

/// Both of OpenAI's formats tell errors in this form.
pub(super) fn error(status: u16, message: &str) -> Value {
    let (kind, code) = match status {
        400 => ("invalid_request_error", Value::Null),
        429 => ("requests", json!("rate_limit_exceeded")),
        _ => ("server_error", Value::Null),
    };
    json!({"error": {"message": message, "type": kind, "param": null, "code": code}})
}
