//! From parts to events.
//!
//! This format tells one block after the other, and its clients expect that. Parts of other formats
//! stay open until the answer ends, so a block is closed when the next begins and it can be: a text
//! that goes on later gets another block; a call is closed once its arguments are complete.

use aisix_core::DialectId;
use aisix_core::chat::{ChatEvent, Citation, Delta, FinishReason, Native, Part, PartStart, Usage};
use bytes::BytesMut;
use serde::Serialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use super::super::block::{self, CONTENT};
use super::super::response::{empty_text, head, minted, minted_call, put_finish};
use super::super::{ID, citation, usage};
use crate::dialect::{AnswerContext, Dropped};
use crate::sink::{Sink, is_mark};
use crate::sse;

/// Lowers the events of one stream.
pub(super) struct Lowerer {
    sink: Sink,
    /// The provider's id.
    id: String,
    start: Start,
    /// Parts by their number.
    parts: Vec<Place>,
    /// How many blocks were begun.
    blocks: u32,
    /// A block whose first event waits for the fields that belong into it.
    begun: Option<Begun>,
    /// Fields of the answer, and what is said with its end, that wait for an event.
    natives: Map<String, Value>,
    /// What else stood in the `usage` object.
    usage_more: Option<Native>,
    usage: Usage,
    reason: Option<FinishReason>,
    /// The model declined in words.
    refused: bool,
    end: End,
}

/// Whether the caller was told that the answer begins.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Start {
    Waits,
    Told,
}

/// Whether the caller was told why the answer ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// That is up to this encoder.
    Made,
    /// The provider's own words are relayed.
    Relayed,
}

/// Where the growth of a part goes.
struct Place {
    kind: Kind,
    index: u32,
    open: bool,
    /// The arguments of a call of another format.
    arguments: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Thought,
    Call,
    Native,
    /// Written whole: nothing more can be said of it.
    Whole,
    /// Another choice, or what this format has no place for.
    Nowhere,
}

struct Begun {
    part: usize,
    block: Map<String, Value>,
}

impl Lowerer {
    pub(super) fn new() -> Self {
        Self {
            sink: Sink::new(ID, ID),
            id: String::new(),
            start: Start::Waits,
            parts: Vec::new(),
            blocks: 0,
            begun: None,
            natives: Map::new(),
            usage_more: None,
            usage: Usage { cache_beside: true, ..Usage::default() },
            reason: None,
            refused: false,
            end: End::Made,
        }
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
        let mut begins = false;
        for event in events {
            begins |= matches!(event, ChatEvent::Start { .. });
            self.event(event, context, out);
        }
        // Another format's answer may turn out to have an error instead; this one's has begun.
        if begins && self.sink.own {
            self.begin(context, out);
        }
    }

    /// What was left out so far.
    pub(super) fn dropped(&self) -> &[Dropped] {
        self.sink.dropped()
    }

    /// Takes note of an event that the caller is told in the original bytes.
    pub(super) fn observe(&mut self, events: &[ChatEvent]) {
        self.start = Start::Told;
        if self.reason.is_none() {
            self.end = End::Relayed;
        }
        for event in events {
            match event {
                ChatEvent::PartStart { start, .. } => {
                    self.parts.push(Place::new(kind_of(start), self.blocks));
                    self.blocks += 1;
                }
                ChatEvent::PartEnd { part, .. } => {
                    if let Some(place) = self.parts.get_mut(*part as usize) {
                        place.open = false;
                    }
                }
                ChatEvent::Usage(usage) => self.usage = self.usage.max(*usage),
                _ => {}
            }
        }
    }

    /// Appends the first event of a block that waits.
    pub(super) fn flush(&mut self, context: &AnswerContext, out: &mut BytesMut) {
        let Some(Begun { part, block }) = self.begun.take() else {
            return;
        };
        self.begin(context, out);
        let index = self.parts[part].index;
        put(out, "content_block_start", json!({"index": index, "content_block": block}));
    }

