//! From answers that each say a little more to parts.
//!
//! A text goes on as long as texts follow, and so does a thought; everything else comes whole.

use std::borrow::Cow;
use std::collections::BTreeMap;

use aisix_core::Error;
use aisix_core::chat::{
    ChatEvent, ChatEvents, Delta, FinishReason, Native, Part, PartStart, Seal, Text, ToolCall,
};
use serde_json::{Map, Value};

use super::super::part::{self, Said};
use super::super::response::{CREATED, FEEDBACK, FINISH, MODEL, read_finish};
use super::super::seal::Place;
use super::super::{ID, usage};
use crate::fields::{Borrowed, Json};
use crate::relay::unreadable;

/// The field of a candidate that grows from frame to frame; others are said again.
const GROWS: &str = "logprobsResult";

/// Lifts the frames of one stream.
#[derive(Default)]
pub(in super::super) struct Lifter {
    started: bool,
    /// The answer's id.
    id: String,
    /// What else the counts held so far.
    more: Map<String, Value>,
    candidates: BTreeMap<u32, Candidate>,
}

/// What is open in a candidate.
#[derive(Default)]
struct Candidate {
    /// How many parts were opened.
    parts: u32,
    open: Option<Open>,
    /// Whether it calls a function.
    calls: bool,
    /// What was said of it.
    natives: Map<String, Value>,
    finished: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Open {
    Text,
    Thought,
}

impl Lifter {
    /// The events of a whole answer.
    pub(in super::super) fn answer(mut self, data: &[u8]) -> Result<ChatEvents, Error> {
        let mut events = self.frame(data)?;
        for (choice, mut candidate) in self.candidates {
            candidate.close(&mut Events { choice, events: &mut events });
        }
        events.push(ChatEvent::End);
        Ok(events)
    }

    /// The events of a frame.
    pub(super) fn frame(&mut self, data: &[u8]) -> Result<ChatEvents, Error> {
        let mut fields = Borrowed::read(data).map_err(unreadable)?;
        let mut events = Vec::new();
        self.head(&mut fields, &mut events);
        // Some formats tell the prompt's tokens as they begin.
        let counted = fields.take("usageMetadata").map(Value::from).and_then(usage::read);
        if let Some((counted, more)) = counted {
            events.push(ChatEvent::Usage(counted));
            self.more.extend(more);
            events.extend(usage::more(&self.more).map(of_answer));
        }
        let candidates = fields.list("candidates").unwrap_or_default();
        let any = !candidates.is_empty();
        for (position, value) in (0..).zip(candidates) {
            self.candidate(position, value, &mut events)?;
        }
        if let Some(feedback) = fields.take(FEEDBACK).map(Value::from) {
            let blocked = feedback["blockReason"].as_str().is_some_and(|word| !word.is_empty());
            events.push(of_answer(Native::new(ID, FEEDBACK, feedback)));
            if blocked && !any {
                self.blocked(&mut events);
            }
        }
        let said = fields.natives(ID, "").filter(|native| !native.value.is_null());
        events.extend(said.map(of_answer));
        Ok(events)
    }

    /// Id, model and time stand in every frame: the first one tells them.
    fn head(&mut self, fields: &mut Borrowed<'_>, events: &mut ChatEvents) {
        let id = fields.text("responseId").unwrap_or_default();
        let model = fields.text(MODEL).unwrap_or_default();
        let time = fields.text("createTime").map(Cow::into_owned);
        if std::mem::replace(&mut self.started, true) {
            return;
        }
        let (id, model) = (id.into_owned(), model.into_owned());
        self.id.clone_from(&id);
        let seconds = |time: &String| Some(time.parse::<jiff::Timestamp>().ok()?.as_second());
        let created = time.as_ref().and_then(seconds);
        events.push(ChatEvent::Start { id, model, created });
        let time = time.map(|time| Native::new(ID, CREATED, time.into()));
        events.extend(time.map(of_answer));
    }

    /// A prompt that was blocked is an answer that a filter stopped.
    fn blocked(&mut self, events: &mut ChatEvents) {
        let candidate = self.candidates.entry(0).or_default();
        if !std::mem::replace(&mut candidate.finished, true) {
            candidate.close(&mut Events { choice: 0, events });
            events.push(ChatEvent::Finish { choice: 0, reason: FinishReason::ContentFilter });
        }
    }

    fn candidate(
        &mut self,
        position: u32,
        value: Json<'_>,
        events: &mut ChatEvents,
    ) -> Result<(), Error> {
        let mut fields = value.object().map_err(|_| unreadable("a candidate is no object"))?;
        let choice = fields.integer("index").unwrap_or(position);
        let candidate = self.candidates.entry(choice).or_default();
        let mut events = Events { choice, events };
        if let Some(content) = fields.take("content") {
            let content = content.object().map_err(|_| unreadable("content is no object"))?;
            candidate.content(content, &self.id, &mut events);
        }
        let word = fields.text(FINISH).filter(|word| !word.is_empty());
        candidate.note(fields, &mut events);
        if let Some(word) = word.map(Cow::into_owned)
            && !std::mem::replace(&mut candidate.finished, true)
        {
            let (reason, more) = read_finish(word, candidate.calls);
            candidate.close(&mut events);
            more.into_iter().for_each(|native| events.native(native));
            events.events.push(ChatEvent::Finish { choice, reason });
        }
        Ok(())
    }
}

fn of_answer(native: Native) -> ChatEvent {
    ChatEvent::Native { choice: None, native }
}

/// The events of one candidate.
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

