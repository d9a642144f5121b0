//! From events to parts.

use std::borrow::Cow;
use std::collections::BTreeMap;

use aisix_core::Error;
use aisix_core::chat::{ChatEvent, ChatEvents, Delta, Native, Part, PartStart, Seal, Usage};
use serde_json::{Map, Value, json};

use super::super::block::CONTENT;
use super::super::outline::Event;
use super::super::response::{read_end, read_finish, read_head, said};
use super::super::{ID, block, citation, usage};
use crate::fields::{Borrowed, Fields, Json};
use crate::relay::unreadable;

/// What the fragments of an input made: a mark, as the fragments were told before.
const WHOLE_INPUT: &str = ":input";

/// Lifts the events of one stream.
#[derive(Default)]
pub(super) struct Lifter {
    /// The blocks that are open, by their index.
    open: BTreeMap<u64, Block>,
    /// How many parts were opened.
    parts: u32,
    /// What else the `usage` objects held so far.
    more: Map<String, Value>,
    finished: bool,
}

/// A block that is open.
struct Block {
    part: u32,
    kind: Kind,
    /// The input of a call that its first event held: streams hold the fragments of one instead.
    input: Value,
    /// The fragments of an input.
    fragments: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thought,
    Call,
    Native,
    /// Whole from its first event.
    Whole,
}

impl Lifter {
    /// The events that say what one event of the format says, and what was counted by then.
    pub(super) fn event(
        &mut self,
        event: Event,
        data: &[u8],
        counted: Option<Usage>,
    ) -> Result<ChatEvents, Error> {
        let mut events = Vec::new();
        match event {
            Event::Ping | Event::Unknown => return Ok(events),
            Event::MessageStop => {
                self.close_all(&mut events);
                events.push(ChatEvent::End);
                return Ok(events);
            }
            _ => {}
        }
        let mut fields = Borrowed::read(data).map_err(unreadable)?;
        match event {
            Event::MessageStart => self.message(fields.into(), counted, &mut events)?,
            Event::BlockStart => self.start(&mut fields.into(), &mut events)?,
            Event::BlockDelta => self.delta(fields, &mut events),
            Event::BlockStop => {
                let index = fields.integer("index").unwrap_or_default();
                if let Some(block) = self.open.remove(&index) {
                    block.close(&mut events);
                }
            }
            _ => self.end(&mut fields.into(), counted, &mut events),
        }
        Ok(events)
    }

    fn message(
        &mut self,
        mut fields: Fields,
        counted: Option<Usage>,
        events: &mut ChatEvents,
    ) -> Result<(), Error> {
        let message = fields.take("message").unwrap_or_default();
        let mut message = Fields::of(message).map_err(|_| unreadable("a message is no object"))?;
        let (id, model) = read_head(&mut message);
        events.push(ChatEvent::Start { id, model, created: None });
        message.take(CONTENT);
        read_finish(&mut message);
        let of_choice = |native| ChatEvent::Native { choice: Some(0), native };
        events.extend(read_end(&mut message).into_iter().map(of_choice));
        let usage = message.take("usage");
        events.extend(said(message.natives(ID, "")).map(of_answer));
        self.usage(usage, counted, events);
        Ok(())
    }

    fn usage(&mut self, usage: Option<Value>, counted: Option<Usage>, events: &mut ChatEvents) {
        events.extend(counted.map(ChatEvent::Usage));
        if let Some((_, more)) = usage.and_then(usage::read)
            && !more.is_empty()
        {
            self.more.extend(more);
            events.extend(usage::more(&self.more).map(of_answer));
        }
    }

    fn start(&mut self, fields: &mut Fields, events: &mut ChatEvents) -> Result<(), Error> {
        let index = fields.integer("index").unwrap_or_default();
        let value = fields.take("content_block").unwrap_or_default();
        if !value["type"].is_string() {
            return Err(unreadable("a block has no type"));
        }
        // Providers never begin a block anew; one that does must not lose the first.
        if let Some(before) = self.open.remove(&index) {
            before.close(events);
        }
        let input = value["input"].clone();
        let part = block::read(value).map_err(|flaw| {
            unreadable(format!("the block's {} must be {}", flaw.place, flaw.form))
        })?;
        let number = self.parts;
        self.parts += 1;
        let (kind, start, deltas) = opened(part);
        events.push(ChatEvent::PartStart { choice: 0, part: number, start });
        let block = Block { part: number, kind, input, fragments: String::new() };
        deltas.into_iter().for_each(|delta| block.grow(delta, events));
        self.open.insert(index, block);
        Ok(())
    }

    fn delta(&mut self, mut fields: Borrowed<'_>, events: &mut ChatEvents) {
        let index = fields.integer("index").unwrap_or_default();
        let delta = fields.take("delta").map(Json::object);
        if let (Some(block), Some(Ok(delta))) = (self.open.get_mut(&index), delta) {
            block.delta(delta, events);
        }
    }

