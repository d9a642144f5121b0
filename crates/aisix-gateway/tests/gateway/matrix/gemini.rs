//! Google's Gemini, as Vertex AI serves it. Source: the reference of
//! `publishers.models.generateContent`, and the guides "Function calling", "Structured output",
//! "Thinking" and "Thought signatures".

use aisix_testing::fixtures::google;
use serde_json::{Map, Value, json};

use super::format::{Request, SSE, Types, UpstreamFormat};
use super::said::{
    Answer, Call, Conversation, Piece, Thought, Turn, halves, items, read_tool, text_of,
};

pub const UPSTREAM: UpstreamFormat = UpstreamFormat {
    name: "gemini",
    types: Some(&TYPES),
    seals: true,
    ids: false,
    streamed_as: SSE,
    heard,
    say,
    stream,
};

const TYPES: Types = Types {
    request: Request::Fields(&google::REQUEST),
    answer: google::ANSWER,
    event: google::ANSWER,
    extensions: &[],
};

/// The words for effort, as Google's own translation of them counts tokens.
const EFFORTS: [(&str, u64); 3] = [("low", 1024), ("medium", 8192), ("high", 24_576)];

fn heard(body: &Value) -> Conversation {
    let config = &body["generationConfig"];
    let mut heard = Conversation {
        tools: items(&body["tools"])
            .flat_map(|tool| items(&tool["functionDeclarations"]))
            .map(|tool| read_tool(tool, "parametersJsonSchema"))
            .collect(),
        must_call: body["toolConfig"]["functionCallingConfig"]["mode"] == "ANY",
        effort: heard_effort(&config["thinkingConfig"]),
        temperature: config["temperature"].as_f64(),
        max_tokens: config["maxOutputTokens"].as_u64(),
        ..Conversation::default()
    };
    if !config["responseMimeType"].is_null() {
        assert_eq!(config["responseMimeType"], "application/json", "{body}");
        heard.schema = Some(config["responseJsonSchema"].clone());
    }
    if !body["systemInstruction"].is_null() {
        let parts = items(&body["systemInstruction"]["parts"]);
        heard.system = Some(parts.map(|part| text_of(&part["text"])).collect());
    }
    for content in items(&body["contents"]) {
        if content["role"] == "model" {
            heard.turns.push(Turn::Model(answer_in(items(&content["parts"]))));
            continue;
        }
        assert_eq!(content["role"], "user", "{body}");
        let (results, said): (Vec<_>, Vec<_>) =
            items(&content["parts"]).partition(|part| part.get("functionResponse").is_some());
        heard.turns.extend(results.into_iter().map(result));
        if !said.is_empty() {
            heard.turns.push(Turn::User(said.into_iter().map(piece).collect()));
        }
    }
    heard
}

fn heard_effort(config: &Value) -> Option<String> {
    let budget = config["thinkingBudget"].as_u64()?;
    assert_eq!(config["includeThoughts"], true, "{config}");
    let word = EFFORTS.iter().find(|(_, tokens)| *tokens == budget);
    Some(word.unwrap_or_else(|| panic!("no effort: {config}")).0.to_owned())
}

fn result(part: &Value) -> Turn {
    let result = &part["functionResponse"];
    assert!(result["id"].is_null(), "{part}");
    Turn::Result { call: String::new(), text: text_of(&result["response"]["output"]) }
}

fn piece(part: &Value) -> Piece {
    let (inline, file) = (&part["inlineData"], &part["fileData"]);
    if part["text"].is_string() {
        return Piece::Text(text_of(&part["text"]));
    }
    if file.is_object() {
        return Piece::ImageAt(text_of(&file["fileUri"]));
    }
    let (media_type, data) = (text_of(&inline["mimeType"]), text_of(&inline["data"]));
    match media_type.starts_with("image/") {
        true => Piece::Image { media_type, data },
        // The format has no place for a name.
        false => Piece::Document { name: String::new(), media_type, data },
    }
}

/// The seal stands on the text or the first call that the thoughts led to.
fn answer_in<'a>(parts: impl Iterator<Item = &'a Value>) -> Answer {
    let mut answer = Answer::default();
    for part in parts {
        if let Some(seal) = part["thoughtSignature"].as_str() {
            answer.think("", Some(seal.to_owned()));
        }
        let call = &part["functionCall"];
        if call.is_object() {
            assert!(call["id"].is_null(), "{part}");
            let (id, name) = (String::new(), text_of(&call["name"]));
            answer.calls.push(Call { id, name, arguments: call["args"].clone() });
            continue;
        }
        let text = text_of(&part["text"]);
        match part["thought"] == true {
            true => answer.think(&text, None),
            false => answer.text.get_or_insert_default().push_str(&text),
        }
    }
    answer
}

/// The parts of an answer, each of whose texts comes in so many pieces.
fn parts_of(answer: &Answer, pieces: fn(&str) -> Vec<&str>) -> Vec<Value> {
    let mut parts = Vec::new();
    if let Some(Thought { text, .. }) = &answer.thought {
        parts.extend(pieces(text).into_iter().map(|text| json!({"text": text, "thought": true})));
    }
    if let Some(text) = &answer.text {
        parts.extend(pieces(text).into_iter().map(|text| json!({"text": text})));
        if let Some(seal) = answer.thought.as_ref().and_then(|thought| thought.seal.as_ref()) {
            parts.last_mut().expect("a text")["thoughtSignature"] = json!(seal);
        }
    }
    parts.extend(answer.calls.iter().map(|Call { id, name, arguments }| {
        json!({"functionCall": {"id": id, "name": name, "args": arguments}})
    }));
    parts
}

fn say(answer: &Answer) -> Value {
    said(&parts_of(answer, |text| vec![text]), true)
}

fn said(parts: &[Value], is_last: bool) -> Value {
    let mut candidate = Map::from_iter([("index".to_owned(), json!(0))]);
    candidate.insert("content".to_owned(), json!({"role": "model", "parts": parts}));
    let mut usage = json!({"promptTokenCount": 19, "totalTokenCount": 19});
    if is_last {
        candidate.insert("finishReason".to_owned(), json!("STOP"));
        usage = json!({"promptTokenCount": 19, "candidatesTokenCount": 10, "totalTokenCount": 29});
    }
    json!({
        "candidates": [candidate], "usageMetadata": usage, "modelVersion": "gemini-2.5-flash",
        "responseId": "pKx2aY_WLbSc1e8P",
    })
}

fn stream(answer: &Answer) -> Vec<Vec<u8>> {
    let parts = parts_of(answer, |text| halves(text).to_vec());
    let last = parts.len() - 1;
    let frames = parts.into_iter().enumerate();
    frames
        .map(|(place, part)| format!("data: {}\r\n\r\n", said(&[part], place == last)).into())
        .collect()
}
