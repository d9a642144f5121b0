//! What a token endpoint answers.
//!
//! Source: RFC 6749, sections 5.1 and 5.2. Both Google and Microsoft Entra keep to it.

use std::time::Duration;

use aisix_core::error::Upstream;
use aisix_core::{Error, ErrorCode, Secret};
use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;
use serde::de::IgnoredAny;
use tokio::time::Instant;

/// The longest life of a token that is believed: a day.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 60 * 60);

/// The longest `error` that is told; those of the RFC are shorter.
const LONGEST_WORD: usize = 64;

/// A token and its end.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) secret: Secret,
    pub(super) expires: Instant,
}

#[derive(Deserialize)]
struct Granted {
    access_token: Secret,
    token_type: Option<String>,
    expires_in: Option<Seconds>,
}

/// Some endpoints write numbers as text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(u64),
    Text(String),
    Neither(IgnoredAny),
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Refused {
    error: String,
    error_description: String,
}

/// Reads an answer to a question that was asked at that time.
pub(super) fn read(answer: &Response<Bytes>, asked: Instant) -> Result<Token, Error> {
    let (status, body) = (answer.status(), answer.body());
    if status.is_success() { granted(body, asked) } else { Err(refused(status, body)) }
}

fn granted(body: &[u8], asked: Instant) -> Result<Token, Error> {
    // What a parser says of it may quote it.
    let granted: Granted =
        serde_json::from_slice(body).map_err(|_| garbage("holds no access_token"))?;
    if !granted.access_token.fits_a_header() {
        return Err(garbage("holds an access_token that no header can carry"));
    }
    if granted.token_type.is_some_and(|kind| !kind.eq_ignore_ascii_case("bearer")) {
        return Err(garbage("holds a token that is no bearer token"));
    }
    // A token whose life is unknown serves those who wait for it, and no one else.
    let life = match granted.expires_in {
        Some(Seconds::Number(seconds)) => seconds,
        Some(Seconds::Text(text)) => text.trim().parse().unwrap_or_default(),
        Some(Seconds::Neither(_)) | None => 0,
    };
    let life = Duration::from_secs(life).min(LONGEST_LIFE);
    Ok(Token { secret: granted.access_token, expires: asked + life })
}

fn garbage(what: &str) -> Error {
    let message = format!("the token endpoint's answer {what}");
    Error::new(ErrorCode::UpstreamDecode, message)
}

/// The status tells who is to blame. Callers read no more than it and the error's word: the
/// description is for those who look after the credential, so for the log.
fn refused(status: StatusCode, body: &[u8]) -> Error {
    let status = status.as_u16();
    if !(400..500).contains(&status) {
        let upstream = Upstream { status, ..Upstream::default() };
        let message = format!("upstream returned {status}");
        return Error::new(ErrorCode::UpstreamFailed, message).with_upstream(upstream);
    }
    let said: Refused = serde_json::from_slice(body).unwrap_or_default();
    let is_word = |c: char| c.is_ascii_lowercase() || c == '_';
    let word = Some(&said.error)
        .filter(|word| !word.is_empty() && word.len() <= LONGEST_WORD && word.chars().all(is_word));
    let word = word.map(|word| format!(" ({word})")).unwrap_or_default();
    let error = Error::misconfigured(format_args!("the token endpoint answered {status}{word}"));
    if said.error_description.is_empty() {
        return error;
    }
    error.because(aisix_dialects::ProviderError::plain(&said.error_description).message)
}