    fn end(&mut self, part: u32) {
        self.events.push(ChatEvent::PartEnd { choice: self.choice, part });
    }

    fn native(&mut self, native: Native) {
        self.events.push(ChatEvent::Native { choice: Some(self.choice), native });
    }
}

impl Candidate {
    fn content(&mut self, mut content: Borrowed<'_>, id: &str, events: &mut Events<'_>) {
        content.take("role");
        for value in content.list(part::PARTS).unwrap_or_default() {
            let part::Read { said, seal } = part::read(value.into());
            match said {
                Said::Text(text) => self.text(text, seal, events),
                Said::Thought(text) => self.thought(text, seal, events),
                Said::Call(call) => self.call(call, seal, id, events),
                Said::Result(result, _) => self.whole(Part::ToolResult(result), events),
                Said::Other(part) => self.whole(part, events),
            }
        }
        let said = content.natives(ID, "content.").filter(|native| !native.value.is_null());
        said.for_each(|native| events.native(native));
    }

    /// Tells what is said of the candidate: streams say it again and again.
    fn note(&mut self, mut fields: Borrowed<'_>, events: &mut Events<'_>) {
        let grown = fields.take(GROWS).map(|value| Native::new(ID, GROWS, value.into()));
        grown.into_iter().for_each(|native| events.native(native));
        for native in fields.natives(ID, "").filter(|native| !native.value.is_null()) {
            let before = self.natives.insert(native.name.clone(), native.value.clone());
            if before.as_ref() != Some(&native.value) {
                events.native(native);
            }
        }
    }

    /// Opens a part; what was open is closed.
    fn open(&mut self, start: PartStart, open: Option<Open>, events: &mut Events<'_>) -> u32 {
        self.close(events);
        let part = self.parts;
        self.parts += 1;
        self.open = open;
        events.start(part, start);
        part
    }

    fn close(&mut self, events: &mut Events<'_>) {
        if self.open.take().is_some() {
            events.end(self.parts - 1);
        }
    }

    /// The part that is open, if it is of this kind; otherwise a new one.
    fn going_on(&mut self, kind: Open, events: &mut Events<'_>) -> u32 {
        if self.open == Some(kind) {
            return self.parts - 1;
        }
        let start = match kind {
            Open::Text => PartStart::Text { refusal: false },
            Open::Thought => PartStart::Reasoning { redacted: None },
        };
        self.open(start, Some(kind), events)
    }

    /// The last text of a stream is often an empty one.
    fn text(&mut self, text: Text, seal: Option<Seal>, events: &mut Events<'_>) {
        if !(text.text.is_empty() && text.native.is_empty()) {
            let part = self.going_on(Open::Text, events);
            text.native.into_iter().for_each(|native| events.grow(part, Delta::Native(native)));
            if !text.text.is_empty() {
                events.grow(part, Delta::Text(text.text));
            }
        }
        if let Some(seal) = seal {
            let start = PartStart::Reasoning { redacted: None };
            let part = self.open(start, Some(Open::Thought), events);
            self.seal(part, seal, Place::Text, events);
        }
    }

    fn thought(&mut self, thought: Text, seal: Option<Seal>, events: &mut Events<'_>) {
        let part = self.going_on(Open::Thought, events);
        thought.native.into_iter().for_each(|native| events.grow(part, Delta::Native(native)));
        if !thought.text.is_empty() {
            events.grow(part, Delta::Text(thought.text));
        }
        if let Some(seal) = seal {
            self.seal(part, seal, Place::Thought, events);
        }
    }

    /// Puts a seal on the thought that is open, which ends it.
    fn seal(&mut self, part: u32, seal: Seal, place: Place, events: &mut Events<'_>) {
        place.mark().into_iter().for_each(|mark| events.grow(part, Delta::Native(mark)));
        events.grow(part, Delta::Signature(seal));
        self.close(events);
    }

    fn call(&mut self, mut call: ToolCall, seal: Option<Seal>, id: &str, events: &mut Events<'_>) {
        self.calls = true;
        if let Some(seal) = seal {
            let thought = self.going_on(Open::Thought, events);
            self.seal(thought, seal, Place::Call, events);
        }
        self.close(events);
        let made = part::made_id(id, events.choice, self.parts);
        part::give_id(&mut call.id, &mut call.native, made);
        let start = PartStart::ToolCall { id: call.id, name: call.name };
        let part = self.open(start, None, events);
        call.native.into_iter().for_each(|native| events.grow(part, Delta::Native(native)));
        events.grow(part, Delta::Text(call.arguments));
        events.end(part);
    }

    fn whole(&mut self, part: Part, events: &mut Events<'_>) {
        let part = self.open(PartStart::Whole(Box::new(part)), None, events);
        events.end(part);
    }
}
