//! What is known of requests that have ended.
//!
//! Facts are kept once, by everything that is known of a request. The metrics are views of them,
//! made when somebody reads: each adds up the facts that agree in its labels. So a request costs
//! one look-up however many metrics tell of it, and no two of them can disagree.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::MetricsSettings;
use super::buckets::Buckets;
use super::client_type::ClientType;
use super::series::{Row, Series};
use super::timing::{Timing, Timings};
use crate::exposition::Exposition;
use crate::metric::Metric;
use crate::names;

/// What is not known of a request.
pub const UNKNOWN: &str = "unknown";

/// What the labels of a request's metrics say. Each value is a constant or stands in the
/// configuration: what callers send is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestLabels<'a> {
    /// The endpoint's path, as a template.
    pub endpoint: &'a str,
    /// What the caller speaks.
    pub inbound_protocol: &'a str,
    /// The vendor.
    pub provider: &'a str,
    /// The name of the model that the caller addressed, a pattern as its pattern; `unresolved`
    /// where no model has the name.
    pub model: &'a str,
    /// The upstream's name for the model that was called, as it is configured.
    pub upstream_model: &'a str,
    /// The id of the provider key.
    pub provider_key_id: &'a str,
    /// Its name.
    pub provider_key_name: &'a str,
    /// The id of the caller's key.
    pub api_key_id: &'a str,
    /// The team that it belongs to.
    pub team_id: &'a str,
    /// The person that it belongs to.
    pub user_id: &'a str,
    /// That person's name.
    pub user_name: &'a str,
}

/// A request that has ended.
#[derive(Debug, Clone, Copy)]
pub struct Finished<'a> {
    /// What is known of it.
    pub labels: RequestLabels<'a>,
    /// Whether it was one to a model.
    pub to_model: bool,
    /// Whether a streamed answer was asked for.
    pub stream: bool,
    /// Whether another target of its group was tried after one had failed.
    pub is_fallback: bool,
    /// The status that the caller saw; 499 where it left before one was sent.
    pub status: u16,
    /// Whether the caller left before the answer began.
    pub left_early: bool,
    /// From its arrival to its end.
    pub duration: Duration,
    /// From its arrival to the first event of its stream.
    pub first_token: Option<Duration>,
    /// What it took, where that is known.
    pub usage: Option<TokenUsage>,
    /// Whether some of that is an estimate.
    pub usage_estimated: bool,
    /// Who asked.
    pub client: ClientType,
}

/// What an answer took.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TokenUsage {
    /// Tokens of the prompt.
    pub input: u64,
    /// Tokens of the answer.
    pub output: u64,
    /// What they cost in millionths of a US dollar, where the model has prices.
    pub micro_usd: Option<f64>,
}

impl Default for RequestLabels<'_> {
    fn default() -> Self {
        Self {
            endpoint: UNKNOWN,
            inbound_protocol: UNKNOWN,
            provider: UNKNOWN,
            model: UNKNOWN,
            upstream_model: UNKNOWN,
            provider_key_id: UNKNOWN,
            provider_key_name: UNKNOWN,
            api_key_id: UNKNOWN,
            team_id: UNKNOWN,
            user_id: UNKNOWN,
            user_name: UNKNOWN,
        }
    }
}

impl Default for Finished<'_> {
    fn default() -> Self {
        Self {
            labels: RequestLabels::default(),
            to_model: false,
            stream: false,
            is_fallback: false,
            status: 200,
            left_early: false,
            duration: Duration::ZERO,
            first_token: None,
            usage: None,
            usage_estimated: false,
            client: ClientType::default(),
        }
    }
}

/// What facts are kept by, with whether it comes from the configuration.
const KEPT_BY: [(&str, bool); 14] = [
    ("endpoint", false),
    ("inbound_protocol", false),
    ("provider", true),
    ("model", true),
    ("upstream_model", true),
    ("provider_key_id", true),
    ("provider_key_name", true),
    ("api_key_id", true),
    ("team_id", true),
    ("user_id", true),
    ("user_name", true),
    ("stream", false),
    ("is_fallback", false),
    ("status", false),
];

/// The place of the status among them.
const STATUS: usize = KEPT_BY.len() - 1;
/// The place of whether a stream was asked for.
const STREAM: usize = 11;

/// What is known of all requests that agree in what facts are kept by.
#[derive(Debug, Default)]
struct Facts {
    to_model: bool,
    count: u64,
    left_early: u64,
    took: Timing,
    first_token: Option<Box<Timing>>,
    usage: Option<Tokens>,
    usage_estimated: u64,
    micro_usd: Option<f64>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Tokens {
    input: u64,
    output: u64,
}

/// The table of facts.
#[derive(Debug)]
pub(super) struct Requests {
    facts: Series<{ KEPT_BY.len() }, Facts>,
    env_id: Box<str>,
    took: Buckets,
    first_token: Buckets,
}

/// The table as it is when somebody reads.
struct View<'a> {
    requests: &'a Requests,
    rows: &'a [Arc<Row<{ KEPT_BY.len() }, Facts>>],
    /// Seconds since the start.
    now: u64,
}

