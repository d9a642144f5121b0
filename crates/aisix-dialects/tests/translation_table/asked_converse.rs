//! What a request of Converse's says: a format that no caller speaks, so that it is read here.

use aisix_core::chat::{CacheMark, Media, MediaKind, MediaSource};
use serde_json::Value;

use crate::facts::{Facts, json};

/// What a request says.
pub(crate) fn of(body: &Value) -> Facts {
    let mut facts = Facts::default();
    let mut before = String::new();
    blocks(&body["system"], "the operator", &mut before, &mut facts);
    for message in list(&body["messages"]) {
        let who = if message["role"] == "assistant" { "the model" } else { "the user" };
        blocks(&message["content"], who, &mut before, &mut facts);
    }
    tools(&body["toolConfig"], &mut facts);
    let inference = &body["inferenceConfig"];
    facts.some("temperature", inference["temperature"].as_f64());
    facts.some("top_p", inference["topP"].as_f64());
    facts.some("max_tokens", inference["maxTokens"].as_u64());
    list(&inference["stopSequences"]).for_each(|text| facts.say("stop", text_of(text)));
    let more = &body["additionalModelRequestFields"];
    facts.some("top_k", more["top_k"].as_u64());
    match more["thinking"]["type"].as_str() {
        Some("enabled") => {
            facts.say("thinking", format!("Budget({})", more["thinking"]["budget_tokens"]));
        }
        Some("adaptive") => facts.say("thinking", "Adaptive"),
        Some("disabled") => facts.say("thinking", "Off"),
        _ => {}
    }
    if let display @ Value::String(_) = &more["thinking"]["display"] {
        facts.say("theirs", format!("thinking.display {display}"));
    }
    // A mark for the whole is one behind its last block.
    let last = list(&body["messages"]).last().and_then(|message| list(&message["content"]).last());
    if let Some(point) = last.and_then(|block| block["cachePoint"].as_object()) {
        let mut mark = serde_json::json!({"type": "ephemeral"});
        if let Some(ttl) = point.get("ttl") {
            mark["ttl"] = ttl.clone();
        }
        facts.say("theirs", format!("cache_control {mark}"));
    }
    let output = &body["outputConfig"];
    facts.some("effort", output["effort"].as_str());
    let format = &output["textFormat"];
    if format["type"] == "json_schema" {
        facts.say("answer by", json(text_of(&format["structure"]["jsonSchema"]["schema"])));
    }
    for (name, value) in body["requestMetadata"].as_object().into_iter().flatten() {
        facts.say("note", format!("{:?}", (name, text_of(value))));
    }
    // The address says it.
    if body["stream"] == true {
        facts.say("stream", "wanted");
    }
    facts
}

fn blocks(content: &Value, who: &str, before: &mut String, facts: &mut Facts) {
    let mut last = String::new();
    for block in list(content) {
        let fields = block.as_object().expect("a block is an object");
        assert_eq!(fields.len(), 1, "a block says one thing: {block}");
        let (kind, value) = fields.iter().next().expect("it has one field");
        match kind.as_str() {
            "text" => {
                last = text_of(value).to_owned();
                facts.statement(who, &last, before);
            }
            "toolUse" => {
                last = text_of(&value["toolUseId"]).to_owned();
                facts.call(&last, text_of(&value["name"]), &value["input"].to_string());
            }
            "toolResult" => {
                last = text_of(&value["toolUseId"]).to_owned();
                result(value, facts);
            }
            "reasoningContent" => {
                facts.some("thought", value["reasoningText"]["text"].as_str());
            }
            "cachePoint" => cache_point(value, &last, facts),
            kind => shown(kind, value, facts),
        }
    }
}

fn result(value: &Value, facts: &mut Facts) {
    let id = text_of(&value["toolUseId"]);
    let texts = list(&value["content"]).filter_map(|part| part["text"].as_str());
    facts.say("result", format!("{id} {}", texts.collect::<String>()));
    if value["status"] == "error" {
        facts.say("failed", id);
    }
    for part in list(&value["content"]) {
        for (kind, value) in part.as_object().into_iter().flatten().filter(|it| it.0 != "text") {
            shown(kind, value, facts);
        }
    }
}

fn cache_point(value: &Value, what: &str, facts: &mut Facts) {
    assert_eq!(value["type"], "default", "{value}");
    let ttl = value["ttl"].as_str().map(ToOwned::to_owned);
    facts.cached(what, Some(&CacheMark { ttl, breakpoint: false }));
}

fn shown(kind: &str, value: &Value, facts: &mut Facts) {
    let (kind, family) = match kind {
        "image" => (MediaKind::Image, "image"),
        "document" => (MediaKind::Document, "application"),
        "audio" => (MediaKind::Audio, "audio"),
        "video" => (MediaKind::Video, "video"),
        other => panic!("the format knows no block '{other}'"),
    };
    let media_type = match text_of(&value["format"]) {
        "txt" => "text/plain".to_owned(),
        word => format!("{family}/{word}"),
    };
    let data = text_of(&value["source"]["bytes"]).to_owned();
    let media = Media::new(kind, MediaSource::Base64(data));
    let name = value["name"].as_str().map(ToOwned::to_owned);
    facts.media(&Media { media_type: Some(media_type), name, ..media });
}

fn tools(config: &Value, facts: &mut Facts) {
    let mut last = "";
    for tool in list(&config["tools"]) {
        let spec = &tool["toolSpec"];
        if let Some(name) = spec["name"].as_str() {
            last = name;
            let (schema, strict) =
                (spec["inputSchema"]["json"].to_string(), spec["strict"].as_bool());
            facts.function(name, spec["description"].as_str(), &json(&schema), strict);
        } else {
            cache_point(&tool["cachePoint"], last, facts);
        }
    }
    let choice = &config["toolChoice"];
    if choice["any"].is_object() {
        facts.say("choice", "Required");
    }
    let name = choice["tool"]["name"].as_str();
    facts.some("choice", name.map(|name| aisix_core::chat::ToolChoice::Function(name.to_owned())));
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
