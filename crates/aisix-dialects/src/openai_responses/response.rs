//! Answers, whole.

use std::sync::Arc;

use aisix_core::Error;
use aisix_core::chat::{ChatResponse, Choice, FinishReason, Native, Part};
use serde_json::{Map, Value, json};

use super::output::{self, Items};
use super::{ID, usage};
use crate::dialect::AnswerContext;
use crate::fields::Fields;
use crate::relay::unreadable;
use crate::sink::Sink;

pub(super) fn decode(body: &[u8]) -> Result<ChatResponse, Error> {
    let value: Value = serde_json::from_slice(body).map_err(unreadable)?;
    let mut fields = Fields::of(value).map_err(|_| unreadable("the answer is no object"))?;
    let (id, model, created) = read_head(&mut fields);
    let output = fields.list("output").ok_or_else(|| unreadable("the answer has no output"))?;
    let parts = output::read(output);
    let calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
    let End { usage, native, finish } = read_end(fields, calls);
    let choice = Choice { index: 0, parts, finish, native: Vec::new() };
    Ok(ChatResponse { id, model, created, choices: vec![choice], usage, native })
}

/// Reads what an answer begins with: id, model, and time.
pub(super) fn read_head(fields: &mut Fields) -> (String, String, Option<i64>) {
    fields.take("object");
    let id = fields.text("id").unwrap_or_default();
    let model = fields.text("model").unwrap_or_default();
    // The cast stops at the ends of the range, which no clock reaches.
    let created = fields.number("created_at").map(|seconds| seconds as i64);
    (id, model, created)
}

/// What is known when an answer is complete.
pub(super) struct End {
    pub(super) usage: Option<aisix_core::chat::Usage>,
    pub(super) native: Vec<Native>,
    pub(super) finish: Option<FinishReason>,
}

/// Reads it. `calls` says whether a function is called.
pub(super) fn read_end(mut fields: Fields, calls: bool) -> End {
    let usage = fields.take("usage").and_then(usage::read);
    let details = fields.take("incomplete_details");
    let reason = details.as_ref().and_then(|details| details["reason"].as_str());
    let status = fields.text("status");
    let finish = match (status.as_deref(), reason) {
        (Some("completed") | None, _) if calls => Some(FinishReason::ToolCalls),
        (Some("completed") | None, _) => Some(FinishReason::Stop),
        (Some("incomplete"), Some("max_output_tokens")) => Some(FinishReason::Length),
        (Some("incomplete"), Some("content_filter")) => Some(FinishReason::ContentFilter),
        (Some("incomplete"), Some(other)) => Some(FinishReason::Other(other.to_owned())),
        (Some("incomplete"), None) => Some(FinishReason::Length),
        // One that is made in the background has not ended.
        (Some(_), _) => None,
    };
    let status = status.filter(|_| finish.is_none());
    let status = status.map(|word| Native::new(ID, "status", word.into()));
    let mut native: Vec<_> = status.into_iter().collect();
    native.extend(fields.natives(ID, "").filter(|native| !native.value.is_null()));
    let usage = usage.map(|(usage, more)| {
        native.extend(more);
        usage
    });
    End { usage, native, finish }
}

/// The word for how an answer ended. A pause, and what only another provider knows, have none.
pub(super) fn status(reason: Option<&FinishReason>, sink: &mut Sink) -> &'static str {
    if matches!(reason, Some(FinishReason::Paused | FinishReason::Other(_))) && !sink.own {
        sink.drop("finish_reason");
    }
    if incomplete(reason, sink).is_some() { "incomplete" } else { "completed" }
}

/// Why an answer is incomplete, where it is. What a word of another format's provider means, nobody
/// knows.
fn incomplete<'a>(reason: Option<&'a FinishReason>, sink: &Sink) -> Option<&'a str> {
    match reason? {
        FinishReason::Length | FinishReason::ContextFull => Some("max_output_tokens"),
        FinishReason::ContentFilter | FinishReason::Refusal => Some("content_filter"),
        FinishReason::Other(word) if sink.own => Some(word),
        FinishReason::Other(_)
        | FinishReason::Stop
        | FinishReason::StopText
        | FinishReason::ToolCalls
        | FinishReason::Paused => None,
    }
}

