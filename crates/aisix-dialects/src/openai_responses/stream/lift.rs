//! From events of items to blocks.

use std::borrow::Cow;
use std::collections::BTreeMap;

use aisix_core::Error;
use aisix_core::chat::{ChatEvent, ChatEvents, Delta, Native, Part, PartStart, Seal};
use serde_json::Value;

use super::super::ID;
use super::super::item::{self, BETWEEN, ITEM};
use super::super::output::{MESSAGE, of_message, read_content};
use super::super::response::{End, read_end, read_head};
use crate::fields::{Borrowed, Fields};
use crate::relay::unreadable;

/// The types of events that say something that the nouns have a word for.
pub(in super::super) const TOLD: [&str; 22] = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.output_item.done",
    "response.content_part.added",
    "response.content_part.done",
    "response.output_text.delta",
    "response.output_text.done",
    "response.refusal.delta",
    "response.refusal.done",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.custom_tool_call_input.delta",
    "response.custom_tool_call_input.done",
    "response.reasoning_summary_part.added",
    "response.reasoning_summary_part.done",
    "response.reasoning_summary_text.delta",
    "response.reasoning_summary_text.done",
    "response.reasoning_text.delta",
    "response.reasoning_text.done",
    "response.completed",
    "response.incomplete",
];

/// Lifts the events of one stream.
#[derive(Default)]
pub(super) struct Lifter {
    started: bool,
    /// How many parts were opened.
    parts: u32,
    open: BTreeMap<(u32, Slot), Open>,
    /// What the messages say beside their content.
    messages: BTreeMap<u32, Vec<Native>>,
    /// Whether a function is called.
    calls: bool,
}

/// What of an item is a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Slot {
    /// All of it.
    Item,
    /// A part of its content.
    Content(u32),
}

/// A part that may grow.
#[derive(Debug, Clone, Copy)]
struct Open {
    part: u32,
    grown: bool,
    /// The pieces of a thought are separated where a further one begins.
    piece: u32,
}

impl Lifter {
    /// The events that one event of this type says.
    pub(super) fn event(&mut self, kind: &[u8], data: &[u8]) -> Result<ChatEvents, Error> {
        let mut fields = Borrowed::read(data).map_err(unreadable)?;
        let mut events = Vec::new();
        let index = fields.integer("output_index").unwrap_or_default();
        let content = fields.integer("content_index").unwrap_or_default();
        let (item, part) = ((index, Slot::Item), (index, Slot::Content(content)));
        let mut text = |field| fields.text(field).map(Cow::into_owned);
        match kind.strip_prefix(b"response.").unwrap_or_default() {
            b"output_text.delta" => self.say(part, false, text("delta"), &mut events),
            b"refusal.delta" => self.say(part, true, text("delta"), &mut events),
            b"output_text.done" => self.say_all(part, text("text"), &mut events),
            b"refusal.done" => self.say_all(part, text("refusal"), &mut events),
            b"function_call_arguments.delta" => self.grow(item, text("delta"), &mut events),
            b"function_call_arguments.done" => self.say_all(item, text("arguments"), &mut events),
            b"reasoning_summary_part.added" => self.go_on(index, &mut events),
            b"reasoning_summary_text.delta" => self.grow(item, text("delta"), &mut events),
            b"reasoning_text.delta" => self.think(index, content, text("delta"), &mut events),
            kind => self.milestone(kind, (index, content), fields.into(), &mut events),
        }
        Ok(events)
    }

    /// Something begins or is complete.
    fn milestone(
        &mut self,
        kind: &[u8],
        (index, content): (u32, u32),
        mut fields: Fields,
        events: &mut ChatEvents,
    ) {
        match kind {
            b"created" | b"in_progress" => {
                if let Some(mut response) = fields.take_as("response", Fields::of) {
                    self.start(&mut response, events);
                }
            }
            b"output_item.added" => self.item_added(index, fields, events),
            b"output_item.done" => self.item_done(index, fields, events),
            b"content_part.added" => {
                let refusal = fields.get("part").is_some_and(|part| part["type"] == "refusal");
                let is_text = fields.get("part").is_some_and(|part| is_text(&part["type"]));
                if is_text {
                    self.know(index, fields.take("item_id"));
                    self.open_text(index, content, refusal, events);
                }
            }
            b"content_part.done" => self.content_done(index, content, fields, events),
            b"completed" | b"incomplete" => {
                if let Some(response) = fields.take_as("response", Fields::of) {
                    self.end(response, events);
                }
            }
            // What is said here is said by the others, or by nobody that we know.
            _ => {}
        }
    }

