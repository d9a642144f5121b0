//! What an answer repeats of its request.
//!
//! Source: OpenAI's API reference, "The response object". It says how the answer was made, so that
//! what goes to no other provider is told as it was: nothing goes on in the background or is truncated, and tools that
//! run at OpenAI are not among those that the model may call.

use aisix_core::chat::{ChatRequest, Tool};
use serde_json::{Map, Value, json};

use super::{ID, request, tool};
use crate::metadata;
use crate::sink::Sink;

/// The fields that a translated answer repeats.
pub(super) fn of(asked: &ChatRequest) -> Map<String, Value> {
    // What is lost here is lost nowhere else: the request as it was translated says so itself.
    let sink = &mut Sink::new(ID, ID);
    let mut said = Map::new();
    request::write_options(asked, sink, &mut said);
    metadata::write_own(asked, sink, &mut said);
    said.extend(tool::chosen(asked).map(|choice| ("tool_choice".to_owned(), choice)));
    let functions = asked.tools.iter().filter(|tool| matches!(tool, Tool::Function { .. }));
    let tools: Value = functions.filter_map(|tool| tool::write_told(tool, sink)).collect();
    let mut take = |name: &str, otherwise: Value| said.shift_remove(name).unwrap_or(otherwise);
    let mut text = take("text", json!({}));
    let mut reasoning = take("reasoning", json!({}));
    fill(&mut text, "format", json!({"type": "text"}));
    fill(&mut reasoning, "effort", Value::Null);
    fill(&mut reasoning, "summary", Value::Null);
    let fields = [
        ("background", false.into()),
        ("instructions", request::instructions_of(asked, sink).into()),
        ("max_output_tokens", take("max_output_tokens", Value::Null)),
        ("metadata", take("metadata", json!({}))),
        ("parallel_tool_calls", take("parallel_tool_calls", true.into())),
        ("previous_response_id", Value::Null),
        ("reasoning", reasoning),
        ("temperature", take("temperature", json!(1.0))),
        ("text", text),
        ("tool_choice", take("tool_choice", "auto".into())),
        ("tools", tools),
        ("top_logprobs", take("top_logprobs", 0.into())),
        ("top_p", take("top_p", json!(1.0))),
        ("truncation", "disabled".into()),
        ("user", take("user", Value::Null)),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn fill(object: &mut Value, name: &str, otherwise: Value) {
    if let Some(object) = object.as_object_mut() {
        object.entry(name).or_insert(otherwise);
    }
}
