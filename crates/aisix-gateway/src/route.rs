//! From the name that a caller sent to the targets that may serve it.

use std::net::IpAddr;
use std::sync::Arc;

use aisix_adapters::Target;
use aisix_core::chat::{CacheMark, Usage};
use aisix_core::resource::{Direct, ModelKind, Routing, Ttl};
use aisix_core::snapshot::Stored;
use aisix_core::{Error, ErrorCode, ErrorKind, Model, Snapshot, address_range};
use aisix_telemetry::{DeploymentLabels, TokenUsage, UNKNOWN};

use crate::settings::UpstreamSettings;
use crate::timeouts::Timeouts;

/// The targets that may serve a request, in try-order, and when the next one's turn comes.
#[derive(Debug)]
pub(crate) struct Route {
    /// The candidates; one whose configuration cannot work is its error.
    pub(crate) candidates: Vec<Result<Candidate, Error>>,
    /// When the next one's turn comes.
    pub(crate) failover: Failover,
}

/// Which failures lead to the next candidate.
#[derive(Debug)]
pub(crate) struct Failover {
    /// The group that the caller named, unless it named a direct model.
    group: Option<Arc<Stored<Model>>>,
}

/// A target with everything that an attempt on it needs.
#[derive(Debug, Clone)]
pub(crate) struct Candidate {
    /// Whom to call.
    pub(crate) target: Target,
    /// The model resource that says so.
    pub(crate) model: Arc<Stored<Model>>,
    /// How long it may take.
    pub(crate) timeouts: Timeouts,
}

impl Route {
    /// Where this model leads, asked for by this name from this address.
    pub(crate) fn of(
        model: &Arc<Stored<Model>>,
        requested: &str,
        client_ip: Option<IpAddr>,
        snapshot: &Snapshot,
        upstream: &UpstreamSettings,
    ) -> Self {
        match &model.spec.kind {
            ModelKind::Direct(direct) => {
                let upstream_model = captured(&model.spec, direct, requested);
                let timeouts = Timeouts::resolve(&model.spec, None, upstream);
                let candidate = candidate(model, direct, upstream_model, timeouts, snapshot);
                Self { candidates: vec![candidate], failover: Failover { group: None } }
            }
            ModelKind::Group { routing } => {
                let mut candidates: Vec<_> = in_order(routing, client_ip, snapshot)
                    .map(|name| member(name, model, snapshot, upstream))
                    .collect();
                if candidates.is_empty() {
                    candidates.push(Err(address_range::restricted()));
                }
                Self { candidates, failover: Failover { group: Some(model.clone()) } }
            }
            ModelKind::Ensemble { .. } | ModelKind::Semantic { .. } => {
                let (name, shape) = (&model.spec.display_name, model.spec.shape());
                let message = format!("model '{name}' is {shape}, which cannot be called yet");
                let candidates = vec![Err(Error::new(ErrorCode::NotImplemented, message))];
                Self { candidates, failover: Failover { group: None } }
            }
        }
    }
}

impl Candidate {
    /// Where the model leads, and at what price.
    fn direct(&self) -> Option<&Direct> {
        self.model.spec.direct()
    }

    /// The vendor, for records.
    pub(crate) fn provider(&self) -> &str {
        self.direct().map_or(UNKNOWN, |direct| &direct.provider)
    }

    /// As the labels of metrics name it; a pattern is called what it is in the configuration.
    pub(crate) fn labels(&self) -> DeploymentLabels<'_> {
        DeploymentLabels {
            provider: self.provider(),
            model: &self.model.spec.display_name,
            upstream_model: self.direct().map_or(UNKNOWN, |direct| &direct.model_name),
            provider_key_id: self.target.provider_key.id.as_str(),
        }
    }

    /// How prompts are marked for the provider's cache where their callers do not, if they are.
    pub(crate) fn cache_mark(&self) -> Option<CacheMark> {
        let caching = self.direct()?.auto_prompt_caching.filter(|caching| caching.enabled)?;
        Some(match caching.ttl {
            // What providers do where they are not told.
            Ttl::FiveMinutes => CacheMark::default(),
            Ttl::OneHour => CacheMark { ttl: Some("1h".to_owned()), breakpoint: false },
        })
    }

    /// What this took, and what that costs where the model has prices.
    pub(crate) fn bill(&self, usage: Usage) -> TokenUsage {
        let Usage { input, output, .. } = usage;
        // Dollars per thousand tokens are thousandths of a dollar per token.
        let price = |tokens: u64, per_thousand: f64| tokens as f64 * per_thousand * 1000.0;
        let cost = self.direct().and_then(|direct| direct.cost);
        let micro_usd =
            cost.map(|cost| price(input, cost.input_per_1k) + price(output, cost.output_per_1k));
        TokenUsage { input, output, micro_usd }
    }
}

