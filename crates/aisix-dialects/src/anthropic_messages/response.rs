//! Answers, whole.
//!
//! Source: the reference's "Message", and the guide "Handling stop reasons".

use aisix_core::Error;
use aisix_core::chat::{ChatResponse, Choice, FinishReason, Native, Part, ToolCall};
use serde_json::{Map, Value};

use super::{ID, block, usage};
use crate::dialect::AnswerContext;
use crate::fields::Fields;
use crate::relay::unreadable;
use crate::sink::Sink;

/// What is said with the reason for which an answer ended: of the choice, and in a stream at its
/// end.
const WITH_THE_END: [&str; 3] = ["stop_sequence", "stop_details", "container"];

pub(super) fn decode(body: &[u8]) -> Result<ChatResponse, Error> {
    let value: Value = serde_json::from_slice(body).map_err(unreadable)?;
    let mut fields = Fields::of(value).map_err(|_| unreadable("the answer is no object"))?;
    let (id, model) = read_head(&mut fields);
    let content = block::read_content(fields.take(block::CONTENT));
    let parts = content
        .map_err(|flaw| unreadable(format!("the answer's {} must be {}", flaw.place, flaw.form)))?;
    let finish = read_finish(&mut fields);
    let (usage, more) = usage::take(&mut fields);
    let native = read_end(&mut fields);
    let choice = Choice { index: 0, parts, finish, native };
    let native = said(fields.natives(ID, "")).chain(more).collect();
    Ok(ChatResponse { id, model, created: None, choices: vec![choice], usage, native })
}

/// Reads what answers and streams begin with: id and model.
pub(super) fn read_head(fields: &mut Fields) -> (String, String) {
    fields.take("type");
    fields.take("role");
    (fields.text("id").unwrap_or_default(), fields.text("model").unwrap_or_default())
}

/// Reads why an answer ended.
pub(super) fn read_finish(fields: &mut Fields) -> Option<FinishReason> {
    let word = fields.text("stop_reason").filter(|word| !word.is_empty())?;
    Some(match word.as_str() {
        "end_turn" => FinishReason::Stop,
        "stop_sequence" => FinishReason::StopText,
        "max_tokens" => FinishReason::Length,
        "model_context_window_exceeded" => FinishReason::ContextFull,
        "tool_use" => FinishReason::ToolCalls,
        "pause_turn" => FinishReason::Paused,
        "refusal" => FinishReason::Refusal,
        _ => FinishReason::Other(word),
    })
}

/// Reads what is said with that, in one order.
pub(super) fn read_end(fields: &mut Fields) -> Vec<Native> {
    let read = |name| fields.take(name).map(|value| Native::new(ID, name, value));
    WITH_THE_END.into_iter().filter_map(read).collect()
}

/// Native fields that say something: answers name what they leave out.
pub(super) fn said(natives: impl Iterator<Item = Native>) -> impl Iterator<Item = Native> {
    natives.filter(|native| !native.value.is_null())
}

pub(super) fn encode(
    response: &ChatResponse,
    context: &AnswerContext,
    sink: &mut Sink,
) -> Map<String, Value> {
    let id = if response.id.is_empty() { minted(context) } else { response.id.clone() };
    let mut body = head(&id, context);
    let nothing = Choice::default();
    let choice = response.choices.first().unwrap_or(&nothing);
    if response.choices.len() > 1 {
        sink.drop("choices");
    }
    let content = write_content(&choice.parts, context, sink);
    body.insert(block::CONTENT.to_owned(), Value::Array(content));
    let refused = choice.parts.iter().any(is_refusal);
    put_finish(choice.finish.as_ref(), refused, sink, &mut body);
    sink.put_natives(&choice.native, &mut body);
    body.entry("stop_sequence").or_insert(Value::Null);
    let more = usage_more(&response.native);
    let usage = usage::write(response.usage.unwrap_or_default(), more);
    body.insert("usage".to_owned(), usage);
    sink.put_natives(&response.native, &mut body);
    body
}

/// The beginning of an answer.
pub(super) fn head(id: &str, context: &AnswerContext) -> Map<String, Value> {
    let mut head = Map::new();
    head.insert("id".to_owned(), id.into());
    head.insert("type".to_owned(), "message".into());
    head.insert("role".to_owned(), "assistant".into());
    head.insert("model".to_owned(), (*context.model).into());
    head
}

/// An id that the gateway made, in the form of this format's.
pub(super) fn minted(context: &AnswerContext) -> String {
    match &*context.id {
        "" => String::new(),
        made => format!("msg_{}", made.replace('-', "")),
    }
}

/// An id for the call that is this block of the answer.
pub(super) fn minted_call(context: &AnswerContext, block: usize) -> String {
    format!("toolu_{}{block}", context.id.replace('-', ""))
}

/// What else stood in the `usage` object.
fn usage_more(natives: &[Native]) -> Option<&Native> {
    natives.iter().find(|native| native.dialect == ID && native.name == "usage")
}

/// An answer of another format says something, be it an empty text.
fn write_content(parts: &[Part], context: &AnswerContext, sink: &mut Sink) -> Vec<Value> {
    let mut content = Vec::with_capacity(parts.len());
    for part in parts {
        content.extend(match part {
            // The result of a call without an id could not be told from another's.
            Part::ToolCall(call) if call.id.is_empty() && !sink.own => {
                let id = minted_call(context, content.len());
                block::write(&Part::ToolCall(ToolCall { id, ..call.clone() }), sink)
            }
            // Models of this format do not draw, and its clients expect no picture in an answer.
            Part::Media(_) if !sink.own => {
                sink.drop("media");
                None
            }
            // What a tool answers is the caller's to say.
            Part::ToolResult(_) if !sink.own => {
                sink.drop("tool_result");
                None
            }
            part => block::write(part, sink),
        });
    }
    if content.is_empty() && !sink.own {
        content.push(empty_text());
    }
    content
}

/// A text block that says nothing.
pub(super) fn empty_text() -> Value {
    let mut text = block::of_type("text");
    text.insert("text".to_owned(), "".into());
    Value::Object(text)
}

fn is_refusal(part: &Part) -> bool {
    matches!(part, Part::Text(text) if text.refusal)
}

/// Writes why an answer ended. A model that declines in words ends its turn in other formats; here
/// the reason says so.
pub(super) fn put_finish(
    finish: Option<&FinishReason>,
    refused: bool,
    sink: &mut Sink,
    object: &mut Map<String, Value>,
) {
    let word = match finish {
        Some(FinishReason::Stop) | None if refused => "refusal".into(),
        None if sink.own => Value::Null,
        Some(FinishReason::Stop) | None => "end_turn".into(),
        Some(FinishReason::StopText) => "stop_sequence".into(),
        Some(FinishReason::Length) => "max_tokens".into(),
        Some(FinishReason::ContextFull) => "model_context_window_exceeded".into(),
        Some(FinishReason::ToolCalls) => "tool_use".into(),
        Some(FinishReason::Paused) => "pause_turn".into(),
        Some(FinishReason::ContentFilter | FinishReason::Refusal) => "refusal".into(),
        Some(FinishReason::Other(word)) if sink.own => word.as_str().into(),
        Some(FinishReason::Other(_)) => {
            sink.drop("finish_reason");
            "end_turn".into()
        }
    };
    object.insert("stop_reason".to_owned(), word);
}
