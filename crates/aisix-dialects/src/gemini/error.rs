//! Errors, as Google's APIs write them.
//!
//! Source: Google's API design guide, "Errors" (AIP-193): `{"error": {"code", "message", "status"}}`,
//! where `code` is the HTTP status and `status` the name of a canonical code.

use aisix_core::Error;
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::failure::{ProviderError, text};

#[derive(Serialize)]
struct Body<'a> {
    error: Fields<'a>,
}

#[derive(Serialize)]
struct Fields<'a> {
    code: u16,
    message: &'a str,
    status: &'static str,
}

/// An error as the body of an answer, or as the last event of a stream.
pub(super) fn encode(error: &Error) -> Bytes {
    let code = error.status();
    let fields = Fields { code, message: error.message(), status: canonical(code) };
    // Strings and numbers always serialise; the empty body is unreachable.
    serde_json::to_vec(&Body { error: fields }).unwrap_or_default().into()
}

fn canonical(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        400..=498 => "INVALID_ARGUMENT",
        501 => "UNIMPLEMENTED",
        503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        _ => "INTERNAL",
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
    let kind = text(object, "status");
    let (known, code) = kind.as_deref().map_or((None, None), meaning);
    let told = object.get("code").and_then(Value::as_u64).and_then(|code| code.try_into().ok());
    ProviderError {
        code: code.map(ToOwned::to_owned),
        kind,
        status: told.filter(|status| (400..600).contains(status)).or(known),
        ..ProviderError::default()
    }
}

/// The HTTP status of a canonical code, and the code by which this product names it.
fn meaning(status: &str) -> (Option<u16>, Option<&'static str>) {
    match status {
        "INVALID_ARGUMENT" | "FAILED_PRECONDITION" | "OUT_OF_RANGE" => (Some(400), None),
        "UNAUTHENTICATED" => (Some(401), Some("invalid_api_key")),
        "PERMISSION_DENIED" => (Some(403), Some("permission_denied")),
        "NOT_FOUND" => (Some(404), Some("model_not_found")),
        "ABORTED" | "ALREADY_EXISTS" => (Some(409), None),
        "RESOURCE_EXHAUSTED" => (Some(429), Some("rate_limit_exceeded")),
        "CANCELLED" => (Some(499), None),
        "UNIMPLEMENTED" => (Some(501), None),
        "UNAVAILABLE" => (Some(503), Some("overloaded")),
        "DEADLINE_EXCEEDED" => (Some(504), Some("timeout")),
        "INTERNAL" | "UNKNOWN" | "DATA_LOSS" => (Some(500), None),
        _ => (None, None),
    }
}
