//! The blocks that messages are made of.
//!
//! Source: the reference's "ContentBlockParam" and "ContentBlock".

use aisix_core::Error;
use aisix_core::chat::{Native, Part, Reasoning, Seal, Text, ToolCall, ToolResult};
use serde_json::{Map, Value, json};

use super::{ID, citation, media, passage};
use crate::cache;
use crate::fields::{Fields, Flaw};
use crate::sink::Sink;

/// The name of a native part that is a block.
pub(super) const CONTENT: &str = "content";

/// Reads a message's content: a text, or a list of blocks.
///
/// # Errors
/// Where it is anything else.
pub(super) fn read_content(content: Option<Value>) -> Result<Vec<Part>, Flaw> {
    match content {
        Some(Value::String(text)) => Ok(vec![Part::Text(Text::new(text))]),
        Some(Value::Array(blocks)) => blocks.into_iter().enumerate().map(read_nth).collect(),
        _ => Err(Flaw::new(".content", "a string or an array of blocks")),
    }
}

fn read_nth((index, block): (usize, Value)) -> Result<Part, Flaw> {
    let place = format!(".content[{index}]");
    if !block["type"].is_string() {
        return Err(Flaw::new(place, "an object with a 'type'"));
    }
    read(block).map_err(|flaw| flaw.below(&place))
}

/// Reads a block. One that only this family knows stays what it was.
///
/// # Errors
/// Where a tool's answer is none.
pub(super) fn read(block: Value) -> Result<Part, Flaw> {
    let read = match block["type"].as_str() {
        Some("text") => read_text(block),
        Some("document") if block["source"]["type"] == "content" => passage::read(block),
        Some("search_result") => passage::read(block),
        Some("image" | "document") => media::read(block),
        Some("tool_use") => read_call(block),
        Some("tool_result") => return read_result(block),
        Some("thinking") => read_thought(block),
        Some("redacted_thinking") => read_redacted(block),
        _ => Err(block),
    };
    Ok(read.unwrap_or_else(native))
}

fn native(block: Value) -> Part {
    Part::Native(Native::new(ID, CONTENT, block))
}

fn fields_of(block: Value) -> Result<Fields, Value> {
    let mut fields = Fields::of(block)?;
    fields.take("type");
    Ok(fields)
}

fn read_text(block: Value) -> Result<Part, Value> {
    if !block["text"].is_string() {
        return Err(block);
    }
    let mut fields = fields_of(block)?;
    Ok(Part::Text(Text {
        text: fields.text("text").unwrap_or_default(),
        refusal: false,
        citations: citation::take(&mut fields),
        cache: cache::read(&mut fields),
        native: said(fields),
    }))
}

fn read_call(block: Value) -> Result<Part, Value> {
    if !block["id"].is_string() || !block["name"].is_string() {
        return Err(block);
    }
    let mut fields = fields_of(block)?;
    Ok(Part::ToolCall(ToolCall {
        id: fields.text("id").unwrap_or_default(),
        name: fields.text("name").unwrap_or_default(),
        arguments: fields.take("input").map_or_else(|| "{}".to_owned(), |input| input.to_string()),
        cache: cache::read(&mut fields),
        native: said(fields),
    }))
}

fn read_result(block: Value) -> Result<Part, Flaw> {
    if !block["tool_use_id"].is_string() {
        return Ok(native(block));
    }
    let mut fields = fields_of(block).unwrap_or_default();
    Ok(Part::ToolResult(ToolResult {
        call_id: fields.text("tool_use_id").unwrap_or_default(),
        content: match fields.take("content") {
            None => Vec::new(),
            content => read_content(content)?,
        },
        is_error: fields.flag("is_error").unwrap_or(false),
        cache: cache::read(&mut fields),
        native: said(fields),
    }))
}

fn read_thought(block: Value) -> Result<Part, Value> {
    if !block["thinking"].is_string() {
        return Err(block);
    }
    let mut fields = fields_of(block)?;
    Ok(Part::Reasoning(Reasoning {
        text: fields.text("thinking").unwrap_or_default(),
        // Streams begin with an empty seal, whether or not one follows.
        signature: fields
            .text("signature")
            .filter(|seal| !seal.is_empty())
            .map(|seal| Seal::read(ID, seal)),
        redacted: None,
        native: said(fields),
    }))
}

