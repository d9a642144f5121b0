//! The section `observability.metrics`, as far as it says how requests are counted.

use aisix_telemetry::{Buckets, ClientRule, ClientRules, MetricsSettings};
use serde::Deserialize;

use super::Prometheus;

/// What monitoring reads.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Metrics {
    pub(crate) prometheus: Prometheus,
    pub(crate) buckets: Edges,
    pub(crate) client_type_rules: Vec<ClientTypeRule>,
}

/// The edges of each histogram's buckets, in seconds.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Edges {
    pub(crate) request_e2e_latency: Vec<f64>,
    pub(crate) request_ttft: Vec<f64>,
    pub(crate) guardrail_latency: Vec<f64>,
    pub(crate) a2a_ttfb: Vec<f64>,
}

/// What a program is called whose `User-Agent` looks like this.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(test, derive(serde::Serialize))]
#[serde(deny_unknown_fields)]
pub(crate) struct ClientTypeRule {
    /// A regular expression.
    pub(crate) pattern: String,
    pub(crate) client: String,
}

impl Default for Edges {
    fn default() -> Self {
        Self {
            request_e2e_latency: Buckets::of_requests().edges().to_vec(),
            request_ttft: Buckets::of_first_tokens().edges().to_vec(),
            guardrail_latency: Buckets::of_guardrails().edges().to_vec(),
            a2a_ttfb: Buckets::of_first_tokens().edges().to_vec(),
        }
    }
}

impl Metrics {
    /// What counts requests is told, in this environment.
    ///
    /// # Errors
    /// The first key that cannot be used, and why.
    pub(super) fn settings(&self, env_id: &str) -> Result<MetricsSettings, (&'static str, String)> {
        let Edges { request_e2e_latency, request_ttft, guardrail_latency, a2a_ttfb } =
            &self.buckets;
        let buckets =
            |key, edges: &[f64]| Buckets::new(edges).map_err(|wrong| (key, wrong.to_string()));
        // What these two are for does not exist yet; that they are right is promised.
        buckets("observability.metrics.buckets.guardrail_latency", guardrail_latency)?;
        buckets("observability.metrics.buckets.a2a_ttfb", a2a_ttfb)?;
        Ok(MetricsSettings {
            env_id: env_id.to_owned(),
            request_e2e_latency: buckets(
                "observability.metrics.buckets.request_e2e_latency",
                request_e2e_latency,
            )?,
            request_ttft: buckets("observability.metrics.buckets.request_ttft", request_ttft)?,
            client_rules: self
                .client_rules()
                .map_err(|reason| ("observability.metrics.client_type_rules", reason))?,
        })
    }

    fn client_rules(&self) -> Result<ClientRules, String> {
        let rules = (1..).zip(&self.client_type_rules).map(|(number, rule)| {
            let ClientTypeRule { pattern, client } = rule;
            ClientRule::new(pattern, client).map_err(|wrong| format!("rule {number}: {wrong}"))
        });
        ClientRules::new(rules.collect::<Result<_, _>>()?).map_err(|wrong| wrong.to_string())
    }
}
