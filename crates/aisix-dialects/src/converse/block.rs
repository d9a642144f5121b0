//! The blocks that messages are made of.
//!
//! Source: the reference's "ContentBlock", "ToolUseBlock", "ToolResultBlock",
//! "ReasoningContentBlock" and "CachePointBlock". A block is an object of one field, which says what
//! it is.

use aisix_core::chat::{CacheMark, Native, Part, Reasoning, Seal, Text, ToolCall, ToolResult};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::document_name::Names;
use super::{ID, citation, media};
use crate::cache;
use crate::fields::Fields;
use crate::seal::Makers;
use crate::sink::Sink;

/// The name of a native part that is a block.
pub(super) const CONTENT: &str = "content";

/// Reads a block of an answer's. One that only this format knows stays what it was.
pub(super) fn read(block: Value, makers: Makers) -> Part {
    let only = match &block {
        Value::Object(fields) if fields.len() == 1 => fields.keys().next().cloned(),
        _ => None,
    };
    let inner = |name: &str| block[name].clone();
    let read = match only.as_deref() {
        Some(name @ "text") => match inner(name) {
            Value::String(text) => Ok(Part::Text(Text::new(text))),
            other => Err(other),
        },
        Some(name @ "toolUse") => read_call(inner(name)),
        Some(name @ "reasoningContent") => read_thought(inner(name), makers),
        Some(name @ "citationsContent") => citation::read_content(inner(name)),
        Some(name @ "image") => media::read_image(inner(name)),
        _ => Err(Value::Null),
    };
    read.unwrap_or_else(|_| Part::Native(Native::new(ID, CONTENT, block)))
}

/// A call of a tool that runs at the provider has a type.
fn read_call(value: Value) -> Result<Part, Value> {
    if !value["toolUseId"].is_string() || !value["name"].is_string() || !value["type"].is_null() {
        return Err(value);
    }
    let mut fields = Fields::of(value)?;
    Ok(Part::ToolCall(ToolCall {
        id: fields.text("toolUseId").unwrap_or_default(),
        name: fields.text("name").unwrap_or_default(),
        arguments: fields.take("input").map_or_else(|| "{}".to_owned(), |input| input.to_string()),
        cache: None,
        native: said(fields),
    }))
}

fn read_thought(value: Value, makers: Makers) -> Result<Part, Value> {
    if let Some(data) = value["redactedContent"].as_str() {
        let redacted = Some(Seal::read(makers.redacted, data.to_owned()));
        return Ok(Part::Reasoning(Reasoning { redacted, ..Reasoning::default() }));
    }
    if !value["reasoningText"]["text"].is_string() {
        return Err(value);
    }
    let mut outer = Fields::of(value)?;
    let mut fields = Fields::of(outer.take("reasoningText").unwrap_or_default())?;
    Ok(Part::Reasoning(Reasoning {
        text: fields.text("text").unwrap_or_default(),
        signature: fields
            .text("signature")
            .filter(|seal| !seal.is_empty())
            .map(|seal| Seal::read(makers.signatures, seal)),
        redacted: None,
        native: said(fields),
    }))
}

/// What is left of a block, but for fields that say nothing.
fn said(fields: Fields) -> Vec<Native> {
    fields.natives(ID, "").filter(|native| !native.value.is_null()).collect()
}

/// Appends the blocks that say a part: itself, and the point up to which the prompt is cached.
pub(super) fn write(part: &Part, names: &mut Names, blocks: &mut Vec<Value>, sink: &mut Sink) {
    let (block, cache) = match part {
        Part::Text(text) => (write_text(text, sink), text.cache.as_ref()),
        Part::Media(media) => (media::write(media, names, sink), media.cache.as_ref()),
        Part::ToolCall(call) => (write_call(call, sink), call.cache.as_ref()),
        Part::ToolResult(result) => (write_result(result, names, sink), result.cache.as_ref()),
        Part::Reasoning(thought) => (write_thought(thought, sink), None),
        Part::Native(native) => {
            sink.drop_part(native);
            (None, None)
        }
    };
    blocks.extend(block);
    // There is nothing to cache before the first block.
    if !blocks.is_empty() {
        blocks.extend(cache.map(write_cache_point));
    }
}

/// `{"cachePoint": {"type": "default", "ttl"}}`, behind what it marks.
pub(super) fn write_cache_point(mark: &CacheMark) -> Value {
    match &mark.ttl {
        Some(ttl) => json!({"cachePoint": {"type": "default", "ttl": ttl}}),
        None => json!({"cachePoint": {"type": "default"}}),
    }
}

/// Writes a text, but none without words, which the provider refuses. This format has no block for a
/// refusal, and cites only what it showed itself.
fn write_text(text: &Text, sink: &mut Sink) -> Option<Value> {
    if !text.citations.is_empty() {
        sink.drop("citations");
    }
    sink.drop_natives(&text.native);
    let says = !text.text.trim().is_empty();
    says.then(|| json!({ "text": text.text }))
}

/// Writes a call. The result of one without an id or a name could not be told from another's.
fn write_call(call: &ToolCall, sink: &mut Sink) -> Option<Value> {
    if call.id.is_empty() || call.name.is_empty() {
        sink.drop("tool_call");
        return None;
    }
    sink.drop_natives(&call.native);
    let input = input(&call.arguments, sink);
    Some(json!({"toolUse": {"toolUseId": call.id, "name": call.name, "input": input}}))
}

/// The arguments of a call, which this format holds as an object. Models do write others.
fn input(arguments: &str, sink: &mut Sink) -> Value {
    match serde_json::from_str(arguments) {
        Ok(value @ Value::Object(_)) => value,
        _ => {
            if !arguments.trim().is_empty() {
                sink.drop("tool_call.arguments");
            }
            json!({})
        }
    }
}

/// Writes what a tool answered. One that names no call answers none.
fn write_result(result: &ToolResult, names: &mut Names, sink: &mut Sink) -> Option<Value> {
    if result.call_id.is_empty() {
        sink.drop("tool_result");
        return None;
    }
    let mut content = Vec::new();
    for part in &result.content {
        match part {
            Part::Text(text) => {
                cache::leave_out(text.cache.as_ref(), sink);
                content.extend(write_text(text, sink));
            }
            Part::Media(media) => content.extend(media::write(media, names, sink)),
            Part::Native(native) => sink.drop_part(native),
            Part::ToolCall(_) | Part::ToolResult(_) | Part::Reasoning(_) => {
                sink.drop("tool_result.content");
            }
        }
    }
    if content.is_empty() {
        content.push(json!({"json": {}}));
    }
    let mut object = Map::new();
    object.insert("toolUseId".to_owned(), result.call_id.as_str().into());
    object.insert(CONTENT.to_owned(), Value::Array(content));
    // Success goes without saying: not every model knows the field.
    if result.is_error {
        object.insert("status".to_owned(), "error".into());
    }
    sink.drop_natives(&result.native);
    Some(json!({ "toolResult": object }))
}

/// Writes a thought. The provider refuses one that no model sealed.
fn write_thought(thought: &Reasoning, sink: &mut Sink) -> Option<Value> {
    sink.drop_natives(&thought.native);
    match (&thought.redacted, &thought.signature) {
        (Some(data), _) if STANDARD.decode(data.text()).is_ok() => {
            Some(json!({"reasoningContent": {"redactedContent": data.text()}}))
        }
        (None, Some(seal)) => {
            let text = json!({"text": thought.text, "signature": seal.text()});
            Some(json!({"reasoningContent": {"reasoningText": text}}))
        }
        _ => {
            sink.drop("reasoning");
            None
        }
    }
}
