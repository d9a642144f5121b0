//! From blocks to flat chunks.

use std::collections::BTreeMap;

use aisix_core::DialectId;
use aisix_core::chat::{ChatEvent, Delta, Native, Part, PartStart, Usage};
use bytes::{BufMut, BytesMut};
use serde_json::{Map, Value, json};

use super::super::annotation::{ANNOTATIONS, Annotations};
use super::super::call::TOOL_CALLS;
use super::super::message::AUDIO;
use super::super::part::{self, CONTENT};
use super::super::response::{MESSAGE, answer_id};
use super::super::{ID, detail, spelling, wire};
use super::chunk::{Choice, Chunk, Piece};
use crate::dialect::{AnswerContext, Dropped};
use crate::sink::{Sink, is_mark};

/// Lowers the events of one stream.
pub(super) struct Lowerer {
    sink: Sink,
    /// The provider's id and time.
    start: Option<(String, Option<i64>)>,
    /// Id and time, the same on every chunk.
    head: Option<(String, i64)>,
    choices: BTreeMap<u32, Told>,
    /// Fields of the answer that wait for a chunk.
    natives: Map<String, Value>,
    usage: Option<Usage>,
    /// What else stood in the `usage` object.
    usage_more: Option<Native>,
    /// The latest usage has been told.
    usage_told: bool,
    /// Calls are told in the form that came before tools, unless they came in this format.
    by_function: bool,
}

/// What was told of a choice.
#[derive(Default)]
struct Told {
    /// Where the growth of each part goes.
    parts: Vec<Place>,
    /// How many tool calls were told.
    calls: u32,
    /// How many thoughts were told.
    thoughts: u32,
    annotations: Annotations,
    legacy_call: bool,
    by_function: bool,
}

/// Where the growth of a part goes.
#[derive(Clone, Copy)]
enum Place {
    Content,
    Refusal,
    /// The thought of this number.
    Thought(u32),
    Call(u32),
    FunctionCall,
    NativeCall(u32),
    Audio,
    Nowhere,
}

impl Lowerer {
    pub(super) fn new(context: &AnswerContext) -> Self {
        Self {
            sink: Sink::new(ID, ID),
            start: None,
            head: None,
            choices: BTreeMap::new(),
            natives: Map::new(),
            usage: None,
            usage_more: None,
            usage_told: false,
            by_function: context.asked.by_function,
        }
    }

    /// Appends the chunks that say these events, which came in this dialect: one, unless one cannot
    /// say them all.
    pub(super) fn events(
        &mut self,
        dialect: DialectId,
        events: &[ChatEvent],
        context: &AnswerContext,
        out: &mut BytesMut,
    ) {
        self.sink.came_in(dialect);
        let mut draft = Vec::new();
        let mut told_usage = false;
        let mut pieces = Vec::new();
        for event in events {
            told_usage |= matches!(event, ChatEvent::Usage(_));
            let choice = self.pieces(event, &mut pieces);
            for piece in pieces.drain(..) {
                if let Err(piece) = say(&mut draft, choice, piece) {
                    self.chunk(std::mem::take(&mut draft), None, context, out);
                    // An empty draft takes every piece.
                    let _ = say(&mut draft, choice, piece);
                }
            }
        }
        if !draft.is_empty() {
            // A caller that asked for usage gets it once, at the end; usage that comes with other
            // news is passed on to one that did not.
            let riding = told_usage && !wants_usage(context);
            let usage = riding.then(|| self.tell_usage()).flatten();
            self.chunk(draft, usage, context, out);
        }
    }

    /// What was left out so far.
    pub(super) fn dropped(&self) -> &[Dropped] {
        self.sink.dropped()
    }

    /// Takes note of events that the caller is told in the original bytes.
    pub(super) fn observe(&mut self, events: &[ChatEvent]) {
        let mut told = Vec::new();
        self.sink.came_in(ID);
        for event in events {
            self.pieces(event, &mut told);
            self.usage_told |= matches!(event, ChatEvent::Usage(_));
        }
        self.natives.clear();
    }

    /// Appends what a complete stream still has to say.
    pub(super) fn finish(&mut self, context: &AnswerContext, out: &mut BytesMut) {
        let wanted = wants_usage(context) && !self.usage_told;
        let usage = wanted.then(|| self.tell_usage()).flatten();
        if usage.is_some() || !self.natives.is_empty() {
            self.chunk(Vec::new(), usage, context, out);
        }
    }

    fn tell_usage(&mut self) -> Option<Value> {
        self.usage_told = true;
        self.sink.drop_cache_life(self.usage);
        Some(wire::write_usage(self.usage?, self.usage_more.as_ref()))
    }

