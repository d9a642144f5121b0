//! The `usage` object.

use aisix_core::chat::{Native, Usage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ID;
use crate::count::{self, Count};

/// The object, as far as it is accounted for.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct UsageWire {
    #[serde(default)]
    input_tokens: Count,
    #[serde(default)]
    input_tokens_details: Option<InputDetails>,
    #[serde(default)]
    output_tokens: Count,
    #[serde(default)]
    output_tokens_details: Option<OutputDetails>,
    #[serde(default)]
    total_tokens: Count,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct InputDetails {
    #[serde(default)]
    cached_tokens: Count,
    #[serde(default)]
    cache_write_tokens: Count,
}

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct OutputDetails {
    #[serde(default)]
    reasoning_tokens: Count,
}

impl From<UsageWire> for Usage {
    fn from(wire: UsageWire) -> Self {
        let input = wire.input_tokens_details.unwrap_or_default();
        Self {
            input: wire.input_tokens.0,
            output: wire.output_tokens.0,
            cache_read: input.cached_tokens.0,
            cache_write: input.cache_write_tokens.0,
            cache_write_1h: 0,
            reasoning: wire.output_tokens_details.unwrap_or_default().reasoning_tokens.0,
            cache_beside: false,
        }
    }
}

impl From<Usage> for UsageWire {
    fn from(usage: Usage) -> Self {
        Self {
            input_tokens: Count(usage.input),
            input_tokens_details: Some(InputDetails {
                cached_tokens: Count(usage.cache_read),
                cache_write_tokens: Count(usage.cache_write),
            }),
            output_tokens: Count(usage.output),
            output_tokens_details: Some(OutputDetails { reasoning_tokens: Count(usage.reasoning) }),
            total_tokens: Count(usage.total()),
        }
    }
}

/// Reads the object: the counts, and what else stands in it.
pub(super) fn read(value: Value) -> Option<(Usage, Option<Native>)> {
    let usage: Usage = UsageWire::deserialize(&value).ok()?.into();
    let Value::Object(mut fields) = value else {
        return None;
    };
    fields.retain(|name, value| match name.as_str() {
        "input_tokens" | "output_tokens" => false,
        "total_tokens" => !count::says(value, usage.total()),
        "input_tokens_details" => count::has_more(value, &["cached_tokens", "cache_write_tokens"]),
        "output_tokens_details" => count::has_more(value, &["reasoning_tokens"]),
        _ => true,
    });
    let more = (!fields.is_empty()).then(|| Native::new(ID, "usage", Value::Object(fields)));
    Some((usage, more))
}

/// Writes the object, with what else stood in it.
pub(super) fn write(usage: Usage, natives: &[Native]) -> Value {
    // Numbers always serialise.
    let mut value = serde_json::to_value(UsageWire::from(usage)).unwrap_or_default();
    let more = natives.iter().find(|native| native.dialect == ID && native.name == "usage");
    if let Some(more) = more {
        count::merge(&mut value, &more.value);
    }
    value
}
