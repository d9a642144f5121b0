//! Models that ask several others.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::super::validity::Findings;

/// Asks several models and lets one of them judge.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Ensemble {
    /// Who is asked; at least one.
    #[cfg_attr(feature = "openapi", schema(min_items = 1))]
    pub panel: Vec<Panelist>,
    /// Who makes one answer of theirs.
    pub judge: Judge,
    /// How many must have answered; two, or all of a smaller panel, unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_responses: Option<u32>,
    /// Deadline of each call in milliseconds; 0 and absent mean none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
}

/// One who is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Panelist {
    /// The name of a model.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub model: Arc<str>,
    /// Sampling temperature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Seed of the sampling.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seed: Option<i64>,
    /// Without effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<f64>,
}

/// Who makes one answer of several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Judge {
    /// The name of a model.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub model: Arc<str>,
    /// What it is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub synthesis_prompt: Option<String>,
}

/// Leads to the model whose examples are most like the request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Semantic {
    /// The name of an embedding model.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub embedding_model: Arc<str>,
    /// The name of the model for requests that are like no example.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub default: Arc<str>,
    /// Where the others lead; at least one.
    #[cfg_attr(feature = "openapi", schema(min_items = 1))]
    pub routes: Vec<SemanticRoute>,
    /// How likeness is judged.
    #[serde(rename = "match")]
    pub matching: SemanticMatch,
    /// Deadline of an embedding in milliseconds; 0 and absent mean none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding_timeout_ms: Option<u64>,
    /// What happens where there is no embedding.
    #[serde(default)]
    pub on_embedding_failure: OnEmbeddingFailure,
}

/// A model, with examples of what it is for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SemanticRoute {
    /// A label.
    pub name: String,
    /// Requests that it is for; at least one.
    #[cfg_attr(feature = "openapi", schema(min_items = 1))]
    pub examples: Vec<String>,
    /// The name of the model.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub target: Arc<str>,
    /// From which score on it is taken, 0 to 1; that of `match` unless set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1))]
    pub threshold: Option<f64>,
    /// What it is for, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// How likeness is judged.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SemanticMatch {
    /// From which score on a route is taken, 0 to 1.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, maximum = 1))]
    pub threshold: f64,
    /// How two vectors are compared.
    #[serde(default)]
    pub distance_metric: DistanceMetric,
    /// How the scores of several examples become one.
    #[serde(default)]
    pub aggregation: Aggregation,
}

/// How two vectors are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum DistanceMetric {
    /// By their angle.
    #[default]
    Cosine,
}

/// How the scores of several examples become one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Aggregation {
    /// The highest counts.
    #[default]
    Max,
}

/// What happens where there is no embedding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnEmbeddingFailure {
    /// The default model is taken.
    #[default]
    Default,
    /// The request fails.
    Fail,
    /// The model with this name is taken.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    Target(Arc<str>),
}

pub(super) fn check_ensemble(findings: &mut Findings, ensemble: &Ensemble) {
    findings.some(&ensemble.panel, "ensemble.panel");
    for (index, panelist) in ensemble.panel.iter().enumerate() {
        findings.not_empty(&panelist.model, &format!("ensemble.panel[{index}].model"));
    }
    findings.not_empty(&ensemble.judge.model, "ensemble.judge.model");
}

pub(super) fn check_semantic(findings: &mut Findings, semantic: &Semantic) {
    findings.not_empty(&semantic.embedding_model, "semantic.embedding_model");
    findings.not_empty(&semantic.default, "semantic.default");
    findings.some(&semantic.routes, "semantic.routes");
    for (index, route) in semantic.routes.iter().enumerate() {
        let at = |field| format!("semantic.routes[{index}].{field}");
        findings.some(&route.examples, &at("examples"));
        findings.not_empty(&route.target, &at("target"));
        findings.share(route.threshold.unwrap_or_default(), &at("threshold"));
    }
    findings.share(semantic.matching.threshold, "semantic.match.threshold");
    if let OnEmbeddingFailure::Target(target) = &semantic.on_embedding_failure {
        findings.not_empty(target, "semantic.on_embedding_failure.target");
    }
}
