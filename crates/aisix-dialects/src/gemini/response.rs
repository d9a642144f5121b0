//! Answers, whole.
//!
//! Source: the reference's "GenerateContentResponse", "Candidate" and "FinishReason".

use aisix_core::Error;
use aisix_core::chat::{ChatResponse, Choice, FinishReason, Native, Part, fold};
use serde_json::{Map, Value, json};

use super::stream::Lifter;
use super::turn::{self, Parts};
use super::{ID, media, usage};
use crate::dialect::AnswerContext;
use crate::sink::Sink;

/// The field that names the model.
pub(super) const MODEL: &str = "modelVersion";

/// When the answer was made, in the words of the format; others hold whole seconds.
pub(super) const CREATED: &str = ":createTime";

/// The field of a candidate that says why it ended; and its word for that where a noun says less.
pub(super) const FINISH: &str = "finishReason";

/// The field that says what was found in the prompt.
pub(super) const FEEDBACK: &str = "promptFeedback";

/// A whole answer is a stream of one.
pub(super) fn decode(body: &[u8]) -> Result<ChatResponse, Error> {
    Lifter::default().answer(body).map(fold)
}

/// Reads why an answer ended, and the format's word for it where that says more.
pub(super) fn read_finish(word: String, calls: bool) -> (FinishReason, Option<Native>) {
    let reason = match word.as_str() {
        // This format does not tell a turn that ends with calls from another.
        "STOP" if calls => return (FinishReason::ToolCalls, None),
        "STOP" => return (FinishReason::Stop, None),
        "MAX_TOKENS" => return (FinishReason::Length, None),
        "SAFETY" => return (FinishReason::ContentFilter, None),
        "RECITATION"
        | "LANGUAGE"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "MODEL_ARMOR" => FinishReason::ContentFilter,
        _ => FinishReason::Stop,
    };
    (reason, Some(Native::new(ID, FINISH, word.into())))
}

fn write_finish(reason: &FinishReason, sink: &mut Sink) -> &'static str {
    match reason {
        FinishReason::Stop | FinishReason::StopText | FinishReason::ToolCalls => "STOP",
        FinishReason::Length | FinishReason::ContextFull => "MAX_TOKENS",
        FinishReason::ContentFilter | FinishReason::Refusal => "SAFETY",
        FinishReason::Paused | FinishReason::Other(_) => {
            sink.drop("finish_reason");
            "STOP"
        }
    }
}

pub(super) fn encode(
    response: &ChatResponse,
    context: &AnswerContext,
    sink: &mut Sink,
) -> Map<String, Value> {
    let mut body = Map::new();
    let candidates = response.choices.iter().filter(|choice| !is_blocked(choice, response));
    let candidates: Vec<_> =
        candidates.map(|choice| candidate(choice, sink)).map(Value::Object).collect();
    if !(candidates.is_empty() && feedback(&response.native).is_some()) {
        body.insert("candidates".to_owned(), Value::Array(candidates));
    }
    body.extend(head(&response.id, &response.native, context));
    let more = response.native.iter().find(|native| usage::is_more(native));
    let usage = usage::write(response.usage.unwrap_or_default(), more);
    body.insert("usageMetadata".to_owned(), usage);
    let rest: Vec<_> =
        response.native.iter().filter(|native| !usage::is_more(native)).cloned().collect();
    sink.put_natives(&rest, &mut body);
    body
}

/// What answers and frames begin with.
pub(super) fn head(id: &str, native: &[Native], context: &AnswerContext) -> Map<String, Value> {
    let created = native.iter().find(|native| native.dialect == ID && native.name == CREATED);
    let id = if id.is_empty() { &context.id } else { id };
    let mut head = Map::new();
    if let Some(created) = created {
        head.insert("createTime".to_owned(), created.value.clone());
    }
    head.insert(MODEL.to_owned(), (*context.model).into());
    if !id.is_empty() {
        head.insert("responseId".to_owned(), id.into());
    }
    head
}

fn feedback(natives: &[Native]) -> Option<&Native> {
    let blocks = |native: &&Native| {
        native.dialect == ID && native.name == FEEDBACK && native.value["blockReason"].is_string()
    };
    natives.iter().find(blocks)
}

/// Whether a choice stands for a prompt that was blocked: then there is no candidate.
fn is_blocked(choice: &Choice, response: &ChatResponse) -> bool {
    choice.parts.is_empty() && choice.native.is_empty() && feedback(&response.native).is_some()
}

fn candidate(choice: &Choice, sink: &mut Sink) -> Map<String, Value> {
    let mut object = Map::new();
    let content = json!({"role": "model", "parts": write_parts(&choice.parts, sink)});
    object.insert("content".to_owned(), content);
    put_finish(choice.finish.as_ref(), &choice.native, sink, &mut object);
    object.insert("index".to_owned(), choice.index.into());
    sink.put_natives(&choice.native, &mut object);
    object
}

/// Writes why a candidate ended: in the format's own word, where there is one.
pub(super) fn put_finish(
    finish: Option<&FinishReason>,
    natives: &[Native],
    sink: &mut Sink,
    object: &mut Map<String, Value>,
) {
    let own = |native: &Native| native.dialect == ID && native.name == FINISH;
    if let Some(finish) = finish
        && !natives.iter().any(own)
    {
        object.insert(FINISH.to_owned(), write_finish(finish, sink).into());
    }
}

fn write_parts(parts: &[Part], sink: &mut Sink) -> Vec<Value> {
    let mut written = Parts::of_answer();
    for part in parts {
        match part {
            Part::Text(text) => written.text(text, sink),
            Part::Reasoning(thought) => written.thought_of_answer(thought, sink),
            Part::ToolCall(call) => written.call(call, sink),
            Part::ToolResult(_) => sink.drop("tool_result"),
            Part::Media(one) => {
                if let Some(part) = media::write(one, sink) {
                    written.other(part);
                }
            }
            Part::Native(native) => {
                if let Some(part) = turn::own_part(native, sink) {
                    written.other(part);
                }
            }
        }
    }
    written.finish()
}
