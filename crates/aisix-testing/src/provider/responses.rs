//! Responses.

use serde_json::{Value, json};

use super::{
    Asked, Format, SEAL, Saying, TOKENS, Tool, chat, halves, list, named, pieces, text, text_of,
};

pub(super) const FORMAT: Format = Format {
    path: "/v1/responses",
    read,
    whole,
    frames: |saying, _| frames(saying),
    error: chat::error,
    breaking: || {
        let message = "The server had an error while processing it.";
        named(&json!({
            "type": "error", "sequence_number": 5, "code": "server_error", "message": message,
            "param": null,
        }))
    },
    overloaded: 503,
};

fn read(body: &Value) -> Result<Asked, String> {
    let items = list(&body["input"]);
    let mut called = Vec::new();
    let mut results = Vec::new();
    for item in items {
        match item["type"].as_str().unwrap_or_default() {
            "function_call_output" => {
                let id = text(&item["call_id"]);
                if !called.contains(&id) {
                    return Err(format!("No tool call found for function call output '{id}'."));
                }
                results.push(text_of(&item["output"]));
            }
            "function_call" => called.push(text(&item["call_id"])),
            "reasoning" if item["encrypted_content"] != SEAL => {
                return Err("The encrypted content could not be verified.".to_owned());
            }
            _ => results.clear(),
        }
    }
    let prompt = items.iter().map(|item| text_of(&item["content"])).collect::<String>();
    let prompt = prompt + &text_of(&body["input"]);
    let tools =
        list(&body["tools"]).iter().map(|tool| Tool::new(&tool["name"], &tool["parameters"]));
    Ok(Asked {
        stream: body["stream"] == true,
        tools: if body["tool_choice"] == "none" { Vec::new() } else { tools.collect() },
        several: body["parallel_tool_calls"] != false && prompt.contains("Rome"),
        results,
        schema: body["text"]["format"]["type"] == "json_schema",
        thoughts: body["reasoning"]["effort"].as_str().is_some_and(|effort| effort != "none"),
        turn: items.len(),
    })
}

fn whole(saying: &Saying) -> Value {
    let mut answer = head("completed");
    answer["output"] = items(saying).into_iter().map(|item| item.whole).collect();
    answer["usage"] = usage();
    answer
}

/// An item of an answer, and how a stream brings it.
struct Item {
    whole: Value,
    begun: Value,
    /// Events, without the numbers that every event of an item has.
    events: Vec<Value>,
}

fn items(saying: &Saying) -> Vec<Item> {
    let turn = saying.turn;
    let thought = saying.thought.map(|text| thought(turn, text));
    let calls = saying.calls.iter().map(|(id, name, arguments)| call(id, name, arguments));
    thought.into_iter().chain([message(turn, &saying.text)]).chain(calls).collect()
}

fn thought(turn: usize, thought: &str) -> Item {
    let summary = |text| json!({"type": "summary_text", "text": text});
    let begun = json!({"id": format!("rs_{turn}"), "type": "reasoning", "summary": []});
    let mut whole = begun.clone();
    whole["summary"] = json!([summary(thought)]);
    whole["encrypted_content"] = SEAL.into();
    let event = |kind: &str, field: &str, value: Value| json!({"type": kind, "summary_index": 0, field: value});
    let mut events = vec![event("response.reasoning_summary_part.added", "part", summary(""))];
    events.extend(
        pieces(thought)
            .map(|piece| event("response.reasoning_summary_text.delta", "delta", piece.into())),
    );
    events.push(event("response.reasoning_summary_text.done", "text", thought.into()));
    events.push(event("response.reasoning_summary_part.done", "part", summary(thought)));
    Item { whole, begun, events }
}

fn message(turn: usize, text: &str) -> Item {
    let part =
        |text| json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []});
    let item = |status: &str, content: Value| {
        json!({
            "id": format!("msg_{turn}"), "type": "message", "status": status, "role": "assistant",
            "content": content,
        })
    };
    let event = |kind: &str, field: &str, value: Value| {
        let mut event = json!({"type": kind, "content_index": 0, field: value});
        if kind.contains("output_text") {
            event["logprobs"] = json!([]);
        }
        event
    };
    let mut events = vec![event("response.content_part.added", "part", part(""))];
    events.extend(
        pieces(text).map(|piece| event("response.output_text.delta", "delta", piece.into())),
    );
    events.push(event("response.output_text.done", "text", text.into()));
    events.push(event("response.content_part.done", "part", part(text)));
    Item {
        whole: item("completed", json!([part(text)])),
        begun: item("in_progress", json!([])),
        events,
    }
}

fn call(id: &str, name: &str, arguments: &str) -> Item {
    let item = |status: &str, arguments: &str| {
        json!({
            "id": format!("fc_{id}"), "type": "function_call", "status": status, "call_id": id,
            "name": name, "arguments": arguments,
        })
    };
    let delta = |piece| json!({"type": "response.function_call_arguments.delta", "delta": piece});
    let done = json!({
        "type": "response.function_call_arguments.done", "name": name, "arguments": arguments,
    });
    Item {
        whole: item("completed", arguments),
        begun: item("in_progress", ""),
        events: halves(arguments).into_iter().map(delta).chain([done]).collect(),
    }
}

fn frames(saying: &Saying) -> Vec<String> {
    let mut events = vec![
        json!({"type": "response.created", "response": head("in_progress")}),
        json!({"type": "response.in_progress", "response": head("in_progress")}),
    ];
    for (index, item) in items(saying).into_iter().enumerate() {
        let around =
            |kind: &str, item: &Value| json!({"type": kind, "output_index": index, "item": item});
        events.push(around("response.output_item.added", &item.begun));
        events.extend(item.events.into_iter().map(|mut event| {
            event["item_id"] = item.whole["id"].clone();
            event["output_index"] = index.into();
            event
        }));
        events.push(around("response.output_item.done", &item.whole));
    }
    events.push(json!({"type": "response.completed", "response": whole(saying)}));
    let number = |(number, mut event): (usize, Value)| {
        event["sequence_number"] = number.into();
        named(&event)
    };
    events.into_iter().enumerate().map(number).collect()
}

fn head(status: &str) -> Value {
    json!({
        "id": "resp_67ccd2bed1ec8190", "object": "response", "created_at": 1_741_476_542,
        "status": status, "error": null, "incomplete_details": null, "instructions": null,
        "max_output_tokens": null, "model": "gpt-4.1-2025-04-14", "output": [],
        "parallel_tool_calls": true, "previous_response_id": null,
        "reasoning": {"effort": null, "summary": null}, "store": true, "temperature": 1.0,
        "text": {"format": {"type": "text"}}, "tool_choice": "auto", "tools": [], "top_p": 1.0,
        "truncation": "disabled", "usage": null, "user": null, "metadata": {},
    })
}

fn usage() -> Value {
    json!({
        "input_tokens": TOKENS.0,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
        "output_tokens": TOKENS.1, "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": TOKENS.0 + TOKENS.1,
    })
}
