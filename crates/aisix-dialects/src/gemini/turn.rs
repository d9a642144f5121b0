//! The turns of a request and its instructions, as they are written.
//!
//! Source: the reference's "Content": a turn is of the `user` or of the `model`.

use aisix_core::Error;
use aisix_core::chat::{Native, Part, Reasoning, Role, Seal, Text, ToolCall, Turn};
use serde_json::{Map, Value};

use super::part::{self, PARTS};
use super::seal::{self, Place};
use super::{ID, media};
use crate::sink::Sink;

/// Writes parts of one turn, or of an answer.
pub(super) struct Parts {
    written: Vec<Map<String, Value>>,
    /// A seal for the next call.
    seal: Option<Seal>,
    /// Whether a call without a seal says that it has none.
    asks_for_seals: bool,
    calls: u32,
}

impl Parts {
    pub(super) fn new(asks_for_seals: bool) -> Self {
        Self { written: Vec::new(), seal: None, asks_for_seals, calls: 0 }
    }

    pub(super) fn thought(&mut self, thought: &Reasoning, sink: &mut Sink) {
        let place = Place::of(thought);
        let is_ours = thought.signature.as_ref().is_some_and(|seal| seal.is_of(ID));
        if thought.redacted.is_some() || !sink.own && !is_ours {
            // Another provider's, or nobody's.
            return sink.drop("reasoning");
        }
        // Whatever else thinks: its seal stands for the thought.
        let has_text = sink.own && !(thought.text.is_empty() && place != Place::Thought);
        if has_text {
            let part = part::write_thought(&thought.text, &thought.native, sink);
            self.written.push(part);
        } else {
            sink.drop_natives(&thought.native);
        }
        let Some(seal) = &thought.signature else {
            return;
        };
        match (place, self.written.last_mut()) {
            (Place::Thought, Some(last)) => seal::put(seal, last),
            (Place::Text, _) => self.on_text(seal),
            _ => self.seal = Some(seal.clone()),
        }
    }

    /// A thought of an answer: whoever made it, it is shown.
    pub(super) fn thought_of_answer(&mut self, thought: &Reasoning, sink: &mut Sink) {
        if sink.own {
            return self.thought(thought, sink);
        }
        if thought.redacted.is_some() {
            return sink.drop("reasoning");
        }
        if !thought.text.is_empty() {
            self.written.push(part::write_thought(&thought.text, &thought.native, sink));
        }
        if thought.signature.is_some() {
            // The caller's tools take no other provider's.
            sink.drop("signature");
        }
    }

    /// Puts a seal on the text before; where there is none, on one of its own.
    fn on_text(&mut self, seal: &Seal) {
        let is_free = |part: &&mut Map<String, Value>| {
            part.contains_key("text")
                && !part.contains_key("thought")
                && !part.contains_key(seal::SEAL)
        };
        match self.written.last_mut().filter(is_free) {
            Some(text) => seal::put(seal, text),
            None => {
                let mut text = part::plain("");
                seal::put(seal, &mut text);
                self.written.push(text);
            }
        }
    }

    pub(super) fn text(&mut self, text: &Text, sink: &mut Sink) {
        // The provider refuses a part that says nothing.
        if !sink.own && text.text.is_empty() {
            return sink.drop_natives(&text.native);
        }
        self.written.push(part::write_text(text, sink));
    }

    pub(super) fn call(&mut self, call: &ToolCall, sink: &mut Sink) {
        if !sink.own && call.name.is_empty() {
            return sink.drop("tool_call");
        }
        let mut part = part::write_call(call, sink);
        match self.seal.take() {
            Some(seal) => seal::put(&seal, &mut part),
            // Of calls that are made at once, the first carries the seal.
            None if self.asks_for_seals && self.calls == 0 => seal::put_none(&mut part),
            None => {}
        }
        self.calls += 1;
        self.written.push(part);
    }

    pub(super) fn other(&mut self, part: Map<String, Value>) {
        self.written.push(part);
    }

    pub(super) fn finish(mut self) -> Vec<Value> {
        if let Some(seal) = self.seal.take() {
            self.on_text(&seal);
        }
        self.written.into_iter().map(Value::Object).collect()
    }
}

/// Turns and instructions, in the making.
pub(super) struct Draft<'a> {
    system: Vec<&'a Turn>,
    contents: Vec<Content>,
    /// The functions by the ids of their calls; of several calls, the last counts.
    calls: Vec<(&'a str, &'a str)>,
    asks_for_seals: bool,
}

struct Content {
    role: &'static str,
    parts: Vec<Value>,
    more: Map<String, Value>,
}

impl<'a> Draft<'a> {
    /// For a model that asks for seals on calls, or does not.
    pub(super) fn new(asks_for_seals: bool) -> Self {
        Self { system: Vec::new(), contents: Vec::new(), calls: Vec::new(), asks_for_seals }
    }

