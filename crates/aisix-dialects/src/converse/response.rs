//! Answers, whole.
//!
//! Source: the reference's response of "Converse", and its "StopReason".

use aisix_core::Error;
use aisix_core::chat::{ChatResponse, Choice, FinishReason, Native};
use serde_json::Value;

use super::{CONVERSE, CONVERSE_CLAUDE, ID, block, usage};
use crate::fields::Fields;
use crate::relay::unreadable;
use crate::seal::Makers;

/// Reads an answer of a model that is not known to be Claude.
pub(super) fn read(body: &[u8]) -> Result<ChatResponse, Error> {
    sealed_by(CONVERSE.seals, body)
}

/// Reads an answer of Claude's.
pub(super) fn read_of_claude(body: &[u8]) -> Result<ChatResponse, Error> {
    sealed_by(CONVERSE_CLAUDE.seals, body)
}

fn sealed_by(makers: Makers, body: &[u8]) -> Result<ChatResponse, Error> {
    let value: Value = serde_json::from_slice(body).map_err(unreadable)?;
    let mut fields = Fields::of(value).map_err(|_| unreadable("the answer is no object"))?;
    let output = fields.take("output").unwrap_or_default();
    let parts = match &output["message"][block::CONTENT] {
        Value::Array(blocks) => {
            blocks.iter().cloned().map(|block| block::read(block, makers)).collect()
        }
        Value::Null => Vec::new(),
        _ => return Err(unreadable("the answer's content must be a list")),
    };
    let finish = read_finish(&mut fields);
    let usage = fields.take("usage").and_then(|counts| usage::read(&counts.to_string()));
    Ok(ChatResponse {
        choices: vec![Choice { index: 0, parts, finish, native: Vec::new() }],
        usage,
        native: beside(fields).collect(),
        ..ChatResponse::default()
    })
}

/// Reads why an answer ended.
pub(super) fn read_finish(fields: &mut Fields) -> Option<FinishReason> {
    let word = fields.text("stopReason").filter(|word| !word.is_empty())?;
    Some(match word.as_str() {
        "end_turn" => FinishReason::Stop,
        "stop_sequence" => FinishReason::StopText,
        "max_tokens" => FinishReason::Length,
        "model_context_window_exceeded" => FinishReason::ContextFull,
        "tool_use" => FinishReason::ToolCalls,
        "content_filtered" | "guardrail_intervened" => FinishReason::ContentFilter,
        _ => FinishReason::Other(word),
    })
}

/// What is said beside the answer. How long it took is no part of it.
pub(super) fn beside(mut fields: Fields) -> impl Iterator<Item = Native> {
    fields.take("metrics");
    fields.natives(ID, "").filter(|native| !native.value.is_null())
}
