//! OpenAI responses. Source: OpenAI's API reference ("Responses", "Streaming events").

use serde_json::{Value, json};

use super::chat::in_data_url;
use super::format::{CallerFormat, Request, SSE, Types, UpstreamFormat, framed};
use super::said::{
    Answer, Call, Conversation, Piece, Thought, Tool, Turn, add, halves, items, listed, parsed,
    read_tool, text_of,
};

pub const CALLER: CallerFormat =
    CallerFormat { name: "responses", path: "/v1/responses", types: &TYPES, ask, told, fold };

pub const UPSTREAM: UpstreamFormat = UpstreamFormat {
    name: "responses",
    types: Some(&TYPES),
    seals: true,
    ids: true,
    streamed_as: SSE,
    heard,
    say,
    stream,
};

const TYPES: Types = Types {
    request: Request::Whole("openai.types.responses.response_create_params:ResponseCreateParams"),
    answer: "openai.types.responses:Response",
    event: "openai.types.responses:ResponseStreamEvent",
    // The types of Node's package ask for it, those of Python's do not know it.
    extensions: &[("response.function_call_arguments.done", "name")],
};

fn ask(said: &Conversation) -> Value {
    let mut input = Vec::new();
    for turn in &said.turns {
        match turn {
            Turn::User(pieces) => {
                let content: Vec<_> = pieces.iter().map(part).collect();
                input.push(json!({"type": "message", "role": "user", "content": content}));
            }
            Turn::Model(answer) => input.extend(items_of(answer)),
            Turn::Told(whole) => input.extend(items(&whole["output"]).cloned()),
            Turn::Result { call, text } => {
                input
                    .push(json!({"type": "function_call_output", "call_id": call, "output": text}));
            }
        }
    }
    let mut body = json!({"input": input});
    let tool = |Tool { name, description, schema }: &Tool| {
        json!({
            "type": "function", "name": name, "description": description, "parameters": schema,
            "strict": false,
        })
    };
    if !said.tools.is_empty() {
        body["tools"] = said.tools.iter().map(tool).collect();
    }
    if said.must_call {
        body["tool_choice"] = json!("required");
    }
    if let Some(schema) = &said.schema {
        let format =
            json!({"type": "json_schema", "name": "place", "schema": schema, "strict": true});
        body["text"] = json!({"format": format});
    }
    if let Some(effort) = &said.effort {
        body["reasoning"] = json!({"effort": effort});
        body["include"] = json!(["reasoning.encrypted_content"]);
    }
    add(&mut body, "instructions", &said.system);
    add(&mut body, "temperature", &said.temperature);
    add(&mut body, "max_output_tokens", &said.max_tokens);
    body
}

fn part(piece: &Piece) -> Value {
    let image = |url: &str| json!({"type": "input_image", "image_url": url, "detail": "auto"});
    match piece {
        Piece::Text(text) => json!({"type": "input_text", "text": text}),
        Piece::Image { media_type, data } => image(&format!("data:{media_type};base64,{data}")),
        Piece::ImageAt(url) => image(url),
        Piece::Document { name, media_type, data } => {
            let data = format!("data:{media_type};base64,{data}");
            json!({"type": "input_file", "filename": name, "file_data": data})
        }
    }
}

fn items_of(answer: &Answer) -> Vec<Value> {
    let thought = answer.thought.iter().map(|Thought { text, seal }| {
        let summary = json!([{"type": "summary_text", "text": text}]);
        json!({"id": "rs_1", "type": "reasoning", "summary": summary, "encrypted_content": seal})
    });
    let text = answer.text.iter().map(|text| {
        let part = json!({"type": "output_text", "text": text, "annotations": []});
        json!({
            "id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
            "content": [part],
        })
    });
    let calls = answer.calls.iter().map(|Call { id, name, arguments }| {
        json!({
            "id": format!("fc_{id}"), "type": "function_call", "call_id": id, "name": name,
            "arguments": arguments.to_string(), "status": "completed",
        })
    });
    thought.chain(text).chain(calls).collect()
}

