//! From parts to answers that each say a little more.
//!
//! Texts and thoughts are told as they come; calls, which this format tells whole, when they are
//! complete.

use std::collections::BTreeMap;

use aisix_core::DialectId;
use aisix_core::chat::{
    ChatEvent, Delta, FinishReason, Native, Part, PartStart, Reasoning, Seal, Text, ToolCall, Usage,
};
use bytes::BytesMut;
use serde_json::{Map, Value, json};

use super::super::part::{self, Match};
use super::super::response::{self, head, put_finish};
use super::super::seal::{self, Place};
use super::super::{ID, media, turn, usage};
use crate::dialect::{AnswerContext, Dropped};
use crate::sink::Sink;
use crate::sse;

/// Lowers the events of one stream.
pub(super) struct Lowerer {
    sink: Sink,
    /// The provider's id.
    id: String,
    /// What is native of the beginning.
    begun: Vec<Native>,
    choices: BTreeMap<u32, Choice>,
    usage_more: Option<Native>,
    /// The frame in the making.
    frame: Frame,
}

/// What is open in a choice.
#[derive(Default)]
struct Choice {
    parts: Vec<Open>,
    /// A seal for the next call.
    seal: Option<Seal>,
    finished: bool,
}

/// A part, as far as it has come.
enum Open {
    Text(Text),
    Thought(Reasoning),
    Call(ToolCall),
    /// Told already, or nowhere to be told.
    Done,
}

/// What the next frame says.
#[derive(Default)]
struct Frame {
    says: bool,
    candidates: BTreeMap<u32, Candidate>,
    usage: Option<Usage>,
    fields: Map<String, Value>,
}

#[derive(Default)]
struct Candidate {
    parts: Vec<Value>,
    fields: Map<String, Value>,
}

impl Lowerer {
    pub(super) fn new() -> Self {
        Self {
            sink: Sink::new(ID, ID),
            id: String::new(),
            begun: Vec::new(),
            choices: BTreeMap::new(),
            usage_more: None,
            frame: Frame::default(),
        }
    }

    /// What was left out so far.
    pub(super) fn dropped(&self) -> &[Dropped] {
        self.sink.dropped()
    }

    /// Appends what says these events, which came in this dialect.
    pub(super) fn events(
        &mut self,
        dialect: DialectId,
        events: &[ChatEvent],
        context: &AnswerContext,
        out: &mut BytesMut,
    ) {
        self.sink.came_in(dialect);
        events.iter().for_each(|event| self.event(event));
        self.flush(context, out);
    }

    /// Takes note of events that the caller is told in the original bytes.
    pub(super) fn observe(&mut self, events: &[ChatEvent]) {
        self.sink.came_in(ID);
        events.iter().for_each(|event| self.event(event));
        self.frame = Frame::default();
    }

    /// Appends what a complete stream still has to say.
    pub(super) fn finish(&mut self, context: &AnswerContext, out: &mut BytesMut) {
        for choice in self.choices.keys().copied().collect::<Vec<_>>() {
            self.end(choice);
        }
        self.flush(context, out);
    }

    fn event(&mut self, event: &ChatEvent) {
        match event {
            // Every frame says how the answer began.
            ChatEvent::Start { id, .. } => self.id.clone_from(id),
            ChatEvent::PartStart { choice, start, .. } => self.start(*choice, start),
            ChatEvent::PartDelta { choice, part, delta } => {
                self.grow(*choice, *part as usize, delta);
            }
            ChatEvent::PartEnd { choice, part } => self.close(*choice, *part as usize),
            ChatEvent::Finish { choice, reason } => self.finished(*choice, reason),
            ChatEvent::Usage(usage) => {
                self.frame.says = true;
                self.frame.usage = Some(*usage);
            }
            ChatEvent::Native { choice, native } => self.native(*choice, native),
            ChatEvent::End => {}
        }
    }

