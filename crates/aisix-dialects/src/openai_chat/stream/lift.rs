//! From flat chunks to blocks.
//!
//! A choice of this format has one text, one refusal, one thought and one sound, which may grow in
//! any order, and tool calls that grow by their index: so every part stays open until its choice
//! ends.

use std::borrow::Cow;
use std::collections::BTreeMap;

use aisix_core::Error;
use aisix_core::chat::{ChatEvent, ChatEvents, Delta, Native, Part, PartStart};
use serde_json::Value;

use super::super::call::TOOL_CALLS;
use super::super::message::AUDIO;
use super::super::part::{self, CONTENT};
use super::super::response::{Head, MESSAGE, said};
use super::super::{ID, spelling, wire};
use crate::fields::{Borrowed, Fields, Json};
use crate::relay::unreadable;

/// Lifts the chunks of one stream.
#[derive(Default)]
pub(super) struct Lifter {
    started: bool,
    choices: BTreeMap<u32, Choice>,
}

impl Lifter {
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// The events of a chunk.
    pub(super) fn chunk(&mut self, data: &[u8]) -> Result<ChatEvents, Error> {
        let mut fields = Borrowed::read(data).map_err(unreadable)?;
        let Head { id, model, created } = Head::take(&mut fields);
        let choices = fields.list("choices").unwrap_or_default();
        let mut events = Vec::new();
        // Some providers say something before the answer begins: without an id, for no choice.
        let begins = !id.is_empty() || !choices.is_empty();
        if begins && !std::mem::replace(&mut self.started, true) {
            let (id, model) = (id.into_owned(), model.into_owned());
            events.push(ChatEvent::Start { id, model, created });
        }
        for (position, value) in (0..).zip(choices) {
            self.choice(position, value, &mut events)?;
        }
        let usage = fields.take("usage").map(Value::from);
        if let Some((usage, more)) = usage.and_then(wire::read_usage) {
            events.push(ChatEvent::Usage(usage));
            events.extend(more.map(of_answer));
        }
        events.extend(said(fields.natives(ID, "")).map(of_answer));
        Ok(events)
    }

    /// The events of the marker that ends the stream.
    pub(super) fn end(&mut self) -> ChatEvents {
        vec![ChatEvent::End]
    }

    fn choice(
        &mut self,
        position: u32,
        value: Json<'_>,
        events: &mut ChatEvents,
    ) -> Result<(), Error> {
        let mut fields = value.object().map_err(|_| unreadable("a choice is no object"))?;
        let index = fields.integer("index").unwrap_or(position);
        let choice = self.choices.entry(index).or_default();
        let mut events = Events { choice: index, events };
        if let Some(delta) = fields.take("delta") {
            let delta = delta.object().map_err(|_| unreadable("a delta is no object"))?;
            choice.delta(delta, &mut events);
        }
        let finish = fields.text("finish_reason").filter(|word| !word.is_empty());
        said(fields.natives(ID, "")).for_each(|native| events.native(native));
        if let Some(word) = finish {
            choice.finish(word.into_owned(), &mut events);
        }
        Ok(())
    }
}

fn of_answer(native: Native) -> ChatEvent {
    ChatEvent::Native { choice: None, native }
}

/// The events of one choice.
struct Events<'a> {
    choice: u32,
    events: &'a mut ChatEvents,
}

impl Events<'_> {
    fn start(&mut self, part: u32, start: PartStart) {
        self.events.push(ChatEvent::PartStart { choice: self.choice, part, start });
    }

    fn grow(&mut self, part: u32, delta: Delta) {
        self.events.push(ChatEvent::PartDelta { choice: self.choice, part, delta });
    }

    fn native(&mut self, native: Native) {
        self.events.push(ChatEvent::Native { choice: Some(self.choice), native });
    }
}

/// What is open in a choice.
#[derive(Default)]
struct Choice {
    /// How many parts were opened.
    parts: u32,
    /// The first that is still open.
    open: u32,
    thought: Option<u32>,
    text: Option<u32>,
    refusal: Option<u32>,
    sound: Option<u32>,
    calls: Vec<Call>,
    legacy: Option<Call>,
}

