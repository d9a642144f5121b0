//! The access log: one line for each request.

use std::time::Duration;

use tracing::info;

/// What the access log says of one request.
#[derive(Debug, Clone, Copy, Default)]
pub struct AccessRecord<'a> {
    /// The request's id.
    pub request_id: &'a str,
    /// The method.
    pub method: &'a str,
    /// The path, as the endpoint table writes it; where nothing there answered, as the caller sent it.
    pub path: &'a str,
    /// The status that the caller saw; 499 where it left before one was sent.
    pub status: u16,
    /// From the request's arrival to its end.
    pub latency: Duration,
    /// The name that the caller sent for a model that exists.
    pub model: Option<&'a str>,
    /// The vendor that served.
    pub provider: Option<&'a str>,
    /// The id of the caller's key.
    pub api_key_id: Option<&'a str>,
    /// The name of the model that served, where the caller sent another.
    pub served_by_model: Option<&'a str>,
    /// How many candidates were called.
    pub attempts: Option<u32>,
    /// Tokens of the prompt.
    pub prompt_tokens: Option<u64>,
    /// Tokens of the answer.
    pub completion_tokens: Option<u64>,
    /// Said where some of these are the gateway's estimate.
    pub usage_estimated: Option<bool>,
    /// What was left out because the format of the other side cannot express it.
    pub dropped_fields: Option<&'a str>,
    /// The kind of error.
    pub error_kind: Option<&'a str>,
    /// What the caller read of it.
    pub error: Option<&'a str>,
}

/// The log target: what a filter such as `aisix::access=off` names.
const TARGET: &str = "aisix::access";

impl AccessRecord<'_> {
    /// Writes the line.
    pub fn write(&self) {
        let total = self.prompt_tokens.zip(self.completion_tokens).map(|(input, out)| input + out);
        info!(
            target: TARGET,
            method = self.method,
            path = self.path,
            status = self.status,
            latency_ms = self.latency.as_millis() as u64,
            provider = self.provider,
            model = self.model,
            api_key_id = self.api_key_id,
            prompt_tokens = self.prompt_tokens,
            completion_tokens = self.completion_tokens,
            total_tokens = total,
            usage_estimated = self.usage_estimated,
            request_id = self.request_id,
            served_by_model = self.served_by_model,
            routing_attempt_count = self.attempts,
            dropped_fields = self.dropped_fields,
            error_kind = self.error_kind,
            error = self.error,
            "proxy request completed"
        );
    }
}