impl Failover {
    /// The group that the caller named: such a caller does not know who serves.
    pub(crate) fn group(&self) -> Option<&Model> {
        self.group.as_ref().map(|group| &group.spec)
    }

    /// Whether an attempt that failed like this leads to the next candidate: what the target is
    /// to blame for does, what the request is to blame for does not.
    pub(crate) fn moves_on(&self, error: &Error) -> bool {
        let Some(ModelKind::Group { routing }) = self.group.as_ref().map(|group| &group.spec.kind)
        else {
            return false;
        };
        let status = error.upstream().map(|upstream| upstream.status);
        let listed = status.is_some_and(|status| {
            routing.fallback_on_statuses.contains(&status)
                || (status == 429 && routing.retry_on_429)
        });
        let by_kind = match error.kind() {
            ErrorKind::Timeout | ErrorKind::Unreachable | ErrorKind::Malformed => true,
            // An error inside a successful answer counts as the status that it names.
            ErrorKind::Failed => !status.is_some_and(|status| (400..500).contains(&status)),
            _ => matches!(
                error.code(),
                ErrorCode::ProviderUnavailable
                    | ErrorCode::InvalidUpstreamConfiguration
                    | ErrorCode::UpstreamMisconfigured
                    | ErrorCode::NotImplemented
                    | ErrorCode::Unsupported
            ),
        };
        listed || by_kind
    }
}

/// The names of a group's targets that may be used from this address: by priority, and within one
/// as declared; no more of them than the group allows. A name that leads nowhere stays, so that the
/// caller learns of it.
fn in_order<'a>(
    routing: &'a Routing,
    client_ip: Option<IpAddr>,
    snapshot: &Snapshot,
) -> impl Iterator<Item = &'a Arc<str>> {
    let admitted =
        |name: &str| snapshot.model_named(name).is_none_or(|model| model.spec.admits(client_ip));
    let mut targets: Vec<_> =
        routing.targets.iter().filter(|target| admitted(&target.model)).collect();
    targets.sort_by_key(|target| std::cmp::Reverse(target.priority));
    let most = routing.max_fallbacks.map_or(usize::MAX, |fallbacks| fallbacks as usize + 1);
    targets.into_iter().take(most).map(|target| &target.model)
}

fn member(
    name: &Arc<str>,
    group: &Arc<Stored<Model>>,
    snapshot: &Snapshot,
    upstream: &UpstreamSettings,
) -> Result<Candidate, Error> {
    let unusable = |why: &str| {
        Error::new(ErrorCode::ProviderUnavailable, format!("target model '{name}' {why}"))
    };
    let model = snapshot.model_named(name).ok_or_else(|| unusable("does not exist"))?;
    let direct = model.spec.direct().ok_or_else(|| {
        let shape = model.spec.shape();
        unusable(&format!("is itself {shape}"))
    })?;
    if model.spec.stands_for_many() {
        // Which one, only a caller could say; the upstream would get a literal `*`.
        return Err(unusable("stands for many models"));
    }
    let timeouts = Timeouts::resolve(&model.spec, Some(&group.spec), upstream);
    candidate(model, direct, direct.model_name.clone(), timeouts, snapshot)
}

fn candidate(
    model: &Arc<Stored<Model>>,
    direct: &Direct,
    upstream_model: Arc<str>,
    timeouts: Timeouts,
    snapshot: &Snapshot,
) -> Result<Candidate, Error> {
    let provider_key = snapshot.provider_key(direct.provider_key_id.as_str()).ok_or_else(|| {
        let name = &model.spec.display_name;
        Error::new(
            ErrorCode::ProviderUnavailable,
            format!("the provider key of model '{name}' does not exist"),
        )
    })?;
    let target = Target {
        model_id: model.id.clone(),
        display_name: model.spec.display_name.clone(),
        upstream_model,
        provider_key: provider_key.clone(),
    };
    Ok(Candidate { target, model: model.clone(), timeouts })
}

/// What the `*` of the model's name stands for in this request replaces that of the upstream's.
fn captured(model: &Model, direct: &Direct, requested: &str) -> Arc<str> {
    let pattern = model.wildcard();
    match pattern.as_ref().and_then(|pattern| pattern.capture(requested)) {
        Some(text) if direct.model_name.contains('*') => {
            direct.model_name.replacen('*', text, 1).into()
        }
        _ => direct.model_name.clone(),
    }
}
