//! From blocks to events of items.

mod complete;
mod observe;

use std::collections::BTreeMap;

use aisix_core::chat::{
    ChatEvent, Citation, Delta, FinishReason, Native, Part, PartStart, Seal, Usage,
};
use aisix_core::{DialectId, Error};
use bytes::BytesMut;
use serde_json::{Map, Value, json};

use super::super::ID;
use super::super::content::CONTENT;
use super::super::item::{self, ITEM};
use super::super::output::{apart, message_id, write_message};
use super::super::response::{self, Head};
use crate::dialect::{AnswerContext, Dropped};
use crate::sink::Sink;
use crate::sse;

/// Lowers the events of one stream.
pub(super) struct Lowerer {
    context: AnswerContext,
    sink: Sink,
    /// What the ids begin with that are made here.
    base: String,
    /// Known when the answer has begun.
    head: Option<Head>,
    /// The number of the next event.
    sequence: u64,
    parts: Vec<Told>,
    /// How many items were opened.
    items: u32,
    /// Those that are complete.
    done: BTreeMap<u32, Value>,
    message: Option<Message>,
    natives: Vec<Native>,
    usage: Option<Usage>,
    finish: Option<FinishReason>,
    /// The last event was told.
    ended: bool,
}

/// A message that may get further content.
struct Message {
    index: u32,
    id: String,
    natives: Vec<Native>,
    /// Its parts, by their numbers.
    parts: Vec<usize>,
    /// Those of them that are complete.
    content: Vec<Value>,
}

/// What was told of a part.
struct Told {
    what: What,
    state: State,
    /// All of its text up to now.
    text: String,
    natives: Vec<Native>,
    signature: Option<Seal>,
    /// What a text rests on.
    citations: Vec<Citation>,
}

/// What a part is.
enum What {
    Text {
        refusal: bool,
    },
    Call {
        id: String,
        name: String,
    },
    Thought {
        redacted: Option<Seal>,
    },
    /// A part of a content, or an item, that came whole.
    Content(Value),
    Item(Value),
    /// It has no place in this format.
    Nothing,
}

/// How far the telling of a part has come.
#[derive(Clone)]
enum State {
    /// Not begun: more may be known of it with the next event.
    Waiting,
    /// Its place, and the id of the item there.
    Open {
        index: u32,
        content: usize,
        id: String,
    },
    Ended,
}

impl Lowerer {
    pub(super) fn new(context: AnswerContext) -> Self {
        let base = response::base(&context);
        Self {
            context,
            sink: Sink::new(ID, ID),
            base,
            head: None,
            sequence: 0,
            parts: Vec::new(),
            items: 0,
            done: BTreeMap::new(),
            message: None,
            natives: Vec::new(),
            usage: None,
            finish: None,
            ended: false,
        }
    }

    /// What was left out so far.
    pub(super) fn dropped(&self) -> &[Dropped] {
        self.sink.dropped()
    }

    /// Appends the events that say these, which came in this dialect.
    pub(super) fn events(&mut self, dialect: DialectId, events: &[ChatEvent], out: &mut BytesMut) {
        self.sink.came_in(dialect);
        let opened = self.parts.len();
        for event in events {
            self.event(event, out);
        }
        // What is known of a part when it opens came with it: none of those before waits.
        for part in opened..self.parts.len() {
            self.open(part, out);
        }
    }

    /// Appends what a complete stream still has to say.
    pub(super) fn finish(&mut self, out: &mut BytesMut) {
        if !self.ended {
            self.end(out);
        }
    }

    /// Appends what tells the caller that the stream ends here, incomplete.
    pub(super) fn fail(&mut self, error: &Error, out: &mut BytesMut) {
        let code = error.public_code().unwrap_or(error.code().error_type());
        let mut fields = Map::new();
        fields.insert("code".to_owned(), code.into());
        fields.insert("message".to_owned(), error.message().into());
        if let Some(param) = error.param() {
            fields.insert("param".to_owned(), param.into());
        }
        self.tell("error", fields, out);
    }

