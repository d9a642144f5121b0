//! OpenAI chat completions. Source: OpenAI's API reference, and for thoughts what vendors and
//! OpenRouter add to it (`reasoning_content`, `reasoning_details`).

use serde_json::{Map, Value, json};

use super::format::{CallerFormat, Request, SSE, Types, UpstreamFormat};
use super::said::{
    Answer, Call, Conversation, Piece, Thought, Tool, Turn, add, halves, items, listed, parsed,
    read_tool, text_of,
};

pub const CALLER: CallerFormat =
    CallerFormat { name: "chat", path: "/v1/chat/completions", types: &TYPES, ask, told, fold };

pub const UPSTREAM: UpstreamFormat = UpstreamFormat {
    name: "chat",
    types: Some(&TYPES),
    seals: false,
    ids: true,
    streamed_as: SSE,
    heard,
    say,
    stream,
};

const TYPES: Types = Types {
    request: Request::Whole("openai.types.chat.completion_create_params:CompletionCreateParams"),
    answer: "openai.types.chat:ChatCompletion",
    event: "openai.types.chat:ChatCompletionChunk",
    extensions: &[("", "reasoning_content"), ("", "reasoning_details")],
};

fn ask(said: &Conversation) -> Value {
    let system = said.system.iter().map(|text| json!({"role": "system", "content": text}));
    let turns = said.turns.iter().map(|turn| match turn {
        Turn::User(pieces) => {
            json!({"role": "user", "content": pieces.iter().map(piece).collect::<Vec<_>>()})
        }
        Turn::Model(answer) => message(answer),
        Turn::Told(whole) => whole["choices"][0]["message"].clone(),
        Turn::Result { call, text } => {
            json!({"role": "tool", "tool_call_id": call, "content": text})
        }
    });
    let mut body = json!({"messages": system.chain(turns).collect::<Vec<_>>()});
    let tool = |tool: &Tool| {
        let Tool { name, description, schema } = tool;
        let function = json!({"name": name, "description": description, "parameters": schema});
        json!({"type": "function", "function": function})
    };
    if !said.tools.is_empty() {
        body["tools"] = said.tools.iter().map(tool).collect();
    }
    if said.must_call {
        body["tool_choice"] = json!("required");
    }
    if let Some(schema) = &said.schema {
        let schema = json!({"name": "place", "schema": schema, "strict": true});
        body["response_format"] = json!({"type": "json_schema", "json_schema": schema});
    }
    add(&mut body, "reasoning_effort", &said.effort);
    add(&mut body, "temperature", &said.temperature);
    add(&mut body, "max_completion_tokens", &said.max_tokens);
    body
}

fn piece(piece: &Piece) -> Value {
    let image = |url: &str| json!({"type": "image_url", "image_url": {"url": url}});
    match piece {
        Piece::Text(text) => json!({"type": "text", "text": text}),
        Piece::Image { media_type, data } => image(&format!("data:{media_type};base64,{data}")),
        Piece::ImageAt(url) => image(url),
        Piece::Document { name, media_type, data } => {
            let data = format!("data:{media_type};base64,{data}");
            json!({"type": "file", "file": {"filename": name, "file_data": data}})
        }
    }
}

fn message(answer: &Answer) -> Value {
    let mut message = json!({"role": "assistant", "content": answer.text});
    match &answer.thought {
        Some(Thought { text, seal: Some(seal) }) => {
            message["reasoning_details"] =
                json!([{"type": "reasoning.text", "text": text, "signature": seal, "index": 0}]);
        }
        Some(Thought { text, seal: None }) => message["reasoning_content"] = json!(text),
        None => {}
    }
    if !answer.calls.is_empty() {
        let call = |Call { id, name, arguments }: &Call| {
            let function = json!({"name": name, "arguments": arguments.to_string()});
            json!({"id": id, "type": "function", "function": function})
        };
        message["tool_calls"] = answer.calls.iter().map(call).collect();
    }
    message
}

fn heard(body: &Value) -> Conversation {
    let mut heard = Conversation {
        tools: items(&body["tools"])
            .map(|tool| read_tool(&tool["function"], "parameters"))
            .collect(),
        must_call: body["tool_choice"] == "required",
        effort: body["reasoning_effort"].as_str().map(str::to_owned),
        temperature: body["temperature"].as_f64(),
        max_tokens: body["max_tokens"].as_u64().or(body["max_completion_tokens"].as_u64()),
        ..Conversation::default()
    };
    let format = &body["response_format"];
    if !format.is_null() {
        assert_eq!(format["type"], "json_schema", "{body}");
        heard.schema = Some(format["json_schema"]["schema"].clone());
    }
    for message in items(&body["messages"]) {
        match message["role"].as_str() {
            Some("system") => heard.system = Some(flat(&message["content"])),
            Some("user") => heard.turns.push(Turn::User(pieces(&message["content"]))),
            Some("assistant") => heard.turns.push(Turn::Model(answer_in(message))),
            Some("tool") => {
                let call = text_of(&message["tool_call_id"]);
                heard.turns.push(Turn::Result { call, text: flat(&message["content"]) });
            }
            _ => panic!("nobody's turn: {message}"),
        }
    }
    heard
}

fn pieces(content: &Value) -> Vec<Piece> {
    let piece = |piece: &Value| match piece["type"].as_str() {
        Some("text") => Piece::Text(text_of(&piece["text"])),
        Some("image_url") => {
            let url = text_of(&piece["image_url"]["url"]);
            match in_data_url(&url) {
                Some((media_type, data)) => Piece::Image { media_type, data },
                None => Piece::ImageAt(url),
            }
        }
        Some("file") => {
            let file = &piece["file"];
            let (media_type, data) = in_data_url(&text_of(&file["file_data"])).expect("data");
            Piece::Document { name: text_of(&file["filename"]), media_type, data }
        }
        _ => panic!("no piece: {piece}"),
    };
    listed(content, "text").iter().map(piece).collect()
}

