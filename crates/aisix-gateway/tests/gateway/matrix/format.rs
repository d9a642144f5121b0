//! What the matrix knows of wire formats. Each is written by hand, from its reference: nothing here
//! uses the code under test.

use aisix_testing::FieldType;
use serde_json::Value;

use super::said::{Answer, Conversation};

/// A wire format, as callers speak it.
pub struct CallerFormat {
    pub name: &'static str,
    /// Where they send it.
    pub path: &'static str,
    pub types: &'static Types,
    /// A request, without its model.
    pub ask: fn(&Conversation) -> Value,
    /// What a whole answer says.
    pub told: fn(&Value) -> Answer,
    /// The whole answer that a caller makes of the events of a streamed one.
    pub fold: fn(&[Value]) -> Value,
}

/// A wire format, as upstreams speak it.
pub struct UpstreamFormat {
    pub name: &'static str,
    /// `None` where Amazon's service model says it.
    pub types: Option<&'static Types>,
    /// Whether its upstreams seal thoughts.
    pub seals: bool,
    /// Whether calls and results say by an id which of them belong together.
    pub ids: bool,
    /// The type of a streamed answer.
    pub streamed_as: &'static str,
    /// What a request says.
    pub heard: fn(&Value) -> Conversation,
    /// A whole answer.
    pub say: fn(&Answer) -> Value,
    /// The frames of a streamed one.
    pub stream: fn(&Answer) -> Vec<Vec<u8>>,
}

/// What a provider's client package publishes of its format.
pub struct Types {
    pub request: Request,
    /// The type of whole answers.
    pub answer: &'static str,
    /// The type of an event of a streamed one.
    pub event: &'static str,
    /// The fields that the published types do not know, though they are said: of objects of this
    /// type, or of any where that is empty.
    pub extensions: &'static [(&'static str, &'static str)],
}

/// What a package publishes of requests.
pub enum Request {
    /// A type.
    Whole(&'static str),
    /// A type of each of their fields.
    Fields(&'static [FieldType]),
}

/// What comes as server-sent events.
pub const SSE: &str = "text/event-stream";

impl Types {
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

impl UpstreamFormat {
    /// The answer as an upstream gives it.
    pub fn sealed(&self, mut answer: Answer) -> Answer {
        if let Some(thought) = answer.thought.as_mut().filter(|_| !self.seals) {
            thought.seal = None;
        }
        answer
    }
}

/// Events, each under the name of its type.
pub fn framed(events: &[Value]) -> Vec<Vec<u8>> {
    let frame = |event: &Value| {
        let name = event["type"].as_str().expect("a type");
        format!("event: {name}\ndata: {event}\n\n").into()
    };
    events.iter().map(frame).collect()
}

/// Frames that are text.
pub fn text(frames: &[Vec<u8>]) -> String {
    String::from_utf8(frames.concat()).expect("frames are UTF-8")
}

/// The events of a stream of frames.
pub fn events(frames: &str) -> Vec<Value> {
    let data = frames.lines().filter_map(|line| line.strip_prefix("data: "));
    let data = data.filter(|data| *data != "[DONE]");
    data.map(|data| serde_json::from_str(data).expect("events are JSON")).collect()
}
