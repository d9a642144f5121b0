//! Anthropic messages. Source: Anthropic's API reference, and the guides "Streaming messages",
//! "Extended thinking" and "Structured outputs".

use serde_json::{Value, json};

use super::format::{CallerFormat, Request, SSE, Types, UpstreamFormat, framed};
use super::said::{
    Answer, Call, Conversation, Piece, Thought, Tool, Turn, add, halves, items, listed, read_tool,
    text_of,
};

pub const CALLER: CallerFormat =
    CallerFormat { name: "messages", path: "/v1/messages", types: &TYPES, ask, told, fold };

pub const UPSTREAM: UpstreamFormat = UpstreamFormat {
    name: "messages",
    types: Some(&TYPES),
    seals: true,
    ids: true,
    streamed_as: SSE,
    heard,
    say,
    stream,
};

const TYPES: Types = Types {
    request: Request::Whole("anthropic.types.message_create_params:MessageCreateParams"),
    answer: "anthropic.types:Message",
    event: "anthropic.types:RawMessageStreamEvent",
    // The types are those of API version 2026-10-21, which has given up sampling; the gateway asks
    // for version 2023-06-01.
    extensions: &[("", "temperature"), ("", "top_p"), ("", "top_k")],
};

fn ask(said: &Conversation) -> Value {
    let mut messages: Vec<Value> = Vec::new();
    for turn in &said.turns {
        let (role, blocks): (_, Vec<_>) = match turn {
            Turn::User(pieces) => ("user", pieces.iter().map(block).collect()),
            Turn::Model(answer) => ("assistant", blocks_of(answer)),
            Turn::Told(whole) => ("assistant", listed(&whole["content"], "text")),
            Turn::Result { call, text } => {
                ("user", vec![json!({"type": "tool_result", "tool_use_id": call, "content": text})])
            }
        };
        match messages.last_mut().filter(|last| last["role"] == role) {
            Some(last) => last["content"].as_array_mut().expect("blocks").extend(blocks),
            None => messages.push(json!({"role": role, "content": blocks})),
        }
    }
    let mut body = json!({"max_tokens": said.max_tokens, "messages": messages});
    let tool = |Tool { name, description, schema }: &Tool| json!({"name": name, "description": description, "input_schema": schema});
    if !said.tools.is_empty() {
        body["tools"] = said.tools.iter().map(tool).collect();
    }
    if said.must_call {
        body["tool_choice"] = json!({"type": "any"});
    }
    if let Some(schema) = &said.schema {
        body["output_config"]["format"] = json!({"type": "json_schema", "schema": schema});
    }
    if let Some(effort) = &said.effort {
        body["output_config"]["effort"] = json!(effort);
        body["thinking"] = json!({"type": "adaptive"});
    }
    add(&mut body, "temperature", &said.temperature);
    add(&mut body, "system", &said.system);
    body
}

fn block(piece: &Piece) -> Value {
    let source = |media_type: &str, data: &str| json!({"type": "base64", "media_type": media_type, "data": data});
    match piece {
        Piece::Text(text) => json!({"type": "text", "text": text}),
        Piece::Image { media_type, data } => {
            json!({"type": "image", "source": source(media_type, data)})
        }
        Piece::ImageAt(url) => json!({"type": "image", "source": {"type": "url", "url": url}}),
        Piece::Document { name, media_type, data } => {
            json!({"type": "document", "title": name, "source": source(media_type, data)})
        }
    }
}

fn blocks_of(answer: &Answer) -> Vec<Value> {
    let thought = answer.thought.iter().map(|Thought { text, seal }| {
        let seal = seal.as_deref().unwrap_or_default();
        json!({"type": "thinking", "thinking": text, "signature": seal})
    });
    let text = answer.text.iter().map(|text| json!({"type": "text", "text": text}));
    let calls = answer.calls.iter().map(|Call { id, name, arguments }| {
        json!({"type": "tool_use", "id": id, "name": name, "input": arguments})
    });
    thought.chain(text).chain(calls).collect()
}

fn heard(body: &Value) -> Conversation {
    let config = &body["output_config"];
    let mut heard = Conversation {
        tools: items(&body["tools"]).map(|tool| read_tool(tool, "input_schema")).collect(),
        must_call: body["tool_choice"]["type"] == "any",
        schema: Some(config["format"]["schema"].clone()).filter(|schema| !schema.is_null()),
        effort: heard_effort(body),
        temperature: body["temperature"].as_f64(),
        max_tokens: body["max_tokens"].as_u64(),
        ..Conversation::default()
    };
    if !body["system"].is_null() {
        heard.system = Some(flat(&body["system"]));
    }
    for message in items(&body["messages"]) {
        let blocks = listed(&message["content"], "text");
        if message["role"] == "assistant" {
            heard.turns.push(Turn::Model(answer_in(&blocks)));
            continue;
        }
        let (results, said): (Vec<_>, Vec<_>) =
            blocks.iter().partition(|block| block["type"] == "tool_result");
        heard.turns.extend(results.iter().map(|result| Turn::Result {
            call: text_of(&result["tool_use_id"]),
            text: flat(&result["content"]),
        }));
        if !said.is_empty() {
            heard.turns.push(Turn::User(said.into_iter().map(piece).collect()));
        }
    }
    heard
}

/// Effort without thinking says how much to write, not that anything is to be thought over.
fn heard_effort(body: &Value) -> Option<String> {
    let thinks = body["thinking"]["type"] == "adaptive";
    body["output_config"]["effort"].as_str().filter(|_| thinks).map(str::to_owned)
}

fn flat(content: &Value) -> String {
    listed(content, "text").iter().map(|block| text_of(&block["text"])).collect()
}

