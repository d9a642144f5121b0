//! What failed answers mean, where families agree.

mod hidden;
mod masked;

#[cfg(test)]
mod tests;

use std::time::Duration;

use aisix_core::error::{Upstream, with_causes};
use aisix_core::secret::MASK;
use aisix_core::{Error, ErrorCode, ProviderKey, Secret};
use aisix_dialects::ProviderError;
use http::StatusCode;
use http::header::RETRY_AFTER;

use crate::adapter::{Adapter, FailedReply, Target};
use crate::quirks;

/// The error for an answer that is not a success: 400 to 499 keep their status and say what the
/// provider said, as far as the family tells it; of 500 to 599 the caller learns no more than the
/// status. The log has the provider's words.
#[must_use]
pub fn failed(
    family: &dyn Adapter,
    target: &Target,
    reply: &FailedReply<'_>,
    said: ProviderError,
) -> Error {
    let status = reply.status.as_u16();
    let said = ProviderError { status: Some(status), ..said };
    let code = if reply.status.is_client_error() {
        ErrorCode::UpstreamRejected
    } else {
        ErrorCode::UpstreamFailed
    };
    let told = if reply.status.is_server_error() {
        ProviderError::default()
    } else {
        ProviderError { kind: None, ..family.retell(target, said.clone()) }
    };
    let error = retold(code, status, said.message, told).with_retry_after(retry_after(reply));
    scrubbed(error, &target.provider_key.spec.secret)
}

/// An error of an upstream that came inside a successful answer, as far as the family tells it;
/// other errors as they are.
#[must_use]
pub fn in_band(family: &dyn Adapter, target: &Target, error: Error) -> Error {
    let Some(Upstream { status, code, param, kind }) =
        error.upstream().filter(|_| error.code() == ErrorCode::UpstreamInBand).cloned()
    else {
        return error;
    };
    let message = error.message().to_owned();
    let said = ProviderError { message, code, kind, param, status: Some(status) };
    let told = family.retell(target, said.clone());
    if told == said {
        return error;
    }
    retold(ErrorCode::UpstreamInBand, status, said.message, told)
        .with_retry_after(error.retry_after())
}

/// An error that callers are told of, and the words for the log where they are told others.
fn retold(code: ErrorCode, status: u16, words: String, told: ProviderError) -> Error {
    let ProviderError { message, code: name, kind, param, .. } = told;
    let upstream = Upstream { status, code: name, param, kind };
    let unsaid = (message != words && !words.is_empty()).then_some(words);
    let message = match code {
        _ if !message.is_empty() => message,
        // A status that it names stands in no head, and is perhaps a guess.
        ErrorCode::UpstreamInBand => "upstream reported an error".to_owned(),
        _ => returned(status),
    };
    let error = Error::new(code, message).with_upstream(upstream);
    match unsaid {
        Some(words) => error.because(words),
        None => error,
    }
}

/// What callers read in place of words that are the operator's; nothing leaves the status to speak
/// for itself.
#[cfg(any(feature = "azure", feature = "bedrock", feature = "vertex"))]
pub(crate) fn sentence(status: u16) -> &'static str {
    match status {
        401 | 403 => "upstream authentication failed",
        404 => "upstream model not found",
        408 => "upstream request timed out",
        409 => "upstream reported a conflict",
        413 => "request is too large for the upstream",
        429 => "upstream rate limit reached",
        _ => "",
    }
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
/// failed answers and in successful ones. Of a secret that is a JSON object they quote a part, so
/// each part is hidden by itself, but for those that prove nothing, such as a region. A quote that
/// leaves out the middle, as in `sk-pr****cdef`, is hidden whole.
///
/// A secret of fewer than eight characters occurs in ordinary words: to take it out would garble
/// the message, and would show a caller who makes the upstream repeat its words whether it guessed
/// the secret. So where the secret is that short, nothing that the upstream said is passed on but
/// its status. What this product says itself stays as it is.
#[must_use]
pub fn scrubbed(error: Error, secret: &Secret) -> Error {
    hidden::of(secret).iter().fold(error, without)
}

fn without(error: Error, secret: &Secret) -> Error {
    if is_short(secret) {
        return untold(error, secret);
    }
    let cause = std::error::Error::source(&error).map(with_causes);
    let mut clean = Error::new(error.code(), scrub(error.message(), secret))
        .with_retry_after(error.retry_after());
    if let Some(upstream) = error.upstream() {
        let told = |text: &Option<String>| text.as_deref().map(|text| scrub(text, secret));
        clean = clean.with_upstream(Upstream {
            status: upstream.status,
            code: told(&upstream.code),
            param: told(&upstream.param),
            kind: told(&upstream.kind),
        });
    }
    match cause {
        Some(cause) => clean.because(scrub(&cause, secret)),
        None => clean,
    }
}

/// The same error without anything of the provider key that may be a credential: its secret, and
/// what it adds to requests.
#[must_use]
pub fn scrubbed_of_key(error: Error, key: &ProviderKey) -> Error {
    let error = scrubbed(error, &key.secret);
    quirks::of_key(key).fold(error, |error, secret| scrubbed(error, &secret))
}

/// The same error without anything that the upstream said but its status.
fn untold(error: Error, secret: &Secret) -> Error {
    let cause = std::error::Error::source(&error).map(with_causes);
    let mut clean = match error.upstream() {
        None => Error::new(error.code(), error.message().to_owned()),
        Some(&Upstream { status, .. }) => Error::new(error.code(), returned(status))
            .with_upstream(Upstream { status, ..Upstream::default() }),
    };
    clean = clean.with_retry_after(error.retry_after());
    // Causes are for the log, where nobody guesses; but no log holds a credential.
    match cause.filter(|cause| !cause.contains(secret.expose())) {
        Some(cause) => clean.because(cause),
        None => clean,
    }
}

fn returned(status: u16) -> String {
    format!("upstream returned {status}")
}

/// The fewest characters of a secret that are hidden within what an upstream says.
const SHORTEST_SECRET: usize = 8;

/// Whether it cannot be hidden by replacing it.
fn is_short(secret: &Secret) -> bool {
    secret.expose().chars().count() < SHORTEST_SECRET
}

/// The fewest characters of a secret that are worth hiding by themselves.
const SHORTEST_PART: usize = 4;

fn scrub(text: &str, secret: &Secret) -> String {
    let secret = secret.expose();
    let clean = without_begun(text.replace(secret, MASK), secret);
    masked::hide(&clean, secret)
}

/// A long text was cut off, and the secret perhaps with it.
fn without_begun(clean: String, secret: &str) -> String {
    let Some(cut) = clean.strip_suffix('…') else {
        return clean;
    };
    let begins = |end: &usize| secret.is_char_boundary(*end) && cut.ends_with(&secret[..*end]);
    match (SHORTEST_PART..secret.len()).rev().find(begins) {
        Some(part) => format!("{}{MASK}…", &cut[..cut.len() - part]),
        None => clean,
    }
}
