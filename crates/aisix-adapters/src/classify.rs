//! What failed answers mean, where families agree.

use std::time::Duration;

use aisix_core::error::Upstream;
use aisix_core::{Error, ErrorCode, Secret};
use aisix_dialects::ProviderError;
use http::StatusCode;
use http::header::RETRY_AFTER;

use crate::adapter::FailedReply;

/// The error for an answer that is not a success: 400 to 499 keep their status and say what the
/// provider said; of 500 to 599 the caller learns no more than the status.
pub(crate) fn failed(reply: &FailedReply<'_>, said: ProviderError, secret: &Secret) -> Error {
    let status = reply.status.as_u16();
    let server_error = reply.status.is_server_error();
    let message = if server_error {
        format!("upstream returned {status}")
    } else {
        scrubbed(&said.message, secret)
    };
    let code = if reply.status.is_client_error() {
        ErrorCode::UpstreamRejected
    } else {
        ErrorCode::UpstreamFailed
    };
    let told =
        |text: Option<String>| text.filter(|_| !server_error).map(|text| scrubbed(&text, secret));
    Error::new(code, message)
        .with_upstream(Upstream { status, code: told(said.code), param: told(said.param) })
        .with_retry_after(retry_after(reply))
}

/// Whole seconds of a 429; the date form is ignored.
fn retry_after(reply: &FailedReply<'_>) -> Option<Duration> {
    if reply.status != StatusCode::TOO_MANY_REQUESTS {
        return None;
    }
    let seconds = reply.headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Providers do quote the credential that they refuse.
fn scrubbed(text: &str, secret: &Secret) -> String {
    text.replace(secret.expose(), "***")
}
