//! The items of a request, as turns.

use aisix_core::Error;
use aisix_core::chat::{Native, Part, Role, Text, ToolResult, Turn};
use serde_json::{Map, Value, json};

use super::content::{self, Speaker};
use super::item::{self, ITEM};
use super::{ID, spelling};
use crate::cache;
use crate::fields::Fields;
use crate::sink::Sink;

/// Reads `input`: one text, or items.
///
/// # Errors
/// A client error that names the place where it is neither.
pub(super) fn read(input: Option<Value>, turns: &mut Vec<Turn>) -> Result<(), Error> {
    match input {
        None => Ok(()),
        Some(Value::String(text)) => {
            turns.push(Turn {
                native: vec![spelling::mark(spelling::INPUT)],
                ..turn(Role::User, vec![Part::Text(Text::new(text))])
            });
            Ok(())
        }
        Some(Value::Array(items)) => {
            for (index, item) in items.into_iter().enumerate() {
                read_item(item, turns).map_err(|(place, form)| {
                    let message = format_args!("'input[{index}]{place}' must be {form}");
                    Error::invalid_request(message)
                })?;
            }
            Ok(())
        }
        Some(_) => Err(Error::invalid_request("'input' must be a string or an array")),
    }
}

/// A place below an item, and what must stand there.
type Flaw = (&'static str, &'static str);

fn read_item(value: Value, turns: &mut Vec<Turn>) -> Result<(), Flaw> {
    if let Value::String(text) = value {
        turns.push(turn(Role::User, vec![Part::Text(Text::new(text))]));
        return Ok(());
    }
    let fields = Fields::of(value).map_err(|_| ("", "an object"))?;
    let kind = fields.get("type").and_then(Value::as_str);
    match kind {
        None | Some("message") if fields.get("role").is_some() => read_message(fields, turns)?,
        Some("message") => return Err((".role", "'user', 'assistant', 'system' or 'developer'")),
        Some("function_call") => {
            let call = Part::ToolCall(item::read_call(fields));
            match turns.last_mut().filter(|turn| turn.role == Role::Assistant) {
                Some(turn) => turn.parts.push(call),
                None => turns.push(turn(Role::Assistant, vec![call])),
            }
        }
        Some("reasoning") => {
            let thought = Part::Reasoning(item::read_thought(fields));
            match turns.last_mut().filter(|turn| only_thinks(turn)) {
                Some(turn) => turn.parts.push(thought),
                None => turns.push(turn(Role::Assistant, vec![thought])),
            }
        }
        Some("function_call_output") => turns.push(read_result(fields)?),
        // Items of tools that only the provider has, and references to what it stored.
        Some(_) => {
            let item = Native::new(ID, ITEM, fields.into_value());
            turns.push(turn(Role::Assistant, vec![Part::Native(item)]));
        }
        None => return Err(("", "a message, or an object with a 'type'")),
    }
    Ok(())
}

/// Whether the model has said nothing yet in this turn but what it thought. Thoughts go first, so that
/// the last part tells.
fn only_thinks(turn: &Turn) -> bool {
    let thinks = |part: &Part| matches!(part, Part::Reasoning(_));
    turn.role == Role::Assistant && turn.parts.last().is_none_or(thinks)
}

fn read_message(mut fields: Fields, turns: &mut Vec<Turn>) -> Result<(), Flaw> {
    fields.take("type");
    let role = match fields.text("role").as_deref() {
        Some("user") => Role::User,
        Some("assistant") => Role::Assistant,
        Some("system") => Role::System,
        Some("developer") => Role::Developer,
        _ => return Err((".role", "'user', 'assistant', 'system' or 'developer'")),
    };
    let content = fields.take("content");
    let parts = content::read(content).ok_or((".content", "a string or an array of parts"))?;
    let native = item::natives(fields);
    // What a model thought belongs to what it says next.
    let last = turns.last_mut().filter(|turn| role == Role::Assistant && only_thinks(turn));
    match last.filter(|turn| turn.native.is_empty()) {
        Some(turn) => {
            turn.parts.extend(parts);
            turn.native = native;
        }
        None => turns.push(Turn { native, ..turn(role, parts) }),
    }
    Ok(())
}

