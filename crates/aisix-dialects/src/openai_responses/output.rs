//! The items of an answer, as the parts of a choice.

use aisix_core::chat::{FinishReason, Native, Part, Text};
use serde_json::{Map, Value, json};

use super::content::{self, CONTENT, Speaker};
use super::item::{self, ITEM};
use super::{ID, response};
use crate::fields::Fields;
use crate::sink::Sink;

/// What native fields of a message are called, in front of their own names: they stand with the
/// texts of the message, which are parts of their own here.
pub(super) const MESSAGE: &str = "message.";

/// Reads the items.
pub(super) fn read(items: Vec<Value>) -> Vec<Part> {
    items.into_iter().flat_map(read_item).collect()
}

fn read_item(value: Value) -> Vec<Part> {
    let kind = value["type"].as_str().unwrap_or_default().to_owned();
    let fields = match Fields::of(value) {
        Ok(fields) => fields,
        Err(value) => return vec![Part::Native(Native::new(ID, ITEM, value))],
    };
    match kind.as_str() {
        "message" => read_message(fields),
        "function_call" => vec![Part::ToolCall(item::read_call(fields))],
        "reasoning" => vec![Part::Reasoning(item::read_thought(fields))],
        _ => vec![Part::Native(Native::new(ID, ITEM, fields.into_value()))],
    }
}

fn read_message(mut fields: Fields) -> Vec<Part> {
    let content = fields.list("content").unwrap_or_default();
    let natives = of_message(fields);
    content.into_iter().map(|part| read_content(part, &natives)).collect()
}

/// What a message says beside its content, for each of its texts. Its status follows from that of
/// the answer.
pub(super) fn of_message(mut fields: Fields) -> Vec<Native> {
    for known in ["type", "role", "status", "content"] {
        fields.take(known);
    }
    let mut natives = item::natives(fields);
    for native in &mut natives {
        native.name.insert_str(0, MESSAGE);
    }
    natives
}

/// Reads a part of a message's content.
pub(super) fn read_content(value: Value, of_message: &[Native]) -> Part {
    match content::read_part(value.clone()) {
        Some(Part::Text(mut text)) => {
            text.native.splice(..0, of_message.iter().cloned());
            Part::Text(text)
        }
        Some(other) => other,
        None => Part::Native(Native::new(ID, CONTENT, value)),
    }
}

/// The id of the message that a text is of, where it is known.
pub(super) fn message_id(natives: &[Native]) -> Option<&str> {
    let id = natives.iter().find(|native| native.dialect == ID && native.name == "message.id");
    id.and_then(|native| native.value.as_str())
}

/// Items in the making.
pub(super) struct Items<'a> {
    sink: &'a mut Sink,
    /// What the ids begin with that are made here.
    base: &'a str,
    done: Vec<Value>,
    message: Option<Message>,
}

/// A message that may get further content.
struct Message {
    id: String,
    natives: Vec<Native>,
    content: Vec<Value>,
}

impl<'a> Items<'a> {
    pub(super) fn new(base: &'a str, sink: &'a mut Sink) -> Self {
        Self { sink, base, done: Vec::new(), message: None }
    }

    /// Adds a part.
    pub(super) fn add(&mut self, part: &Part) {
        match part {
            Part::Text(text) => self.say(text),
            Part::ToolCall(call) => {
                self.end_message("completed");
                let mut object = item::write_call(call, self.sink);
                let id = response::made_id("fc", self.base, self.done.len());
                object.entry("id").or_insert_with(|| id.into());
                object.entry("status").or_insert_with(|| "completed".into());
                self.done.push(Value::Object(object));
            }
            Part::Reasoning(thought) => {
                self.end_message("completed");
                let id = || response::made_id("rs", self.base, self.done.len());
                let object = item::write_thought(thought, id, self.sink);
                self.done.push(Value::Object(object));
            }
            Part::Native(native) if native.dialect == ID && native.name == ITEM => {
                self.end_message("completed");
                self.done.push(native.value.clone());
            }
            Part::Native(native) if native.dialect == ID && native.name == CONTENT => {
                let value = native.value.clone();
                self.message(None, &[]).content.push(value);
            }
            Part::Native(native) => self.sink.drop_part(native),
            Part::Media(_) => self.sink.drop("media"),
            Part::ToolResult(_) => self.sink.drop("tool_result"),
        }
    }

    fn say(&mut self, text: &Text) {
        let (of_message, own) = apart(&text.native);
        let bare = Text { native: own, ..text.clone() };
        let part = content::write_text(&bare, Speaker::Model, self.sink);
        self.message(message_id(&text.native), &of_message).content.push(part);
    }

    /// The message that a text of this id belongs to.
    fn message(&mut self, id: Option<&str>, natives: &[Native]) -> &mut Message {
        let other = |message: &Message| id.is_some_and(|id| id != message.id);
        if self.message.as_ref().is_some_and(other) {
            self.end_message("completed");
        }
        let made = || response::made_id("msg", self.base, self.done.len());
        self.message.get_or_insert_with(|| Message {
            id: id.map_or_else(made, ToOwned::to_owned),
            natives: natives.to_vec(),
            content: Vec::new(),
        })
    }

    fn end_message(&mut self, status: &str) {
        if let Some(Message { id, natives, content }) = self.message.take() {
            let item = write_message(&id, status, content, &natives, self.sink);
            self.done.push(item);
        }
    }

    /// Notes something that has no place in an answer.
    pub(super) fn leave_out(&mut self, field: &str) {
        self.sink.drop(field);
    }

    /// Notes what only a dialect understands of the choice.
    pub(super) fn leave_out_natives(&mut self, natives: &[Native]) {
        self.sink.drop_natives(natives);
    }

    /// The items of an answer that ended like this.
    pub(super) fn finish(mut self, reason: Option<&FinishReason>) -> Vec<Value> {
        let status = response::status(reason, self.sink);
        self.end_message(status);
        self.done
    }
}

/// Natives of the message, under their own names; and those of the text.
pub(super) fn apart(natives: &[Native]) -> (Vec<Native>, Vec<Native>) {
    let (mut of_message, mut own) = (Vec::new(), Vec::new());
    for native in natives {
        match native.name.strip_prefix(MESSAGE).filter(|_| native.dialect == ID) {
            Some("id") => {}
            Some(name) => of_message.push(Native::new(ID, name, native.value.clone())),
            None => own.push(native.clone()),
        }
    }
    (of_message, own)
}

/// Writes a message.
pub(super) fn write_message(
    id: &str,
    status: &str,
    content: Vec<Value>,
    natives: &[Native],
    sink: &mut Sink,
) -> Value {
    let mut object = Map::new();
    object.insert("id".to_owned(), id.into());
    object.insert("type".to_owned(), "message".into());
    object.insert("status".to_owned(), status.into());
    object.insert("role".to_owned(), "assistant".into());
    object.insert("content".to_owned(), json!(content));
    sink.put_natives(natives, &mut object);
    Value::Object(object)
}
