//! What callers speak and what upstreams speak, as far as tests of all pairs need it.

use aisix_gateway::Settings;
use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, Response, ScriptedUpstream};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use super::{CALLER, SECRET, World, api_key, direct, documents, group};

/// A format of conversations, as a caller meets it.
pub struct Spoken {
    pub path: &'static str,
    /// The label of metrics.
    pub protocol: &'static str,
    /// Where the text of a whole answer stands.
    text_at: &'static str,
    /// Where a piece of text stands in a streamed event.
    piece_at: &'static str,
    /// How the last frame of a complete stream begins.
    pub last: &'static str,
    /// A request with this text.
    body: fn(&str) -> Value,
}

/// A family of upstreams.
pub struct Family {
    pub name: &'static str,
    /// Where it is called for a request in this format.
    pub path: fn(&Spoken) -> &'static str,
    /// The header that proves who calls, and its value.
    pub credential: (&'static str, &'static str),
    whole: fn(&Spoken, &str) -> String,
    stream: fn(&Spoken, &[&str]) -> Vec<String>,
    /// A failed answer's body.
    pub failure: fn(&str) -> String,
    /// What callers read of a refusal with status 400, where they read nothing of its words.
    pub canned: Option<&'static str>,
    /// An event that says that a stream failed.
    pub failed_event: fn(&str) -> String,
}

pub const CHAT: Spoken = Spoken {
    path: "/v1/chat/completions",
    protocol: "openai",
    text_at: "/choices/0/message/content",
    piece_at: "/choices/0/delta/content",
    last: "data: [DONE]\n\n",
    body: |text| json!({"messages": [{"role": "user", "content": text}]}),
};

pub const MESSAGES: Spoken = Spoken {
    path: "/v1/messages",
    protocol: "anthropic",
    text_at: "/content/0/text",
    piece_at: "/delta/text",
    last: "event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n",
    body: |text| json!({"max_tokens": 99, "messages": [{"role": "user", "content": text}]}),
};

pub const RESPONSES: Spoken = Spoken {
    path: "/v1/responses",
    protocol: "openai",
    text_at: "/output/0/content/0/text",
    piece_at: "/delta",
    last: "event: response.completed\n",
    body: |text| json!({"input": text}),
};

/// Every format of conversations.
pub const FORMATS: [Spoken; 3] = [CHAT, MESSAGES, RESPONSES];

pub const OPENAI: Family = Family {
    name: "openai",
    path: |spoken| if native(spoken) { "/v1/responses" } else { "/chat/completions" },
    credential: ("authorization", "Bearer sk-upstream-51d0b6a84e9f4f7a"),
    whole: |spoken, text| {
        if native(spoken) { response(text).to_string() } else { openai::chat_completion(text) }
    },
    stream: |spoken, pieces| {
        if native(spoken) {
            response_stream(pieces)
        } else {
            openai::chat_stream_with_usage(pieces)
        }
    },
    failure: |message| json!({"error": {"message": message}}).to_string(),
    canned: None,
    failed_event: |message| format!("data: {}\n\n", json!({"error": {"message": message}})),
};

pub const ANTHROPIC: Family = Family {
    name: "anthropic",
    path: |_| "/v1/messages",
    credential: ("x-api-key", SECRET),
    whole: |_, text| {
        let mut message = message(&json!([{"type": "text", "text": text}]), 3);
        message["stop_reason"] = json!("end_turn");
        message.to_string()
    },
    stream: |_, pieces| message_stream(pieces),
    failure: |message| {
        let error = json!({"type": "invalid_request_error", "message": message});
        json!({"type": "error", "error": error}).to_string()
    },
    canned: None,
    failed_event: |message| {
        let error = json!({"type": "overloaded_error", "message": message});
        event(&json!({"type": "error", "error": error}))
    },
};

