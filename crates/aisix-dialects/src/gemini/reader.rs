//! The turns of a request and its instructions, as they are read.

use aisix_core::Error;
use aisix_core::chat::{Part, Reasoning, Role, Seal, Text, Turn};
use serde_json::Value;

use super::ID;
use super::part::{self, PARTS, Read, Said};
use super::seal::Place;
use crate::fields::{Fields, Flaw};
use crate::unanswered::Unanswered;

/// Reads `systemInstruction`.
///
/// # Errors
/// A client error where it is no list of parts.
pub(super) fn read_system(system: Option<Value>) -> Result<Option<Turn>, Error> {
    let Some(system) = system else {
        return Ok(None);
    };
    let mut reader = Reader::default();
    let turn = reader.turn(system).map_err(|Flaw { place, form }| {
        Error::invalid_request(format_args!("'systemInstruction{place}' must be {form}"))
    })?;
    Ok(Some(Turn { role: Role::System, ..turn }))
}

/// Reads `contents`.
///
/// # Errors
/// A client error that names the place where they are not this format's turns.
pub(super) fn read_all(contents: Option<Value>) -> Result<Vec<Turn>, Error> {
    let Some(Value::Array(contents)) = contents else {
        return Err(Error::invalid_request("'contents' must be an array"));
    };
    let mut reader = Reader::default();
    let mut read = |(index, content)| {
        reader.turn(content).map_err(|Flaw { place, form }| {
            Error::invalid_request(format_args!("'contents[{index}]{place}' must be {form}"))
        })
    };
    contents.into_iter().enumerate().map(&mut read).collect()
}

/// Reads turns in their order: results belong to calls of the turns before.
#[derive(Default)]
struct Reader {
    turns: u32,
    open: Unanswered,
}

impl Reader {
    fn turn(&mut self, content: Value) -> Result<Turn, Flaw> {
        let mut fields = Fields::of(content).map_err(|_| Flaw::new("", "an object"))?;
        let role = match fields.text("role").as_deref() {
            None | Some("user" | "function" | "system") => Role::User,
            Some("model") => Role::Assistant,
            Some(_) => return Err(Flaw::new(".role", "'user' or 'model'")),
        };
        let Some(Value::Array(values)) = fields.take(PARTS) else {
            return Err(Flaw::new(".parts", "an array of parts"));
        };
        let mut parts = Vec::with_capacity(values.len());
        for (index, value) in values.into_iter().enumerate() {
            if !value.is_object() {
                return Err(Flaw::new(format!(".parts[{index}]"), "an object"));
            }
            self.part(part::read(value), &mut parts);
        }
        self.turns += 1;
        Ok(Turn { role, name: None, parts, native: fields.natives(ID, "").collect() })
    }

    fn part(&mut self, read: Read, parts: &mut Vec<Part>) {
        match read.said {
            Said::Text(text) => {
                let is_empty = text == Text::default();
                parts.extend((!is_empty || read.seal.is_none()).then_some(Part::Text(text)));
                parts.extend(read.seal.map(|seal| sealed(seal, Place::Text)));
            }
            Said::Thought(Text { text, mut native, .. }) => {
                native.extend(read.seal.is_some().then(|| Place::Thought.mark()).flatten());
                let thought = Reasoning { text, signature: read.seal, redacted: None, native };
                parts.push(Part::Reasoning(thought));
            }
            Said::Call(mut call) => {
                parts.extend(read.seal.map(|seal| sealed(seal, Place::Call)));
                let number = u32::try_from(parts.len()).unwrap_or_default();
                let made = part::made_id("", self.turns + 1, number);
                part::give_id(&mut call.id, &mut call.native, made);
                self.open.call(&call.id, &call.name);
                parts.push(Part::ToolCall(call));
            }
            Said::Result(mut result, name) => {
                if !result.call_id.is_empty() {
                    self.open.answer_id(&result.call_id);
                } else if let Some(id) = self.open.answer_function(&name) {
                    part::give_id(&mut result.call_id, &mut result.native, id);
                }
                parts.push(Part::ToolResult(result));
            }
            Said::Other(part) => parts.push(part),
        }
    }
}

fn sealed(seal: Seal, place: Place) -> Part {
    let native = place.mark().into_iter().collect();
    let signature = Some(seal);
    Part::Reasoning(Reasoning { signature, native, ..Reasoning::default() })
}