    /// Appends what a complete stream still has to say.
    pub(super) fn finish(&mut self, context: &AnswerContext, out: &mut BytesMut) {
        if self.reason.is_some() || self.end == End::Made {
            self.flush(context, out);
            self.begin(context, out);
            for part in 0..self.parts.len() {
                self.close(part, context, out);
            }
            // An answer of another format says something, be it an empty text.
            if self.blocks == 0 && !self.sink.own {
                put(out, "content_block_start", json!({"index": 0, "content_block": empty_text()}));
                put(out, "content_block_stop", json!({"index": 0}));
            }
            self.say_end(out);
        }
        put(out, "message_stop", json!({}));
    }

    fn say_end(&mut self, out: &mut BytesMut) {
        let mut delta = Map::new();
        put_finish(self.reason.as_ref(), self.refused, &mut self.sink, &mut delta);
        delta.insert("stop_sequence".to_owned(), Value::Null);
        delta.extend(std::mem::take(&mut self.natives));
        let usage = usage::write(self.usage, self.usage_more.as_ref());
        put(out, "message_delta", json!({"delta": delta, "usage": usage}));
    }

    /// Tells that the answer begins, once.
    fn begin(&mut self, context: &AnswerContext, out: &mut BytesMut) {
        if std::mem::replace(&mut self.start, Start::Told) == Start::Told {
            return;
        }
        let made = minted(context);
        let id = if self.sink.own || made.is_empty() { self.id.clone() } else { made };
        let mut message = head(&id, context);
        message.insert(CONTENT.to_owned(), json!([]));
        message.insert("stop_reason".to_owned(), Value::Null);
        message.insert("stop_sequence".to_owned(), Value::Null);
        message.extend(std::mem::take(&mut self.natives));
        let usage = usage::write(self.usage, self.usage_more.as_ref());
        message.insert("usage".to_owned(), usage);
        put(out, "message_start", json!({ "message": message }));
    }

    fn event(&mut self, event: &ChatEvent, context: &AnswerContext, out: &mut BytesMut) {
        match event {
            ChatEvent::Start { id, .. } => self.id.clone_from(id),
            ChatEvent::Usage(usage) => {
                let beside = usage.cache_beside;
                self.usage = self.usage.max(*usage);
                self.usage.cache_beside = beside;
            }
            ChatEvent::Native { native, .. } if native.dialect != ID => {
                self.sink.drop_natives(std::slice::from_ref(native));
            }
            ChatEvent::Native { native, .. } if is_mark(native) => {}
            ChatEvent::Native { choice: None, native } if native.name == "usage" => {
                self.usage_more = Some(native.clone());
            }
            ChatEvent::Native { native, .. } => {
                self.natives.insert(native.name.clone(), native.value.clone());
            }
            ChatEvent::PartStart { choice: 0, start, .. } => self.open(start, context, out),
            ChatEvent::PartDelta { choice: 0, part, delta } => {
                self.grow(*part as usize, delta, context, out);
            }
            ChatEvent::PartEnd { choice: 0, part } => self.close(*part as usize, context, out),
            ChatEvent::Finish { choice: 0, reason } => {
                self.flush(context, out);
                self.reason = Some(reason.clone());
            }
            ChatEvent::PartStart { .. }
            | ChatEvent::PartDelta { .. }
            | ChatEvent::PartEnd { .. }
            | ChatEvent::Finish { .. } => self.sink.drop("choices"),
            ChatEvent::End => {}
        }
    }

    fn open(&mut self, start: &PartStart, context: &AnswerContext, out: &mut BytesMut) {
        self.settle(context, out);
        self.refused |= matches!(start, PartStart::Text { refusal: true });
        let part = self.parts.len();
        let mut block = first(start, &mut self.sink);
        if let (PartStart::ToolCall { id, .. }, Some(block)) = (start, &mut block)
            && id.is_empty()
            && !self.sink.own
        {
            let made = minted_call(context, self.blocks as usize);
            block.insert("id".to_owned(), made.into());
        }
        let kind = if block.is_some() { kind_of(start) } else { Kind::Nowhere };
        self.parts.push(Place::new(kind, self.blocks));
        if let Some(block) = block {
            self.blocks += 1;
            self.begun = Some(Begun { part, block });
        }
    }