pub const AZURE: Family = Family {
    name: "azure-openai",
    path: |_| "/openai/deployments/gpt-4o-mini/chat/completions?api-version=2024-10-21",
    credential: ("api-key", SECRET),
    whole: |_, text| openai::chat_completion(text),
    stream: |_, pieces| openai::chat_stream_with_usage(pieces),
    canned: Some("upstream returned 400"),
    ..OPENAI
};

/// Every family.
pub const FAMILIES: [Family; 3] = [OPENAI, ANTHROPIC, AZURE];

impl Spoken {
    /// A request with this text for this model.
    pub fn body(&self, model: &str, text: &str, stream: bool) -> Value {
        let mut body = (self.body)(text);
        body["model"] = json!(model);
        if stream {
            body["stream"] = json!(true);
        }
        body
    }

    /// The same of the standard caller.
    pub fn request(&self, body: impl ToString) -> Request<Full<Bytes>> {
        asked(self.path, body)
    }

    /// What a whole answer says.
    #[track_caller]
    pub fn text(&self, answer: &Response) -> String {
        let body: Value = answer.json();
        let text = body.pointer(self.text_at).and_then(Value::as_str);
        text.unwrap_or_else(|| panic!("no text in {body}")).to_owned()
    }

    /// What a streamed answer says.
    pub fn streamed_text(&self, frames: &str) -> String {
        let data = frames.lines().filter_map(|line| line.strip_prefix("data: "));
        let events = data.filter_map(|data| serde_json::from_str::<Value>(data).ok());
        let piece = |event: Value| Some(event.pointer(self.piece_at)?.as_str()?.to_owned());
        events.filter_map(piece).collect()
    }
}

impl Family {
    /// A provider key of the family.
    pub fn key(&self, base: &str) -> Value {
        let name = self.name;
        json!({
            "display_name": name, "provider": name, "adapter": name, "secret": SECRET,
            "api_base": base,
        })
    }

    /// A whole answer to a request in this format.
    pub fn whole(&self, spoken: &Spoken, text: &str) -> Reply {
        Reply::json(200, self.whole_body(spoken, text))
    }

    /// Its body.
    pub fn whole_body(&self, spoken: &Spoken, text: &str) -> String {
        (self.whole)(spoken, text)
    }

    /// The frames of a streamed one.
    pub fn stream(&self, spoken: &Spoken, pieces: &[&str]) -> Vec<String> {
        (self.stream)(spoken, pieces)
    }
}

/// A request of the standard caller.
pub fn asked(path: &str, body: impl ToString) -> Request<Full<Bytes>> {
    let mut request = super::post(path, body.to_string());
    let credential = format!("Bearer {CALLER}").parse().expect("a header value");
    request.headers_mut().insert("authorization", credential);
    request
}

/// Whether OpenAI's own endpoint for this format is called.
fn native(spoken: &Spoken) -> bool {
    spoken.path == RESPONSES.path
}

fn response(text: &str) -> Value {
    let part = json!({"type": "output_text", "text": text, "annotations": []});
    let item = json!({
        "id": "msg_1", "type": "message", "status": "completed", "role": "assistant",
        "content": [part],
    });
    let output = text.split_whitespace().count() as u64;
    json!({
        "id": "resp_1", "object": "response", "created_at": 1_741_476_542, "status": "completed",
        "model": openai::MODEL, "output": [item],
        "usage": {
            "input_tokens": openai::PROMPT_TOKENS, "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": output, "output_tokens_details": {"reasoning_tokens": 0},
            "total_tokens": openai::PROMPT_TOKENS + output,
        },
    })
}

