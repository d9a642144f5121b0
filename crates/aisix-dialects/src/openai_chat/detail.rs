//! Thoughts with their seals, which this format has no field for.
//!
//! Source: OpenRouter's guide "Reasoning tokens", which other gateways follow: beside its text, a
//! message holds `reasoning_details`, a list of `{"type": "reasoning.text", "text", "signature"}`
//! and `{"type": "reasoning.encrypted", "data"}`, which callers send back unchanged.

use aisix_core::chat::{Part, Reasoning, Seal};
use serde_json::{Map, Value, json};

use super::ID;
use crate::fields::Fields;
use crate::sink::Sink;

/// The field that holds them.
pub(super) const DETAILS: &str = "reasoning_details";

/// Reads the details of a message that is sent back.
///
/// # Errors
/// The list, where one of them is of another type, or none is sealed: then the text says as much.
pub(super) fn read(value: Value) -> Result<Vec<Reasoning>, Value> {
    let Value::Array(list) = &value else {
        return Err(value);
    };
    let thoughts: Option<Vec<_>> = list.iter().cloned().map(read_one).collect();
    thoughts.filter(|thoughts| thoughts.iter().any(is_sealed)).ok_or(value)
}

fn read_one(value: Value) -> Option<Reasoning> {
    let mut fields = Fields::of(value).ok()?;
    let (mut text, mut redacted) = (String::new(), None);
    match fields.text("type")?.as_str() {
        "reasoning.text" => text = fields.text("text").unwrap_or_default(),
        "reasoning.encrypted" => redacted = Some(Seal::read(ID, fields.text("data")?)),
        _ => return None,
    }
    let signature = fields.text("signature").filter(|seal| !seal.is_empty());
    let signature = signature.map(|seal| Seal::read(ID, seal));
    // The position says it.
    fields.take("index");
    Some(Reasoning { text, signature, redacted, native: fields.natives(ID, "").collect() })
}

/// Whether there is more to a thought than its text.
pub(super) fn is_sealed(thought: &Reasoning) -> bool {
    thought.seals().next().is_some()
}

/// Puts what the details say in place of the text that a message holds beside them.
pub(super) fn put(thoughts: Vec<Reasoning>, parts: &mut Vec<Part>) {
    parts.retain(|part| !matches!(part, Part::Reasoning(_)));
    parts.splice(0..0, thoughts.into_iter().map(Part::Reasoning));
}

/// Writes a thought as the detail of this number.
pub(super) fn write(thought: &Reasoning, index: usize, sink: &mut Sink) -> Value {
    let mut object = Map::new();
    match &thought.redacted {
        Some(data) => {
            object.insert("type".to_owned(), "reasoning.encrypted".into());
            object.insert("data".to_owned(), data.written(ID).into());
        }
        None => {
            object.insert("type".to_owned(), "reasoning.text".into());
            object.insert("text".to_owned(), thought.text.as_str().into());
        }
    }
    if let Some(seal) = &thought.signature {
        object.insert("signature".to_owned(), seal.written(ID).into());
    }
    object.insert("index".to_owned(), index.into());
    sink.put_natives(&thought.native, &mut object);
    Value::Object(object)
}

/// A fragment of the thought of this number in a stream: clients join the fields of one number.
pub(super) fn fragment(index: u32, field: &str, value: &str) -> Value {
    let kind = if field == "data" { "reasoning.encrypted" } else { "reasoning.text" };
    json!({"type": kind, field: value, "index": index})
}