    fn start(&mut self, response: &mut Fields, events: &mut ChatEvents) {
        let (id, model, created) = read_head(response);
        if !std::mem::replace(&mut self.started, true) {
            events.push(ChatEvent::Start { id, model, created });
        }
    }

    fn item_added(&mut self, index: u32, mut fields: Fields, events: &mut ChatEvents) {
        let Some(mut fields) = fields.take_as("item", Fields::of) else {
            return;
        };
        let kind = fields.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
        match kind.as_str() {
            "message" => drop(self.messages.insert(index, of_message(fields))),
            "function_call" => {
                let id = fields.take("id");
                let call = item::read_call(fields);
                self.calls = true;
                let (id, start) = (id, PartStart::ToolCall { id: call.id, name: call.name });
                self.open_item(index, start, id, events);
                let text = (!call.arguments.is_empty()).then_some(call.arguments);
                self.grow((index, Slot::Item), text, events);
            }
            "reasoning" => {
                let id = fields.get("id").cloned();
                let redacted = item::read_thought(fields).redacted;
                self.open_item(index, PartStart::Reasoning { redacted }, id, events);
            }
            _ => {}
        }
    }

    /// An item is complete: what was not told of it while it was made is told now.
    fn item_done(&mut self, index: u32, mut fields: Fields, events: &mut ChatEvents) {
        let Some(item) = fields.take("item") else {
            return;
        };
        let place = (index, Slot::Item);
        match item["type"].as_str() {
            Some("message") => {
                let told = self.messages.contains_key(&index);
                if let (false, Ok(item)) = (told, Fields::of(item)) {
                    self.whole_message(item, events);
                }
            }
            Some("function_call") => {
                if !self.open.contains_key(&place) {
                    self.item_added_as(index, &item, events);
                }
                let Ok(fields) = Fields::of(item) else { return };
                let call = item::read_call(fields);
                self.say_all(place, Some(call.arguments), events);
                self.close(place, call.native, None, events);
            }
            Some("reasoning") => {
                if !self.open.contains_key(&place) {
                    self.item_added_as(index, &item, events);
                }
                let Ok(fields) = Fields::of(item) else { return };
                let thought = item::read_thought(fields);
                self.say_all(place, Some(thought.text), events);
                self.close(place, thought.native, thought.signature, events);
            }
            _ => {
                let part = Part::Native(Native::new(ID, ITEM, item));
                self.whole(part, events);
            }
        }
    }

    /// Some vendors tell of an item only when it is complete.
    fn item_added_as(&mut self, index: u32, item: &Value, events: &mut ChatEvents) {
        let mut opening = item.clone();
        if let Some(opening) = opening.as_object_mut() {
            opening.shift_remove("arguments");
        }
        let added = serde_json::json!({ "item": opening });
        if let Ok(fields) = Fields::of(added) {
            self.item_added(index, fields, events);
        }
    }

    fn whole_message(&mut self, mut item: Fields, events: &mut ChatEvents) {
        let content = item.list("content").unwrap_or_default();
        let natives = of_message(item);
        for part in content {
            self.whole(read_content(part, &natives), events);
        }
    }

    fn content_done(
        &mut self,
        index: u32,
        content: u32,
        mut fields: Fields,
        events: &mut ChatEvents,
    ) {
        let Some(part) = fields.take("part") else {
            return;
        };
        let place = (index, Slot::Content(content));
        let read = read_content(part, &[]);
        match read {
            Part::Text(text) if self.open.contains_key(&place) => {
                self.say_all(place, Some(text.text), events);
                self.close(place, text.native, None, events);
            }
            other => self.whole(other, events),
        }
    }

    fn open_item(
        &mut self,
        index: u32,
        start: PartStart,
        id: Option<Value>,
        events: &mut ChatEvents,
    ) {
        let id = id.map(|id| Native::new(ID, "id", id));
        self.open((index, Slot::Item), start, id.as_slice(), events);
    }

    /// A message of which nothing was told has an id all the same.
    fn know(&mut self, index: u32, id: Option<Value>) {
        let native = id.map(|id| Native::new(ID, format!("{MESSAGE}id"), id));
        self.messages.entry(index).or_insert_with(|| native.into_iter().collect());
    }

