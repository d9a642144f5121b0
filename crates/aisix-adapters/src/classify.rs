//! What failed answers mean, where families agree.

use std::time::Duration;

use aisix_core::error::Upstream;
use aisix_core::secret::MASK;
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
    let message = if server_error || said.message.is_empty() {
        format!("upstream returned {status}")
    } else {
        scrub(&said.message, secret)
    };
    let code = if reply.status.is_client_error() {
        ErrorCode::UpstreamRejected
    } else {
        ErrorCode::UpstreamFailed
    };
    let told =
        |text: Option<String>| text.filter(|_| !server_error).map(|text| scrub(&text, secret));
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

/// The same error without the secret: providers do quote the credential that they refuse, in
/// failed answers and in successful ones.
#[must_use]
pub fn scrubbed(error: Error, secret: &Secret) -> Error {
    let cause = std::error::Error::source(&error).map(chain);
    let mut clean = Error::new(error.code(), scrub(error.message(), secret))
        .with_retry_after(error.retry_after());
    if let Some(upstream) = error.upstream() {
        let told = |text: &Option<String>| text.as_deref().map(|text| scrub(text, secret));
        clean = clean.with_upstream(Upstream {
            status: upstream.status,
            code: told(&upstream.code),
            param: told(&upstream.param),
        });
    }
    match cause {
        Some(cause) => clean.because(scrub(&cause, secret)),
        None => clean,
    }
}

/// A cause with its causes, on one line.
fn chain(cause: &(dyn std::error::Error + 'static)) -> String {
    let deeper = std::iter::successors(cause.source(), |cause| cause.source());
    deeper.fold(cause.to_string(), |text, cause| format!("{text}: {cause}"))
}

/// The fewest characters of a secret that are worth hiding by themselves.
const SHORTEST_PART: usize = 4;

fn scrub(text: &str, secret: &Secret) -> String {
    let secret = secret.expose().trim();
    if secret.is_empty() {
        return text.to_owned();
    }
    let clean = text.replace(secret, MASK);
    // A long text was cut off, and the secret perhaps with it.
    let Some(cut) = clean.strip_suffix('…') else {
        return clean;
    };
    let begins = |end: &usize| secret.is_char_boundary(*end) && cut.ends_with(&secret[..*end]);
    match (SHORTEST_PART..secret.len()).rev().find(begins) {
        Some(part) => format!("{}{MASK}…", &cut[..cut.len() - part]),
        None => clean,
    }
}