    fn native(&mut self, choice: Option<u32>, native: &Native) {
        let of_answer = choice.is_none() && native.dialect == ID;
        if of_answer && native.name == response::CREATED {
            self.begun.push(native.clone());
            return;
        }
        self.frame.says |= native.dialect == ID;
        if of_answer && usage::is_more(native) {
            self.usage_more = Some(native.clone());
            return;
        }
        let fields = match choice {
            None => &mut self.frame.fields,
            Some(choice) => &mut self.frame.candidates.entry(choice).or_default().fields,
        };
        self.sink.put_natives(std::slice::from_ref(native), fields);
    }

    fn start(&mut self, choice: u32, start: &PartStart) {
        let open = match start {
            PartStart::Text { refusal } => {
                if *refusal && !self.sink.own {
                    self.sink.drop("refusal");
                }
                Open::Text(Text::default())
            }
            PartStart::Reasoning { redacted: None } => Open::Thought(Reasoning::default()),
            PartStart::Reasoning { redacted: Some(_) } => {
                self.sink.drop("reasoning");
                Open::Done
            }
            PartStart::ToolCall { id, name } => {
                let (id, name) = (id.clone(), name.clone());
                Open::Call(ToolCall { id, name, ..ToolCall::default() })
            }
            PartStart::Whole(part) => {
                let written = self.whole(part);
                written.into_iter().for_each(|part| self.say(choice, part));
                Open::Done
            }
        };
        self.choices.entry(choice).or_default().parts.push(open);
    }

    fn whole(&mut self, part: &Part) -> Option<Map<String, Value>> {
        match part {
            Part::Native(native) => turn::own_part(native, &mut self.sink),
            Part::Media(one) if self.sink.own => media::write(one, &mut self.sink),
            Part::Media(_) => {
                self.sink.drop("media");
                None
            }
            Part::ToolResult(result) if self.sink.own => {
                let name = part::said_name(result).unwrap_or_default().to_owned();
                Some(part::write_result(result, &name, Match::ById, &mut self.sink))
            }
            _ => {
                self.sink.drop("tool_result");
                None
            }
        }
    }

    fn say(&mut self, choice: u32, part: Map<String, Value>) {
        self.frame.says = true;
        let candidate = self.frame.candidates.entry(choice).or_default();
        candidate.parts.push(Value::Object(part));
    }

    fn grow(&mut self, choice: u32, part: usize, delta: &Delta) {
        let Some(open) =
            self.choices.get_mut(&choice).and_then(|choice| choice.parts.get_mut(part))
        else {
            return;
        };
        let said = match (open, delta) {
            (Open::Text(text), Delta::Text(more)) => {
                text.text.clone_from(more);
                let said = part::write_text(text, &mut self.sink);
                text.native.clear();
                text.text.clear();
                Some(said)
            }
            (Open::Text(text), Delta::Native(native)) => {
                text.native.push(native.clone());
                None
            }
            (Open::Text(_), Delta::Citation(_)) => {
                self.sink.drop("citations");
                None
            }
            (Open::Thought(thought), Delta::Text(more)) => {
                thought.text.clone_from(more);
                let said = part::write_thought(more, &thought.native, &mut self.sink);
                thought.native.retain(|native| native.name.starts_with(':'));
                Some(said)
            }
            (Open::Thought(thought), Delta::Native(native)) => {
                thought.native.push(native.clone());
                None
            }
            (Open::Thought(_), Delta::Signature(_)) if !self.sink.own => {
                self.sink.drop("signature");
                None
            }
            (Open::Thought(thought), Delta::Signature(more)) => {
                match &mut thought.signature {
                    Some(begun) => begun.extend(more),
                    none => *none = Some(more.clone()),
                }
                None
            }
            (Open::Call(call), Delta::Text(more)) => {
                call.arguments.push_str(more);
                None
            }
            (Open::Call(call), Delta::Native(native)) => {
                call.native.push(native.clone());
                None
            }
            (_, Delta::Native(native)) => {
                self.sink.drop_natives(std::slice::from_ref(native));
                None
            }
            _ => None,
        };
        said.into_iter().for_each(|part| self.say(choice, part));
    }

