//! Errors, as Bedrock reports them.
//!
//! Source: the reference's "Errors" of Converse, ConverseStream and InvokeModel, and its "Common
//! error types"; the protocol `rest-json` names an error's type in the header `x-amzn-errortype`, or
//! in the body as `__type`.

use serde_json::Value;

use crate::failure::{ProviderError, shortened};

/// Reads the body of a failed answer, or the payload of an exception inside a stream.
pub(super) fn read(body: &[u8]) -> ProviderError {
    let Ok(Value::Object(fields)) = serde_json::from_slice(body) else {
        return ProviderError::plain(&String::from_utf8_lossy(body));
    };
    let text = |name: &str| fields.get(name).and_then(Value::as_str);
    let message = text("message").or_else(|| text("Message"));
    let said = match message {
        Some(message) => shortened(message),
        None => shortened(&String::from_utf8_lossy(body)),
    };
    let error = ProviderError { message: said, ..ProviderError::default() };
    match text("__type") {
        Some(kind) => named(error, kind),
        None => error,
    }
}

/// What is said of an error when its type is known: a name, perhaps behind a namespace and a hash
/// sign, perhaps followed by a colon and more.
#[must_use]
pub fn named(error: ProviderError, kind: &str) -> ProviderError {
    let name = kind.rsplit('#').next().unwrap_or(kind);
    let name = name.split(':').next().unwrap_or(name).trim();
    let (status, code) = meaning(name);
    ProviderError {
        code: code.map(ToOwned::to_owned),
        kind: Some(name.to_owned()),
        status: error.status.or(status),
        ..error
    }
}

/// The status that a type stands for, and the code by which this product names it. Streams begin
/// the names with small letters.
fn meaning(kind: &str) -> (Option<u16>, Option<&'static str>) {
    let is = |name: &str| kind.eq_ignore_ascii_case(name);
    let known = [
        ("ThrottlingException", 429, Some("rate_limit_exceeded")),
        ("ServiceQuotaExceededException", 400, Some("insufficient_quota")),
        ("AccessDeniedException", 403, Some("permission_denied")),
        ("ResourceNotFoundException", 404, Some("model_not_found")),
        ("ModelNotReadyException", 429, Some("model_not_ready")),
        ("ModelTimeoutException", 408, Some("timeout")),
        ("ModelStreamErrorException", 502, Some("stream_error")),
        ("ModelErrorException", 424, Some("model_error")),
        ("ServiceUnavailableException", 503, Some("overloaded")),
        ("InternalServerException", 500, None),
        ("ValidationException", 400, None),
    ];
    let row = known.into_iter().find(|(name, ..)| is(name));
    row.map_or((None, None), |(_, status, code)| (Some(status), code))
}

/// Reads an exception inside a stream.
pub(super) fn in_stream(kind: &str, payload: &[u8]) -> ProviderError {
    let error = read(payload);
    // What the model's host said of it, where Bedrock passes that on.
    let original = serde_json::from_slice::<Value>(payload).ok().and_then(|value| {
        let status = value.get("originalStatusCode")?.as_u64()?;
        status.try_into().ok().filter(|status| (400..600).contains(status))
    });
    named(ProviderError { status: original, ..error }, kind)
}
