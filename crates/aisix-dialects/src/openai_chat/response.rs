//! Answers, whole.

use std::borrow::Cow;

use aisix_core::Error;
use aisix_core::chat::{ChatResponse, Choice, Native, Part};
use serde_json::{Map, Value};

use super::annotation::{ANNOTATIONS, Annotations};
use super::message::{self, Draft};
use super::{ID, part, spelling, wire};
use crate::dialect::AnswerContext;
use crate::fields::{Borrowed, Fields, Json};
use crate::relay::unreadable;
use crate::sink::Sink;

/// What native fields of a message are called, in front of their own names: others belong to the
/// choice around it.
pub(super) const MESSAGE: &str = "message.";

pub(super) fn decode(body: &[u8]) -> Result<ChatResponse, Error> {
    let mut fields = Borrowed::read(body).map_err(unreadable)?;
    let Head { id, model, created } = Head::take(&mut fields);
    let (id, model) = (id.into_owned(), model.into_owned());
    let choices = fields.list("choices").ok_or_else(|| unreadable("the answer has no choices"))?;
    let choices = (0..).zip(choices).map(read_choice).collect::<Result<_, _>>()?;
    let usage = fields.take("usage").map(Value::from).and_then(wire::read_usage);
    let mut native: Vec<_> = said(fields.natives(ID, "")).collect();
    let usage = usage.map(|(usage, more)| {
        native.extend(more);
        usage
    });
    Ok(ChatResponse { id, model, created, choices, usage, native })
}

/// What answers and chunks begin with.
pub(super) struct Head<'a> {
    pub(super) id: Cow<'a, str>,
    pub(super) model: Cow<'a, str>,
    /// In Unix seconds.
    pub(super) created: Option<i64>,
}

impl<'a> Head<'a> {
    pub(super) fn take(fields: &mut Borrowed<'a>) -> Self {
        fields.take("object");
        Self {
            id: fields.text("id").unwrap_or_default(),
            model: fields.text("model").unwrap_or_default(),
            // The cast stops at the ends of the range, which no clock reaches.
            created: fields.number("created").map(|seconds| seconds as i64),
        }
    }
}

/// Native fields that say something: streams repeat the names of what they leave out.
pub(super) fn said(natives: impl Iterator<Item = Native>) -> impl Iterator<Item = Native> {
    natives.filter(|native| !native.value.is_null())
}

