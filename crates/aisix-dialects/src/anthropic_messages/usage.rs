//! The `usage` object.
//!
//! Source: the reference's "Usage" and "MessageDeltaUsage": `input_tokens` leaves out what was read
//! from or written to a prompt cache; the counts of a stream are cumulative.

use aisix_core::chat::{Native, Usage};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ID;
use crate::count::{self, Count};
use crate::fields::Fields;

/// The counts of a `usage` object.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct Counts {
    #[serde(default)]
    input_tokens: Count,
    #[serde(default, skip_serializing_if = "Count::is_zero")]
    cache_creation_input_tokens: Count,
    #[serde(default, skip_serializing_if = "Count::is_zero")]
    cache_read_input_tokens: Count,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    cache_creation: Option<CacheCreation>,
    #[serde(default)]
    output_tokens: Count,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<OutputDetails>,
}

/// `usage.cache_creation`: by the time that the cache is kept.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct CacheCreation {
    #[serde(default)]
    ephemeral_5m_input_tokens: Count,
    #[serde(default)]
    ephemeral_1h_input_tokens: Count,
}

/// `usage.output_tokens_details`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
struct OutputDetails {
    #[serde(default)]
    thinking_tokens: Count,
}

impl Counts {
    /// Reads the counts; an odd one is no reason to refuse an answer.
    pub(super) fn read(text: &str) -> Option<Self> {
        count::read(text)
    }

    /// Count by count the larger: what a later frame leaves out still holds.
    pub(super) fn max(self, other: Self) -> Self {
        let larger = |one: Count, other: Count| Count(one.0.max(other.0));
        let cache = match (self.cache_creation, other.cache_creation) {
            (Some(one), Some(other)) => Some(CacheCreation {
                ephemeral_5m_input_tokens: larger(
                    one.ephemeral_5m_input_tokens,
                    other.ephemeral_5m_input_tokens,
                ),
                ephemeral_1h_input_tokens: larger(
                    one.ephemeral_1h_input_tokens,
                    other.ephemeral_1h_input_tokens,
                ),
            }),
            (one, other) => one.or(other),
        };
        let thinking = |counts: Self| counts.output_tokens_details.unwrap_or_default();
        Self {
            input_tokens: larger(self.input_tokens, other.input_tokens),
            cache_creation_input_tokens: larger(
                self.cache_creation_input_tokens,
                other.cache_creation_input_tokens,
            ),
            cache_read_input_tokens: larger(
                self.cache_read_input_tokens,
                other.cache_read_input_tokens,
            ),
            cache_creation: cache,
            output_tokens: larger(self.output_tokens, other.output_tokens),
            output_tokens_details: Some(OutputDetails {
                thinking_tokens: larger(
                    thinking(self).thinking_tokens,
                    thinking(other).thinking_tokens,
                ),
            }),
        }
    }
}

impl From<Counts> for Usage {
    fn from(counts: Counts) -> Self {
        let by_time = counts.cache_creation.unwrap_or_default();
        let [five_minutes, hour] =
            [by_time.ephemeral_5m_input_tokens.0, by_time.ephemeral_1h_input_tokens.0];
        let cache_read = counts.cache_read_input_tokens.0;
        let cache_write =
            counts.cache_creation_input_tokens.0.max(five_minutes.saturating_add(hour));
        Self {
            input: counts.input_tokens.0.saturating_add(cache_read).saturating_add(cache_write),
            output: counts.output_tokens.0,
            cache_read,
            cache_write,
            cache_write_1h: hour,
            reasoning: counts.output_tokens_details.unwrap_or_default().thinking_tokens.0,
            cache_beside: true,
        }
    }
}

impl From<Usage> for Counts {
    fn from(usage: Usage) -> Self {
        let hour = usage.cache_write_1h;
        let by_time = CacheCreation {
            ephemeral_5m_input_tokens: Count(usage.cache_write.saturating_sub(hour)),
            ephemeral_1h_input_tokens: Count(hour),
        };
        let thinking_tokens = Count(usage.reasoning);
        Self {
            input_tokens: Count(usage.uncached()),
            cache_creation_input_tokens: Count(usage.cache_write),
            cache_read_input_tokens: Count(usage.cache_read),
            cache_creation: (hour > 0).then_some(by_time),
            output_tokens: Count(usage.output),
            output_tokens_details: (usage.reasoning > 0)
                .then_some(OutputDetails { thinking_tokens }),
        }
    }
}

/// Reads a `usage` object: the counts, and what else stands in it.
pub(super) fn read(value: Value) -> Option<(Counts, Map<String, Value>)> {
    let counts = Counts::deserialize(&value).ok()?;
    let Value::Object(mut fields) = value else {
        return None;
    };
    fields.retain(|name, value| match name.as_str() {
        "input_tokens" | "output_tokens" => false,
        "cache_creation_input_tokens" | "cache_read_input_tokens" => false,
        "cache_creation" => {
            has_more(value, &["ephemeral_5m_input_tokens", "ephemeral_1h_input_tokens"])
        }
        "output_tokens_details" => has_more(value, &["thinking_tokens"]),
        _ => !value.is_null(),
    });
    Some((counts, fields))
}

/// Whether an object says more than these counts, which are taken out of it.
fn has_more(object: &mut Value, counts: &[&str]) -> bool {
    match object {
        Value::Object(object) => {
            object.retain(|name, value| !value.is_null() && !counts.contains(&name.as_str()));
            !object.is_empty()
        }
        _ => false,
    }
}

/// What else stood in a `usage` object, as a native field of the answer.
pub(super) fn more(fields: &Map<String, Value>) -> Option<Native> {
    (!fields.is_empty()).then(|| Native::new(ID, "usage", Value::Object(fields.clone())))
}

/// Takes the `usage` object out of an answer.
pub(super) fn take(fields: &mut Fields) -> (Option<Usage>, Option<Native>) {
    match fields.take("usage").and_then(read) {
        Some((counts, rest)) => (Some(counts.into()), more(&rest)),
        None => (None, None),
    }
}

/// Writes a `usage` object, with what else stood in it.
pub(super) fn write(usage: Usage, more: Option<&Native>) -> Value {
    // Numbers always serialise.
    let mut value = serde_json::to_value(Counts::from(usage)).unwrap_or_default();
    if let (Some(fields), Some(Value::Object(more))) =
        (value.as_object_mut(), more.map(|more| &more.value))
    {
        for (name, more) in more {
            match (fields.get_mut(name), more) {
                (Some(Value::Object(known)), Value::Object(more)) => {
                    known.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
                }
                _ => drop(fields.insert(name.clone(), more.clone())),
            }
        }
    }
    value
}