    fn end(&mut self, fields: &mut Fields, counted: Option<Usage>, events: &mut ChatEvents) {
        let mut delta = Fields::of(fields.take("delta").unwrap_or_default()).unwrap_or_default();
        let reason = read_finish(&mut delta);
        let of_choice = |native| ChatEvent::Native { choice: Some(0), native };
        events.extend(read_end(&mut delta).into_iter().map(of_choice));
        events.extend(said(delta.natives(ID, "")).map(of_answer));
        self.usage(fields.take("usage"), counted, events);
        if let Some(reason) = reason
            && !std::mem::replace(&mut self.finished, true)
        {
            self.close_all(events);
            events.push(ChatEvent::Finish { choice: 0, reason });
        }
    }

    fn close_all(&mut self, events: &mut ChatEvents) {
        std::mem::take(&mut self.open).into_values().for_each(|block| block.close(events));
    }
}

fn of_answer(native: Native) -> ChatEvent {
    ChatEvent::Native { choice: None, native }
}

/// How a part opens, and what its first event holds beside that.
fn opened(part: Part) -> (Kind, PartStart, Vec<Delta>) {
    match part {
        Part::Text(text) => {
            let mut deltas: Vec<_> = text.native.into_iter().map(Delta::Native).collect();
            deltas.extend((!text.text.is_empty()).then_some(Delta::Text(text.text)));
            deltas.extend(text.citations.into_iter().map(Delta::Citation));
            (Kind::Text, PartStart::Text { refusal: false }, deltas)
        }
        Part::Reasoning(thought) => {
            let kind = if thought.redacted.is_some() { Kind::Whole } else { Kind::Thought };
            let mut deltas: Vec<_> = thought.native.into_iter().map(Delta::Native).collect();
            deltas.extend((!thought.text.is_empty()).then_some(Delta::Text(thought.text)));
            deltas.extend(thought.signature.map(Delta::Signature));
            (kind, PartStart::Reasoning { redacted: thought.redacted }, deltas)
        }
        Part::ToolCall(call) => {
            let deltas = call.native.into_iter().map(Delta::Native).collect();
            (Kind::Call, PartStart::ToolCall { id: call.id, name: call.name }, deltas)
        }
        native @ Part::Native(_) => (Kind::Native, PartStart::Whole(Box::new(native)), Vec::new()),
        whole => (Kind::Whole, PartStart::Whole(Box::new(whole)), Vec::new()),
    }
}

impl Block {
    fn grow(&self, delta: Delta, events: &mut ChatEvents) {
        events.push(ChatEvent::PartDelta { choice: 0, part: self.part, delta });
    }

    fn delta(&mut self, mut delta: Borrowed<'_>, events: &mut ChatEvents) {
        let name = delta.text("type").unwrap_or_default();
        let mut text = |field| delta.text(field).map(Cow::into_owned);
        let read = match (self.kind, &*name) {
            (Kind::Text, "text_delta") => text("text").map(Delta::Text),
            (Kind::Text, "citations_delta") => {
                let citation = delta.take("citation").map(Value::from);
                citation.and_then(citation::read).map(Delta::Citation)
            }
            (Kind::Thought, "thinking_delta") => text("thinking").map(Delta::Text),
            (Kind::Thought, "signature_delta") => {
                text("signature").map(|seal| Delta::Signature(Seal::read(ID, seal)))
            }
            (Kind::Call | Kind::Native, "input_json_delta") => {
                let fragment = text("partial_json").unwrap_or_default();
                self.fragments.push_str(&fragment);
                Some(match self.kind {
                    Kind::Call => Delta::Text(fragment),
                    _ => Delta::Native(Native::new(ID, name, json!({ "input": fragment }))),
                })
            }
            (Kind::Native, _) => {
                let value = Fields::from(delta).into_value();
                Some(Delta::Native(Native::new(ID, name, value)))
            }
            (Kind::Whole, _) => None,
            // What a newer version of the format says of a block is a field of it.
            (Kind::Text | Kind::Thought | Kind::Call, _) => {
                let natives = delta.natives(ID, "").map(Delta::Native);
                natives.for_each(|native| self.grow(native, events));
                return;
            }
        };
        if let Some(read) = read.filter(says_something) {
            self.grow(read, events);
        }
    }

    fn close(self, events: &mut ChatEvents) {
        match self.kind {
            Kind::Call if self.fragments.is_empty() => {
                let input = if self.input.is_null() { json!({}) } else { self.input.clone() };
                self.grow(Delta::Text(input.to_string()), events);
            }
            Kind::Native if !self.fragments.is_empty() => {
                let input = serde_json::from_str(&self.fragments)
                    .unwrap_or_else(|_| Value::String(self.fragments.clone()));
                // What the fragments made takes their place.
                let native = Native::new(ID, WHOLE_INPUT, json!({ "input": input }));
                self.grow(Delta::Native(native), events);
            }
            _ => {}
        }
        events.push(ChatEvent::PartEnd { choice: 0, part: self.part });
    }
}

fn says_something(delta: &Delta) -> bool {
    match delta {
        Delta::Text(text) => !text.is_empty(),
        Delta::Signature(seal) => !seal.is_empty(),
        Delta::Citation(_) | Delta::Native(_) => true,
    }
}
