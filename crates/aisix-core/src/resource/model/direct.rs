//! A model that is one upstream model.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Wire;
use crate::id::Id;
use crate::resource::validity::Findings;

/// One upstream model behind one provider key.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Direct {
    /// The vendor; a label only.
    pub provider: String,
    /// The upstream's name for the model; a `*` in it stands for what the `*` of the name captured.
    #[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 1))]
    pub model_name: Arc<str>,
    /// The id of the provider key.
    pub provider_key_id: Id,
    /// Retries on this model; absent inherits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// Prices.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
    /// Present on embedding models.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub embedding: Option<Embedding>,
    /// Whether prompt-cache markers are added where the caller set none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auto_prompt_caching: Option<PromptCaching>,
    /// Background health checks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub background_model_check: Option<BackgroundCheck>,
    /// When and for how long a failing model is left out of groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cooldown: Option<Cooldown>,
}

/// Prices in US dollars per thousand tokens.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Cost {
    /// Per thousand input tokens.
    pub input_per_1k: f64,
    /// Per thousand output tokens.
    pub output_per_1k: f64,
}

/// What an embedding model answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Embedding {
    /// Length of the vectors.
    pub dimensions: u32,
    /// Whether the upstream normalises them.
    #[serde(default = "crate::resource::yes")]
    pub normalize: bool,
}

/// Automatic prompt-cache markers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PromptCaching {
    /// Whether they are added.
    pub enabled: bool,
    /// How long the provider keeps the prefix.
    #[serde(default)]
    pub ttl: Ttl,
}

/// Life of a cached prompt prefix.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Ttl {
    /// Five minutes.
    #[default]
    #[serde(rename = "5m")]
    FiveMinutes,
    /// One hour.
    #[serde(rename = "1h")]
    OneHour,
}

/// A probe that runs in the background.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct BackgroundCheck {
    /// Whether it runs.
    pub enabled: bool,
    /// Seconds between probes, at least 5.
    pub interval_seconds: u64,
    /// Deadline of a probe in seconds, at least 1.
    pub timeout_seconds: u64,
    /// The user message that is sent.
    pub prompt: String,
    /// The most tokens to ask for, at least 1.
    pub max_tokens: u32,
    /// Seconds after which a verdict no longer counts, at least 1.
    pub stale_after_seconds: u64,
    /// Upstream statuses that leave the verdict unchanged.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ignore_statuses: Vec<u16>,
}

/// How a failing model is left out of groups for a while.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Cooldown {
    /// Whether it is.
    pub enabled: bool,
    /// Seconds; 0 disables.
    pub default_seconds: u64,
    /// Cap for the upstream's `Retry-After`, in seconds.
    pub max_seconds: u64,
    /// Whether the upstream's `Retry-After` counts.
    pub honor_retry_after: bool,
    /// Upstream statuses that start it.
    pub trigger_statuses: Vec<u16>,
    /// Whether timeouts start it.
    pub trigger_on_timeout: bool,
    /// Whether transport failures start it.
    pub trigger_on_transport: bool,
}

impl Default for Cooldown {
    fn default() -> Self {
        Self {
            enabled: true,
            default_seconds: 30,
            max_seconds: 600,
            honor_retry_after: true,
            trigger_statuses: vec![401, 408, 429, 500, 502, 503, 504],
            trigger_on_timeout: true,
            trigger_on_transport: true,
        }
    }
}

/// Takes what a direct model is made of; `None` where something essential is missing.
pub(super) fn direct(findings: &mut Findings, wire: &mut Wire) -> Option<Direct> {
    for (missing, field) in [
        (wire.provider.is_none(), "provider"),
        (wire.model_name.is_none(), "model_name"),
        (wire.provider_key_id.is_none(), "provider_key_id"),
    ] {
        findings.require(
            !missing,
            field,
            "is required, unless the model has routing, ensemble or semantic",
        );
    }
    let provider = wire.provider.take()?;
    let model_name = wire.model_name.take()?;
    let provider_key_id = wire.provider_key_id.take()?;
    findings.require(
        is_vendor(&provider),
        "provider",
        "must be 1 to 64 of a-z, 0-9, '.', '_' and '-', and begin with a letter or digit",
    );
    findings.not_empty(&model_name, "model_name");
    findings.not_empty(provider_key_id.as_str(), "provider_key_id");
    if let Some(cost) = wire.cost {
        let priced = |price: f64| price >= 0.0 && price.is_finite();
        findings.require(priced(cost.input_per_1k), "cost.input_per_1k", "must be 0 or more");
        findings.require(priced(cost.output_per_1k), "cost.output_per_1k", "must be 0 or more");
    }
    if let Some(embedding) = wire.embedding {
        findings.require(embedding.dimensions > 0, "embedding.dimensions", "must be 1 or more");
    }
    if let Some(check) = &wire.background_model_check {
        check_background(findings, check);
    }
    Some(Direct {
        provider,
        model_name,
        provider_key_id,
        retries: wire.retries,
        cost: wire.cost,
        embedding: wire.embedding,
        auto_prompt_caching: wire.auto_prompt_caching,
        background_model_check: wire.background_model_check.take(),
        cooldown: wire.cooldown.take(),
    })
}

fn is_vendor(name: &str) -> bool {
    let word = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    name.len() <= 64
        && name.bytes().next().is_some_and(word)
        && name.bytes().all(|b| word(b) || matches!(b, b'.' | b'_' | b'-'))
}

fn check_background(findings: &mut Findings, check: &BackgroundCheck) {
    let at = |field| format!("background_model_check.{field}");
    findings.require(check.interval_seconds >= 5, &at("interval_seconds"), "must be 5 or more");
    findings.require(check.timeout_seconds >= 1, &at("timeout_seconds"), "must be 1 or more");
    findings.require(check.max_tokens >= 1, &at("max_tokens"), "must be 1 or more");
    findings.require(
        check.stale_after_seconds >= 1,
        &at("stale_after_seconds"),
        "must be 1 or more",
    );
    findings.require(
        check.ignore_statuses.iter().all(|status| (100..600).contains(status)),
        &at("ignore_statuses"),
        "must be HTTP statuses from 100 to 599",
    );
}