    fn chunk(
        &mut self,
        choices: Vec<Choice>,
        usage: Option<Value>,
        context: &AnswerContext,
        out: &mut BytesMut,
    ) {
        let more = std::mem::take(&mut self.natives);
        let (id, created) = self.head.get_or_insert_with(|| {
            let (id, created) = self.start.take().unwrap_or_default();
            (answer_id(&id, context), created.unwrap_or(context.created))
        });
        let mut chunk = Chunk {
            id,
            object: "chat.completion.chunk",
            created: *created,
            model: &context.model,
            choices,
            usage,
            more,
        };
        chunk.settle();
        // Writing JSON into memory does not fail, and it holds no line end.
        let chunk = serde_json::to_vec(&chunk).unwrap_or_default();
        for piece in [b"data: ", &*chunk, b"\n\n"] {
            out.put_slice(piece);
        }
    }

    /// Says an event, as far as it is news for the caller.
    fn pieces(&mut self, event: &ChatEvent, pieces: &mut Vec<Piece>) -> u32 {
        match event {
            ChatEvent::Start { id, created, .. } => self.start = Some((id.clone(), *created)),
            ChatEvent::Usage(usage) => {
                let larger = self.usage.unwrap_or_default().max(*usage);
                self.usage_told &= self.usage == Some(larger);
                self.usage = Some(larger);
            }
            ChatEvent::Native { native, .. } if is_foreign(native) => self.leave_out(native),
            ChatEvent::Native { choice: None, native } => self.of_answer(native),
            ChatEvent::Native { choice, native } => {
                let index = choice.unwrap_or_default();
                self.told(index, pieces).0.native(native, pieces);
                return index;
            }
            ChatEvent::PartStart { choice, start, .. } => {
                let (told, sink) = self.told(*choice, pieces);
                told.part_start(start, sink, pieces);
                return *choice;
            }
            ChatEvent::PartDelta { choice, part, delta } => {
                let (told, sink) = self.told(*choice, pieces);
                told.part_delta(*part, delta, sink, pieces);
                return *choice;
            }
            ChatEvent::Finish { choice, reason } => {
                let (told, _) = self.told(*choice, pieces);
                // Clients join lists of several frames by a number that annotations do not have.
                let annotations = told.annotations.written();
                pieces.extend(annotations.map(|all| Piece::OfMessage(ANNOTATIONS.to_owned(), all)));
                let word = wire::write_finish(reason, told.legacy_call);
                pieces.push(Piece::Finish(word.to_owned()));
                return *choice;
            }
            ChatEvent::PartEnd { .. } | ChatEvent::End => {}
        }
        0
    }

    /// A choice; the first news of it brings its role.
    fn told(&mut self, index: u32, pieces: &mut Vec<Piece>) -> (&mut Told, &mut Sink) {
        let by_function = self.by_function && !self.sink.own;
        let told = self.choices.entry(index).or_insert_with(|| {
            pieces.push(Piece::Role);
            Told { by_function, legacy_call: by_function, ..Told::default() }
        });
        (told, &mut self.sink)
    }

    fn leave_out(&mut self, native: &Native) {
        self.sink.drop_natives(std::slice::from_ref(native));
    }

    fn of_answer(&mut self, native: &Native) {
        if is_mark(native) {
            return;
        }
        if native.name == "usage" {
            self.usage_more = Some(native.clone());
        } else {
            self.natives.insert(native.name.clone(), native.value.clone());
        }
    }
}

fn is_foreign(native: &Native) -> bool {
    native.dialect != ID
}

fn wants_usage(context: &AnswerContext) -> bool {
    context.stream_options.is_some_and(|options| options.include_usage)
}

fn say(draft: &mut Vec<Choice>, index: u32, piece: Piece) -> Result<(), Piece> {
    let place = match draft.iter().position(|choice| choice.index() == index) {
        Some(place) => place,
        None => {
            draft.push(Choice::new(index));
            draft.len() - 1
        }
    };
    draft[place].say(piece)
}

impl Told {
    fn native(&mut self, native: &Native, pieces: &mut Vec<Piece>) {
        self.legacy_call |= native.name == spelling::FUNCTION_CALL;
        if is_mark(native) {
            return;
        }
        let value = native.value.clone();
        pieces.push(match native.name.strip_prefix(MESSAGE) {
            Some(name) => Piece::OfMessage(name.to_owned(), value),
            None => Piece::OfChoice(native.name.clone(), value),
        });
    }

    fn part_start(&mut self, start: &PartStart, sink: &mut Sink, pieces: &mut Vec<Piece>) {
        let place = match start {
            PartStart::Text { refusal: false } => Place::Content,
            PartStart::Text { refusal: true } => Place::Refusal,
            PartStart::Reasoning { redacted } => {
                let number = self.thoughts;
                self.thoughts += 1;
                let data = redacted.as_ref();
                let data = data.map(|data| detail::fragment(number, "data", &data.written(ID)));
                pieces.extend(data.map(Piece::Detail));
                Place::Thought(number)
            }
            // There is one in this form.
            PartStart::ToolCall { .. } if self.by_function && self.next_call() > 0 => {
                nowhere(TOOL_CALLS, sink)
            }
            PartStart::ToolCall { id, name }
                if self.by_function || self.legacy_call && id.is_empty() =>
            {
                pieces.push(Piece::FunctionCall(name.clone()));
                Place::FunctionCall
            }
            PartStart::ToolCall { id, name } => {
                let index = self.next_call();
                let function = json!({"name": name, "arguments": ""});
                pieces.push(Piece::Call(json!({
                    "index": index, "id": id, "type": "function", "function": function,
                })));
                Place::Call(index)
            }
            PartStart::Whole(part) => self.whole(part, sink, pieces),
        };
        self.parts.push(place);
    }

