//! The names that callers use, and where they lead.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

mod composite;

pub use composite::{
    Aggregation, DistanceMetric, Ensemble, Judge, OnEmbeddingFailure, Panelist, Semantic,
    SemanticMatch, SemanticRoute,
};
use composite::{check_ensemble, check_semantic};

use super::validity::{Findings, read};
use super::{Checked, Document, Invalid, Kind, RateLimit, Resource, Strictness};
use crate::glob::Glob;
use crate::id::Id;

/// A name that callers may put into `model`.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Model {
    /// The name; unique. That of a direct model may hold one `*` and then stands for many names.
    #[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 1))]
    pub display_name: Arc<str>,
    /// Where the name leads.
    #[serde(flatten)]
    pub kind: ModelKind,
    /// Deadline of a non-streaming attempt in milliseconds; 0 means none, absent inherits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout: Option<u64>,
    /// Longest gap between the chunks of a stream in milliseconds; 0 and absent inherit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stream_timeout: Option<u64>,
    /// Limits over all callers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// Address ranges from which the model may be used; empty means all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed_cidrs: Vec<String>,
}

/// Where a name leads: exactly one shape per model.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged)]
pub enum ModelKind {
    /// To one upstream model.
    Direct(Box<Direct>),
    /// To several models, by a rule.
    Group {
        /// The rule and its targets.
        routing: Box<Routing>,
    },
    /// To several models at once, and a judge of their answers.
    Ensemble {
        /// Who is asked, and who judges.
        ensemble: Box<Ensemble>,
    },
    /// To the model whose examples are most like the request.
    Semantic {
        /// The examples.
        semantic: Box<Semantic>,
        /// Retries on each model; absent inherits.
        #[serde(skip_serializing_if = "Option::is_none")]
        retries: Option<u32>,
    },
}

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
    #[serde(default = "super::yes")]
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

/// A rule that leads to one of several targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Routing {
    /// How the targets of one priority are ordered.
    #[serde(default)]
    pub strategy: Strategy,
    /// The targets, in the order of their declaration; at least one.
    pub targets: Vec<RoutingTarget>,
    /// What a consistent hash is taken of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hash_on: Vec<HashSource>,
    /// Retries per target; absent inherits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// The most targets that are tried after the first; absent means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_fallbacks: Option<u32>,
    /// Whether an upstream 429 leads to the next target.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retry_on_429: bool,
    /// Further upstream statuses that lead to the next target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallback_on_statuses: Vec<u16>,
    /// What happens when every target is unhealthy.
    #[serde(default)]
    pub when_all_unavailable: WhenAllUnavailable,
}

/// The order of targets within one priority.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// As declared.
    #[default]
    Failover,
    /// Smooth weighted round robin.
    RoundRobin,
    /// By a hash of the request, the same on every gateway.
    ConsistentHash,
    /// Cheapest first.
    LeastCost,
    /// Fastest first.
    LeastLatency,
    /// Least busy first.
    LeastBusy,
}

/// One place that a group may lead to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoutingTarget {
    /// The name of a direct model, exactly.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub model: Arc<str>,
    /// Its share.
    #[serde(default = "one")]
    pub weight: u32,
    /// Higher goes first.
    #[serde(default)]
    pub priority: i32,
    /// Requests with a common tag prefer it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

fn one() -> u32 {
    1
}

/// Something of a request that a consistent hash may be taken of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HashSource {
    /// A header's value.
    Header {
        /// Its name.
        name: String,
    },
    /// A cookie's value.
    Cookie {
        /// Its name.
        name: String,
    },
    /// The caller's key.
    ApiKey,
    /// The caller's address.
    ClientIp,
}

/// What a group does when every target is unhealthy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WhenAllUnavailable {
    /// Refuse the request.
    #[default]
    Fail,
    /// Try all the same.
    TryAnyway,
}

/// The flat shape of the document; which fields belong together is decided below.
#[derive(Deserialize)]
struct Wire {
    display_name: Arc<str>,
    provider: Option<String>,
    model_name: Option<Arc<str>>,
    provider_key_id: Option<Id>,
    routing: Option<Routing>,
    ensemble: Option<Ensemble>,
    semantic: Option<Semantic>,
    timeout: Option<u64>,
    stream_timeout: Option<u64>,
    retries: Option<u32>,
    rate_limit: Option<RateLimit>,
    #[serde(default)]
    allowed_cidrs: Vec<String>,
    cost: Option<Cost>,
    embedding: Option<Embedding>,
    auto_prompt_caching: Option<PromptCaching>,
    background_model_check: Option<BackgroundCheck>,
    cooldown: Option<Cooldown>,
}

impl Model {
    /// The single upstream model, unless this is a group.
    #[must_use]
    pub fn direct(&self) -> Option<&Direct> {
        match &self.kind {
            ModelKind::Direct(direct) => Some(direct),
            _ => None,
        }
    }

    /// What it is, in words.
    #[must_use]
    pub fn shape(&self) -> &'static str {
        match self.kind {
            ModelKind::Direct(_) => "a direct model",
            ModelKind::Group { .. } => "a group",
            ModelKind::Ensemble { .. } => "an ensemble",
            ModelKind::Semantic { .. } => "a semantic router",
        }
    }

    /// The name as a pattern, where it holds exactly one `*` and so stands for many names.
    #[must_use]
    pub fn wildcard(&self) -> Option<Glob> {
        let glob = Glob::new(&*self.display_name);
        (self.direct().is_some() && glob.is_pattern()).then_some(glob)
    }

    /// Whether which upstream model it is depends on the name that a caller sends, so that no group
    /// can lead to it.
    #[must_use]
    pub fn stands_for_many(&self) -> bool {
        let holds_star = |direct: &Direct| direct.model_name.contains('*');
        self.wildcard().is_some() || self.direct().is_some_and(holds_star)
    }
}

