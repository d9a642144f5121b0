//! The messages of a request, and its instructions.

use aisix_core::Error;
use aisix_core::chat::{Part, Role, Text, Turn};
use serde_json::{Map, Value};

use super::{ID, block};
use crate::cache;
use crate::fields::{Fields, Flaw};
use crate::sink::{Sink, mark};

/// The instructions stood among the messages, not under `system`.
const AMONG_MESSAGES: &str = ":system_message";

/// Reads `system`: a text, or a list of text blocks.
///
/// # Errors
/// A client error where it is anything else.
pub(super) fn read_system(system: Option<Value>) -> Result<Option<Turn>, Error> {
    let parts = match system {
        None => return Ok(None),
        some => block::read_content(some).map_err(|Flaw { place, form }| {
            let place = place.strip_prefix(".content").unwrap_or(&place);
            Error::invalid_request(format_args!("'system{place}' must be {form}"))
        })?,
    };
    let empty = match parts.as_slice() {
        [] => true,
        [Part::Text(only)] => *only == Text::default(),
        _ => false,
    };
    Ok((!empty).then(|| turn(Role::System, parts)))
}

/// Reads the messages.
///
/// # Errors
/// A client error that names the place where they are not this format's messages.
pub(super) fn read_all(messages: Option<Value>) -> Result<Vec<Turn>, Error> {
    let Some(Value::Array(messages)) = messages else {
        return Err(Error::invalid_request("'messages' must be an array"));
    };
    let read = |(index, message)| {
        read(message).map_err(|Flaw { place, form }| {
            Error::invalid_request(format_args!("'messages[{index}]{place}' must be {form}"))
        })
    };
    messages.into_iter().enumerate().map(read).collect()
}

fn read(message: Value) -> Result<Turn, Flaw> {
    let mut fields = Fields::of(message).map_err(|_| Flaw::new("", "an object"))?;
    let role = match fields.text("role").unwrap_or_default().as_str() {
        "user" => Role::User,
        "assistant" => Role::Assistant,
        "system" => Role::System,
        _ => return Err(Flaw::new(".role", "'user', 'assistant' or 'system'")),
    };
    let mut turn = turn(role, block::read_content(fields.take("content"))?);
    if role == Role::System {
        turn.native.push(mark(ID, AMONG_MESSAGES));
    }
    turn.native.extend(fields.natives(ID, ""));
    Ok(turn)
}

fn turn(role: Role, parts: Vec<Part>) -> Turn {
    Turn { role, name: None, parts, native: Vec::new() }
}

/// Messages and instructions, in the making.
#[derive(Default)]
pub(super) struct Draft<'a> {
    system: Vec<&'a Turn>,
    messages: Vec<Message>,
}

struct Message {
    role: &'static str,
    content: Vec<Value>,
    more: Map<String, Value>,
}

impl<'a> Draft<'a> {
    /// Adds a turn. Turns of one speaker become one message, unless they came in this format: the
    /// answers of tools that were called at once must stand in one.
    pub(super) fn add(&mut self, turn: &'a Turn, sink: &mut Sink) {
        let role = match turn.role {
            Role::System | Role::Developer if self.leads(turn, sink) => {
                self.system.push(turn);
                return;
            }
            Role::System | Role::Developer if sink.own => "system",
            Role::System | Role::Developer => {
                // Only newer models know instructions in mid-conversation.
                sink.drop("system.role");
                "user"
            }
            Role::User | Role::Tool => "user",
            Role::Assistant => "assistant",
        };
        // A tool's is told by its call.
        if turn.name.is_some() && turn.role != Role::Tool {
            sink.drop("name");
        }
        let content = write_parts(turn, sink);
        let mut more = Map::new();
        sink.put_natives(&turn.native, &mut more);
        match self.messages.last_mut() {
            Some(last) if !sink.own && last.role == role => last.content.extend(content),
            _ => self.messages.push(Message { role, content, more }),
        }
    }

    /// Whether these instructions stand before everything else.
    fn leads(&self, turn: &Turn, sink: &Sink) -> bool {
        let among_messages =
            sink.own && turn.native.iter().any(|native| native.name == AMONG_MESSAGES);
        self.messages.is_empty() && !among_messages
    }

    /// Writes the instructions and the messages into the body.
    pub(super) fn write(self, sink: &mut Sink, body: &mut Map<String, Value>) {
        if let Some(system) = write_system(&self.system, sink) {
            body.insert("system".to_owned(), system);
        }
        let messages = self.messages.into_iter().filter_map(|message| message.finish(sink.own));
        let messages: Vec<_> = messages.collect();
        sink.refuse_silence(&messages);
        body.insert("messages".to_owned(), messages.into());
    }
}

impl Message {
    /// A message says something; one of a person's that says nothing is still a turn.
    fn finish(mut self, own: bool) -> Option<Value> {
        if self.content.is_empty() && !own {
            if self.role == "assistant" {
                return None;
            }
            self.content.push(block_of_text(""));
        }
        let mut object = Map::new();
        object.insert("role".to_owned(), self.role.into());
        object.insert(block::CONTENT.to_owned(), Value::Array(self.content));
        object.extend(self.more);
        Some(Value::Object(object))
    }
}

fn block_of_text(text: &str) -> Value {
    let mut block = block::of_type("text");
    block.insert("text".to_owned(), text.into());
    Value::Object(block)
}

fn write_parts(turn: &Turn, sink: &mut Sink) -> Vec<Value> {
    let mut blocks = Vec::with_capacity(turn.parts.len());
    for part in &turn.parts {
        match part {
            // The provider refuses a text without words.
            Part::Text(text) if !sink.own && text.text.trim().is_empty() => {
                leave_out_blank(text, sink);
            }
            // The provider refuses a thought that it did not seal.
            Part::Reasoning(thought) if !sink.own && thought.seals().next().is_none() => {
                sink.drop("reasoning");
            }
            part => blocks.extend(block::write(part, sink)),
        }
    }
    blocks
}

/// A text without words says nothing, but something may be said of it.
fn leave_out_blank(text: &Text, sink: &mut Sink) {
    cache::leave_out(text.cache.as_ref(), sink);
    sink.drop_natives(&text.native);
}

/// Instructions: one text, or blocks where somebody made parts of them.
fn write_system(turns: &[&Turn], sink: &mut Sink) -> Option<Value> {
    for turn in turns {
        if turn.name.is_some() {
            sink.drop("name");
        }
        sink.drop_natives(&turn.native);
    }
    let plain = |turn: &&Turn| match turn.parts.as_slice() {
        [Part::Text(only)] if *only == Text::new(&*only.text) => Some(only.text.clone()),
        _ => None,
    };
    if let Some(texts) = turns.iter().map(plain).collect::<Option<Vec<_>>>() {
        let text = texts.join("\n\n");
        return (!text.is_empty()).then(|| text.into());
    }
    let mut blocks = Vec::new();
    for part in turns.iter().flat_map(|turn| &turn.parts) {
        match part {
            Part::Text(text) if !sink.own && text.text.trim().is_empty() => {
                leave_out_blank(text, sink);
            }
            Part::Media(media) if !sink.own => sink.refuse(Error::unsupported(format_args!(
                "the target's format (messages) cannot show {} among instructions",
                media.described(),
            ))),
            part => blocks.extend(block::write(part, sink)),
        }
    }
    (!blocks.is_empty()).then_some(Value::Array(blocks))
}