/// The media type and the base64 of a data URL.
pub fn in_data_url(url: &str) -> Option<(String, String)> {
    let (media_type, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
    Some((media_type.to_owned(), data.to_owned()))
}

/// A content's text, be it one text or pieces.
fn flat(content: &Value) -> String {
    let text = |piece: &Piece| match piece {
        Piece::Text(text) => text.clone(),
        other => panic!("no text: {other:?}"),
    };
    pieces(content).iter().map(text).collect()
}

fn answer_in(message: &Value) -> Answer {
    let mut answer = Answer::default();
    for detail in items(&message["reasoning_details"]) {
        let text = detail["text"].as_str().unwrap_or_default();
        answer.think(text, detail["signature"].as_str().map(str::to_owned));
    }
    if let (None, Some(text)) = (&answer.thought, message["reasoning_content"].as_str()) {
        answer.think(text, None);
    }
    let call = |call: &Value| Call {
        id: text_of(&call["id"]),
        name: text_of(&call["function"]["name"]),
        arguments: parsed(&call["function"]["arguments"]),
    };
    let content = &message["content"];
    answer.text = (!content.is_null()).then(|| flat(content));
    answer.calls = items(&message["tool_calls"]).map(call).collect();
    answer
}

fn say(answer: &Answer) -> Value {
    let mut message = message(answer);
    message["refusal"] = Value::Null;
    let choice = json!({
        "index": 0, "message": message, "logprobs": null, "finish_reason": finish(answer),
    });
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1_741_569_952,
        "model": "gpt-x-2025", "choices": [choice], "usage": usage(),
    })
}

fn finish(answer: &Answer) -> &'static str {
    if answer.calls.is_empty() { "stop" } else { "tool_calls" }
}

fn usage() -> Value {
    json!({"prompt_tokens": 19, "completion_tokens": 10, "total_tokens": 29})
}

fn stream(answer: &Answer) -> Vec<Vec<u8>> {
    let chunk = |choices: Value, usage: Value| {
        json!({
            "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1_741_569_952,
            "model": "gpt-x-2025", "choices": choices, "usage": usage,
        })
    };
    let mut deltas = vec![json!({"role": "assistant", "content": ""})];
    if let Some(thought) = &answer.thought {
        deltas.extend(halves(&thought.text).map(|it| json!({"reasoning_content": it})));
    }
    if let Some(text) = &answer.text {
        deltas.extend(halves(text).map(|it| json!({"content": it})));
    }
    for (index, Call { id, name, arguments }) in answer.calls.iter().enumerate() {
        let function = json!({"name": name, "arguments": ""});
        let call = json!({"index": index, "id": id, "type": "function", "function": function});
        deltas.push(json!({"tool_calls": [call]}));
        deltas.extend(halves(&arguments.to_string()).map(
            |piece| json!({"tool_calls": [{"index": index, "function": {"arguments": piece}}]}),
        ));
    }
    let last = json!([{"index": 0, "delta": {}, "finish_reason": finish(answer)}]);
    let choices =
        deltas.into_iter().map(|it| json!([{"index": 0, "delta": it, "finish_reason": null}]));
    let mut chunks: Vec<_> =
        choices.chain([last]).map(|choices| chunk(choices, Value::Null)).collect();
    chunks.push(chunk(json!([]), usage()));
    let frames = chunks.iter().map(|chunk| format!("data: {chunk}\n\n").into());
    frames.chain([b"data: [DONE]\n\n".to_vec()]).collect()
}

fn told(answer: &Value) -> Answer {
    answer_in(&answer["choices"][0]["message"])
}

fn fold(chunks: &[Value]) -> Value {
    let mut message = Map::new();
    let mut finish = Value::Null;
    for choice in chunks.iter().flat_map(|chunk| items(&chunk["choices"])) {
        for (name, value) in choice["delta"].as_object().into_iter().flatten() {
            grow(message.entry(name).or_insert(Value::Null), value);
        }
        finish = if finish.is_null() { choice["finish_reason"].clone() } else { finish };
    }
    // What numbers the items of a stream is no part of an answer.
    for call in message.get_mut("tool_calls").and_then(Value::as_array_mut).into_iter().flatten() {
        call.as_object_mut().expect("a call").remove("index");
    }
    message.entry("refusal").or_insert(Value::Null);
    let last = chunks.last().expect("a chunk");
    let choice = json!({"index": 0, "message": message, "finish_reason": finish});
    json!({
        "id": last["id"], "object": "chat.completion", "created": last["created"],
        "model": last["model"], "choices": [choice], "usage": last["usage"],
    })
}

/// Adds a delta: texts go on, items of lists are found by their index.
fn grow(whole: &mut Value, more: &Value) {
    match (whole, more) {
        (_, Value::Null) => {}
        (Value::String(text), Value::String(more)) => text.push_str(more),
        (Value::Object(whole), Value::Object(more)) => {
            for (name, value) in more {
                match name.as_str() {
                    "index" | "id" | "type" => drop(whole.insert(name.clone(), value.clone())),
                    _ => grow(whole.entry(name).or_insert(Value::Null), value),
                }
            }
        }
        (Value::Array(whole), Value::Array(more)) => {
            for item in more {
                match whole.iter_mut().find(|it| it["index"] == item["index"]) {
                    Some(it) => grow(it, item),
                    None => whole.push(item.clone()),
                }
            }
        }
        (whole, more) => *whole = more.clone(),
    }
}