fn read_redacted(block: Value) -> Result<Part, Value> {
    if !block["data"].is_string() {
        return Err(block);
    }
    let mut fields = fields_of(block)?;
    let redacted = fields.text("data").map(|data| Seal::read(ID, data));
    Ok(Part::Reasoning(Reasoning { redacted, native: said(fields), ..Reasoning::default() }))
}

/// What is left of a block, but for fields that say nothing.
fn said(fields: Fields) -> Vec<Native> {
    fields.natives(ID, "").filter(|native| !native.value.is_null()).collect()
}

/// Writes a part as a block; `None` where this format has no place for it.
pub(super) fn write(part: &Part, sink: &mut Sink) -> Option<Value> {
    match part {
        Part::Text(text) => Some(write_text(text, sink)),
        Part::Media(media) => media::write(media, sink),
        Part::ToolCall(call) => write_call(call, sink),
        Part::ToolResult(result) => Some(write_result(result, sink)),
        Part::Reasoning(thought) => Some(write_thought(thought, sink)),
        Part::Native(native) if native.dialect == ID && native.name == CONTENT => {
            Some(native.value.clone())
        }
        Part::Native(native) => {
            sink.drop_part(native);
            None
        }
    }
}

/// A block of a type.
pub(super) fn of_type(kind: &str) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("type".to_owned(), kind.into());
    object
}

/// Writes a text. This format has no block for a refusal; why the answer ended says that it is one.
pub(super) fn write_text(text: &Text, sink: &mut Sink) -> Value {
    let mut object = of_type("text");
    object.insert("text".to_owned(), text.text.as_str().into());
    citation::put(&text.citations, &mut object, sink);
    cache::write(text.cache.as_ref(), &mut object);
    sink.put_natives(&text.native, &mut object);
    Value::Object(object)
}

/// Writes a call. The result of one without an id or a name could not be told from another's.
fn write_call(call: &ToolCall, sink: &mut Sink) -> Option<Value> {
    if !sink.own && (call.id.is_empty() || call.name.is_empty()) {
        sink.drop("tool_call");
        return None;
    }
    let mut object = of_type("tool_use");
    object.insert("id".to_owned(), call.id.as_str().into());
    object.insert("name".to_owned(), call.name.as_str().into());
    object.insert("input".to_owned(), input(&call.arguments, sink));
    cache::write(call.cache.as_ref(), &mut object);
    sink.put_natives(&call.native, &mut object);
    Some(Value::Object(object))
}

/// The arguments of a call, which this format holds as an object. Models do write others.
fn input(arguments: &str, sink: &mut Sink) -> Value {
    match serde_json::from_str(arguments) {
        Ok(value @ Value::Object(_)) => value,
        // What came in this format goes back as it came.
        Ok(value) if sink.own => value,
        _ => {
            if !arguments.trim().is_empty() {
                sink.drop("tool_call.arguments");
            }
            json!({})
        }
    }
}

fn write_result(result: &ToolResult, sink: &mut Sink) -> Value {
    if !sink.own && result.call_id.is_empty() {
        let detail =
            "the answer of a tool lacks 'tool_call_id', or follows no call of its function";
        sink.refuse(Error::invalid_request(detail));
    }
    let mut object = of_type("tool_result");
    object.insert("tool_use_id".to_owned(), result.call_id.as_str().into());
    if let [Part::Text(only)] = result.content.as_slice()
        && *only == Text::new(&*only.text)
    {
        object.insert(CONTENT.to_owned(), only.text.as_str().into());
    } else if !result.content.is_empty() {
        let blocks = result.content.iter().filter_map(|part| write(part, sink)).collect();
        object.insert(CONTENT.to_owned(), Value::Array(blocks));
    }
    if result.is_error {
        object.insert("is_error".to_owned(), true.into());
    }
    cache::write(result.cache.as_ref(), &mut object);
    sink.put_natives(&result.native, &mut object);
    Value::Object(object)
}

fn write_thought(thought: &Reasoning, sink: &mut Sink) -> Value {
    let mut object = match &thought.redacted {
        Some(data) => {
            let mut object = of_type("redacted_thinking");
            object.insert("data".to_owned(), data.written(ID).into());
            object
        }
        None => {
            let mut object = of_type("thinking");
            object.insert("thinking".to_owned(), thought.text.as_str().into());
            let seal = thought.signature.as_ref().map(|seal| seal.written(ID));
            let seal = seal.unwrap_or_default();
            object.insert("signature".to_owned(), seal.into());
            object
        }
    };
    sink.put_natives(&thought.native, &mut object);
    Value::Object(object)
}
