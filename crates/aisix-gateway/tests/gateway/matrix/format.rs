//! What the matrix knows of a wire format.

use serde_json::Value;

use super::said::{Answer, Conversation};

/// A wire format, written by hand from its reference: nothing here uses the code under test.
pub struct Format {
    pub name: &'static str,
    /// Where callers send it.
    pub path: &'static str,
    /// How the path of an upstream's endpoint ends.
    pub called_at: &'static str,
    /// The published type of requests.
    pub request: &'static str,
    /// The published type of whole answers.
    pub answer: &'static str,
    /// The published type of an event of a streamed one.
    pub event: &'static str,
    /// The fields that the published types do not know, though they are said: of objects of this
    /// type, or of any where that is empty.
    pub extensions: &'static [(&'static str, &'static str)],
    /// Whether upstreams that speak it seal thoughts.
    pub seals: bool,
    /// A caller's request, without its model.
    pub ask: fn(&Conversation) -> Value,
    /// What an upstream reads in a request.
    pub heard: fn(&Value) -> Conversation,
    /// An upstream's whole answer.
    pub say: fn(&Answer) -> Value,
    /// The frames of the same, streamed.
    pub stream: fn(&Answer) -> Vec<String>,
    /// What a caller reads in a whole answer.
    pub told: fn(&Value) -> Answer,
    /// The whole answer that a caller makes of the events of a streamed one.
    pub fold: fn(&[Value]) -> Value,
}

impl Format {
    /// A value without the fields that the published types do not know.
    pub fn published(&self, value: &Value) -> Value {
        match value {
            Value::Object(fields) => {
                let kind = value["type"].as_str().unwrap_or_default();
                let extends = |name: &str| {
                    let mut all = self.extensions.iter();
                    all.any(|(of, field)| *field == name && (of.is_empty() || *of == kind))
                };
                let fields = fields.iter().filter(|(name, _)| !extends(name));
                fields.map(|(name, value)| (name.clone(), self.published(value))).collect()
            }
            Value::Array(items) => items.iter().map(|item| self.published(item)).collect(),
            other => other.clone(),
        }
    }
}

/// Events, each under the name of its type.
pub fn framed(events: &[Value]) -> Vec<String> {
    let frame = |event: &Value| {
        let name = event["type"].as_str().expect("a type");
        format!("event: {name}\ndata: {event}\n\n")
    };
    events.iter().map(frame).collect()
}
