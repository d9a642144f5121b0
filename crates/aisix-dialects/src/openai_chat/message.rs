//! What a model said, as messages of requests and of answers hold it alike.

use aisix_core::chat::{Native, Part, Reasoning, Text, ToolCall};
use serde_json::{Map, Value};

use super::legacy::is_legacy;
use super::{ID, call, detail, part};
use crate::fields::{Fields, Flaw};
use crate::sink::Sink;

/// The name of a native part that is the sound of an answer.
pub(super) const AUDIO: &str = "audio";

/// What a message of a model's holds, in the order in which models produce it.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) parts: Vec<Part>,
    /// The thought stood under its other name.
    pub(super) other_reasoning: bool,
    /// A call stood where only one could stand.
    pub(super) legacy_call: bool,
}

/// Reads the fields of a message that say something; the others stay.
///
/// # Errors
/// Where its content is none.
pub(super) fn read(message: &mut Fields) -> Result<Said, Flaw> {
    let mut said = Said::default();
    let thought = match message.text("reasoning_content").filter(|text| !text.is_empty()) {
        Some(text) => Some(text),
        None => {
            let other = message.text("reasoning");
            said.other_reasoning = other.is_some();
            other
        }
    };
    let thought = thought.map(|text| Part::Reasoning(Reasoning { text, ..Reasoning::default() }));
    said.parts.extend(thought);
    said.parts.extend(part::read_content(message.take("content"))?);
    let refusal = message.text("refusal");
    said.parts
        .extend(refusal.map(|text| Part::Text(Text { text, refusal: true, ..Text::default() })));
    if let Some(call) = message.take_as("function_call", call::read_legacy) {
        said.legacy_call = true;
        said.parts.push(Part::ToolCall(call));
    }
    let calls = message.list("tool_calls").unwrap_or_default();
    said.parts.extend(calls.into_iter().map(call::read_call));
    let audio = message.take(AUDIO).map(|value| Part::Native(Native::new(ID, AUDIO, value)));
    said.parts.extend(audio);
    Ok(said)
}

/// A message of a model's, in the making.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) content: Vec<Value>,
    pub(super) refusal: Option<String>,
    pub(super) thought: Option<String>,
    thoughts: Vec<Reasoning>,
    calls: Vec<Value>,
    function_call: Option<Value>,
    audio: Option<Value>,
}

impl Draft {
    /// Adds a call as a `function_call`, of which there is one.
    pub(super) fn call_function(&mut self, call: &ToolCall, sink: &mut Sink) {
        match self.function_call {
            None => self.function_call = Some(call::write_legacy(call, sink)),
            Some(_) => sink.drop(call::TOOL_CALLS),
        }
    }

    /// Adds a part. With `legacy`, a call without an id is a `function_call`.
    pub(super) fn add(&mut self, part: &Part, legacy: bool, sink: &mut Sink) {
        match part {
            Part::Text(text) if text.refusal && text.native.iter().all(|it| it.dialect != ID) => {
                sink.drop_natives(&text.native);
                self.refusal.get_or_insert_default().push_str(&text.text);
            }
            Part::Text(text) => self.content.push(part::write_text(text, sink)),
            Part::Reasoning(thought) => self.think(thought),
            Part::ToolCall(call) if legacy && is_legacy(call) => {
                self.function_call = Some(call::write_legacy(call, sink));
            }
            Part::ToolCall(call) => self.calls.push(call::write_call(call, sink)),
            Part::Native(native) => self.add_native(native, sink),
            // Only vendors whose models draw take it back.
            Part::Media(media) if sink.own => self.content.extend(part::write_media(media, sink)),
            Part::Media(_) => sink.drop("media"),
            Part::ToolResult(_) => sink.drop("tool_result"),
        }
    }

    fn think(&mut self, thought: &Reasoning) {
        if thought.redacted.is_none() && !thought.text.is_empty() {
            self.thought.get_or_insert_default().push_str(&thought.text);
        }
        self.thoughts.push(thought.clone());
    }

    /// The thoughts one by one, where there is more to them than their text.
    fn details(&self, sink: &mut Sink) -> Option<Value> {
        if !self.thoughts.iter().any(detail::is_sealed) {
            self.thoughts.iter().for_each(|thought| sink.drop_natives(&thought.native));
            return None;
        }
        let thoughts = self.thoughts.iter().enumerate();
        Some(thoughts.map(|(index, thought)| detail::write(thought, index, sink)).collect())
    }

    fn add_native(&mut self, native: &Native, sink: &mut Sink) {
        let value = native.value.clone();
        match native.name.as_str() {
            _ if native.dialect != ID => sink.drop_part(native),
            AUDIO => self.audio = Some(value),
            call::TOOL_CALLS => self.calls.push(value),
            part::CONTENT => self.content.push(value),
            _ => sink.drop_part(native),
        }
    }

    /// Whether the message says anything beside its content.
    pub(super) fn says_more(&self) -> bool {
        self.refusal.is_some()
            || !self.calls.is_empty()
            || self.function_call.is_some()
            || self.audio.is_some()
    }

    /// Writes what was added, but for the content, into the message.
    pub(super) fn write(self, message: &mut Map<String, Value>, reasoning: &str, sink: &mut Sink) {
        let details = self.details(sink);
        let calls = (!self.calls.is_empty()).then_some(Value::Array(self.calls));
        let fields = [
            ("refusal", self.refusal.map(Value::String)),
            (call::TOOL_CALLS, calls),
            ("function_call", self.function_call),
            (reasoning, self.thought.map(Value::String)),
            (detail::DETAILS, details),
            (AUDIO, self.audio),
        ];
        for (name, value) in fields {
            if let Some(value) = value {
                message.insert(name.to_owned(), value);
            }
        }
    }
}
