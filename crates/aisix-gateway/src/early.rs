//! What is logged and counted of requests that nobody was asked to answer.

use std::sync::Arc;

use aisix_auth::Refuse;
use aisix_core::{Error, ErrorCode};
use aisix_telemetry::{AccessRecord, AuthDecision, Finished, Metrics};
use http::request::Parts;
use http::{Method, Request, Response, Uri};
use tokio::time::Instant;

use crate::body::AnswerBody;
use crate::endpoints::Endpoint;
use crate::exchange::Arrival;
use crate::labels;
use crate::respond;

/// What a caller asked for, as it sent it.
pub(crate) struct Asked {
    pub(crate) request_id: Arc<str>,
    pub(crate) started: Instant,
    method: Method,
    uri: Uri,
    metrics: Arc<Metrics>,
}

/// The longest path or method that is logged, in bytes.
const LONGEST_LOGGED: usize = 256;

impl Asked {
    pub(crate) fn of<B>(
        request: &Request<B>,
        request_id: Arc<str>,
        started: Instant,
        metrics: &Arc<Metrics>,
    ) -> Self {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        Self { request_id, started, method, uri, metrics: metrics.clone() }
    }

    /// Writes the access log's line about a refusal, and counts it; `endpoint` is what it was asked
    /// of, if that exists.
    pub(crate) fn refused(
        &self,
        refusal: Response<AnswerBody>,
        endpoint: Option<&'static Endpoint>,
    ) -> Response<AnswerBody> {
        let (status, duration) = (refusal.status().as_u16(), self.started.elapsed());
        let record = AccessRecord {
            request_id: &self.request_id,
            method: loggable(self.method.as_str()).unwrap_or("-"),
            path: loggable(self.uri.path()).unwrap_or("-"),
            status,
            latency: duration,
            ..AccessRecord::default()
        };
        record.write();
        let labels = endpoint.map(labels::of_endpoint).unwrap_or_default();
        let to_model = endpoint.is_some_and(Endpoint::leads_to_models);
        let finished = Finished { labels, to_model, status, duration, ..Finished::default() };
        self.metrics.finished(&finished);
        refusal
    }
}

/// What a caller sent, where it is short and cannot disturb a log.
fn loggable(sent: &str) -> Option<&str> {
    let fits = sent.len() <= LONGEST_LOGGED && sent.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then_some(sent)
}

/// Answers requests without a valid credential.
#[derive(Debug)]
pub(crate) struct Denials {
    pub(crate) metrics: Arc<Metrics>,
}

impl Refuse<AnswerBody> for Denials {
    fn refuse(&self, head: &Parts, error: Error) -> Response<AnswerBody> {
        let Some(arrival) = head.extensions.get::<Arc<Arrival>>() else {
            return respond::error(&aisix_dialects::OPENAI_CHAT, &error);
        };
        let decision = decision(&error);
        self.metrics.authenticated(decision);
        log(arrival, decision);
        self.metrics.finished(&Finished {
            labels: labels::of_endpoint(arrival.endpoint),
            to_model: arrival.endpoint.leads_to_models(),
            status: error.status(),
            duration: arrival.started.elapsed(),
            ..Finished::default()
        });
        respond::error(arrival.dialect, &error)
    }
}

fn decision(error: &Error) -> AuthDecision {
    match error.code() {
        ErrorCode::ApiKeyDisabled => AuthDecision::KeyDisabled,
        ErrorCode::ApiKeyExpired => AuthDecision::KeyExpired,
        _ if error.message() == aisix_auth::MISSING_CREDENTIALS => AuthDecision::MissingCredentials,
        _ => AuthDecision::UnknownKey,
    }
}

/// Logs that a credential was refused: one that was valid once at `WARN`, because somebody will
/// miss it, anything else at `DEBUG`, because anybody can send it.
fn log(arrival: &Arrival, decision: AuthDecision) {
    /// The same line at a level.
    macro_rules! line {
        ($level:ident) => {
            tracing::$level!(
                target: "aisix::auth",
                method = decision.method(),
                reason = decision.reason(),
                http_method = arrival.method.as_str(),
                path = arrival.endpoint.path,
                request_id = %arrival.request_id,
                source_ip = arrival.client_ip.map(tracing::field::display),
                "request denied"
            )
        };
    }
    match decision {
        AuthDecision::KeyDisabled | AuthDecision::KeyExpired => line!(warn),
        _ => line!(debug),
    }
}