    fn close(&mut self, choice: u32, part: usize) {
        let Some(state) = self.choices.get_mut(&choice) else {
            return;
        };
        let Some(open) = state.parts.get_mut(part) else {
            return;
        };
        let said = match std::mem::replace(open, Open::Done) {
            Open::Text(text) => part::unmarked(&text.native)
                .next()
                .is_some()
                .then(|| part::write_text(&text, &mut self.sink)),
            Open::Thought(Reasoning { signature: Some(seal), native, .. }) => {
                match Place::said(&native) {
                    Place::Call => {
                        state.seal = Some(seal);
                        None
                    }
                    Place::Text => Some(sealed_text(&seal)),
                    Place::Thought => {
                        let mut part = part::write_thought("", &native, &mut self.sink);
                        seal::put(&seal, &mut part);
                        Some(part)
                    }
                }
            }
            Open::Thought(thought) => part::unmarked(&thought.native)
                .next()
                .is_some()
                .then(|| part::write_thought("", &thought.native, &mut self.sink)),
            Open::Call(call) => {
                let mut part = part::write_call(&call, Match::ById, &mut self.sink);
                if let Some(seal) = state.seal.take() {
                    seal::put(&seal, &mut part);
                }
                Some(part)
            }
            Open::Done => None,
        };
        said.into_iter().for_each(|part| self.say(choice, part));
    }

    /// Tells what is still open of a choice.
    fn end(&mut self, choice: u32) {
        let parts = self.choices.get(&choice).map_or(0, |choice| choice.parts.len());
        (0..parts).for_each(|part| self.close(choice, part));
        let seal = self.choices.get_mut(&choice).and_then(|choice| choice.seal.take());
        seal.into_iter().for_each(|seal| self.say(choice, sealed_text(&seal)));
    }

    fn finished(&mut self, choice: u32, reason: &FinishReason) {
        self.end(choice);
        self.choices.entry(choice).or_default().finished = true;
        // A prompt that was blocked has no candidate.
        let blocked = self.frame.fields.get(response::FEEDBACK).is_some_and(|told| {
            told["blockReason"].is_string() && !self.frame.candidates.contains_key(&choice)
        });
        if blocked {
            return;
        }
        self.frame.says = true;
        let candidate = self.frame.candidates.entry(choice).or_default();
        if !candidate.fields.contains_key(response::FINISH) {
            put_finish(Some(reason), &[], &mut self.sink, &mut candidate.fields);
        }
    }

    /// Appends the frame, where it says something.
    fn flush(&mut self, context: &AnswerContext, out: &mut BytesMut) {
        let frame = std::mem::take(&mut self.frame);
        if !frame.says {
            return;
        }
        let mut body = Map::new();
        if !frame.candidates.is_empty() {
            let candidates = frame.candidates.into_iter().map(written).collect();
            body.insert("candidates".to_owned(), candidates);
        }
        body.extend(head(&self.id, &self.begun, context));
        if frame.usage.is_some() || self.usage_more.is_some() {
            let usage = usage::write(frame.usage.unwrap_or_default(), self.usage_more.as_ref());
            body.insert("usageMetadata".to_owned(), usage);
            self.usage_more = None;
        }
        for (name, value) in frame.fields {
            body.entry(name).or_insert(value);
        }
        // JSON made of values always serialises.
        let data = serde_json::to_vec(&body).unwrap_or_default();
        sse::write_data(out, |out| out.extend_from_slice(&data));
    }
}

fn sealed_text(seal: &Seal) -> Map<String, Value> {
    let mut part = part::plain("");
    seal::put(seal, &mut part);
    part
}

fn written((index, candidate): (u32, Candidate)) -> Value {
    let mut object = Map::new();
    if !candidate.parts.is_empty() {
        let content = json!({"role": "model", "parts": candidate.parts});
        object.insert("content".to_owned(), content);
    }
    object.extend(candidate.fields);
    object.insert("index".to_owned(), index.into());
    Value::Object(object)
}