    /// Adds a turn. Turns of one speaker become one, unless they came in this format: the results of
    /// calls that were made at once must stand in one.
    pub(super) fn add(&mut self, turn: &'a Turn, sink: &mut Sink) {
        let role = match turn.role {
            Role::System | Role::Developer => {
                if !self.contents.is_empty() {
                    // This format has one place for instructions: before everything else.
                    sink.drop("system.position");
                }
                return self.system.push(turn);
            }
            Role::User | Role::Tool => "user",
            Role::Assistant => "model",
        };
        if turn.name.is_some() && turn.role != Role::Tool {
            sink.drop("name");
        }
        let parts = self.parts(turn, sink);
        let mut more = Map::new();
        sink.put_natives(&turn.native, &mut more);
        match self.contents.last_mut() {
            Some(last) if !sink.own && last.role == role => last.parts.extend(parts),
            _ => self.contents.push(Content { role, parts, more }),
        }
    }

    fn parts(&mut self, turn: &'a Turn, sink: &mut Sink) -> Vec<Value> {
        let mut parts = Parts::new(self.asks_for_seals && !sink.own);
        for part in &turn.parts {
            match part {
                Part::Text(text) => parts.text(text, sink),
                Part::Reasoning(thought) => parts.thought(thought, sink),
                Part::ToolCall(call) => {
                    self.calls.push((&call.id, &call.name));
                    parts.call(call, sink);
                }
                Part::ToolResult(result) => {
                    let called = || self.calls.iter().rev().find(|(id, _)| *id == result.call_id);
                    let name = part::said_name(result)
                        .or_else(|| called().map(|(_, name)| *name))
                        .or(turn.name.as_deref());
                    match name {
                        Some(name) => parts.other(part::write_result(result, name, sink)),
                        // Its call was left out, or never was.
                        None => sink.drop("tool_result"),
                    }
                }
                Part::Media(one) => {
                    if let Some(part) = media::write(one, sink) {
                        parts.other(part);
                    }
                }
                Part::Native(native) => {
                    if let Some(part) = own_part(native, sink) {
                        parts.other(part);
                    }
                }
            }
        }
        parts.finish()
    }

    /// Writes the turns and the instructions into the body.
    pub(super) fn write(self, sink: &mut Sink, body: &mut Map<String, Value>) {
        let own = sink.own;
        let contents: Vec<_> =
            self.contents.into_iter().filter_map(|content| content.finish(own)).collect();
        if contents.is_empty() && !own {
            let detail = "a conversation needs a turn beside its instructions";
            sink.refuse(Error::invalid_request(detail));
        }
        body.insert("contents".to_owned(), Value::Array(contents));
        if let Some(system) = write_system(&self.system, sink) {
            body.insert("systemInstruction".to_owned(), system);
        }
    }
}

/// A native part, where it is this format's.
pub(super) fn own_part(native: &Native, sink: &mut Sink) -> Option<Map<String, Value>> {
    if native.dialect == ID && native.name == PARTS {
        return native.value.as_object().cloned();
    }
    sink.drop_part(native);
    None
}

impl Content {
    /// A turn says something; one of a person's that says nothing is still a turn.
    fn finish(mut self, own: bool) -> Option<Value> {
        if self.parts.is_empty() && !own {
            if self.role == "model" {
                return None;
            }
            self.parts.push(Value::Object(part::plain("")));
        }
        let mut object = Map::new();
        object.insert("role".to_owned(), self.role.into());
        object.insert(PARTS.to_owned(), Value::Array(self.parts));
        object.extend(self.more);
        Some(Value::Object(object))
    }
}

/// Instructions: one text, or parts where this format made them.
fn write_system(turns: &[&Turn], sink: &mut Sink) -> Option<Value> {
    let mut more = Map::new();
    for turn in turns {
        if turn.name.is_some() {
            sink.drop("name");
        }
        sink.put_natives(&turn.native, &mut more);
    }
    let mut written = Vec::new();
    for part in turns.iter().flat_map(|turn| &turn.parts) {
        match part {
            Part::Text(text) if !sink.own && text.text.trim().is_empty() => {}
            Part::Text(text) => written.push(part::write_text(text, sink)),
            Part::Native(native) => written.extend(own_part(native, sink)),
            Part::Media(one) if sink.own => written.extend(media::write(one, sink)),
            Part::Media(one) => sink.refuse(Error::unsupported(format_args!(
                "the target's format (gemini) cannot show {} among instructions",
                one.described(),
            ))),
            Part::ToolCall(_) | Part::ToolResult(_) | Part::Reasoning(_) => sink.drop("system"),
        }
    }
    if !sink.own && !written.is_empty() {
        let texts: Vec<_> = written.iter().filter_map(|part| part["text"].as_str()).collect();
        written = vec![part::plain(&texts.join("\n\n"))];
    }
    if written.is_empty() {
        return None;
    }
    let mut object = Map::new();
    object.insert("role".to_owned(), "user".into());
    object.insert(PARTS.to_owned(), written.into_iter().map(Value::Object).collect());
    object.extend(more);
    Some(Value::Object(object))
}