    /// Closes what can be closed before another block begins.
    fn settle(&mut self, context: &AnswerContext, out: &mut BytesMut) {
        self.flush(context, out);
        if self.sink.own {
            return;
        }
        for part in 0..self.parts.len() {
            if self.parts[part].open && self.parts[part].is_complete() {
                self.close(part, context, out);
            }
        }
    }

    /// Begins another block for a part that goes on after its block was closed.
    fn reopen(&mut self, part: usize, context: &AnswerContext, out: &mut BytesMut) {
        self.settle(context, out);
        let start = match self.parts[part].kind {
            Kind::Thought => PartStart::Reasoning { redacted: None },
            _ => PartStart::Text { refusal: false },
        };
        let block = first(&start, &mut self.sink).unwrap_or_default();
        self.parts[part] = Place::new(self.parts[part].kind, self.blocks);
        self.blocks += 1;
        self.begun = Some(Begun { part, block });
    }

    fn grow(&mut self, part: usize, delta: &Delta, context: &AnswerContext, out: &mut BytesMut) {
        let Some(place) = self.parts.get_mut(part).filter(|place| place.kind != Kind::Nowhere)
        else {
            return;
        };
        if let (Kind::Call, Delta::Text(more), false) = (place.kind, delta, self.sink.own)
            && place.open
        {
            place.arguments.push_str(more);
        }
        let (kind, open) = (place.kind, place.open);
        if !open && matches!((kind, delta), (Kind::Text | Kind::Thought, Delta::Text(_))) {
            self.reopen(part, context, out);
        } else if !open {
            if let Delta::Text(more) = delta
                && !more.trim().is_empty()
            {
                self.sink.drop("tool_call.arguments");
            }
            return;
        }
        let index = self.parts[part].index;
        if let (Some(begun), Delta::Native(native)) = (&mut self.begun, delta)
            && begun.part == part
            && kind != Kind::Native
        {
            self.sink.put_natives(std::slice::from_ref(native), &mut begun.block);
            return;
        }
        if let Some(delta) = written(kind, delta, &mut self.sink) {
            self.flush(context, out);
            put(out, "content_block_delta", Growing { index, delta });
        }
    }

    fn close(&mut self, part: usize, context: &AnswerContext, out: &mut BytesMut) {
        if self.parts.get(part).is_some_and(|place| place.open) {
            self.flush(context, out);
            let place = &mut self.parts[part];
            place.open = false;
            // What grows from here on is lost: nobody reads the arguments again.
            place.arguments = String::new();
            put(out, "content_block_stop", json!({"index": place.index}));
        }
    }
}

impl Place {
    fn new(kind: Kind, index: u32) -> Self {
        Self { kind, index, open: kind != Kind::Nowhere, arguments: String::new() }
    }

    /// Whether nothing more can come that would have to stand in this block.
    fn is_complete(&self) -> bool {
        match self.kind {
            // A complete object goes on with nothing but blanks.
            Kind::Call => {
                self.arguments.trim_start().starts_with('{')
                    && serde_json::from_str::<IgnoredAny>(&self.arguments).is_ok()
            }
            _ => true,
        }
    }
}

fn kind_of(start: &PartStart) -> Kind {
    match start {
        PartStart::Text { .. } => Kind::Text,
        PartStart::Reasoning { redacted: None } => Kind::Thought,
        PartStart::Reasoning { redacted: Some(_) } => Kind::Whole,
        PartStart::ToolCall { .. } => Kind::Call,
        PartStart::Whole(part) => match &**part {
            Part::Native(_) => Kind::Native,
            _ => Kind::Whole,
        },
    }
}

