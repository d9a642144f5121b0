//! What callers note of their requests for themselves, as OpenAI's formats put it.
//!
//! Source: OpenAI's API reference, "Metadata": pairs of texts.

use aisix_core::chat::ChatRequest;
use serde_json::{Map, Value};

use crate::fields::Fields;
use crate::sink::Sink;

/// The field that holds the notes.
const METADATA: &str = "metadata";

/// Takes the notes; in any other form they stay.
pub(crate) fn read(fields: &mut Fields) -> Vec<(String, String)> {
    let pairs = |value: Value| match value {
        Value::Object(pairs) if !pairs.is_empty() && pairs.values().all(Value::is_string) => {
            let text = |value: Value| value.as_str().map(ToOwned::to_owned).unwrap_or_default();
            Ok(pairs.into_iter().map(|(name, value)| (name, text(value))).collect())
        }
        other => Err(other),
    };
    fields.take_as(METADATA, pairs).unwrap_or_default()
}

/// Writes the notes where they came in this format: others of its kind take them on terms of their
/// own.
pub(crate) fn write_own(request: &ChatRequest, sink: &mut Sink, body: &mut Map<String, Value>) {
    if request.metadata.is_empty() {
        return;
    }
    if !sink.own {
        sink.drop(METADATA);
        return;
    }
    let pair = |(name, value): &(String, String)| (name.clone(), value.as_str().into());
    let pairs = request.metadata.iter().map(pair).collect();
    body.insert(METADATA.to_owned(), Value::Object(pairs));
}
