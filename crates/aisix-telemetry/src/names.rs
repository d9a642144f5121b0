//! Every metric: its name, type, labels and meaning. `docs/metrics.md` is made of this.

use crate::metric::{Metric, MetricType};

/// The metrics as constants, and the list of all of them.
macro_rules! metrics {
    ($($constant:ident = $kind:ident $name:literal $labels:expr, $help:literal;)*) => {
        $(
            #[doc = $help]
            pub const $constant: Metric =
                Metric { name: $name, r#type: MetricType::$kind, labels: $labels, help: $help };
        )*

        /// Every metric, in the order of the reference.
        pub const ALL: &[Metric] = &[$($constant),*];
    };
}

/// What is known of a request whatever becomes of it, then these.
macro_rules! request {
    ($($more:literal),*) => {
        &[
            "endpoint",
            "inbound_protocol",
            "provider",
            "model",
            "upstream_model",
            "provider_key_id",
            "provider_key_name",
            "api_key_id",
            "team_id",
            "user_id",
            "user_name",
            $($more),*
        ]
    };
}

const DEPLOYMENT: &[&str] = &["provider", "model", "upstream_model", "provider_key_id"];
const FALLBACK: &[&str] = &["model", "fallback_model"];
const LATENCY: &[&str] = &["env_id", "endpoint", "model", "provider", "status_class", "streaming"];
const INBOUND: &[&str] = &["endpoint", "inbound_protocol"];

metrics! {
    REQUESTS = Counter "aisix_requests_total" &["provider", "model", "status", "outcome"],
        "Requests that have ended.";
    REQUEST_DURATION = Summary "aisix_request_duration_seconds" &["provider", "model", "status"],
        "From a request's arrival to its end.";
    PROXY_REQUESTS = Counter "aisix_proxy_requests_total"
        request!["stream", "is_fallback", "status", "outcome"],
        "Requests that have ended, refused ones included, with everything that is known of them.";
    PROXY_FAILED_REQUESTS = Counter "aisix_proxy_failed_requests_total"
        request!["stream", "is_fallback", "status", "outcome"],
        "Those of them whose outcome is not success.";
    PROXY_REQUEST_DURATION = Summary "aisix_proxy_request_duration_seconds"
        request!["stream", "status", "outcome"],
        "From a request's arrival to its end, streams included.";
    PROXY_IN_FLIGHT = Gauge "aisix_proxy_in_flight_requests" INBOUND,
        "Requests that have arrived and not ended.";
    PROXY_CLIENT_CANCELLED = Counter "aisix_proxy_client_cancelled_requests_total"
        &["endpoint", "model", "provider_key_id", "provider_key_name"],
        "Requests whose caller left before the answer began.";
    PROXY_BODY_LIMIT_REJECTIONS = Counter "aisix_proxy_request_body_limit_rejections_total"
        &["endpoint", "inbound_protocol", "outcome"],
        "Requests that were refused for their size: completed where all of the body was read.";
    LLM_REQUESTS = Counter "aisix_llm_requests_total"
        request!["stream", "is_fallback", "status", "outcome"],
        "Requests to models that have ended, failed ones included.";
    LLM_REQUEST_DURATION = Summary "aisix_llm_request_duration_seconds"
        request!["stream", "status", "outcome"],
        "From the arrival of a request to a model to its end.";
    LLM_INPUT_TOKENS = Counter "aisix_llm_input_tokens_total" request![],
        "Tokens of prompts, as providers count them; where they do not, as estimated.";
    LLM_OUTPUT_TOKENS = Counter "aisix_llm_output_tokens_total" request![],
        "Tokens of answers, as providers count them; where they do not, as estimated.";
    LLM_TOTAL_TOKENS = Counter "aisix_llm_total_tokens_total" request![],
        "Tokens of prompts and answers together.";
    LLM_SPEND = Counter "aisix_llm_spend_micro_usd_total" request![],
        "What answers cost by the prices of their models, in millionths of a US dollar.";
    LLM_USAGE_ESTIMATED = Counter "aisix_llm_usage_estimated_total" request![],
        "Requests of whose tokens some are estimated.";
    LLM_TIME_TO_FIRST_TOKEN = Summary "aisix_llm_time_to_first_token_seconds" request![],
        "From a request's arrival to the first event of its stream.";
    LLM_TOKENS_BY_CLIENT = Counter "aisix_llm_tokens_by_client_total"
        &["client_type", "model", "token_type"],
        "Tokens by the program that asked.";
    TOKENS_CONSUMED = Counter "aisix_tokens_consumed_total" &["provider", "model"],
        "Tokens of prompts and answers together.";
    DEPLOYMENT_REQUESTS = Counter "aisix_deployment_requests_total" DEPLOYMENT,
        "Attempts on the targets of groups.";
    DEPLOYMENT_SUCCESSES = Counter "aisix_deployment_success_responses_total" DEPLOYMENT,
        "Those of them that led to an answer.";
    DEPLOYMENT_FAILURES = Counter "aisix_deployment_failure_responses_total" DEPLOYMENT,
        "Those of them that failed.";
    SUCCESSFUL_FALLBACKS = Counter "aisix_routing_successful_fallbacks_total" FALLBACK,
        "Attempts on another target of a group after one had failed, that led to an answer.";
    FAILED_FALLBACKS = Counter "aisix_routing_failed_fallbacks_total" FALLBACK,
        "Attempts on another target of a group after one had failed, that failed as well.";
    DROPPED_FIELDS = Counter "aisix_dropped_fields_total"
        &["endpoint", "inbound_protocol", "provider", "model", "direction"],
        "Fields that were left out because the format of the other side cannot express them.";
    UNKNOWN_EVENTS = Counter "aisix_unknown_events_total"
        &["endpoint", "inbound_protocol", "provider", "model"],
        "Events of streams whose type is not known: passed on within a format, else left out.";
    AUTH_DECISIONS = Counter "aisix_auth_decisions_total" &["method", "result", "reason"],
        "Credentials that were looked at.";
    REQUEST_E2E_LATENCY = Histogram "aisix_request_e2e_latency_seconds" LATENCY,
        "From a request's arrival to its end, streams included.";
    REQUEST_TTFT = Histogram "aisix_request_ttft_seconds" LATENCY,
        "From a request's arrival to the first event of its stream.";
    CONFIG_LAST_RELOAD_SUCCESSFUL = Gauge "aisix_config_last_reload_successful" &[],
        "1 where the last reload took over all documents, else 0.";
    CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP =
        Gauge "aisix_config_last_reload_success_timestamp_seconds" &[],
        "When all documents were last taken over, in seconds since 1970; absent before.";
    CONFIG_RELOADS = Counter "aisix_config_reloads_total" &[],
        "Attempts to read the whole configuration; single changes are none.";
    CONFIG_RELOAD_FAILURES = Counter "aisix_config_reload_failures_total" &["reason"],
        "Those of them that failed.";
    CONFIG_REJECTED = Gauge "aisix_config_rejected_resources" &["kind"],
        "Documents that do not serve as they were last written.";
    CONFIG_PARTIALLY_COMPATIBLE = Gauge "aisix_config_partially_compatible_resources" &["kind"],
        "Documents that serve without fields that this version does not know.";
    CONFIG_STALE_SERVED = Gauge "aisix_config_stale_served_resources" &["kind"],
        "Documents that serve as they were before they were rejected.";
    CONFIG_OBSERVED_REVISION = Gauge "aisix_config_observed_revision" &[],
        "The source's revision that was last read.";
    CONFIG_APPLIED_REVISION = Gauge "aisix_config_applied_revision" &[],
        "The source's revision that is served.";
    CONFIG_SOURCE_CONNECTED = Gauge "aisix_config_source_connected" &[],
        "1 while the source is being watched, else 0.";
    CONFIG_HASH_INFO = Gauge "aisix_config_hash_info" &["hash"],
        "1 for the configuration that is served, 0 for the eight before it.";
}
