//! Cache policies.

use std::sync::Arc;

use serde::Deserialize;

use super::validity::{Findings, Problem};
use super::{Kind, Shape};

/// Which answers are kept for whom, and for how long.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CachePolicy {
    /// A unique label of 1 to 120 characters.
    #[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 1, max_length = 120))]
    pub name: Arc<str>,
    /// Whether it applies; true unless set.
    #[serde(default = "super::yes")]
    pub enabled: bool,
    /// `all` (unless set), `model:<name>` or `api_key:<id>`; anything else matches nothing.
    #[serde(default = "all")]
    #[cfg_attr(feature = "openapi", schema(min_length = 1, max_length = 255))]
    pub applies_to: String,
    /// Where answers are kept; `memory` unless set.
    #[serde(default)]
    pub backend: CacheBackend,
    /// Who shares them; `api_key` unless set.
    #[serde(default)]
    pub scope: CacheScope,
    /// For how many seconds, 1 to 604800; 3600 unless set.
    #[serde(default = "hour")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 604_800))]
    pub ttl_seconds: u64,
    /// Raising it makes everything older unreachable; 0 unless set.
    #[serde(default)]
    pub purge_generation: u64,
    /// Finds answers to similar requests too.
    pub semantic: Option<SemanticCache>,
}

/// Where answers are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CacheBackend {
    /// In this process.
    #[default]
    Memory,
    /// In Redis.
    Redis,
}

/// Who shares answers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum CacheScope {
    /// The requests of one key.
    #[default]
    ApiKey,
    /// All requests.
    Env,
}

/// How similar requests are found.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SemanticCache {
    /// The name of an embedding model.
    pub embedding_model: String,
    /// From which similarity on a request counts as the same, 0 to 1.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1))]
    pub threshold: f64,
    /// Deadline of an embedding in milliseconds.
    pub embedding_timeout_ms: Option<u64>,
    /// The most answers that are kept in memory, 1 to 10000; 1000 unless set.
    #[serde(default = "thousand")]
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 10_000))]
    pub max_entries: u32,
}

fn all() -> String {
    "all".to_owned()
}

fn hour() -> u64 {
    3600
}

fn thousand() -> u32 {
    1000
}

impl Shape for CachePolicy {
    const KIND: Kind = Kind::CachePolicies;

    fn name(&self) -> Option<&Arc<str>> {
        Some(&self.name)
    }

    fn check(&self) -> Vec<Problem> {
        let mut findings = Findings::default();
        findings.at_most(&self.name, 120, "name");
        findings.not_empty(&self.applies_to, "applies_to");
        findings.at_most(&self.applies_to, 255, "applies_to");
        findings.within(self.ttl_seconds, 1..=604_800, "ttl_seconds");
        if let Some(semantic) = &self.semantic {
            findings.not_empty(&semantic.embedding_model, "semantic.embedding_model");
            findings.share(semantic.threshold, "semantic.threshold");
            findings.within(semantic.max_entries.into(), 1..=10_000, "semantic.max_entries");
        }
        findings.into_problems()
    }
}
