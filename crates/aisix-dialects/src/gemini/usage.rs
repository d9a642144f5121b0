//! The `usageMetadata` object.
//!
//! Source: the reference's "UsageMetadata": the prompt's count holds what was cached, the
//! candidates' does not hold the thoughts, and the results of tools that ran at the provider are
//! counted apart. Counts in a stream are cumulative.

use aisix_core::chat::{Native, Usage};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::ID;
use crate::count::{self, Count};

/// The name of what else the object holds, as other formats call theirs.
const USAGE: &str = "usage";

/// The prompt's other part: what tools that ran at the provider gave back to the model.
const OF_TOOLS: &str = "toolUsePromptTokenCount";

#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    #[serde(default)]
    prompt_token_count: Count,
    #[serde(default)]
    candidates_token_count: Count,
    #[serde(default)]
    total_token_count: Count,
    #[serde(default, skip_serializing_if = "Count::is_zero")]
    cached_content_token_count: Count,
    #[serde(default, skip_serializing_if = "Count::is_zero")]
    thoughts_token_count: Count,
    #[serde(default, skip_serializing_if = "Count::is_zero")]
    tool_use_prompt_token_count: Count,
}

impl From<Counts> for Usage {
    fn from(counts: Counts) -> Self {
        let reasoning = counts.thoughts_token_count.0;
        Self {
            input: counts.prompt_token_count.0.saturating_add(counts.tool_use_prompt_token_count.0),
            output: counts.candidates_token_count.0.saturating_add(reasoning),
            cache_read: counts.cached_content_token_count.0,
            reasoning,
            ..Self::default()
        }
    }
}

/// Reads the counts; an odd one is no reason to refuse an answer.
pub(super) fn counts(text: &str) -> Option<Usage> {
    serde_json::from_str::<Counts>(text).ok().map(Into::into)
}

/// Reads the object: the counts, and what else stands in it.
pub(super) fn read(value: Value) -> Option<(Usage, Map<String, Value>)> {
    let usage: Usage = Counts::deserialize(&value).ok()?.into();
    let Value::Object(mut fields) = value else {
        return None;
    };
    fields.retain(|name, value| match name.as_str() {
        "promptTokenCount" | "candidatesTokenCount" => false,
        "cachedContentTokenCount" | "thoughtsTokenCount" => false,
        // Absent or zero, the total is the sum.
        "totalTokenCount" => !(count::says(value, usage.total()) || count::says(value, 0)),
        _ => !value.is_null(),
    });
    Some((usage, fields))
}

/// What else stood in the object, as a native field of the answer.
pub(super) fn more(fields: &Map<String, Value>) -> Option<Native> {
    (!fields.is_empty()).then(|| Native::new(ID, USAGE, Value::Object(fields.clone())))
}

/// Whether a native field of an answer is what else stood in the object.
pub(super) fn is_more(native: &Native) -> bool {
    native.dialect == ID && native.name == USAGE
}

/// Writes the object, with what else stood in it.
pub(super) fn write(usage: Usage, more: Option<&Native>) -> Value {
    let more = more.map(|more| &more.value);
    let of_tools = more.and_then(|more| more[OF_TOOLS].as_u64()).unwrap_or_default();
    let counts = Counts {
        prompt_token_count: Count(usage.input.saturating_sub(of_tools)),
        candidates_token_count: Count(usage.output.saturating_sub(usage.reasoning)),
        total_token_count: Count(usage.total()),
        cached_content_token_count: Count(usage.cache_read),
        thoughts_token_count: Count(usage.reasoning),
        tool_use_prompt_token_count: Count(of_tools),
    };
    // Numbers always serialise.
    let mut value = serde_json::to_value(counts).unwrap_or_default();
    if let Some(more) = more {
        count::merge(&mut value, more);
    }
    value
}
