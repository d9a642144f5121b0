//! Shapes that both directions share.

use aisix_core::chat::Usage;
use aisix_core::error::Upstream;
use aisix_core::{Error, ErrorCode};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The `usage` object.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct UsageWire {
    #[serde(default)]
    pub(super) prompt_tokens: u64,
    #[serde(default)]
    pub(super) completion_tokens: u64,
    #[serde(default)]
    pub(super) total_tokens: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) prompt_tokens_details: Option<PromptDetails>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) completion_tokens_details: Option<CompletionDetails>,
    /// DeepSeek's counter of cached tokens.
    #[serde(default, skip_serializing)]
    pub(super) prompt_cache_hit_tokens: Option<u64>,
}

/// `usage.prompt_tokens_details`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct PromptDetails {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cached_tokens: Option<u64>,
}

/// `usage.completion_tokens_details`.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(super) struct CompletionDetails {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_tokens: Option<u64>,
}

impl From<UsageWire> for Usage {
    fn from(wire: UsageWire) -> Self {
        let cached = wire.prompt_tokens_details.and_then(|details| details.cached_tokens);
        let reasoning = wire.completion_tokens_details.and_then(|details| details.reasoning_tokens);
        Self {
            input: wire.prompt_tokens,
            output: wire.completion_tokens,
            cache_read: cached
                .filter(|count| *count > 0)
                .or(wire.prompt_cache_hit_tokens)
                .unwrap_or(0),
            cache_write: 0,
            reasoning: reasoning.unwrap_or(0),
        }
    }
}

impl From<Usage> for UsageWire {
    fn from(usage: Usage) -> Self {
        let some = |count: u64| (count > 0).then_some(count);
        Self {
            prompt_tokens: usage.input,
            completion_tokens: usage.output,
            total_tokens: usage.total(),
            prompt_tokens_details: some(usage.cache_read)
                .map(|cached| PromptDetails { cached_tokens: Some(cached) }),
            completion_tokens_details: some(usage.reasoning)
                .map(|count| CompletionDetails { reasoning_tokens: Some(count) }),
            prompt_cache_hit_tokens: None,
        }
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
