//! The parts that turns and answers are made of.
//!
//! Source: the reference's "Part", "FunctionCall" and "FunctionResponse".

use aisix_core::chat::{Native, Part, Seal, Text, ToolCall, ToolResult};
use serde_json::{Map, Value, json};

use super::{ID, media, seal};
use crate::cache;
use crate::fields::Fields;
use crate::sink::{Sink, is_mark, mark};

/// The name of a native part.
pub(super) const PARTS: &str = "parts";

/// A call, and its result.
const CALL: &str = "functionCall";
const RESULT: &str = "functionResponse";

/// The id of a call, or of a result's call, was made here: the format may leave it out.
const MADE_ID: &str = ":made_id";

/// The result is this text, and no object that reads like it.
const WRAPPED: &str = ":wrapped";

/// The name of the function that a result is of: others go by the id of the call.
const NAME: &str = ":name";

/// A part as it is read: what stands in it, and the seal on it.
pub(super) struct Read {
    pub(super) said: Said,
    pub(super) seal: Option<Seal>,
}

/// What stands in a part.
pub(super) enum Said {
    /// A text, perhaps with fields that only this format knows.
    Text(Text),
    /// What the model thought.
    Thought(Text),
    /// A call; its id is empty where the format left it out.
    Call(ToolCall),
    /// The result of a call, and the name of the function.
    Result(ToolResult, String),
    /// Anything else: a seal on it stays its field.
    Other(Part),
}

/// Reads a part.
pub(super) fn read(value: Value) -> Read {
    if value["text"].is_string() {
        return read_text(value).unwrap_or_else(native);
    }
    if value[CALL]["name"].is_string() && value[CALL].get("willContinue").is_none() {
        return read_call(value).unwrap_or_else(native);
    }
    if value[RESULT]["name"].is_string() {
        return read_result(value).unwrap_or_else(native);
    }
    match media::read(value) {
        Ok(media) => Read { said: Said::Other(media), seal: None },
        Err(value) => native(value),
    }
}

fn native(value: Value) -> Read {
    Read { said: Said::Other(Part::Native(Native::new(ID, PARTS, value))), seal: None }
}

fn read_text(value: Value) -> Result<Read, Value> {
    let mut fields = Fields::of(value)?;
    let text = fields.text("text").unwrap_or_default();
    let is_thought = fields.flag("thought").unwrap_or(false);
    let seal = seal::take(&mut fields);
    let text = Text { text, native: fields.natives(ID, "").collect(), ..Text::default() };
    Ok(Read { said: if is_thought { Said::Thought(text) } else { Said::Text(text) }, seal })
}

fn read_call(value: Value) -> Result<Read, Value> {
    let mut fields = Fields::of(value)?;
    let mut call = Fields::of(fields.take(CALL).unwrap_or_default())?;
    let seal = seal::take(&mut fields);
    let mut read = ToolCall {
        id: call.text("id").unwrap_or_default(),
        name: call.text("name").unwrap_or_default(),
        arguments: call.take("args").map_or_else(|| "{}".to_owned(), |args| args.to_string()),
        ..ToolCall::default()
    };
    read.native.extend(fields.natives(ID, "").chain(call.natives(ID, &format!("{CALL}."))));
    Ok(Read { said: Said::Call(read), seal })
}

/// `{"functionResponse": {"name", "response", "id", "parts"}}`.
fn read_result(value: Value) -> Result<Read, Value> {
    let mut fields = Fields::of(value)?;
    let mut inner = Fields::of(fields.take(RESULT).unwrap_or_default())?;
    let name = inner.text("name").unwrap_or_default();
    let mut result = ToolResult {
        call_id: inner.text("id").unwrap_or_default(),
        native: vec![Native::new(ID, NAME, name.as_str().into())],
        ..ToolResult::default()
    };
    read_response(inner.take("response"), &mut result);
    for part in inner.list("parts").unwrap_or_default() {
        result.content.push(match media::read(part) {
            Ok(media) => media,
            Err(part) => Part::Native(Native::new(ID, PARTS, part)),
        });
    }
    result.native.extend(fields.natives(ID, ""));
    result.native.extend(inner.natives(ID, &format!("{RESULT}.")));
    Ok(Read { said: Said::Result(result, name), seal: None })
}

/// A text under `output` or `error`; anything else is a text of JSON.
fn read_response(response: Option<Value>, result: &mut ToolResult) {
    let Some(response) = response else {
        return;
    };
    let only = |name: &str| {
        let object = response.as_object().filter(|object| object.len() == 1)?;
        object.get(name)?.as_str()
    };
    let text = match (only("output"), only("error")) {
        (Some(text), _) => {
            result.native.push(mark(ID, WRAPPED));
            text.to_owned()
        }
        (_, Some(text)) => {
            result.is_error = true;
            text.to_owned()
        }
        _ => response.to_string(),
    };
    result.content.push(Part::Text(Text::new(text)));
}

/// Gives a call or a result without an id the one that belongs to it.
pub(super) fn give_id(id: &mut String, native: &mut Vec<Native>, made: String) {
    if id.is_empty() {
        *id = made;
        native.push(mark(ID, MADE_ID));
    }
}