/// Where a label's value comes from.
enum Label {
    Kept(usize),
    Outcome,
    StatusClass,
    EnvId,
}

impl Requests {
    pub(super) fn new(settings: &MetricsSettings) -> Self {
        let env_id = Some(&*settings.env_id).filter(|id| !id.is_empty()).unwrap_or(UNKNOWN);
        Self {
            facts: Series::new(KEPT_BY.map(|(_, configured)| configured)),
            env_id: env_id.into(),
            took: settings.request_e2e_latency.clone(),
            first_token: settings.request_ttft.clone(),
        }
    }

    /// Takes a request, at this many seconds since the start.
    pub(super) fn finished(&self, request: &Finished<'_>, now: u64) {
        let digits = [100, 10, 1].map(|place| b'0' + (request.status / place % 10) as u8);
        let status = std::str::from_utf8(&digits).unwrap_or(UNKNOWN);
        let truth = |it| if it { "true" } else { "false" };
        let RequestLabels {
            endpoint,
            inbound_protocol,
            provider,
            model,
            upstream_model,
            provider_key_id,
            provider_key_name,
            api_key_id,
            team_id,
            user_id,
            user_name,
        } = request.labels;
        let (stream, is_fallback) = (truth(request.stream), truth(request.is_fallback));
        let labels = [
            endpoint,
            inbound_protocol,
            provider,
            model,
            upstream_model,
            provider_key_id,
            provider_key_name,
            api_key_id,
            team_id,
            user_id,
            user_name,
            stream,
            is_fallback,
            status,
        ];
        self.facts.update(labels, |facts| self.add(request, facts, now));
    }

    fn add(&self, request: &Finished<'_>, facts: &mut Facts, now: u64) {
        facts.to_model = request.to_model;
        facts.count += 1;
        facts.left_early += u64::from(request.left_early);
        facts.took.observe(request.duration, &self.took, now);
        if let Some(first) = request.first_token {
            let timing = facts.first_token.get_or_insert_default();
            timing.observe(first, &self.first_token, now);
        }
        if let Some(TokenUsage { input, output, micro_usd }) = request.usage {
            let tokens = facts.usage.get_or_insert_default();
            tokens.input = tokens.input.saturating_add(input);
            tokens.output = tokens.output.saturating_add(output);
            facts.usage_estimated += u64::from(request.usage_estimated);
            if let Some(micro_usd) = micro_usd {
                *facts.micro_usd.get_or_insert_default() += micro_usd;
            }
        }
    }

    /// Writes every metric that tells of them, at this many seconds since the start.
    pub(super) fn write(&self, text: &mut Exposition, now: u64) {
        let rows = self.facts.rows();
        let view = View { requests: self, rows: &rows, now };
        view.counts(text);
        view.tokens(text);
        view.durations(text);
    }
}