/// The block with which a part begins; `None` where this format has no place for it.
fn first(start: &PartStart, sink: &mut Sink) -> Option<Map<String, Value>> {
    let block = match start {
        PartStart::Text { .. } => json!({"type": "text", "text": ""}),
        PartStart::Reasoning { redacted: None } => {
            json!({"type": "thinking", "thinking": "", "signature": ""})
        }
        PartStart::Reasoning { redacted: Some(data) } => {
            json!({"type": "redacted_thinking", "data": data.written(ID)})
        }
        // As in whole answers: a call of nothing is none.
        PartStart::ToolCall { name, .. } if name.is_empty() && !sink.own => {
            sink.drop("tool_call");
            return None;
        }
        PartStart::ToolCall { id, name } => {
            json!({"type": "tool_use", "id": id, "name": name, "input": {}})
        }
        PartStart::Whole(part) => match &**part {
            Part::Media(_) if !sink.own => {
                sink.drop("media");
                return None;
            }
            Part::ToolResult(_) if !sink.own => {
                sink.drop("tool_result");
                return None;
            }
            part => block::write(part, sink)?,
        },
    };
    match block {
        Value::Object(block) => Some(block),
        _ => None,
    }
}

/// What says that the block of this number grows.
#[derive(Serialize)]
struct Growing<'a> {
    index: u32,
    delta: Growth<'a>,
}

/// By what a block grows.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Growth<'a> {
    TextDelta {
        text: &'a str,
    },
    ThinkingDelta {
        thinking: &'a str,
    },
    InputJsonDelta {
        partial_json: &'a str,
    },
    #[serde(untagged)]
    Other(Value),
}

/// The growth of a block of this kind.
fn written<'a>(kind: Kind, delta: &'a Delta, sink: &mut Sink) -> Option<Growth<'a>> {
    match (kind, delta) {
        (Kind::Text, Delta::Text(text)) => Some(Growth::TextDelta { text }),
        (Kind::Thought, Delta::Text(thinking)) => Some(Growth::ThinkingDelta { thinking }),
        (Kind::Call, Delta::Text(partial_json)) => Some(Growth::InputJsonDelta { partial_json }),
        _ => written_rarely(kind, delta, sink).map(Growth::Other),
    }
}

/// The same, of what is no text.
fn written_rarely(kind: Kind, delta: &Delta, sink: &mut Sink) -> Option<Value> {
    match (kind, delta) {
        (Kind::Text, Delta::Citation(one)) => cited(one, sink),
        (Kind::Thought, Delta::Signature(seal)) => {
            Some(json!({"type": "signature_delta", "signature": seal.written(ID)}))
        }
        (_, Delta::Native(native)) if native.dialect != ID => {
            sink.drop_natives(std::slice::from_ref(native));
            None
        }
        (_, Delta::Native(native)) if is_mark(native) => None,
        (Kind::Native, Delta::Native(native)) if native.name == "input_json_delta" => {
            let fragment = native.value["input"].as_str()?;
            Some(json!({"type": "input_json_delta", "partial_json": fragment}))
        }
        (Kind::Native, Delta::Native(native)) => {
            let mut delta = block::of_type(&native.name);
            delta.extend(native.value.as_object().cloned().unwrap_or_default());
            Some(Value::Object(delta))
        }
        // A field that came after the block had begun.
        (_, Delta::Native(native)) => {
            let mut delta = block::of_type(&format!("{}_delta", native.name));
            delta.insert(native.name.clone(), native.value.clone());
            Some(Value::Object(delta))
        }
        (_, Delta::Signature(_)) => {
            sink.drop("signature");
            None
        }
        (_, Delta::Citation(_)) => {
            sink.drop("citations");
            None
        }
        (_, Delta::Text(_)) => None,
    }
}

fn cited(citation: &Citation, sink: &mut Sink) -> Option<Value> {
    let citation = citation::write(citation, sink)?;
    Some(json!({"type": "citations_delta", "citation": citation}))
}

/// Appends an event: its name, and its data, which begin with the name.
fn put(out: &mut BytesMut, name: &str, data: impl Serialize) {
    #[derive(Serialize)]
    struct Event<'a, D> {
        r#type: &'a str,
        #[serde(flatten)]
        data: D,
    }
    // Data made of values and texts always serialise, and hold no line end.
    let data = serde_json::to_vec(&Event { r#type: name, data }).unwrap_or_default();
    sse::write_event(out, name.as_bytes(), &data);
}
