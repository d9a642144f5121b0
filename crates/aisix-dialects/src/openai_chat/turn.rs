//! The messages of a request.

use aisix_core::Error;
use aisix_core::chat::{Media, MediaSource, Part, Role, Text, ToolResult, Turn};
use serde_json::{Map, Value, json};

use super::message::{self, Draft};
use super::{ID, detail, legacy, part, spelling};
use crate::cache;
use crate::fields::{Fields, Flaw};
use crate::sink::Sink;

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
    let mut turns: Vec<_> = messages.into_iter().enumerate().map(read).collect::<Result<_, _>>()?;
    legacy::pair(&mut turns);
    Ok(turns)
}

fn read(message: Value) -> Result<Turn, Flaw> {
    let mut fields = Fields::of(message).map_err(|_| Flaw::new("", "an object"))?;
    let role = fields.text("role").unwrap_or_default();
    let mut turn = Turn { role: Role::User, name: None, parts: Vec::new(), native: Vec::new() };
    match role.as_str() {
        "system" => turn.role = Role::System,
        "developer" => turn.role = Role::Developer,
        "user" => turn.role = Role::User,
        "assistant" => turn.role = Role::Assistant,
        "tool" => turn.role = Role::Tool,
        "function" => {
            turn.role = Role::Tool;
            turn.native.push(spelling::mark(spelling::FUNCTION_ROLE));
        }
        _ => {
            let roles = "'system', 'developer', 'user', 'assistant', 'tool' or 'function'";
            return Err(Flaw::new(".role", roles));
        }
    }
    match turn.role {
        Role::Assistant => read_said(&mut fields, &mut turn)?,
        Role::Tool => {
            let call_id = fields.text("tool_call_id").unwrap_or_default();
            let content = part::read_content(fields.take("content"))?;
            turn.parts.push(Part::ToolResult(ToolResult {
                call_id,
                content,
                ..ToolResult::default()
            }));
        }
        Role::System | Role::Developer | Role::User => {
            turn.parts = part::read_content(fields.take("content"))?;
        }
    }
    turn.name = fields.text("name");
    turn.native.extend(fields.natives(ID, ""));
    Ok(turn)
}

fn read_said(fields: &mut Fields, turn: &mut Turn) -> Result<(), Flaw> {
    let said = message::read(fields)?;
    turn.parts = said.parts;
    if let Some(thoughts) = fields.take_as(detail::DETAILS, detail::read) {
        if !turn.parts.iter().any(|part| matches!(part, Part::Reasoning(_))) {
            turn.native.push(spelling::mark(spelling::DETAILS_ALONE));
        }
        detail::put(thoughts, &mut turn.parts);
    }
    if said.other_reasoning {
        turn.native.push(spelling::mark(spelling::REASONING));
    }
    if said.legacy_call {
        turn.native.push(spelling::mark(spelling::FUNCTION_CALL));
    }
    Ok(())
}

/// The messages of a request, in the making.
#[derive(Default)]
pub(super) struct Messages {
    written: Vec<Value>,
    /// What tools showed: here they answer in words only, so the user shows it when all of them
    /// have answered.
    shown: Vec<Value>,
}

impl Messages {
    /// Writes a turn: as one message, or several where tools answered in it. Those go first,
    /// because they answer the turn before.
    pub(super) fn add(&mut self, turn: &Turn, sink: &mut Sink) {
        let mut rest = Vec::new();
        let mut answered = false;
        for part in &turn.parts {
            match part {
                Part::ToolResult(result) => {
                    answered = true;
                    self.answer(turn, result, sink);
                }
                other => rest.push(other),
            }
        }
        match (turn.role, rest.is_empty()) {
            // What a tool says beside its answer has no place, nor has an answer to no call.
            (Role::Tool, false) => sink.drop("tool.content"),
            (Role::Tool, true) => {}
            (_, true) if answered => leave_out_turn(turn, sink),
            (Role::Assistant, _) => self.say(write_said(turn, &rest, sink)),
            (Role::System | Role::Developer | Role::User, _) => {
                self.say(write_told(turn, &rest, sink));
            }
        }
    }

    /// All of them.
    pub(super) fn finish(mut self) -> Vec<Value> {
        self.show();
        self.written
    }

    fn say(&mut self, message: Value) {
        self.show();
        self.written.push(message);
    }

    fn show(&mut self) {
        if !self.shown.is_empty() {
            let shown = std::mem::take(&mut self.shown);
            self.written.push(json!({"role": "user", "content": shown}));
        }
    }