fn piece(block: &Value) -> Piece {
    let source = &block["source"];
    let bytes = || (text_of(&source["media_type"]), text_of(&source["data"]));
    match (block["type"].as_str(), source["type"].as_str()) {
        (Some("text"), _) => Piece::Text(text_of(&block["text"])),
        (Some("image"), Some("url")) => Piece::ImageAt(text_of(&source["url"])),
        (Some("image"), Some("base64")) => {
            let (media_type, data) = bytes();
            Piece::Image { media_type, data }
        }
        (Some("document"), Some("base64")) => {
            let (media_type, data) = bytes();
            Piece::Document { name: text_of(&block["title"]), media_type, data }
        }
        _ => panic!("no piece: {block}"),
    }
}

fn answer_in(blocks: &[Value]) -> Answer {
    let mut answer = Answer::default();
    for block in blocks {
        match block["type"].as_str() {
            Some("text") => {
                answer.text.get_or_insert_default().push_str(&text_of(&block["text"]));
            }
            Some("thinking") => {
                let seal = Some(text_of(&block["signature"])).filter(|seal| !seal.is_empty());
                answer.think(&text_of(&block["thinking"]), seal);
            }
            Some("tool_use") => answer.calls.push(Call {
                id: text_of(&block["id"]),
                name: text_of(&block["name"]),
                arguments: block["input"].clone(),
            }),
            _ => panic!("no block of an answer: {block}"),
        }
    }
    answer
}

fn say(answer: &Answer) -> Value {
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x",
        "content": blocks_of(answer), "stop_reason": stop_reason(answer), "stop_sequence": null,
        "usage": {"input_tokens": 19, "output_tokens": 10},
    })
}

fn stop_reason(answer: &Answer) -> &'static str {
    if answer.calls.is_empty() { "end_turn" } else { "tool_use" }
}

fn stream(answer: &Answer) -> Vec<Vec<u8>> {
    let mut message = say(&Answer::default());
    message["stop_reason"] = Value::Null;
    message["usage"]["output_tokens"] = json!(1);
    let mut events = vec![json!({"type": "message_start", "message": message})];
    for (index, block) in blocks_of(answer).into_iter().enumerate() {
        let (empty, deltas) = taken_apart(block);
        events.push(json!({"type": "content_block_start", "index": index, "content_block": empty}));
        events.extend(
            deltas.into_iter().map(
                |delta| json!({"type": "content_block_delta", "index": index, "delta": delta}),
            ),
        );
        events.push(json!({"type": "content_block_stop", "index": index}));
    }
    let delta = json!({"stop_reason": stop_reason(answer), "stop_sequence": null});
    let usage = json!({"output_tokens": 10});
    events.push(json!({"type": "message_delta", "delta": delta, "usage": usage}));
    events.push(json!({"type": "message_stop"}));
    framed(&events)
}

fn taken_apart(mut block: Value) -> (Value, Vec<Value>) {
    let pieces = |kind: &str, field: &str, text: &str| -> Vec<Value> {
        halves(text).map(|piece| json!({"type": kind, field: piece})).into()
    };
    let deltas = match block["type"].as_str() {
        Some("text") => pieces("text_delta", "text", &text_of(&block["text"].take())),
        Some("thinking") => {
            let seal = text_of(&block["signature"].take());
            let mut deltas =
                pieces("thinking_delta", "thinking", &text_of(&block["thinking"].take()));
            deltas.push(json!({"type": "signature_delta", "signature": seal}));
            deltas
        }
        _ => pieces("input_json_delta", "partial_json", &block["input"].take().to_string()),
    };
    for field in ["text", "thinking", "signature"] {
        if block.get(field).is_some() {
            block[field] = json!("");
        }
    }
    if block.get("input").is_some() {
        block["input"] = json!({});
    }
    (block, deltas)
}

fn told(answer: &Value) -> Answer {
    answer_in(&listed(&answer["content"], "text"))
}

fn fold(events: &[Value]) -> Value {
    let mut message = events[0]["message"].clone();
    let mut arguments = String::new();
    for event in &events[1..] {
        let content = message["content"].as_array_mut().expect("blocks");
        match event["type"].as_str() {
            Some("content_block_start") => {
                assert_eq!(event["index"], content.len(), "blocks begin in their order");
                content.push(event["content_block"].clone());
                arguments.clear();
            }
            Some("content_block_delta") => {
                let block = &mut content[event["index"].as_u64().expect("a number") as usize];
                grow(block, &event["delta"], &mut arguments);
            }
            Some("content_block_stop") => {
                let block = &mut content[event["index"].as_u64().expect("a number") as usize];
                if block["type"] == "tool_use" {
                    block["input"] = serde_json::from_str(&arguments).expect("arguments are JSON");
                }
            }
            Some("message_delta") => {
                for place in ["delta", "usage"] {
                    let whole = if place == "usage" { &mut message["usage"] } else { &mut message };
                    for (name, value) in event[place].as_object().expect("an object") {
                        whole[name] = value.clone();
                    }
                }
            }
            Some("message_stop" | "ping") => {}
            _ => panic!("no event: {event}"),
        }
    }
    message
}

fn grow(block: &mut Value, delta: &Value, arguments: &mut String) {
    let field = match delta["type"].as_str() {
        Some("text_delta") => "text",
        Some("thinking_delta") => "thinking",
        Some("signature_delta") => "signature",
        Some("input_json_delta") => {
            arguments.push_str(&text_of(&delta["partial_json"]));
            return;
        }
        _ => panic!("no delta: {delta}"),
    };
    block[field] = json!(text_of(&block[field]) + &text_of(&delta[field]));
}
