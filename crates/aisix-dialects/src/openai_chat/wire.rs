//! Shapes that both directions share.

use aisix_core::chat::{FinishReason, Native, Usage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ID;
use crate::count::{self, Count};

/// The `usage` object, as far as it is accounted for.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct UsageWire {
    #[serde(default)]
    prompt_tokens: Count,
    #[serde(default)]
    completion_tokens: Count,
    #[serde(default)]
    total_tokens: Count,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prompt_tokens_details: Option<PromptDetails>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    completion_tokens_details: Option<CompletionDetails>,
    /// DeepSeek's counter of cached tokens.
    #[serde(default, skip_serializing)]
    prompt_cache_hit_tokens: Count,
}

/// `usage.prompt_tokens_details`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct PromptDetails {
    #[serde(default)]
    cached_tokens: Count,
    #[serde(default, skip_serializing_if = "Count::is_zero")]
    cache_write_tokens: Count,
}

/// `usage.completion_tokens_details`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct CompletionDetails {
    #[serde(default)]
    reasoning_tokens: Count,
}

impl From<UsageWire> for Usage {
    fn from(wire: UsageWire) -> Self {
        let prompt = wire.prompt_tokens_details.unwrap_or_default();
        let cached = prompt.cached_tokens.0;
        let reasoning =
            wire.completion_tokens_details.map_or(0, |details| details.reasoning_tokens.0);
        Self {
            input: wire.prompt_tokens.0,
            output: wire.completion_tokens.0,
            cache_read: if cached > 0 { cached } else { wire.prompt_cache_hit_tokens.0 },
            cache_write: prompt.cache_write_tokens.0,
            cache_write_1h: 0,
            reasoning,
            cache_beside: false,
        }
    }
}

impl From<Usage> for UsageWire {
    fn from(usage: Usage) -> Self {
        let reasoning = Count(usage.reasoning);
        let prompt = PromptDetails {
            cached_tokens: Count(usage.cache_read),
            cache_write_tokens: Count(usage.cache_write),
        };
        // The total says what the cache took part in, too.
        let input = if usage.cache_beside { usage.uncached() } else { usage.input };
        Self {
            prompt_tokens: Count(input),
            completion_tokens: Count(usage.output),
            total_tokens: Count(usage.total()),
            prompt_tokens_details: (prompt != PromptDetails::default()).then_some(prompt),
            completion_tokens_details: (reasoning != Count(0))
                .then_some(CompletionDetails { reasoning_tokens: reasoning }),
            prompt_cache_hit_tokens: Count(0),
        }
    }
}

/// Reads a `usage` object: the counts, and what else stands in it.
pub(super) fn read_usage(value: Value) -> Option<(Usage, Option<Native>)> {
    let usage: Usage = UsageWire::deserialize(&value).ok()?.into();
    let Value::Object(mut fields) = value else {
        return None;
    };
    fields.retain(|name, value| match name.as_str() {
        "prompt_tokens" | "completion_tokens" => false,
        "total_tokens" => !count::says(value, usage.total()),
        "prompt_tokens_details" => count::has_more(value, &["cached_tokens", "cache_write_tokens"]),
        "completion_tokens_details" => count::has_more(value, &["reasoning_tokens"]),
        _ => true,
    });
    let more = (!fields.is_empty()).then(|| Native::new(ID, "usage", Value::Object(fields)));
    Some((usage, more))
}

/// Writes a `usage` object, with what else stood in it.
pub(super) fn write_usage(usage: Usage, more: Option<&Native>) -> Value {
    // Numbers always serialise.
    let mut value = serde_json::to_value(UsageWire::from(usage)).unwrap_or_default();
    if let Some(more) = more {
        count::merge(&mut value, &more.value);
    }
    value
}

/// Reads a finish reason. The legacy word for a call means the same as the newer one, where the
/// choice holds such a call.
pub(super) fn read_finish(word: String, legacy_call: bool) -> FinishReason {
    match word.as_str() {
        "stop" => FinishReason::Stop,
        "length" => FinishReason::Length,
        "tool_calls" => FinishReason::ToolCalls,
        "content_filter" => FinishReason::ContentFilter,
        "function_call" if legacy_call => FinishReason::ToolCalls,
        _ => FinishReason::Other(word),
    }
}

/// Writes a finish reason.
pub(super) fn write_finish(reason: &FinishReason, legacy_call: bool) -> &str {
    match reason {
        FinishReason::Stop | FinishReason::StopText => "stop",
        FinishReason::Length | FinishReason::ContextFull => "length",
        FinishReason::ToolCalls if legacy_call => "function_call",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::ContentFilter | FinishReason::Refusal => "content_filter",
        // The caller continues such a turn only if it knows the provider's word for it.
        FinishReason::Paused => "pause_turn",
        FinishReason::Other(word) => word,
    }
}