    fn event(&mut self, event: &ChatEvent, out: &mut BytesMut) {
        match event {
            ChatEvent::Start { id, model: _, created } => self.begin(id, *created, out),
            ChatEvent::PartStart { choice: 0, start, .. } => self.part_start(start),
            ChatEvent::PartDelta { choice: 0, part, delta } => {
                self.part_delta(*part as usize, delta, out);
            }
            ChatEvent::PartEnd { choice: 0, part } => self.part_end(*part as usize, out),
            ChatEvent::Finish { choice: 0, reason } => self.finish = Some(reason.clone()),
            // This format has one answer.
            ChatEvent::PartStart { .. }
            | ChatEvent::PartDelta { .. }
            | ChatEvent::PartEnd { .. }
            | ChatEvent::Finish { .. } => self.sink.drop("choices"),
            ChatEvent::Usage(usage) => {
                self.usage = Some(self.usage.unwrap_or_default().max(*usage));
            }
            ChatEvent::Native { choice: None, native } if native.dialect == ID => {
                self.natives.retain(|before| before.name != native.name);
                self.natives.push(native.clone());
            }
            ChatEvent::Native { native, .. } => {
                self.sink.drop_natives(std::slice::from_ref(native));
            }
            ChatEvent::End => self.finish(out),
        }
    }

    fn begin(&mut self, id: &str, created: Option<i64>, out: &mut BytesMut) {
        if self.head.is_some() {
            return;
        }
        let head = Head {
            id: response::answer_id(id, &self.context, self.sink.own),
            created: created.unwrap_or(self.context.created),
            model: self.context.model.to_string(),
            repeated: self.context.asked.repeated.clone(),
        };
        let response = Value::Object(head.object(&[], None, &mut self.sink));
        self.head = Some(head);
        for kind in ["response.created", "response.in_progress"] {
            self.tell(kind, object([("response", response.clone())]), out);
        }
    }

    fn part_start(&mut self, start: &PartStart) {
        let mut told = Told {
            what: What::Nothing,
            state: State::Waiting,
            text: String::new(),
            natives: Vec::new(),
            signature: None,
            citations: Vec::new(),
        };
        told.what = match start {
            PartStart::Text { refusal } => What::Text { refusal: *refusal },
            PartStart::Reasoning { redacted } => What::Thought { redacted: redacted.clone() },
            PartStart::ToolCall { id, name } => What::Call { id: id.clone(), name: name.clone() },
            PartStart::Whole(part) => self.whole(part, &mut told),
        };
        self.parts.push(told);
    }

    fn whole(&mut self, part: &Part, told: &mut Told) -> What {
        match part {
            Part::Native(native) if native.dialect == ID && native.name == ITEM => {
                return What::Item(native.value.clone());
            }
            Part::Native(native) if native.dialect == ID && native.name == CONTENT => {
                return What::Content(native.value.clone());
            }
            Part::Text(text) => {
                let own = |native: &Native| native.dialect == ID;
                (told.text, told.natives) = (text.text.clone(), text.native.clone());
                told.natives.retain(own);
                told.citations.clone_from(&text.citations);
                return What::Text { refusal: text.refusal };
            }
            Part::Native(native) => self.sink.drop_part(native),
            Part::Media(_) => self.sink.drop("media"),
            Part::ToolResult(_) => self.sink.drop("tool_result"),
            Part::ToolCall(_) => self.sink.drop("tool_call"),
            Part::Reasoning(_) => self.sink.drop("reasoning"),
        }
        What::Nothing
    }

