//! The `usage` object.
//!
//! Source: the reference's "TokenUsage", and the user guide's "Prompt caching": `inputTokens` leaves
//! out what was read from or written to a prompt cache.

use aisix_core::chat::Usage;
use serde::Deserialize;

use crate::count::Count;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    #[serde(default)]
    input_tokens: Count,
    #[serde(default)]
    output_tokens: Count,
    #[serde(default)]
    cache_read_input_tokens: Count,
    #[serde(default)]
    cache_write_input_tokens: Count,
    #[serde(default)]
    cache_details: Option<Vec<Written>>,
}

/// What was written to a prompt cache, by the time that it is kept.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    ttl: Option<String>,
    #[serde(default)]
    input_tokens: Count,
}

/// Reads the counts; an odd one is no reason to refuse an answer.
pub(super) fn read(text: &str) -> Option<Usage> {
    let counts: Counts = serde_json::from_str(text).ok()?;
    let details = counts.cache_details.unwrap_or_default();
    let written = |ttl: &str| {
        let of_ttl = details.iter().filter(|written| written.ttl.as_deref() == Some(ttl));
        of_ttl.fold(0u64, |sum, written| sum.saturating_add(written.input_tokens.0))
    };
    let [five_minutes, hour] = ["5m", "1h"].map(written);
    let cache_read = counts.cache_read_input_tokens.0;
    let cache_write = counts.cache_write_input_tokens.0.max(five_minutes.saturating_add(hour));
    Some(Usage {
        input: counts.input_tokens.0.saturating_add(cache_read).saturating_add(cache_write),
        output: counts.output_tokens.0,
        cache_read,
        cache_write,
        cache_write_1h: hour,
        reasoning: 0,
        cache_beside: true,
    })
}
