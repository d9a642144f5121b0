//! The items that requests and answers hold alike: what a model thought, and the tools that it
//! called.

use aisix_core::chat::{Native, Reasoning, Seal, ToolCall};
use serde_json::{Map, Value, json};

use super::ID;
use crate::cache;
use crate::fields::Fields;
use crate::sink::Sink;

/// The name of a native part that is an item.
pub(super) const ITEM: &str = "item";

/// What separates the parts of a summary that became one thought.
pub(super) const BETWEEN: &str = "\n\n";

/// How the ids of items begin that hold a thought which only another provider can read. The caller
/// sends them back as they are.
const REDACTED: &str = "rs_redacted_";

/// Reads a `function_call`.
pub(super) fn read_call(mut fields: Fields) -> ToolCall {
    fields.take("type");
    let call_id = fields.text("call_id");
    let name = fields.text("name").unwrap_or_default();
    let arguments = read_arguments(fields.take("arguments"));
    // Some callers know the one id only.
    let id = call_id.or_else(|| fields.text("id")).unwrap_or_default();
    ToolCall { id, name, arguments, cache: None, native: natives(fields) }
}

/// Some vendors write the arguments as the object that the text stands for.
pub(super) fn read_arguments(value: Option<Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    }
}

/// Writes a `function_call`.
pub(super) fn write_call(call: &ToolCall, sink: &mut Sink) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("type".to_owned(), "function_call".into());
    object.insert("call_id".to_owned(), call.id.as_str().into());
    object.insert("name".to_owned(), call.name.as_str().into());
    object.insert("arguments".to_owned(), call.arguments.as_str().into());
    cache::leave_out(call.cache.as_ref(), sink);
    sink.put_natives(&call.native, &mut object);
    object
}

/// Reads a `reasoning` item. Its thought is the summary, or its content where no summary was made.
pub(super) fn read_thought(mut fields: Fields) -> Reasoning {
    fields.take("type");
    let mut summary = fields.list("summary").unwrap_or_default();
    let content = fields.get("content").and_then(Value::as_array);
    let mut text = joined(&summary);
    if summary.is_empty() {
        text = content.map(|content| joined(content)).unwrap_or_default();
    }
    let plain = |part: &Value| part.as_object().is_some_and(|part| part.len() == 2);
    let alone = content.is_none() && summary.len() < 2 && summary.iter().all(plain);
    let sealed = fields.text("encrypted_content").map(|seal| Seal::read(ID, seal));
    let redacts = |id: &Value| id.as_str().is_some_and(|id| id.starts_with(REDACTED));
    let is_redacted = fields.get("id").is_some_and(redacts);
    let (redacted, signature) = if is_redacted { (sealed, None) } else { (None, sealed) };
    let mut native = natives(fields);
    if !alone {
        native.push(Native::new(ID, "summary", Value::Array(std::mem::take(&mut summary))));
    }
    Reasoning { text, signature, redacted, native }
}

fn joined(parts: &[Value]) -> String {
    let texts = parts.iter().filter_map(|part| part["text"].as_str());
    texts.collect::<Vec<_>>().join(BETWEEN)
}

/// Writes a `reasoning` item. An item must have an id: where the thought came without one, it gets
/// this one.
pub(super) fn write_thought(
    thought: &Reasoning,
    id: impl FnOnce() -> String,
    sink: &mut Sink,
) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("type".to_owned(), "reasoning".into());
    let is_own = |name: &str| thought.native.iter().any(|it| it.dialect == ID && it.name == name);
    if !is_own("id") {
        let id = id();
        let id = if thought.redacted.is_some() { redacted_id(&id) } else { id };
        object.insert("id".to_owned(), id.into());
    }
    if !is_own("summary") {
        object.insert("summary".to_owned(), summary(&thought.text));
    }
    if let Some(sealed) = thought.signature.as_ref().or(thought.redacted.as_ref()) {
        object.insert("encrypted_content".to_owned(), sealed.written(ID).into());
    }
    sink.put_natives(&thought.native, &mut object);
    object
}

/// The id of an item for a thought that only its provider can read.
pub(super) fn redacted_id(id: &str) -> String {
    match id.strip_prefix(REDACTED) {
        Some(_) => id.to_owned(),
        None => format!("{REDACTED}{}", id.trim_start_matches("rs_")),
    }
}

fn summary(text: &str) -> Value {
    if text.is_empty() { json!([]) } else { json!([summary_part(text)]) }
}

/// One part of a summary.
pub(super) fn summary_part(text: &str) -> Value {
    json!({"type": "summary_text", "text": text})
}

/// What is left of an item, its id first: that is known when a streamed item opens.
pub(super) fn natives(mut fields: Fields) -> Vec<Native> {
    let id = fields.take("id").map(|id| Native::new(ID, "id", id));
    id.into_iter().chain(fields.natives(ID, "").filter(|it| !it.value.is_null())).collect()
}