/// An id for a call of an answer: the answer's own, as far as ids of other formats may hold it, and
/// the number of the call.
pub(super) fn made_id(answer: &str, choice: u32, part: u32) -> String {
    const LONGEST: usize = 28;
    let fits = |letter: &char| letter.is_ascii_alphanumeric() || "-_".contains(*letter);
    let mut id: String = answer.chars().filter(fits).take(LONGEST).collect();
    if !id.is_empty() {
        id.push('_');
    }
    match choice {
        0 => format!("call_{id}{part}"),
        _ => format!("call_{id}{choice}_{part}"),
    }
}

/// Writes a text.
pub(super) fn write_text(text: &Text, sink: &mut Sink) -> Map<String, Value> {
    cache::leave_out(text.cache.as_ref(), sink);
    if !text.citations.is_empty() {
        sink.drop("citations");
    }
    let mut object = plain(&text.text);
    sink.put_natives(&text.native, &mut object);
    object
}

/// A part that is this text.
pub(super) fn plain(text: &str) -> Map<String, Value> {
    Map::from_iter([("text".to_owned(), text.into())])
}

/// Writes what the model thought.
pub(super) fn write_thought(text: &str, native: &[Native], sink: &mut Sink) -> Map<String, Value> {
    let mut object = plain(text);
    object.insert("thought".to_owned(), true.into());
    sink.put_natives(native, &mut object);
    object
}

/// How calls and results find one another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// By the id that both of them say.
    ById,
    /// By the name of the function and by their order: an id would be refused.
    ByOrder,
}

/// Writes a call.
pub(super) fn write_call(call: &ToolCall, matched: Match, sink: &mut Sink) -> Map<String, Value> {
    cache::leave_out(call.cache.as_ref(), sink);
    let mut inner = Map::new();
    if matched == Match::ById && !call.id.is_empty() && !is_made(&call.native, sink) {
        inner.insert("id".to_owned(), call.id.as_str().into());
    }
    inner.insert("name".to_owned(), call.name.as_str().into());
    inner.insert("args".to_owned(), arguments(&call.arguments, sink));
    let mut object = Map::from_iter([(CALL.to_owned(), Value::Object(inner))]);
    sink.put_natives(&call.native, &mut object);
    object
}

fn is_made(native: &[Native], sink: &Sink) -> bool {
    sink.own && native.iter().any(|native| native.dialect == ID && native.name == MADE_ID)
}

/// The arguments of a call, which this format holds as an object. Models do write others.
fn arguments(text: &str, sink: &mut Sink) -> Value {
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => value,
        // What came in this format goes back as it came.
        Ok(value) if sink.own => value,
        _ => {
            if !text.trim().is_empty() {
                sink.drop("tool_call.arguments");
            }
            json!({})
        }
    }
}

/// Writes the result of a call of this function.
pub(super) fn write_result(
    result: &ToolResult,
    name: &str,
    matched: Match,
    sink: &mut Sink,
) -> Map<String, Value> {
    cache::leave_out(result.cache.as_ref(), sink);
    let mut inner = Map::new();
    if matched == Match::ById && !result.call_id.is_empty() && !is_made(&result.native, sink) {
        inner.insert("id".to_owned(), result.call_id.as_str().into());
    }
    inner.insert("name".to_owned(), name.into());
    let (mut texts, mut parts) = (Vec::new(), Vec::new());
    for part in &result.content {
        match part {
            Part::Text(text) => texts.push(text),
            Part::Media(media) => parts.extend(media::write(media, sink).map(Value::Object)),
            Part::Native(native) if native.dialect == ID => parts.push(native.value.clone()),
            Part::Native(native) => sink.drop_part(native),
            Part::ToolCall(_) | Part::ToolResult(_) | Part::Reasoning(_) => {
                sink.drop("tool.content");
            }
        }
    }
    inner.insert("response".to_owned(), response(result, &texts, sink));
    if !parts.is_empty() {
        inner.insert("parts".to_owned(), Value::Array(parts));
    }
    let mut object = Map::from_iter([(RESULT.to_owned(), Value::Object(inner))]);
    sink.put_natives(&result.native, &mut object);
    object
}

fn response(result: &ToolResult, texts: &[&Text], sink: &mut Sink) -> Value {
    for text in texts {
        sink.drop_natives(&text.native);
        cache::leave_out(text.cache.as_ref(), sink);
        if !text.citations.is_empty() {
            sink.drop("citations");
        }
    }
    let text: String = texts.iter().map(|text| text.text.as_str()).collect();
    if result.is_error {
        return json!({ "error": text });
    }
    let wrapped = result.native.iter().any(|native| native.dialect == ID && native.name == WRAPPED);
    match serde_json::from_str(&text) {
        Ok(object @ Value::Object(_)) if !wrapped => object,
        _ => json!({ "output": text }),
    }
}

/// The name of the function that a result says it is of.
pub(super) fn said_name(result: &ToolResult) -> Option<&str> {
    let said = |native: &&Native| native.dialect == ID && native.name == NAME;
    result.native.iter().find(said)?.value.as_str()
}

/// What is native of a part, but for marks.
pub(super) fn unmarked(natives: &[Native]) -> impl Iterator<Item = &Native> {
    natives.iter().filter(|native| !is_mark(native))
}