/// A tool call, from its first fragment.
#[derive(Default)]
struct Call {
    index: Option<i64>,
    id: String,
    /// It is of another type than a function's.
    native: bool,
    /// Its part; `None` while its name is not known.
    part: Option<u32>,
    /// What came before its part could open.
    waiting: Vec<Delta>,
}

impl Choice {
    fn next(&mut self) -> u32 {
        let part = self.parts;
        self.parts += 1;
        part
    }

    fn delta(&mut self, mut delta: Borrowed<'_>, events: &mut Events<'_>) {
        delta.take("role");
        let other = delta.text("reasoning");
        let thought = delta.text("reasoning_content").filter(|text| !text.is_empty()).or(other);
        self.text(
            thought,
            |open| &mut open.thought,
            PartStart::Reasoning { redacted: None },
            events,
        );
        match delta.take("content") {
            Some(Json::List(parts)) => self.content(parts, events),
            Some(Json::Text(text)) => self.say(text, events),
            _ => {}
        }
        let start = PartStart::Text { refusal: true };
        self.text(delta.text("refusal"), |open| &mut open.refusal, start, events);
        if let Some(call) = delta.take("function_call") {
            self.legacy_call(call.into(), events);
        }
        for call in delta.list(TOOL_CALLS).unwrap_or_default() {
            self.call(call.into(), events);
        }
        if let Some(sound) = delta.take(AUDIO) {
            self.sound(sound.into(), events);
        }
        said(delta.natives(ID, MESSAGE)).for_each(|native| events.native(native));
    }

    fn say(&mut self, text: Cow<'_, str>, events: &mut Events<'_>) {
        self.text(Some(text), |open| &mut open.text, PartStart::Text { refusal: false }, events);
    }

    /// Grows the one part of its kind. An empty text opens none: streams begin with one, whatever
    /// follows.
    fn text(
        &mut self,
        text: Option<Cow<'_, str>>,
        place: fn(&mut Self) -> &mut Option<u32>,
        start: PartStart,
        events: &mut Events<'_>,
    ) {
        let Some(text) = text.filter(|text| !text.is_empty()) else {
            return;
        };
        let part = match *place(self) {
            Some(part) => part,
            None => {
                let part = self.next();
                *place(self) = Some(part);
                events.start(part, start);
                part
            }
        };
        events.grow(part, Delta::Text(text.into_owned()));
    }

    /// Content in parts, as some vendors stream it: its texts are one text.
    fn content(&mut self, parts: Vec<Json<'_>>, events: &mut Events<'_>) {
        for value in parts.into_iter().map(Value::from) {
            let read = part::read_part(value.clone());
            let read = read.unwrap_or_else(|| Part::Native(Native::new(ID, CONTENT, value)));
            match part::plain_text(&read) {
                Some(text) => self.say(text.into(), events),
                None => {
                    self.whole(read, events);
                }
            }
        }
    }

    fn legacy_call(&mut self, value: Value, events: &mut Events<'_>) {
        let Ok(mut function) = Fields::of(value) else {
            return;
        };
        let mut call = self.legacy.take().unwrap_or_else(|| {
            events.native(spelling::mark(spelling::FUNCTION_CALL));
            Call::default()
        });
        let name = function.text("name").unwrap_or_default();
        let arguments = function.text("arguments").unwrap_or_default();
        call.waiting.extend((!arguments.is_empty()).then_some(Delta::Text(arguments)));
        call.waiting.extend(said(function.natives(ID, "function.")).map(Delta::Native));
        self.flow(&mut call, name, events);
        self.legacy = Some(call);
    }

    fn call(&mut self, value: Value, events: &mut Events<'_>) {
        let Ok(mut fields) = Fields::of(value) else {
            return;
        };
        let of_function = match (fields.get("type"), fields.get("function")) {
            (_, Some(Value::Object(_))) => true,
            (None | Some(Value::Null), _) => fields.get("custom").is_none(),
            (Some(kind), _) => kind == "function",
        };
        let index = fields.integer("index");
        let id = fields.text("id").unwrap_or_default();
        let known = self.known_call(index, &id);
        let mut call = match known {
            Some(place) => self.calls.swap_remove(place),
            None => Call { index, ..Call::default() },
        };
        if call.id.is_empty() {
            call.id = id;
        }
        call.native |= !of_function;
        if !call.native {
            fields.take("type");
            self.function_call(&mut call, fields, events);
        } else {
            self.native_call(&mut call, fields, events);
        }
        self.calls.push(call);
    }

