//! The turns of a request and its instructions, as they are written.
//!
//! Source: the reference's "Content": a turn is of the `user` or of the `model`.

use std::collections::HashMap;

use aisix_core::Error;
use aisix_core::chat::{Native, Part, Reasoning, Role, Seal, Text, ToolCall, ToolResult, Turn};
use serde_json::{Map, Value};

use super::model::Model;
use super::part::{self, Match, PARTS};
use super::seal::{self, Place};
use super::{ID, media};
use crate::sink::Sink;

/// How the calls of a conversation are written.
#[derive(Debug, Clone, Copy)]
struct Style {
    /// Whether a call without a seal says that it has none.
    asks_for_seals: bool,
    matched: Match,
}

/// Writes parts of one turn, or of an answer.
pub(super) struct Parts {
    written: Vec<Map<String, Value>>,
    /// The results among what is written.
    results: Vec<Answered>,
    /// A seal for the next call.
    seal: Option<Seal>,
    style: Style,
    calls: u32,
}

/// Where a result stands, and which of all calls it answers.
#[derive(Debug, Clone, Copy)]
struct Answered {
    place: usize,
    call: usize,
}

impl Parts {
    /// For an answer.
    pub(super) fn of_answer() -> Self {
        Self::new(Style { asks_for_seals: false, matched: Match::ById })
    }

    fn new(style: Style) -> Self {
        let (written, results, seal, calls) = Default::default();
        Self { written, results, seal, style, calls }
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
        let mut part = part::write_call(call, self.style.matched, sink);
        match self.seal.take() {
            Some(seal) => seal::put(&seal, &mut part),
            // Of calls that are made at once, the first carries the seal.
            None if self.style.asks_for_seals && self.calls == 0 => seal::put_none(&mut part),
            None => {}
        }
        self.calls += 1;
        self.written.push(part);
    }

    /// The result of a call of this function, and the number of that call.
    fn result(&mut self, result: &ToolResult, name: &str, call: usize, sink: &mut Sink) {
        self.results.push(Answered { place: self.written.len(), call });
        self.written.push(part::write_result(result, name, self.style.matched, sink));
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
    /// The calls by their ids: the number of the call, and its function; of several calls, the last
    /// counts.
    calls: HashMap<&'a str, (usize, &'a str)>,
    /// How many calls there were.
    made: usize,
    style: Style,
}

struct Content {
    role: &'static str,
    parts: Vec<Value>,
    results: Vec<Answered>,
    more: Map<String, Value>,
}

impl<'a> Draft<'a> {
    /// For a model. What came in this format says of its calls what it said.
    pub(super) fn new(model: &Model, sink: &Sink) -> Self {
        let knows_ids = sink.own || model.knows_ids();
        let style = Style {
            asks_for_seals: !sink.own && model.asks_for_seals(),
            matched: if knows_ids { Match::ById } else { Match::ByOrder },
        };
        let (system, contents, calls, made) = Default::default();
        Self { system, contents, calls, made, style }
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
            Some(last) if !sink.own && last.role == role => last.extend(parts),
            _ => {
                let mut content = Content { role, parts: Vec::new(), results: Vec::new(), more };
                content.extend(parts);
                self.contents.push(content);
            }
        }
    }

    fn parts(&mut self, turn: &'a Turn, sink: &mut Sink) -> Parts {
        let mut parts = Parts::new(self.style);
        for part in &turn.parts {
            match part {
                Part::Text(text) => parts.text(text, sink),
                Part::Reasoning(thought) => parts.thought(thought, sink),
                Part::ToolCall(call) => {
                    self.calls.insert(&call.id, (self.made, &call.name));
                    self.made += 1;
                    parts.call(call, sink);
                }
                Part::ToolResult(result) => {
                    let called = self.calls.get(result.call_id.as_str());
                    let name = part::said_name(result)
                        .or_else(|| called.map(|(_, name)| *name))
                        .or(turn.name.as_deref());
                    let call = called.map_or(usize::MAX, |(number, _)| *number);
                    match name {
                        Some(name) => parts.result(result, name, call, sink),
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
        parts
    }

    /// Writes the turns and the instructions into the body.
    pub(super) fn write(self, sink: &mut Sink, body: &mut Map<String, Value>) {
        let own = sink.own;
        let mut contents = self.contents;
        if self.style.matched == Match::ByOrder {
            contents.iter_mut().for_each(Content::order_results);
        }
        let contents: Vec<_> =
            contents.into_iter().filter_map(|content| content.finish(own)).collect();
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
    fn extend(&mut self, parts: Parts) {
        let before = self.parts.len();
        let moved = |result: &Answered| Answered { place: before + result.place, ..*result };
        self.results.extend(parts.results.iter().map(moved));
        self.parts.extend(parts.finish());
    }

    /// Puts results into the order of their calls, in the places that results have: where nothing
    /// else says which result is whose, tools may not answer in another.
    fn order_results(&mut self) {
        let mut ordered = self.results.clone();
        ordered.sort_by_key(|result| result.call);
        let taken: Vec<_> =
            ordered.iter().map(|result| std::mem::take(&mut self.parts[result.place])).collect();
        for (result, part) in self.results.iter().zip(taken) {
            self.parts[result.place] = part;
        }
    }

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