    fn answer(&mut self, turn: &Turn, result: &ToolResult, sink: &mut Sink) {
        let of_function = spelling::marked(&turn.native, spelling::FUNCTION_ROLE);
        let role = if of_function { "function" } else { "tool" };
        let mut object = object(role);
        let made = spelling::marked(&result.native, spelling::MADE_ID);
        if !result.call_id.is_empty() && !made {
            object.insert("tool_call_id".to_owned(), result.call_id.as_str().into());
        }
        let mut content = Vec::with_capacity(result.content.len());
        for part in &result.content {
            let words = sink.own || !matches!(part, Part::Media(media) if is_shown(media));
            let place = if words { &mut content } else { &mut self.shown };
            place.extend(write_content_part(part, sink));
        }
        let content = part::write_content(content, "", sink.own).unwrap_or_else(|| "".into());
        object.insert("content".to_owned(), content);
        if result.is_error {
            sink.drop("tool_result.is_error");
        }
        cache::write_own(result.cache.as_ref(), &mut object, sink);
        sink.put_natives(&result.native, &mut object);
        let answer = if turn.role == Role::Tool {
            finish(turn, object, sink)
        } else {
            Value::Object(object)
        };
        self.written.push(answer);
    }
}

/// A document in plain text is said in words.
fn is_shown(media: &Media) -> bool {
    !matches!(media.source, MediaSource::Text(_))
}

/// What is said of a turn that became the answers in it.
fn leave_out_turn(turn: &Turn, sink: &mut Sink) {
    if turn.name.is_some() {
        sink.drop("name");
    }
    sink.drop_natives(&turn.native);
}

/// What the model is told: instructions, and what people say.
fn write_told(turn: &Turn, parts: &[&Part], sink: &mut Sink) -> Value {
    let mut object = object(match turn.role {
        Role::System => "system",
        Role::Developer => "developer",
        _ => "user",
    });
    let content = parts.iter().filter_map(|part| write_content_part(part, sink));
    // Paragraphs of instructions stay apart; what people say is one text.
    let between = match turn.role {
        // A document ends where somebody begins to speak.
        Role::User if parts.iter().any(|part| matches!(part, Part::Media(_))) => "\n\n",
        Role::User => "",
        _ => "\n",
    };
    let content = part::write_content(content.collect(), between, sink.own);
    let content = content.unwrap_or_else(|| "".into());
    object.insert("content".to_owned(), content);
    finish(turn, object, sink)
}

fn write_content_part(part: &Part, sink: &mut Sink) -> Option<Value> {
    let field = match part {
        Part::Text(text) => {
            leave_out_citations(text, sink);
            return Some(part::write_text(text, sink));
        }
        Part::Media(media) => return part::write_media(media, sink),
        Part::Native(native) if native.dialect == ID && native.name == part::CONTENT => {
            return Some(native.value.clone());
        }
        Part::Native(native) => {
            sink.drop_part(native);
            return None;
        }
        Part::ToolCall(_) => "tool_call",
        Part::ToolResult(_) => "tool_result",
        Part::Reasoning(_) => "reasoning",
    };
    sink.drop(field);
    None
}

/// What the model said.
fn write_said(turn: &Turn, parts: &[&Part], sink: &mut Sink) -> Value {
    let legacy = spelling::marked(&turn.native, spelling::FUNCTION_CALL);
    let mut draft = Draft::default();
    for part in parts {
        match part {
            // Most upstreams refuse a thought; one that came in this format goes back in it.
            Part::Reasoning(_) if !sink.own => sink.drop("reasoning"),
            Part::Text(text) => {
                leave_out_citations(text, sink);
                draft.add(part, legacy, sink);
            }
            part => draft.add(part, legacy, sink),
        }
    }
    let mut object = object("assistant");
    let content = part::write_content(std::mem::take(&mut draft.content), "", sink.own);
    object.insert("content".to_owned(), content.unwrap_or_default());
    if spelling::marked(&turn.native, spelling::DETAILS_ALONE) {
        draft.thought = None;
    }
    let other = spelling::marked(&turn.native, spelling::REASONING);
    draft.write(&mut object, if other { "reasoning" } else { "reasoning_content" }, sink);
    finish(turn, object, sink)
}

/// What is sent back says nothing of what it rested on.
fn leave_out_citations(text: &Text, sink: &mut Sink) {
    if !text.citations.is_empty() {
        sink.drop("citations");
    }
}

fn object(role: &str) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("role".to_owned(), role.into());
    object
}

fn finish(turn: &Turn, mut object: Map<String, Value>, sink: &mut Sink) -> Value {
    if let Some(name) = &turn.name {
        object.insert("name".to_owned(), name.as_str().into());
    }
    sink.put_natives(&turn.native, &mut object);
    Value::Object(object)
}
