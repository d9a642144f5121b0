//! The names that callers use, and where they lead.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

mod composite;
mod direct;
mod routing;

pub use composite::{
    Aggregation, DistanceMetric, Ensemble, Judge, OnEmbeddingFailure, Panelist, Semantic,
    SemanticMatch, SemanticRoute,
};
use composite::{check_ensemble, check_semantic};
pub use direct::{BackgroundCheck, Cooldown, Cost, Direct, Embedding, PromptCaching, Ttl};
use routing::check_routing;
pub use routing::{HashSource, Routing, RoutingTarget, Strategy, WhenAllUnavailable};

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
            .or_else(|| {
                direct::direct(&mut findings, &mut wire).map(Box::new).map(ModelKind::Direct)
            })
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
