//! What is counted and measured of requests.

mod buckets;
mod client_type;
mod requests;
mod series;
mod sketch;
mod timing;

use std::time::Instant;

pub use buckets::{Buckets, BucketsError};
pub use client_type::{ClientRule, ClientRuleError, ClientRules, ClientType};
pub use requests::{Finished, RequestLabels, TokenUsage, UNKNOWN};

use self::client_type::ClientTypes;
use self::requests::Requests;
use self::series::Series;
use crate::exposition::Exposition;
use crate::names;

/// What the metrics are told when the process starts.
#[derive(Debug, Clone)]
pub struct MetricsSettings {
    /// The environment whose configuration is served; empty where there is none.
    pub env_id: String,
    /// The edges of `aisix_request_e2e_latency_seconds`.
    pub request_e2e_latency: Buckets,
    /// The edges of `aisix_request_ttft_seconds`.
    pub request_ttft: Buckets,
    /// Names of programs, before those that everybody has.
    pub client_rules: ClientRules,
}

impl Default for MetricsSettings {
    fn default() -> Self {
        Self {
            env_id: String::new(),
            request_e2e_latency: Buckets::of_requests(),
            request_ttft: Buckets::of_first_tokens(),
            client_rules: ClientRules::default(),
        }
    }
}

/// What is counted and measured, by all threads of a process, with a method for each thing that
/// happens.
///
/// Label values are constants or stand in the configuration, and label sets are bounded in number:
/// see the record of the decision about metrics. Nothing has to be read for memory to stay bounded.
#[derive(Debug)]
pub struct Metrics {
    started: Instant,
    requests: Requests,
    in_flight: Series<2, i64>,
    body_limit_rejections: Series<3, u64>,
    auth_decisions: Series<3, u64>,
    deployments: Series<4, Attempts>,
    fallbacks: Series<2, Attempts>,
    dropped_fields: Series<5, u64>,
    unknown_events: Series<4, u64>,
    clients: Series<2, [u64; 2]>,
    client_types: ClientTypes,
}

/// A target of a group, as the labels of its metrics name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeploymentLabels<'a> {
    /// The vendor.
    pub provider: &'a str,
    /// The name of the model.
    pub model: &'a str,
    /// The upstream's name for it, as it is configured.
    pub upstream_model: &'a str,
    /// The id of the provider key.
    pub provider_key_id: &'a str,
}

/// Which way something was translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From a caller to an upstream.
    Request,
    /// From an upstream to a caller.
    Answer,
}

/// How a credential was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthDecision {
    /// The caller's key is valid.
    Allowed,
    /// There is none.
    MissingCredentials,
    /// Nobody has this key.
    UnknownKey,
    /// The key is disabled.
    KeyDisabled,
    /// The key's time is over.
    KeyExpired,
}

/// How attempts went; what is neither yet is under way, or was given up with its caller.
#[derive(Debug, Clone, Copy, Default)]
struct Attempts {
    begun: u64,
    succeeded: u64,
    failed: u64,
}

impl Direction {
    /// The label's value, and the word in the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Answer => "answer",
        }
    }
}

impl AuthDecision {
    /// What kind of credential it was.
    #[must_use]
    pub fn method(self) -> &'static str {
        match self {
            Self::MissingCredentials => "none",
            _ => "api_key",
        }
    }

    /// Why a caller was refused; `none` where it was not.
    #[must_use]
    pub fn reason(self) -> &'static str {
        match self {
            Self::Allowed => "none",
            Self::MissingCredentials => "missing_credentials",
            Self::UnknownKey => "unknown_key",
            Self::KeyDisabled => "key_disabled",
            Self::KeyExpired => "key_expired",
        }
    }
}

impl Metrics {
    /// Nothing has happened yet.
    #[must_use]
    pub fn new(settings: &MetricsSettings) -> Self {
        Self {
            started: Instant::now(),
            requests: Requests::new(settings),
            in_flight: Series::new([false; 2]),
            body_limit_rejections: Series::new([false; 3]),
            auth_decisions: Series::new([false; 3]),
            deployments: Series::new([true; 4]),
            fallbacks: Series::new([true; 2]),
            dropped_fields: Series::new([false, false, true, true, false]),
            unknown_events: Series::new([false, false, true, true]),
            clients: Series::new([true; 2]),
            client_types: ClientTypes::new(settings.client_rules.clone()),
        }
    }

    /// Who sends this `User-Agent`.
    #[must_use]
    pub fn client_type(&self, user_agent: Option<&[u8]>) -> ClientType {
        self.client_types.of(user_agent)
    }

    /// A request has arrived at an endpoint.
    pub fn arrived(&self, endpoint: &str, inbound_protocol: &str) {
        self.in_flight.update([endpoint, inbound_protocol], |count| *count += 1);
    }

    /// A request that had arrived is gone.
    pub fn gone(&self, endpoint: &str, inbound_protocol: &str) {
        self.in_flight.update([endpoint, inbound_protocol], |count| *count -= 1);
    }

    /// A request has ended.
    pub fn finished(&self, request: &Finished<'_>) {
        self.requests.finished(request, self.now());
        if let Some(TokenUsage { input, output, .. }) = request.usage {
            let client = self.client_types.name(request.client);
            self.clients.update([client, request.labels.model], |tokens| {
                tokens[0] = tokens[0].saturating_add(input);
                tokens[1] = tokens[1].saturating_add(output);
            });
        }
    }