    fn part_delta(&mut self, part: usize, delta: &Delta, out: &mut BytesMut) {
        let Some(told) = self.parts.get_mut(part) else {
            return;
        };
        match delta {
            // The part was left out as a whole.
            _ if matches!(told.what, What::Nothing) => {}
            Delta::Text(text) => {
                self.open(part, out);
                self.grow(part, text, out);
            }
            Delta::Native(native) if native.dialect == ID => told.natives.push(native.clone()),
            Delta::Native(native) => self.sink.drop_natives(std::slice::from_ref(native)),
            Delta::Signature(seal) => match &mut told.signature {
                Some(begun) => begun.extend(seal),
                none => *none = Some(seal.clone()),
            },
            Delta::Citation(citation) => match told.what {
                What::Text { .. } => told.citations.push(citation.clone()),
                _ => self.sink.drop("citations"),
            },
        }
    }

    fn part_end(&mut self, part: usize, out: &mut BytesMut) {
        self.open(part, out);
        self.complete(part, out);
    }

    /// Opens a part, unless that was done.
    fn open(&mut self, part: usize, out: &mut BytesMut) {
        let Some(Told { what, state: State::Waiting, natives, .. }) = self.parts.get(part) else {
            return;
        };
        let own_id = id_of(natives);
        match what {
            What::Nothing => self.parts[part].state = State::Ended,
            What::Text { .. } | What::Content(_) => self.open_content(part, out),
            What::Call { id, name } => {
                let item = json!({
                    "type": "function_call", "status": "in_progress",
                    "call_id": id, "name": name, "arguments": "",
                });
                self.open_item(part, "fc", own_id, item, out);
            }
            What::Thought { redacted } => {
                let mut item = json!({"type": "reasoning", "summary": []});
                let mut id = own_id;
                if let Some(sealed) = redacted {
                    item["encrypted_content"] = sealed.written(ID).into();
                    let made = response::made_id("rs", &self.base, self.items as usize);
                    id = id.or_else(|| Some(item::redacted_id(&made)));
                }
                self.open_item(part, "rs", id, item, out);
            }
            What::Item(value) => {
                let value = value.clone();
                self.open_item(
                    part,
                    "item",
                    value["id"].as_str().map(ToOwned::to_owned),
                    value,
                    out,
                );
            }
        }
    }

    fn open_item(
        &mut self,
        part: usize,
        kind: &str,
        id: Option<String>,
        mut item: Value,
        out: &mut BytesMut,
    ) {
        self.end_message_if_quiet(out);
        self.begin("", None, out);
        let index = self.items;
        self.items += 1;
        let id = id.unwrap_or_else(|| response::made_id(kind, &self.base, index as usize));
        if let Some(item) = item.as_object_mut()
            && kind != "item"
        {
            item.shift_insert(0, "id".to_owned(), id.as_str().into());
        }
        let added = object([("output_index", index.into()), ("item", item)]);
        self.tell("response.output_item.added", added, out);
        self.parts[part].state = State::Open { index, content: 0, id };
    }

    fn open_content(&mut self, part: usize, out: &mut BytesMut) {
        let natives = self.parts[part].natives.clone();
        let id = message_id(&natives);
        let other = |message: &Message| id.is_some_and(|id| id != message.id);
        if self.message.as_ref().is_some_and(other) {
            self.end_message("completed", out);
        }
        if self.message.is_none() {
            self.open_message(id, &natives, out);
        }
        let Some(message) = &mut self.message else {
            return;
        };
        let (index, id, content) = (message.index, message.id.clone(), message.parts.len());
        message.parts.push(part);
        message.content.push(Value::Null);
        let value = match &self.parts[part].what {
            What::Text { refusal: true } => json!({"type": "refusal", "refusal": ""}),
            What::Content(value) => value.clone(),
            _ => json!({"type": "output_text", "text": "", "annotations": []}),
        };
        self.parts[part].state = State::Open { index, content, id: id.clone() };
        let mut added = place(&id, index, Some(content));
        added.insert("part".to_owned(), value);
        self.tell("response.content_part.added", added, out);
        // A part that came whole is told whole.
        let text = std::mem::take(&mut self.parts[part].text);
        if !text.is_empty() {
            self.grow(part, &text, out);
        }
    }