fn read_result(mut fields: Fields) -> Result<Turn, Flaw> {
    fields.take("type");
    let call_id = fields.text("call_id").unwrap_or_default();
    let output = fields.take("output");
    let content = content::read(output).ok_or((".output", "a string or an array of parts"))?;
    let native = item::natives(fields);
    let result = ToolResult { call_id, content, native, ..ToolResult::default() };
    Ok(turn(Role::Tool, vec![Part::ToolResult(result)]))
}

fn turn(role: Role, parts: Vec<Part>) -> Turn {
    Turn { role, name: None, parts, native: Vec::new() }
}

/// Writes `input`: one text where it came as one, otherwise items.
pub(super) fn write(turns: &[Turn], sink: &mut Sink) -> Value {
    if let [Turn { role: Role::User, parts, native, .. }] = turns
        && let [Part::Text(text)] = &parts[..]
        && spelling::marked(native, spelling::INPUT)
    {
        return text.text.as_str().into();
    }
    let mut items = Vec::new();
    for turn in turns {
        write_turn(turn, sink, &mut items);
    }
    Value::Array(items)
}

/// Writes a turn as its items: what tools answered goes first, because it answers the turn before.
fn write_turn(turn: &Turn, sink: &mut Sink, items: &mut Vec<Value>) {
    // A tool's is told by its call.
    if turn.name.is_some() && turn.role != Role::Tool {
        sink.drop("name");
    }
    let mut said = Vec::new();
    let mut after = Vec::new();
    for part in &turn.parts {
        match part {
            Part::ToolResult(result) => items.push(write_result(result, sink)),
            // The provider looks for a thought that it did not seal among those that it stored.
            Part::Reasoning(thought) if !sink.own && thought.seals().next().is_none() => {
                sink.drop("reasoning");
            }
            Part::Reasoning(thought) if turn.role == Role::Assistant => {
                let id = || format!("rs_{}", items.len());
                let item = item::write_thought(thought, id, sink);
                items.push(Value::Object(item));
            }
            Part::ToolCall(call) if turn.role == Role::Assistant => {
                after.push(Value::Object(item::write_call(call, sink)));
            }
            Part::Native(native) if native.dialect == ID && native.name == ITEM => {
                after.push(native.value.clone());
            }
            other => said.push(other),
        }
    }
    if !said.is_empty() || turn.parts.is_empty() {
        items.push(write_message(turn, &said, sink));
    }
    items.append(&mut after);
}

fn write_message(turn: &Turn, parts: &[&Part], sink: &mut Sink) -> Value {
    let (role, speaker) = match turn.role {
        Role::System => ("system", Speaker::Caller),
        Role::Developer => ("developer", Speaker::Caller),
        // Whatever a tool says beside its answer is told to the model all the same.
        Role::User | Role::Tool => ("user", Speaker::Caller),
        Role::Assistant => ("assistant", Speaker::Model),
    };
    let mut object = Map::new();
    object.insert("type".to_owned(), "message".into());
    object.insert("role".to_owned(), role.into());
    // A message that the model gave an id has parts.
    let is_given = turn.native.iter().any(|native| native.dialect == ID && native.name == "id");
    let content = match speaker {
        Speaker::Model if is_given => content::write_parts(parts, speaker, sink),
        Speaker::Model if !sink.own => content::write_said(parts, sink),
        _ => content::write(parts, speaker, sink),
    };
    object.insert("content".to_owned(), content);
    sink.put_natives(&turn.native, &mut object);
    Value::Object(object)
}

fn write_result(result: &ToolResult, sink: &mut Sink) -> Value {
    if result.is_error {
        sink.drop("tool_result.is_error");
    }
    cache::leave_out(result.cache.as_ref(), sink);
    let parts: Vec<_> = result.content.iter().collect();
    let output = match content::write(&parts, Speaker::Caller, sink) {
        // Nothing is said, or nothing that this format can say.
        Value::Array(said) if said.is_empty() => json!(""),
        said => said,
    };
    let mut object = Map::new();
    object.insert("type".to_owned(), "function_call_output".into());
    object.insert("call_id".to_owned(), result.call_id.as_str().into());
    object.insert("output".to_owned(), output);
    sink.put_natives(&result.native, &mut object);
    Value::Object(object)
}