impl Resource for Model {
    const KIND: Kind = Kind::Models;
    const IDENTITY_FIELD: &'static str = "display_name";
    type Identity = Arc<str>;

    fn decode(document: &Document, strictness: Strictness) -> Result<Checked<Self>, Invalid> {
        let Checked { resource: mut wire, mut ignored } = read::<Wire>(document, strictness)?;
        let mut findings = Findings::default();
        findings.not_empty(&wire.display_name, "display_name");
        if strictness == Strictness::Strict {
            check_names(&mut findings, &wire);
        }
        let Some(kind) = composite_kind(&mut findings, &mut ignored, &mut wire, strictness)
            .or_else(|| direct(&mut findings, &mut wire).map(Box::new).map(ModelKind::Direct))
        else {
            return Err(findings.into_invalid());
        };
        let resource = Self {
            display_name: wire.display_name,
            kind,
            timeout: wire.timeout,
            stream_timeout: wire.stream_timeout,
            rate_limit: wire.rate_limit,
            allowed_cidrs: wire.allowed_cidrs,
        };
        findings.into_result(Checked { resource, ignored })
    }

    fn identity(&self) -> Option<Arc<str>> {
        Some(self.display_name.clone())
    }
}

/// What somebody writes: older documents that break these rules serve on.
fn check_names(findings: &mut Findings, wire: &Wire) {
    findings.name(&wire.display_name, "display_name");
    let is_direct = wire.routing.is_none() && wire.ensemble.is_none() && wire.semantic.is_none();
    findings.require(
        !is_direct || wire.display_name.matches('*').count() < 2,
        "display_name",
        "must not hold more than one '*'",
    );
    let targets = wire.routing.iter().flat_map(|routing| &routing.targets);
    for (index, target) in targets.enumerate() {
        findings.name(&target.model, &format!("routing.targets[{index}].model"));
    }
}

fn direct(findings: &mut Findings, wire: &mut Wire) -> Option<Direct> {
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

fn check_routing(findings: &mut Findings, routing: &Routing) {
    findings.require(
        !routing.targets.is_empty(),
        "routing.targets",
        "must name at least one model",
    );
    for (index, target) in routing.targets.iter().enumerate() {
        findings.not_empty(&target.model, &format!("routing.targets[{index}].model"));
    }
    findings.require(
        routing.hash_on.is_empty() || routing.strategy == Strategy::ConsistentHash,
        "routing.hash_on",
        "goes with strategy consistent_hash only",
    );
    findings.require(
        routing.fallback_on_statuses.iter().all(|status| (400..600).contains(status)),
        "routing.fallback_on_statuses",
        "must be HTTP statuses from 400 to 599",
    );
}

/// What leads to several models; `None` for a direct one.
fn composite_kind(
    findings: &mut Findings,
    ignored: &mut Vec<String>,
    wire: &mut Wire,
    strictness: Strictness,
) -> Option<ModelKind> {
    let blocks = (wire.routing.take(), wire.ensemble.take(), wire.semantic.take());
    let given = [blocks.0.is_some(), blocks.1.is_some(), blocks.2.is_some()];
    findings.require(
        given.iter().filter(|given| **given).count() < 2,
        "",
        "give only one of routing, ensemble and semantic",
    );
    let kind = match blocks {
        (Some(routing), _, _) => {
            check_routing(findings, &routing);
            ModelKind::Group { routing: Box::new(routing) }
        }
        (None, Some(ensemble), _) => {
            check_ensemble(findings, &ensemble);
            ModelKind::Ensemble { ensemble: Box::new(ensemble) }
        }
        (None, None, Some(semantic)) => {
            check_semantic(findings, &semantic);
            ModelKind::Semantic { semantic: Box::new(semantic), retries: wire.retries }
        }
        (None, None, None) => return None,
    };
    inapplicable(findings, ignored, (wire, &kind), strictness);
    if matches!(kind, ModelKind::Ensemble { .. }) {
        (wire.timeout, wire.stream_timeout) = (None, None);
    }
    Some(kind)
}

/// Fields that such a model cannot use: mistakes where somebody writes one, and of those the
/// harmless ones are only reported where an older writer left them behind.
fn inapplicable(
    findings: &mut Findings,
    ignored: &mut Vec<String>,
    (wire, kind): (&Wire, &ModelKind),
    strictness: Strictness,
) {
    let ensemble = matches!(kind, ModelKind::Ensemble { .. });
    let what = match kind {
        ModelKind::Ensemble { .. } => "an ensemble",
        ModelKind::Semantic { .. } => "a semantic router",
        _ => "a group",
    };
    let retries = !matches!(kind, ModelKind::Semantic { .. }) && wire.retries.is_some();
    for (present, field, harmless) in [
        (wire.provider.is_some(), "provider", false),
        (wire.model_name.is_some(), "model_name", false),
        (wire.provider_key_id.is_some(), "provider_key_id", false),
        (wire.embedding.is_some(), "embedding", false),
        (wire.background_model_check.is_some(), "background_model_check", false),
        (wire.cooldown.is_some(), "cooldown", false),
        (retries, "retries", true),
        (wire.cost.is_some(), "cost", true),
        (wire.auto_prompt_caching.is_some(), "auto_prompt_caching", true),
        (ensemble && wire.timeout.is_some(), "timeout", true),
        (ensemble && wire.stream_timeout.is_some(), "stream_timeout", true),
    ] {
        if !present {
            continue;
        }
        if harmless && strictness == Strictness::Lenient {
            ignored.push(format!("inapplicable:{field}"));
        } else {
            findings.require(false, field, format!("does not apply to {what}"));
        }
    }
}
