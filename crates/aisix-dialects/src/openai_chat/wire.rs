//! Shapes that both directions share.

use std::fmt;

use aisix_core::chat::{FinishReason, Native, Usage};
use aisix_core::error::Upstream;
use aisix_core::{Error, ErrorCode};
use serde::de::{self, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ID;

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
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct PromptDetails {
    #[serde(default)]
    cached_tokens: Count,
}

/// `usage.completion_tokens_details`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct CompletionDetails {
    #[serde(default)]
    reasoning_tokens: Count,
}

/// A number of tokens. An answer is not refused for an odd count: whatever is none counts as zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
struct Count(u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor)
    }
}

struct CountVisitor;

impl<'de> Visitor<'de> for CountVisitor {
    type Value = Count;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of tokens")
    }

    fn visit_u64<E>(self, count: u64) -> Result<Count, E> {
        Ok(Count(count))
    }

    fn visit_f64<E>(self, count: f64) -> Result<Count, E> {
        // The cast stops at the ends of the range: negative counts become zero.
        Ok(Count(count as u64))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Count, E> {
        Ok(Count(0))
    }

    fn visit_unit<E>(self) -> Result<Count, E> {
        Ok(Count(0))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Count, E> {
        Ok(Count(0))
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Count, E> {
        Ok(Count(0))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Count, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Count(0))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Count, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Count(0))
    }
}

impl From<UsageWire> for Usage {
    fn from(wire: UsageWire) -> Self {
        let cached = wire.prompt_tokens_details.map_or(0, |details| details.cached_tokens.0);
        let reasoning =
            wire.completion_tokens_details.map_or(0, |details| details.reasoning_tokens.0);
        Self {
            input: wire.prompt_tokens.0,
            output: wire.completion_tokens.0,
            cache_read: if cached > 0 { cached } else { wire.prompt_cache_hit_tokens.0 },
            cache_write: 0,
            reasoning,
        }
    }
}

impl From<Usage> for UsageWire {
    fn from(usage: Usage) -> Self {
        let cached = Count(usage.cache_read);
        let reasoning = Count(usage.reasoning);
        Self {
            prompt_tokens: Count(usage.input),
            completion_tokens: Count(usage.output),
            total_tokens: Count(usage.total()),
            prompt_tokens_details: (cached != Count(0))
                .then_some(PromptDetails { cached_tokens: cached }),
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
    let said = |value: &Value, count: u64| value.is_null() || value.as_f64() == Some(count as f64);
    fields.retain(|name, value| match name.as_str() {
        "prompt_tokens" | "completion_tokens" => false,
        "total_tokens" => !said(value, usage.total()),
        "prompt_tokens_details" => has_more(value, "cached_tokens"),
        "completion_tokens_details" => has_more(value, "reasoning_tokens"),
        _ => true,
    });
    let more = (!fields.is_empty()).then(|| Native::new(ID, "usage", Value::Object(fields)));
    Some((usage, more))
}

/// Whether details say more than this count, which is taken out of them.
fn has_more(details: &mut Value, count: &str) -> bool {
    match details {
        Value::Object(details) => {
            details.shift_remove(count);
            !details.is_empty()
        }
        other => !other.is_null(),
    }
}

/// Writes a `usage` object, with what else stood in it.
pub(super) fn write_usage(usage: Usage, more: Option<&Native>) -> Value {
    // Numbers always serialise.
    let mut value = serde_json::to_value(UsageWire::from(usage)).unwrap_or_default();
    if let Some(more) = more {
        merge(&mut value, &more.value);
    }
    value
}

fn merge(into: &mut Value, more: &Value) {
    match (into, more) {
        (Value::Object(into), Value::Object(more)) => {
            for (name, value) in more {
                merge(into.entry(name).or_insert_with(|| Value::Object(Map::new())), value);
            }
        }
        (into, more) => *into = more.clone(),
    }
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
        FinishReason::Stop => "stop",
        FinishReason::Length => "length",
        FinishReason::ToolCalls if legacy_call => "function_call",
        FinishReason::ToolCalls => "tool_calls",
        FinishReason::ContentFilter => "content_filter",
        FinishReason::Other(word) => word,
    }
}

/// An error that an upstream put into a successful answer: an object, or just its message.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct InBandError(Value);

impl InBandError {
    pub(super) fn into_error(self) -> Error {
        let error = super::error::from_value(&self.0);
        let status = error.status.unwrap_or(502);
        Error::new(ErrorCode::UpstreamInBand, error.message).with_upstream(Upstream {
            status,
            code: error.code,
            param: error.param,
        })
    }
}