fn read_choice((position, value): (u32, Json<'_>)) -> Result<Choice, Error> {
    let mut fields = Fields::of(value.into()).map_err(|_| unreadable("a choice is no object"))?;
    let index = fields.integer("index").unwrap_or(position);
    let message = fields.take("message").unwrap_or_else(|| Value::Object(Map::new()));
    let mut message = Fields::of(message).map_err(|_| unreadable("a message is no object"))?;
    message.take("role");
    let said_parts = message::read(&mut message)
        .map_err(|flaw| unreadable(format!("message{} must be {}", flaw.place, flaw.form)))?;
    let mut native = Vec::new();
    if said_parts.legacy_call {
        native.push(spelling::mark(spelling::FUNCTION_CALL));
    }
    let finish = fields.text("finish_reason").filter(|word| !word.is_empty());
    let finish = finish.map(|word| wire::read_finish(word, said_parts.legacy_call));
    native.extend(said(fields.natives(ID, "").chain(message.natives(ID, MESSAGE))));
    Ok(Choice { index, parts: as_streamed(said_parts.parts), finish, native })
}

/// The parts as a stream would give them: it cannot tell an empty text from none, nor two texts
/// from one.
fn as_streamed(parts: Vec<Part>) -> Vec<Part> {
    let mut streamed: Vec<Part> = Vec::with_capacity(parts.len());
    // Where the one plain text stands.
    let mut place = None;
    for part in parts {
        let silent = match &part {
            Part::Text(text) => text.text.is_empty() && text.native.is_empty(),
            Part::Reasoning(thought) => thought.text.is_empty(),
            _ => false,
        };
        let before = place.and_then(|place: usize| streamed.get_mut(place));
        match (before, part::plain_text(&part)) {
            _ if silent => {}
            (Some(Part::Text(before)), Some(more)) => before.text.push_str(more),
            (_, plain) => {
                place = place.or_else(|| plain.map(|_| streamed.len()));
                streamed.push(part);
            }
        }
    }
    streamed
}

pub(super) fn encode(
    response: &ChatResponse,
    context: &AnswerContext,
    sink: &mut Sink,
) -> Map<String, Value> {
    let mut body = Map::new();
    body.insert("id".to_owned(), answer_id(&response.id, context).into());
    body.insert("object".to_owned(), "chat.completion".into());
    body.insert("created".to_owned(), response.created.unwrap_or(context.created).into());
    body.insert("model".to_owned(), (*context.model).into());
    let by_function = context.asked.by_function && !sink.own;
    let mut choices: Vec<_> =
        response.choices.iter().map(|choice| write_choice(choice, by_function, sink)).collect();
    if choices.is_empty() {
        choices.push(write_choice(&Choice::default(), by_function, sink));
    }
    body.insert("choices".to_owned(), Value::Array(choices));
    let more = usage_more(&response.native);
    sink.drop_cache_life(response.usage);
    let usage = wire::write_usage(response.usage.unwrap_or_default(), more);
    body.insert("usage".to_owned(), usage);
    sink.put_natives(&response.native, &mut body);
    body
}

/// The provider's id, or one that the gateway made.
pub(super) fn answer_id(id: &str, context: &AnswerContext) -> String {
    match (id, &*context.id) {
        ("", "") => String::new(),
        ("", made) => format!("chatcmpl-{made}"),
        (id, _) => id.to_owned(),
    }
}

/// What else stood in the `usage` object.
fn usage_more(natives: &[Native]) -> Option<&Native> {
    natives.iter().find(|native| native.dialect == ID && native.name == "usage")
}

fn write_choice(choice: &Choice, by_function: bool, sink: &mut Sink) -> Value {
    let legacy = by_function || spelling::marked(&choice.native, spelling::FUNCTION_CALL);
    let mut draft = Draft::default();
    let mut annotations = Annotations::default();
    for (number, part) in choice.parts.iter().enumerate() {
        if let Part::Text(text) = part
            && !text.refusal
        {
            annotations.grow(number, &text.text);
            text.citations.iter().for_each(|one| annotations.cite(number, one, sink));
        }
        match part {
            Part::ToolCall(call) if by_function => draft.call_function(call, sink),
            part => draft.add(part, legacy, sink),
        }
    }
    let mut message = Map::new();
    message.insert("role".to_owned(), "assistant".into());
    message.insert("content".to_owned(), content(&mut draft));
    draft.write(&mut message, "reasoning_content", sink);
    if let Some(annotations) = annotations.written() {
        message.insert(ANNOTATIONS.to_owned(), annotations);
    }
    let mut object = Map::new();
    object.insert("index".to_owned(), choice.index.into());
    object.insert("message".to_owned(), Value::Object(message));
    let finish = choice.finish.as_ref();
    let finish = finish.map_or("stop", |reason| wire::write_finish(reason, legacy));
    object.insert("finish_reason".to_owned(), finish.into());
    sink.put_natives(&choice.native, &mut object);
    Value::Object(object)
}

/// The content of an answer: one text, unless there are parts that only a list can hold; null where
/// the answer says something else instead.
fn content(draft: &mut Draft) -> Value {
    let parts = std::mem::take(&mut draft.content);
    let plain = |part: &Value| part["type"] == "text" && part.as_object().map_or(0, Map::len) == 2;
    if !parts.iter().all(plain) {
        return Value::Array(parts);
    }
    if parts.is_empty() && draft.says_more() {
        return Value::Null;
    }
    parts.iter().filter_map(|part| part["text"].as_str()).collect::<String>().into()
}