    fn open_message(&mut self, id: Option<&str>, natives: &[Native], out: &mut BytesMut) {
        self.begin("", None, out);
        let index = self.items;
        self.items += 1;
        let made = || response::made_id("msg", &self.base, index as usize);
        let id = id.map_or_else(made, ToOwned::to_owned);
        let (natives, _) = apart(natives);
        let item = write_message(&id, "in_progress", Vec::new(), &natives, &mut self.sink);
        self.message = Some(Message { index, id, natives, parts: Vec::new(), content: Vec::new() });
        let added = object([("output_index", index.into()), ("item", item)]);
        self.tell("response.output_item.added", added, out);
    }

    fn grow(&mut self, part: usize, text: &str, out: &mut BytesMut) {
        let told = &mut self.parts[part];
        let State::Open { index, content, id } = told.state.clone() else {
            return;
        };
        let begins = told.text.is_empty();
        told.text.push_str(text);
        let (kind, mut fields) = match &told.what {
            What::Text { refusal: false } => {
                let mut fields = place(&id, index, Some(content));
                fields.insert("logprobs".to_owned(), json!([]));
                ("response.output_text.delta", fields)
            }
            What::Text { refusal: true } => {
                ("response.refusal.delta", place(&id, index, Some(content)))
            }
            What::Call { .. } => {
                ("response.function_call_arguments.delta", place(&id, index, None))
            }
            What::Thought { .. } => {
                let mut fields = place(&id, index, None);
                fields.insert("summary_index".to_owned(), 0.into());
                if begins {
                    let mut added = fields.clone();
                    added.insert("part".to_owned(), item::summary_part(""));
                    self.tell("response.reasoning_summary_part.added", added, out);
                }
                ("response.reasoning_summary_text.delta", fields)
            }
            What::Content(_) | What::Item(_) | What::Nothing => return,
        };
        fields.insert("delta".to_owned(), text.into());
        self.tell(kind, fields, out);
    }

    fn end(&mut self, out: &mut BytesMut) {
        self.begin("", None, out);
        for part in 0..self.parts.len() {
            self.part_end(part, out);
        }
        let finish = self.finish.take();
        let status = response::status(finish.as_ref(), &mut self.sink);
        self.end_message(status, out);
        let output = std::mem::take(&mut self.done).into_values().collect();
        let natives = std::mem::take(&mut self.natives);
        if let Some(head) = self.head.clone() {
            let ended = (finish.as_ref(), output, self.usage);
            let response = head.object(&natives, Some(ended), &mut self.sink);
            let kind =
                if status == "incomplete" { "response.incomplete" } else { "response.completed" };
            self.tell(kind, object([("response", Value::Object(response))]), out);
        }
        self.ended = true;
    }

    fn tell(&mut self, kind: &str, fields: Map<String, Value>, out: &mut BytesMut) {
        let mut event = Map::with_capacity(fields.len() + 2);
        event.insert("type".to_owned(), kind.into());
        event.insert("sequence_number".to_owned(), self.sequence.into());
        event.extend(fields);
        self.sequence += 1;
        // Maps with text keys always serialise.
        let data = serde_json::to_vec(&event).unwrap_or_default();
        sse::write_event(out, kind.as_bytes(), &data);
    }
}

/// The provider's id of an item.
fn id_of(natives: &[Native]) -> Option<String> {
    let id = natives.iter().find(|native| native.dialect == ID && native.name == "id")?;
    id.value.as_str().map(ToOwned::to_owned)
}

/// What says where something happens.
fn place(id: &str, index: u32, content: Option<usize>) -> Map<String, Value> {
    let mut fields = object([("item_id", id.into()), ("output_index", index.into())]);
    fields.extend(content.map(|content| ("content_index".to_owned(), content.into())));
    fields
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Map<String, Value> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