    fn open_text(&mut self, index: u32, content: u32, refusal: bool, events: &mut ChatEvents) {
        let place = (index, Slot::Content(content));
        if !self.open.contains_key(&place) {
            let natives = self.messages.get(&index).cloned().unwrap_or_default();
            self.open(place, PartStart::Text { refusal }, &natives, events);
        }
    }

    /// Opens a part, unless it is.
    fn open(
        &mut self,
        place: (u32, Slot),
        start: PartStart,
        natives: &[Native],
        events: &mut ChatEvents,
    ) {
        if self.open.contains_key(&place) {
            return;
        }
        let part = self.next();
        let open = Open { part, grown: false, piece: 0 };
        self.open.insert(place, open);
        events.push(ChatEvent::PartStart { choice: 0, part, start });
        events.extend(natives.iter().cloned().map(|it| grown(part, Delta::Native(it))));
    }

    fn next(&mut self) -> u32 {
        let part = self.parts;
        self.parts += 1;
        part
    }

    fn say(
        &mut self,
        place: (u32, Slot),
        refusal: bool,
        text: Option<String>,
        events: &mut ChatEvents,
    ) {
        // Some vendors leave out what opens a part.
        if let (index, Slot::Content(content)) = place {
            self.open_text(index, content, refusal, events);
        }
        self.grow(place, text, events);
    }

    fn grow(&mut self, place: (u32, Slot), text: Option<String>, events: &mut ChatEvents) {
        let text = text.filter(|text| !text.is_empty());
        if let (Some(open), Some(text)) = (self.open.get_mut(&place), text) {
            open.grown = true;
            events.push(grown(open.part, Delta::Text(text)));
        }
    }

    /// The whole text of a part: news only where nothing was said of it before.
    fn say_all(&mut self, place: (u32, Slot), text: Option<String>, events: &mut ChatEvents) {
        if self.open.get(&place).is_some_and(|open| !open.grown) {
            self.grow(place, text, events);
        }
    }

    /// A further part of a summary begins.
    fn go_on(&mut self, index: u32, events: &mut ChatEvents) {
        let place = (index, Slot::Item);
        if self.open.get(&place).is_some_and(|open| open.grown) {
            self.grow(place, Some(BETWEEN.to_owned()), events);
        }
    }

    /// A thought itself, which providers tell that make no summary of it.
    fn think(&mut self, index: u32, piece: u32, text: Option<String>, events: &mut ChatEvents) {
        let place = (index, Slot::Item);
        let Some(open) = self.open.get_mut(&place) else {
            return;
        };
        let further = piece > open.piece && open.grown;
        open.piece = piece.max(open.piece);
        let text = text.map(|text| if further { format!("{BETWEEN}{text}") } else { text });
        self.grow(place, text, events);
    }

    /// Closes a part; `natives` are those of the complete one, its id first, which was told.
    fn close(
        &mut self,
        place: (u32, Slot),
        natives: Vec<Native>,
        signature: Option<Seal>,
        events: &mut ChatEvents,
    ) {
        let Some(Open { part, .. }) = self.open.remove(&place) else {
            return;
        };
        let news = natives.into_iter().filter(|native| native.name != "id").map(Delta::Native);
        events.extend(news.chain(signature.map(Delta::Signature)).map(|it| grown(part, it)));
        events.push(ChatEvent::PartEnd { choice: 0, part });
    }

    fn whole(&mut self, part: Part, events: &mut ChatEvents) {
        let number = self.next();
        let start = PartStart::Whole(Box::new(part));
        events.push(ChatEvent::PartStart { choice: 0, part: number, start });
        events.push(ChatEvent::PartEnd { choice: 0, part: number });
    }

    fn end(&mut self, mut response: Fields, events: &mut ChatEvents) {
        self.start(&mut response, events);
        for (_, Open { part, .. }) in std::mem::take(&mut self.open) {
            events.push(ChatEvent::PartEnd { choice: 0, part });
        }
        response.take("output");
        let End { usage, native, finish } = read_end(response, self.calls);
        let of_answer = |native| ChatEvent::Native { choice: None, native };
        events.extend(native.into_iter().map(of_answer));
        events.extend(finish.map(|reason| ChatEvent::Finish { choice: 0, reason }));
        events.extend(usage.map(ChatEvent::Usage));
        events.push(ChatEvent::End);
    }
}

fn is_text(kind: &Value) -> bool {
    matches!(kind.as_str(), Some("output_text" | "text" | "refusal"))
}

fn grown(part: u32, delta: Delta) -> ChatEvent {
    ChatEvent::PartDelta { choice: 0, part, delta }
}