impl View<'_> {
    fn counts(&self, text: &mut Exposition) {
        let all = |facts: &mut Facts, _: &str| Some(facts.count);
        let failed = |facts: &mut Facts, outcome: &str| (outcome != SUCCESS).then_some(facts.count);
        let to_model = |facts: &mut Facts, _: &str| facts.to_model.then_some(facts.count);
        let left = |facts: &mut Facts, _: &str| Some(facts.left_early).filter(|count| *count > 0);
        self.sums(text, &names::REQUESTS, all);
        self.sums(text, &names::PROXY_REQUESTS, all);
        self.sums(text, &names::PROXY_FAILED_REQUESTS, failed);
        self.sums(text, &names::PROXY_CLIENT_CANCELLED, left);
        self.sums(text, &names::LLM_REQUESTS, to_model);
    }

    fn tokens(&self, text: &mut Exposition) {
        let input = |facts: &mut Facts, _: &str| Some(facts.usage?.input);
        let output = |facts: &mut Facts, _: &str| Some(facts.usage?.output);
        let total =
            |facts: &mut Facts, _: &str| facts.usage.map(|u| u.input.saturating_add(u.output));
        self.sums(text, &names::LLM_INPUT_TOKENS, input);
        self.sums(text, &names::LLM_OUTPUT_TOKENS, output);
        self.sums(text, &names::LLM_TOTAL_TOKENS, total);
        let estimated =
            |facts: &mut Facts, _: &str| Some(facts.usage_estimated).filter(|count| *count > 0);
        self.sums(text, &names::LLM_USAGE_ESTIMATED, estimated);
        self.sums(text, &names::LLM_SPEND, |facts, _| facts.micro_usd);
        self.sums(text, &names::TOKENS_CONSUMED, total);
    }

    fn durations(&self, text: &mut Exposition) {
        fn took(facts: &mut Facts) -> Option<&mut Timing> {
            Some(&mut facts.took)
        }
        fn took_model(facts: &mut Facts) -> Option<&mut Timing> {
            facts.to_model.then_some(&mut facts.took)
        }
        fn first(facts: &mut Facts) -> Option<&mut Timing> {
            facts.first_token.as_deref_mut()
        }
        for (metric, of) in [
            (&names::REQUEST_DURATION, took as fn(&mut Facts) -> Option<&mut Timing>),
            (&names::PROXY_REQUEST_DURATION, took),
            (&names::LLM_REQUEST_DURATION, took_model),
            (&names::LLM_TIME_TO_FIRST_TOKEN, first),
        ] {
            let timings = self.timings(metric, of).into_iter();
            text.summaries(metric, timings.map(|(labels, timings)| (labels, timings.summary())));
        }
        let Requests { took: edges, first_token: first_edges, .. } = self.requests;
        for (metric, edges, of) in [
            (&names::REQUEST_E2E_LATENCY, edges, took as fn(&mut Facts) -> Option<&mut Timing>),
            (&names::REQUEST_TTFT, first_edges, first),
        ] {
            let timings = self.timings(metric, of).into_iter();
            let timings = timings.map(|(labels, timings)| (labels, timings.histogram(edges)));
            text.histograms(metric, timings);
        }
    }

    /// A counter: what `of` finds in the facts, which it is told the outcome of, added up.
    fn sums<T: Default + std::ops::AddAssign + std::fmt::Display>(
        &self,
        text: &mut Exposition,
        metric: &Metric,
        of: impl Fn(&mut Facts, &str) -> Option<T>,
    ) {
        let sums: BTreeMap<Vec<&str>, T> = self.grouped(metric, |row, sum: &mut Option<T>| {
            if let Some(found) = of(&mut row.value(), outcome(&row.labels[STATUS])) {
                *sum.get_or_insert_default() += found;
            }
        });
        text.samples(metric, sums);
    }

    fn timings(
        &self,
        metric: &Metric,
        of: fn(&mut Facts) -> Option<&mut Timing>,
    ) -> BTreeMap<Vec<&str>, Timings> {
        self.grouped(metric, |row, sum: &mut Option<Timings>| {
            if let Some(timing) = of(&mut row.value()) {
                sum.get_or_insert_default().add(timing, self.now);
            }
        })
    }

    /// What is found in rows that agree in the metric's labels; label sets without any are left
    /// out.
    fn grouped<T>(
        &self,
        metric: &Metric,
        add: impl Fn(&Row<{ KEPT_BY.len() }, Facts>, &mut Option<T>),
    ) -> BTreeMap<Vec<&str>, T> {
        let labels: Vec<_> = metric.labels.iter().map(|name| Label::named(name)).collect();
        let mut groups = BTreeMap::new();
        for row in self.rows {
            let values = labels.iter().map(|label| match label {
                Label::Kept(place) => &*row.labels[*place],
                Label::Outcome => outcome(&row.labels[STATUS]),
                Label::StatusClass => status_class(&row.labels[STATUS]),
                Label::EnvId => &*self.requests.env_id,
            });
            add(row, groups.entry(values.collect()).or_insert(None));
        }
        groups.into_iter().filter_map(|(labels, sum)| Some((labels, sum?))).collect()
    }
}

impl Label {
    fn named(name: &str) -> Self {
        match name {
            "outcome" => Self::Outcome,
            "status_class" => Self::StatusClass,
            "env_id" => Self::EnvId,
            "streaming" => Self::Kept(STREAM),
            // A test makes sure that there are no other names.
            name => Self::Kept(KEPT_BY.iter().position(|(kept, _)| *kept == name).unwrap_or(0)),
        }
    }
}

const SUCCESS: &str = "success";

/// How a request ended, by its status.
fn outcome(status: &str) -> &'static str {
    match status.as_bytes() {
        b"429" => "rate_limited",
        [b'2' | b'3', ..] => SUCCESS,
        [b'4', ..] => "client_error",
        _ => "upstream_error",
    }
}

fn status_class(status: &str) -> &'static str {
    match status.as_bytes() {
        [b'1', ..] => "1xx",
        [b'2', ..] => "2xx",
        [b'3', ..] => "3xx",
        [b'4', ..] => "4xx",
        [b'5', ..] => "5xx",
        _ => UNKNOWN,
    }
}

#[cfg(test)]
mod tests;
