//! What is logged of requests that nobody was asked to answer.

use std::time::Duration;

use aisix_core::{Error, ErrorCode};
use aisix_telemetry::AccessRecord;
use http::{Method, Request, Response, Uri};

use crate::body::AnswerBody;
use crate::exchange::Arrival;

/// What a caller asked for, as it sent it.
pub(crate) struct Asked {
    method: Method,
    uri: Uri,
}

/// The longest path or method that is logged, in bytes.
const LONGEST_LOGGED: usize = 256;

impl Asked {
    pub(crate) fn of<B>(request: &Request<B>) -> Self {
        Self { method: request.method().clone(), uri: request.uri().clone() }
    }

    /// Writes the access log's line about a refusal.
    pub(crate) fn record(
        &self,
        refusal: &Response<AnswerBody>,
        request_id: &str,
        latency: Duration,
    ) {
        let record = AccessRecord {
            request_id,
            method: loggable(self.method.as_str()).unwrap_or("-"),
            path: loggable(self.uri.path()).unwrap_or("-"),
            status: refusal.status().as_u16(),
            latency,
            ..AccessRecord::default()
        };
        record.write();
    }
}

/// What a caller sent, where it is short and cannot disturb a log.
fn loggable(sent: &str) -> Option<&str> {
    let fits = sent.len() <= LONGEST_LOGGED && sent.bytes().all(|byte| byte.is_ascii_graphic());
    fits.then_some(sent)
}

/// Logs that a credential was refused: one that was valid once at `WARN`, because somebody will
/// miss it, anything else at `DEBUG`, because anybody can send it.
pub(crate) fn denied(arrival: &Arrival, error: &Error) {
    /// The same line at a level.
    macro_rules! line {
        ($level:ident, $reason:expr) => {
            tracing::$level!(
                target: "aisix::auth",
                method = "api_key",
                reason = $reason,
                http_method = arrival.method.as_str(),
                path = arrival.endpoint.path,
                request_id = %arrival.request_id,
                source_ip = arrival.client_ip.map(tracing::field::display),
                "request denied"
            )
        };
    }
    match error.code() {
        ErrorCode::ApiKeyDisabled => line!(warn, "key_disabled"),
        ErrorCode::ApiKeyExpired => line!(warn, "key_expired"),
        _ if error.message() == aisix_auth::MISSING_CREDENTIALS => {
            line!(debug, "missing_credentials");
        }
        _ => line!(debug, "unknown_key"),
    }
}
