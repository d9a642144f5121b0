//! The messages of a request, and its instructions.

use std::collections::BTreeSet;

use aisix_core::Error;
use aisix_core::chat::{Part, Role, Turn};
use serde_json::{Map, Value, json};

use super::block;
use super::document_name::Names;
use crate::sink::Sink;

/// What is said beside documents where nobody said anything: as little as a text may say.
const NOTHING_TO_SAY: &str = ".";

/// Messages and instructions, in the making.
#[derive(Default)]
pub(super) struct Draft {
    system: Vec<Value>,
    messages: Vec<Message>,
    names: Names,
}

struct Message {
    role: &'static str,
    content: Vec<Value>,
}

impl Draft {
    /// Adds a turn. Turns of one speaker become one message, as the provider wants speakers to
    /// alternate, and the answers of tools that were called at once in one message.
    pub(super) fn add(&mut self, turn: &Turn, sink: &mut Sink) {
        // A tool's is told by its call.
        if turn.name.is_some() && turn.role != Role::Tool {
            sink.drop("name");
        }
        sink.drop_natives(&turn.native);
        let role = match turn.role {
            Role::System | Role::Developer => return self.instruct(turn, sink),
            Role::User | Role::Tool => "user",
            Role::Assistant => "assistant",
        };
        let mut content = Vec::with_capacity(turn.parts.len());
        for part in &turn.parts {
            block::write(part, &mut self.names, &mut content, sink);
        }
        match self.messages.last_mut() {
            Some(last) if last.role == role => last.content.extend(content),
            _ => self.messages.push(Message { role, content }),
        }
    }

    /// Instructions stand in front of everything; only the newest models know others.
    fn instruct(&mut self, turn: &Turn, sink: &mut Sink) {
        if !self.messages.is_empty() {
            sink.drop("system.position");
        }
        for part in &turn.parts {
            match part {
                Part::Media(media) => sink.refuse(Error::unsupported(format_args!(
                    "the target's format (converse) cannot show {} among instructions",
                    media.described(),
                ))),
                part => block::write(part, &mut self.names, &mut self.system, sink),
            }
        }
    }

    /// The tools that the messages hold calls of.
    pub(super) fn called(&self) -> BTreeSet<String> {
        let blocks = self.messages.iter().flat_map(|message| &message.content);
        let names = blocks.filter_map(|block| block.get("toolUse")?.get("name")?.as_str());
        names.map(ToOwned::to_owned).collect()
    }

    /// Writes the instructions and the messages into the body.
    pub(super) fn write(self, sink: &mut Sink, body: &mut Map<String, Value>) {
        if !self.system.is_empty() {
            body.insert("system".to_owned(), Value::Array(self.system));
        }
        let messages: Vec<_> = self.messages.into_iter().filter_map(Message::finish).collect();
        if messages.is_empty() {
            let what = "the target's format (converse) needs a message beside instructions";
            sink.refuse(Error::unsupported(what));
        }
        body.insert("messages".to_owned(), Value::Array(messages));
    }
}

impl Message {
    /// A message says something; one of a person's that says nothing is still a turn, for the
    /// provider to judge.
    fn finish(mut self) -> Option<Value> {
        if self.content.is_empty() {
            if self.role == "assistant" {
                return None;
            }
            self.content.push(json!({"text": ""}));
        }
        // The provider refuses documents of which nothing is said.
        if self.holds("document") && !self.holds("text") {
            self.content.push(json!({ "text": NOTHING_TO_SAY }));
        }
        Some(json!({"role": self.role, block::CONTENT: self.content}))
    }

    /// Whether one of its blocks is of this kind.
    fn holds(&self, kind: &str) -> bool {
        self.content.iter().any(|block| block.get(kind).is_some())
    }
}