fn response_stream(pieces: &[&str]) -> Vec<String> {
    let mut whole = response(&pieces.concat());
    whole["usage"]["output_tokens"] = json!(pieces.len());
    let item = whole["output"][0].clone();
    let part = item["content"][0].clone();
    let mut begun = whole.clone();
    begun["status"] = json!("in_progress");
    begun["output"] = json!([]);
    begun["usage"] = Value::Null;
    let mut opened = item.clone();
    opened["content"] = json!([]);
    opened["status"] = json!("in_progress");
    let mut empty = part.clone();
    empty["text"] = json!("");
    let at = |mut event: Value| {
        event["item_id"] = json!("msg_1");
        event["output_index"] = json!(0);
        event["content_index"] = json!(0);
        event
    };
    let mut events = vec![
        json!({"type": "response.created", "response": begun}),
        json!({"type": "response.output_item.added", "output_index": 0, "item": opened}),
        at(json!({"type": "response.content_part.added", "part": empty})),
    ];
    events.extend(
        pieces
            .iter()
            .map(|piece| at(json!({"type": "response.output_text.delta", "delta": piece}))),
    );
    events.extend([
        at(json!({"type": "response.output_text.done", "text": part["text"]})),
        at(json!({"type": "response.content_part.done", "part": part})),
        json!({"type": "response.output_item.done", "output_index": 0, "item": item}),
        json!({"type": "response.completed", "response": whole}),
    ]);
    for (number, event) in events.iter_mut().enumerate() {
        event["sequence_number"] = json!(number);
    }
    events.iter().map(event).collect()
}

fn message(content: &Value, output: u64) -> Value {
    let usage = json!({"input_tokens": openai::PROMPT_TOKENS, "output_tokens": output});
    json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-opus-4-6",
        "content": content, "stop_reason": null, "stop_sequence": null, "usage": usage,
    })
}

fn message_stream(pieces: &[&str]) -> Vec<String> {
    let block = json!({"type": "text", "text": ""});
    let mut events = vec![
        json!({"type": "message_start", "message": message(&json!([]), 1)}),
        json!({"type": "content_block_start", "index": 0, "content_block": block}),
    ];
    events.extend(pieces.iter().map(|piece| {
        let delta = json!({"type": "text_delta", "text": piece});
        json!({"type": "content_block_delta", "index": 0, "delta": delta})
    }));
    events.extend([
        json!({"type": "content_block_stop", "index": 0}),
        json!({
            "type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": null},
            "usage": {"output_tokens": pieces.len()},
        }),
        json!({"type": "message_stop"}),
    ]);
    events.iter().map(event).collect()
}

/// An event under the name of its type.
fn event(data: &Value) -> String {
    format!("event: {}\ndata: {data}\n\n", data["type"].as_str().expect("a type"))
}

/// A gateway with the model `my-gpt` of this family.
pub fn in_front_of(family: &Family, upstream: &ScriptedUpstream) -> World {
    let mut all = documents::standard(&upstream.base_url());
    all[0].1 = family.key(&upstream.base_url());
    all[1].1["provider"] = json!(family.name);
    World::with(Settings::default(), &all)
}

/// A gateway with the group `g` of a model of each of these families, each in front of its own
/// upstream.
pub fn group_of(families: [&Family; 2]) -> (World, [ScriptedUpstream; 2]) {
    let upstreams = [(); 2].map(|()| ScriptedUpstream::start());
    let names = ["first", "second"];
    let mut all = documents::documents([
        ("models/g", group("g", &names)),
        ("api_keys/k", api_key(CALLER, &["g"])),
    ]);
    for ((name, family), upstream) in names.iter().zip(families).zip(&upstreams) {
        let mut model = direct(name, "up", name);
        model["provider"] = json!(family.name);
        let mut key = family.key(&upstream.base_url());
        key["display_name"] = json!(name);
        all.push((format!("provider_keys/{name}"), key));
        all.push((format!("models/{name}"), model));
    }
    (World::with(Settings::default(), &all), upstreams)
}

/// The error of an answer, be it in an envelope of Anthropic's or not: type, message, code.
#[track_caller]
pub fn error_in(protocol: &str, body: &Value) -> (String, String, Option<String>) {
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match protocol {
        "anthropic" => assert_eq!(body["type"], "error", "{body}"),
        _ => assert!(body.get("type").is_none(), "{body}"),
    }
    let error = &body["error"];
    let (kind, message) = (text(&error["type"]), text(&error["message"]));
    (kind.expect("a type"), message.expect("a message"), text(&error["code"]))
}
