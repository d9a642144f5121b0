//! Errors, as this format writes them.
//!
//! Source: Anthropic's API reference, "Errors" (HTTP errors, error shapes).

use aisix_core::{Error, ErrorCode};
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::failure::{ProviderError, text};

/// The types of errors, each with a status of its own, and the code by which this product names it.
const TYPES: [(&str, u16, Option<&str>); 10] = [
    ("invalid_request_error", 400, None),
    ("authentication_error", 401, Some("invalid_api_key")),
    ("billing_error", 402, None),
    ("permission_error", 403, Some("permission_denied")),
    ("not_found_error", 404, Some("model_not_found")),
    ("request_too_large", 413, Some("request_too_large")),
    ("rate_limit_error", 429, Some("rate_limit_exceeded")),
    ("api_error", 500, None),
    ("timeout_error", 504, None),
    ("overloaded_error", 529, Some("overloaded")),
];

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    error: Fields<'a>,
}

#[derive(Serialize)]
struct Fields<'a> {
    r#type: &'a str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    details: Option<Details>,
}

/// What programs go by: see `ThreadUnsupportedRequestErrorDetails` in the published types. The tool
/// runners of Anthropic's packages ask for a thread by themselves, and go on without one when they
/// read this.
#[derive(Serialize)]
struct Details {
    error_code: &'static str,
    unsupported: [&'static str; 1],
}

/// The field of a request that goes on with a conversation which the provider keeps.
const THREAD: &str = "thread";
const NO_THREADS: Details =
    Details { error_code: "thread_unsupported_request", unsupported: [THREAD] };

/// An error as the body of an answer: its type follows from the status.
pub(super) fn encode(error: &Error) -> Bytes {
    let without_thread = error.code() == ErrorCode::Unsupported && error.param() == Some(THREAD);
    write(type_of(error.status()), error.message(), without_thread.then_some(NO_THREADS))
}

/// An error inside a stream, whose status was told before: the type says what happened. In a stream
/// of this format's own it is the provider's, for which clients look.
pub(super) fn encode_in_band(error: &Error, own: bool) -> Bytes {
    let upstream = error.upstream().filter(|_| own && error.code() == ErrorCode::UpstreamInBand);
    let of_status = |status| TYPES.iter().find(|told| told.1 == status).map(|told| told.0);
    let said = upstream.and_then(|said| said.kind.as_deref().or_else(|| of_status(said.status)));
    write(said.unwrap_or(error.code().error_type()), error.message(), None)
}

fn write(r#type: &str, message: &str, details: Option<Details>) -> Bytes {
    let body = Body { r#type: "error", error: Fields { r#type, message, details } };
    // Strings always serialise; the empty body is unreachable.
    serde_json::to_vec(&body).unwrap_or_default().into()
}

fn type_of(status: u16) -> &'static str {
    match status {
        400 | 422 => "invalid_request_error",
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        408 => "timeout_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 => "overloaded_error",
        _ => "api_error",
    }
}

pub(super) fn decode(body: &[u8]) -> ProviderError {
    ProviderError::read(body, details)
}

/// Reads the error object of a stream, or a text in its place.
pub(super) fn of(error: &Value) -> ProviderError {
    ProviderError::of(error, details)
}

fn details(object: &Map<String, Value>) -> ProviderError {
    let kind = text(object, "type");
    let (status, code) = kind.as_deref().map_or((None, None), meaning);
    let code = code.map(ToOwned::to_owned);
    ProviderError { code, kind, status, ..ProviderError::default() }
}

/// The status that an error's type stands for, and the code by which this product names it.
fn meaning(kind: &str) -> (Option<u16>, Option<&'static str>) {
    let told = TYPES.iter().find(|told| told.0 == kind);
    told.map_or((None, None), |&(_, status, code)| (Some(status), code))
}