    /// The call that a fragment continues: that of its index, unless it brings another id, as with
    /// vendors that number every call 0; without an index that of its id, or the latest.
    fn known_call(&self, index: Option<i64>, id: &str) -> Option<usize> {
        self.calls.iter().rposition(|call| {
            let same_id = id.is_empty() || call.id.is_empty() || call.id == id;
            same_id && (index.is_none() || call.index == index)
        })
    }

    fn function_call(&mut self, call: &mut Call, mut fields: Fields, events: &mut Events<'_>) {
        let function = fields.take("function").unwrap_or_default();
        let mut function = Fields::of(function).unwrap_or_default();
        let name = function.text("name").unwrap_or_default();
        let arguments = match function.take("arguments") {
            None => String::new(),
            Some(Value::String(text)) => text,
            Some(other) => other.to_string(),
        };
        call.waiting.extend((!arguments.is_empty()).then_some(Delta::Text(arguments)));
        let natives = fields.natives(ID, "").chain(function.natives(ID, "function."));
        call.waiting.extend(said(natives).map(Delta::Native));
        self.flow(call, name, events);
    }

    /// Opens the call as soon as it has a name, and lets out what waited for that.
    fn flow(&mut self, call: &mut Call, name: String, events: &mut Events<'_>) {
        if call.part.is_none() && !name.is_empty() {
            self.open(call, name, events);
        }
        if let Some(part) = call.part {
            call.waiting.drain(..).for_each(|delta| events.grow(part, delta));
        }
    }

    fn open(&mut self, call: &mut Call, name: String, events: &mut Events<'_>) {
        let part = self.next();
        call.part = Some(part);
        events.start(part, PartStart::ToolCall { id: call.id.clone(), name });
    }

    /// A call of another type than a function's: its first fragment is the part that grows.
    fn native_call(&mut self, call: &mut Call, fields: Fields, events: &mut Events<'_>) {
        let mut value = fields.into_value();
        match call.part {
            Some(part) => {
                if let Some(fragment) = value.as_object_mut() {
                    fragment.shift_remove("type");
                }
                events.grow(part, Delta::Native(Native::new(ID, TOOL_CALLS, value)));
            }
            None => {
                if let Some(whole) = value.as_object_mut()
                    && !call.id.is_empty()
                {
                    whole.insert("id".to_owned(), call.id.as_str().into());
                }
                let part = Part::Native(Native::new(ID, TOOL_CALLS, value));
                call.part = Some(self.whole(part, events));
            }
        }
    }

    fn sound(&mut self, mut value: Value, events: &mut Events<'_>) {
        match self.sound {
            Some(part) => {
                // Some fragments repeat the id, which does not grow.
                if let Some(fragment) = value.as_object_mut() {
                    fragment.shift_remove("id");
                }
                events.grow(part, Delta::Native(Native::new(ID, AUDIO, value)));
            }
            None => {
                let part = Part::Native(Native::new(ID, AUDIO, value));
                self.sound = Some(self.whole(part, events));
            }
        }
    }

    fn whole(&mut self, part: Part, events: &mut Events<'_>) -> u32 {
        let number = self.next();
        events.start(number, PartStart::Whole(Box::new(part)));
        number
    }

    fn finish(&mut self, word: String, events: &mut Events<'_>) {
        let legacy_call = self.legacy.is_some();
        let calls = std::mem::take(&mut self.calls).into_iter().chain(self.legacy.take());
        // A call that never got a name is still a call.
        for mut call in calls.filter(|call| call.part.is_none()) {
            self.open(&mut call, String::new(), events);
            self.flow(&mut call, String::new(), events);
        }
        for part in self.open..self.parts {
            let choice = events.choice;
            events.events.push(ChatEvent::PartEnd { choice, part });
        }
        *self = Self { parts: self.parts, open: self.parts, ..Self::default() };
        let reason = wire::read_finish(word, legacy_call);
        events.events.push(ChatEvent::Finish { choice: events.choice, reason });
    }
}