fn heard(body: &Value) -> Conversation {
    let format = &body["text"]["format"];
    let mut heard = Conversation {
        system: body["instructions"].as_str().map(str::to_owned),
        tools: items(&body["tools"]).map(|tool| read_tool(tool, "parameters")).collect(),
        must_call: body["tool_choice"] == "required",
        schema: Some(format["schema"].clone()).filter(|schema| !schema.is_null()),
        effort: body["reasoning"]["effort"].as_str().map(str::to_owned),
        temperature: body["temperature"].as_f64(),
        max_tokens: body["max_output_tokens"].as_u64(),
        ..Conversation::default()
    };
    for item in items(&body["input"]) {
        if item["type"] == "function_call_output" {
            let call = text_of(&item["call_id"]);
            heard.turns.push(Turn::Result { call, text: text_of(&item["output"]) });
        } else if item["role"] == "user" {
            heard.turns.push(Turn::User(
                listed(&item["content"], "input_text").iter().map(piece).collect(),
            ));
        } else {
            if !matches!(heard.turns.last(), Some(Turn::Model(_))) {
                heard.turns.push(Turn::Model(Answer::default()));
            }
            let Some(Turn::Model(answer)) = heard.turns.last_mut() else { unreachable!() };
            read_item(item, answer);
        }
    }
    heard
}

fn piece(part: &Value) -> Piece {
    match part["type"].as_str() {
        Some("input_text") => Piece::Text(text_of(&part["text"])),
        Some("input_image") => {
            let url = text_of(&part["image_url"]);
            match in_data_url(&url) {
                Some((media_type, data)) => Piece::Image { media_type, data },
                None => Piece::ImageAt(url),
            }
        }
        Some("input_file") => {
            let (media_type, data) = in_data_url(&text_of(&part["file_data"])).expect("data");
            Piece::Document { name: text_of(&part["filename"]), media_type, data }
        }
        _ => panic!("no piece: {part}"),
    }
}

fn read_item(item: &Value, answer: &mut Answer) {
    let texts = |content: &Value| {
        let parts = listed(content, "input_text");
        parts.iter().map(|part| text_of(&part["text"])).collect::<String>()
    };
    match item["type"].as_str() {
        Some("reasoning") => {
            let seal = item["encrypted_content"].as_str().map(str::to_owned);
            answer.think(&texts(&item["summary"]), seal);
        }
        Some("message") => answer.text = Some(texts(&item["content"])),
        Some("function_call") => answer.calls.push(Call {
            id: text_of(&item["call_id"]),
            name: text_of(&item["name"]),
            arguments: parsed(&item["arguments"]),
        }),
        _ => panic!("no item of an answer: {item}"),
    }
}

fn say(answer: &Answer) -> Value {
    json!({
        "id": "resp_1", "object": "response", "created_at": 1_741_476_542, "status": "completed",
        "error": null, "incomplete_details": null, "instructions": null, "metadata": {},
        "model": "gpt-x-2025", "output": items_of(answer), "parallel_tool_calls": true,
        "temperature": 1.0, "tool_choice": "auto", "tools": [], "top_p": 1.0,
        "usage": {
            "input_tokens": 19,
            "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
            "output_tokens": 10, "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": 29,
        },
    })
}

fn stream(answer: &Answer) -> Vec<Vec<u8>> {
    let whole = say(answer);
    let mut begun = say(&Answer::default());
    begun["status"] = json!("in_progress");
    begun["usage"] = Value::Null;
    let mut events = vec![json!({"type": "response.created", "response": begun})];
    for (index, item) in items_of(answer).into_iter().enumerate() {
        stream_item(item, index, &mut events);
    }
    events.push(json!({"type": "response.completed", "response": whole}));
    for (number, event) in events.iter_mut().enumerate() {
        event["sequence_number"] = json!(number);
    }
    framed(&events)
}