    /// A body that is larger than allowed was refused, after all of it was read or before.
    pub fn body_refused(&self, endpoint: &str, inbound_protocol: &str, whole: bool) {
        let outcome = if whole { "completed" } else { "incomplete" };
        let labels = [endpoint, inbound_protocol, outcome];
        self.body_limit_rejections.update(labels, |count| *count += 1);
    }

    /// A caller's credential was judged.
    pub fn authenticated(&self, decision: AuthDecision) {
        let result = match decision {
            AuthDecision::Allowed => "allowed",
            _ => "denied",
        };
        let labels = [decision.method(), result, decision.reason()];
        self.auth_decisions.update(labels, |count| *count += 1);
    }

    /// A target of a group is about to be called.
    pub fn attempt_begun(&self, target: DeploymentLabels<'_>) {
        self.deployments.update(target.values(), |attempts| attempts.begun += 1);
    }

    /// A target of a group was called.
    pub fn attempted(&self, target: DeploymentLabels<'_>, succeeded: bool) {
        self.deployments.update(target.values(), |attempts| attempts.ended(succeeded));
    }

    /// Another target of a group was called after one had failed.
    pub fn fell_back(&self, group: &str, target: &str, succeeded: bool) {
        self.fallbacks.update([group, target], |attempts| attempts.ended(succeeded));
    }

    /// So many fields were left out on this way, of a request of which this is known.
    pub fn fields_dropped(&self, request: &RequestLabels<'_>, way: Direction, count: usize) {
        let RequestLabels { endpoint, inbound_protocol, provider, model, .. } = *request;
        let labels = [endpoint, inbound_protocol, provider, model, way.as_str()];
        self.dropped_fields.update(labels, |fields| *fields += count as u64);
    }

    /// So many events of a request's stream had types that are not known.
    pub fn events_unknown(&self, request: &RequestLabels<'_>, count: u64) {
        let RequestLabels { endpoint, inbound_protocol, provider, model, .. } = *request;
        let labels = [endpoint, inbound_protocol, provider, model];
        self.unknown_events.update(labels, |events| *events += count);
    }

    /// Writes everything.
    pub fn write(&self, text: &mut Exposition) {
        self.requests.write(text, self.now());
        write(text, &names::PROXY_IN_FLIGHT, &self.in_flight, |count| Some(*count));
        let rejections = &self.body_limit_rejections;
        write(text, &names::PROXY_BODY_LIMIT_REJECTIONS, rejections, |count| Some(*count));
        write(text, &names::AUTH_DECISIONS, &self.auth_decisions, |count| Some(*count));
        let (targets, fallbacks) = (&self.deployments, &self.fallbacks);
        let some = |count: u64| (count > 0).then_some(count);
        write(text, &names::DEPLOYMENT_REQUESTS, targets, |target| some(target.begun));
        write(text, &names::DEPLOYMENT_SUCCESSES, targets, |target| some(target.succeeded));
        write(text, &names::DEPLOYMENT_FAILURES, targets, |target| some(target.failed));
        write(text, &names::SUCCESSFUL_FALLBACKS, fallbacks, |target| some(target.succeeded));
        write(text, &names::FAILED_FALLBACKS, fallbacks, |target| some(target.failed));
        write(text, &names::DROPPED_FIELDS, &self.dropped_fields, |count| Some(*count));
        write(text, &names::UNKNOWN_EVENTS, &self.unknown_events, |count| Some(*count));
        self.write_clients(text);
    }

    fn write_clients(&self, text: &mut Exposition) {
        let rows = sorted(&self.clients);
        let samples = rows.iter().flat_map(|row| {
            let [input, output] = *row.value();
            let [client, model] = &row.labels;
            [("input", input), ("output", output), ("total", input + output)]
                .map(|(token_type, count)| ([&**client, &**model, token_type], count))
        });
        text.samples(&names::LLM_TOKENS_BY_CLIENT, samples);
    }

    /// Seconds since the start.
    fn now(&self) -> u64 {
        self.started.elapsed().as_secs()
    }
}

impl<'a> DeploymentLabels<'a> {
    fn values(self) -> [&'a str; 4] {
        [self.provider, self.model, self.upstream_model, self.provider_key_id]
    }
}

impl Attempts {
    fn ended(&mut self, succeeded: bool) {
        let count = if succeeded { &mut self.succeeded } else { &mut self.failed };
        *count += 1;
    }
}

type Rows<const N: usize, V> = Vec<std::sync::Arc<series::Row<N, V>>>;

fn sorted<const N: usize, V: Default>(series: &Series<N, V>) -> Rows<N, V> {
    let mut rows = series.rows();
    rows.sort_by(|a, b| a.labels.cmp(&b.labels));
    rows
}

/// A metric whose labels are those of the table.
fn write<const N: usize, V: Default, T: std::fmt::Display>(
    text: &mut Exposition,
    metric: &crate::Metric,
    series: &Series<N, V>,
    of: impl Fn(&V) -> Option<T>,
) {
    let rows = sorted(series);
    let found = rows.iter().filter_map(|row| Some((&row.labels, of(&row.value())?)));
    text.samples(metric, found);
}