    fn next_call(&mut self) -> u32 {
        let index = self.calls;
        self.calls += 1;
        index
    }

    fn whole(&mut self, part: &Part, sink: &mut Sink, pieces: &mut Vec<Piece>) -> Place {
        match part {
            Part::Native(native) if native.dialect == ID => {
                let value = native.value.clone();
                match native.name.as_str() {
                    AUDIO => {
                        pieces.push(Piece::Audio(value));
                        Place::Audio
                    }
                    TOOL_CALLS => {
                        let index = self.next_call();
                        pieces.push(Piece::Call(numbered(index, value)));
                        Place::NativeCall(index)
                    }
                    CONTENT => {
                        pieces.push(Piece::ContentPart(value));
                        Place::Nowhere
                    }
                    other => {
                        sink.drop(other);
                        Place::Nowhere
                    }
                }
            }
            // What came as a part of content in this format goes back as one.
            Part::Text(text) => {
                pieces.push(Piece::ContentPart(part::write_text(text, sink)));
                Place::Nowhere
            }
            Part::Media(media) if sink.own => {
                pieces.extend(part::write_media(media, sink).map(Piece::ContentPart));
                Place::Nowhere
            }
            Part::Native(native) => {
                sink.drop_part(native);
                Place::Nowhere
            }
            Part::Media(_) => nowhere("media", sink),
            Part::ToolResult(_) => nowhere("tool_result", sink),
            Part::ToolCall(_) => nowhere("tool_call", sink),
            Part::Reasoning(_) => nowhere("reasoning", sink),
        }
    }

    fn part_delta(&mut self, part: u32, delta: &Delta, sink: &mut Sink, pieces: &mut Vec<Piece>) {
        let place = self.parts.get(part as usize).copied().unwrap_or(Place::Nowhere);
        match (place, delta) {
            (Place::Content, Delta::Text(text)) => {
                self.annotations.grow(part as usize, text);
                pieces.push(Piece::Content(text.clone()));
            }
            (Place::Content, Delta::Citation(citation)) => {
                self.annotations.cite(part as usize, citation, sink);
            }
            (Place::Refusal, Delta::Text(text)) => pieces.push(Piece::Refusal(text.clone())),
            (Place::Thought(number), Delta::Text(text)) => {
                pieces.push(Piece::Thought(text.clone()));
                // A seal may follow, which is worth nothing without its text.
                if !sink.own {
                    pieces.push(Piece::Detail(detail::fragment(number, "text", text)));
                }
            }
            (Place::Thought(number), Delta::Signature(seal)) => {
                pieces.push(Piece::Detail(detail::fragment(
                    number,
                    "signature",
                    &seal.written(ID),
                )));
            }
            (Place::Call(index), Delta::Text(text)) => {
                pieces.push(Piece::Arguments(index, text.clone()));
            }
            (Place::FunctionCall, Delta::Text(text)) => {
                pieces.push(Piece::FunctionArguments(text.clone()));
            }
            (Place::Call(index), Delta::Native(native)) if native.dialect == ID => {
                pieces.push(Piece::Call(call_field(index, native)));
            }
            (Place::NativeCall(index), Delta::Native(native)) if native.dialect == ID => {
                pieces.push(Piece::Call(numbered(index, native.value.clone())));
            }
            (Place::Audio, Delta::Native(native)) if native.dialect == ID => {
                pieces.push(Piece::Audio(native.value.clone()));
            }
            // The part was left out as a whole.
            (Place::Nowhere, _) => {}
            (_, Delta::Text(_)) => {}
            (_, Delta::Signature(_)) => sink.drop("reasoning.signature"),
            (_, Delta::Citation(_)) => sink.drop("citations"),
            (_, Delta::Native(native)) => sink.drop_natives(std::slice::from_ref(native)),
        }
    }
}

fn nowhere(field: &str, sink: &mut Sink) -> Place {
    sink.drop(field);
    Place::Nowhere
}

/// An entry of `tool_calls` under the number that it has here.
fn numbered(index: u32, mut value: Value) -> Value {
    if let Some(fields) = value.as_object_mut() {
        fields.shift_insert(0, "index".to_owned(), index.into());
    }
    value
}

/// A fragment that adds a native field to a call, or to the function in it.
fn call_field(index: u32, native: &Native) -> Value {
    match native.name.strip_prefix("function.") {
        Some(name) => json!({"index": index, "function": {name: native.value}}),
        None => json!({"index": index, &native.name: native.value}),
    }
}