fn stream_item(item: Value, index: usize, events: &mut Vec<Value>) {
    let mut opened = item.clone();
    let (kind, place) = match item["type"].as_str() {
        Some("message") => ("output_text", Some(("content", "content_index", "content_part"))),
        Some("reasoning") => {
            let place = ("summary", "summary_index", "reasoning_summary_part");
            ("reasoning_summary_text", Some(place))
        }
        _ => ("function_call_arguments", None),
    };
    let id = item["id"].clone();
    let at = |name: &str, mut more: Value| {
        more["type"] = json!(format!("response.{name}"));
        more["item_id"] = id.clone();
        more["output_index"] = json!(index);
        if let Some((_, counted, _)) = place {
            more[counted] = json!(0);
        }
        more
    };
    let mut grown = Vec::new();
    let deltas = |text: &str, more: &Value| {
        halves(text).map(|piece| {
            let mut delta = more.clone();
            delta["delta"] = json!(piece);
            at(&format!("{kind}.delta"), delta)
        })
    };
    // Texts of messages come with the log probabilities of their tokens.
    let more = if kind == "output_text" { json!({"logprobs": []}) } else { json!({}) };
    if let Some((field, _, part)) = place {
        opened[field] = json!([]);
        let whole = item[field][0].clone();
        let mut empty = whole.clone();
        empty["text"] = json!("");
        grown.push(at(&format!("{part}.added"), json!({"part": empty})));
        grown.extend(deltas(&text_of(&whole["text"]), &more));
        let mut done = more;
        done["text"] = whole["text"].clone();
        grown.push(at(&format!("{kind}.done"), done));
        grown.push(at(&format!("{part}.done"), json!({"part": whole})));
    } else {
        opened["arguments"] = json!("");
        grown.extend(deltas(&text_of(&item["arguments"]), &more));
        let done = json!({"arguments": item["arguments"], "name": item["name"]});
        grown.push(at(&format!("{kind}.done"), done));
    }
    if opened.get("status").is_some() {
        opened["status"] = json!("in_progress");
    }
    events
        .push(json!({"type": "response.output_item.added", "output_index": index, "item": opened}));
    events.extend(grown);
    events.push(json!({"type": "response.output_item.done", "output_index": index, "item": item}));
}

fn told(answer: &Value) -> Answer {
    let mut told = Answer::default();
    items(&answer["output"]).for_each(|item| read_item(item, &mut told));
    told
}

/// The last event brings the whole answer: what came before must have said as much.
fn fold(events: &[Value]) -> Value {
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], number, "{event}");
    }
    let last = events.last().expect("an event");
    assert_eq!(last["type"], "response.completed", "{last}");
    let whole = last["response"].clone();
    let done = events.iter().filter(|event| event["type"] == "response.output_item.done");
    let mut done: Vec<_> = done.map(|event| (&event["output_index"], &event["item"])).collect();
    // A message may end behind the calls that follow it: more could have been said.
    done.sort_by_key(|(index, _)| index.as_u64());
    let output: Vec<_> = items(&whole["output"]).collect();
    for (place, (index, item)) in done.iter().enumerate() {
        assert_eq!((index.as_u64(), *item), (Some(place as u64), output[place]), "{whole}");
    }
    assert_eq!(done.len(), output.len(), "every item ends: {whole}");
    let told = told(&whole);
    for (kind, text) in [
        ("output_text", told.text.clone()),
        ("reasoning_summary_text", told.thought.map(|thought| thought.text)),
    ] {
        let kind = format!("response.{kind}.delta");
        let deltas = events.iter().filter(|event| event["type"] == *kind);
        let grown: String = deltas.map(|event| text_of(&event["delta"])).collect();
        assert_eq!(grown, text.unwrap_or_default(), "{kind}");
    }
    whole
}