pub(super) fn encode(
    response: &ChatResponse,
    context: &AnswerContext,
    sink: &mut Sink,
) -> Map<String, Value> {
    let base = base(context);
    let mut items = Items::new(&base, sink);
    let mut finish = None;
    for (index, choice) in response.choices.iter().enumerate() {
        if index > 0 {
            items.leave_out("choices");
            break;
        }
        choice.parts.iter().for_each(|part| items.add(part));
        items.leave_out_natives(&choice.native);
        finish = choice.finish.as_ref();
    }
    let output = items.finish(finish);
    let head = Head {
        id: answer_id(&response.id, context, sink.own),
        created: response.created.unwrap_or(context.created),
        model: context.model.to_string(),
        repeated: context.asked.repeated.clone(),
    };
    // A caller always sees usage.
    let ended = (finish, output, Some(response.usage.unwrap_or_default()));
    head.object(&response.native, Some(ended), sink)
}

/// What every form of an answer begins with.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) id: String,
    pub(super) created: i64,
    pub(super) model: String,
    /// What it repeats of the request, where it is translated.
    pub(super) repeated: Option<Arc<Map<String, Value>>>,
}

/// How an answer ended: why, with which items, and what it took.
pub(super) type Ended<'a> = (Option<&'a FinishReason>, Vec<Value>, Option<aisix_core::chat::Usage>);

impl Head {
    /// The answer: as it ended, or as it is while it is made.
    pub(super) fn object(
        &self,
        natives: &[Native],
        ended: Option<Ended<'_>>,
        sink: &mut Sink,
    ) -> Map<String, Value> {
        let (status, reason, output, usage) = match ended {
            None => ("in_progress", None, Vec::new(), Value::Null),
            Some((finish, output, usage)) => {
                sink.drop_cache_life(usage);
                let usage = usage.map_or(Value::Null, |usage| usage::write(usage, natives));
                (status(finish, sink), incomplete(finish, sink), output, usage)
            }
        };
        let own = |name: &str| natives.iter().find(|it| it.dialect == ID && it.name == name);
        let status = own("status").map_or_else(|| status.into(), |it| it.value.clone());
        let details = reason.map_or(Value::Null, |reason| json!({ "reason": reason }));
        let mut object = Map::new();
        for (name, value) in [
            ("id", self.id.as_str().into()),
            ("object", "response".into()),
            ("created_at", self.created.into()),
            ("status", status),
            ("error", Value::Null),
            ("incomplete_details", details),
            ("model", self.model.as_str().into()),
            ("output", Value::Array(output)),
        ] {
            object.insert(name.to_owned(), value);
        }
        let repeated = self.repeated.iter().filter(|_| !sink.own).flat_map(|all| all.iter());
        object.extend(repeated.map(|(name, value)| (name.clone(), value.clone())));
        object.insert("usage".to_owned(), usage);
        sink.put_natives(natives, &mut object);
        if !sink.own {
            // The types that OpenAI publishes ask for these.
            object.entry("parallel_tool_calls").or_insert(json!(true));
            object.entry("tool_choice").or_insert(json!("auto"));
            object.entry("tools").or_insert(json!([]));
        }
        object
    }
}

/// The provider's id, where it is this format's, or one that the gateway made.
pub(super) fn answer_id(id: &str, context: &AnswerContext, own: bool) -> String {
    let made = !context.id.is_empty() && (id.is_empty() || !own);
    if made { format!("resp_{}", base(context)) } else { id.to_owned() }
}

/// What the ids that are made here have in common.
pub(super) fn base(context: &AnswerContext) -> String {
    context.id.replace('-', "")
}

/// An id that is made here: OpenAI's begin with what they are of.
pub(super) fn made_id(kind: &str, base: &str, index: usize) -> String {
    if base.is_empty() { format!("{kind}_{index}") } else { format!("{kind}_{base}_{index}") }
}
