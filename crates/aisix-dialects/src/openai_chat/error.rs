//! Errors, as this format writes them.

use aisix_core::Error;
use bytes::Bytes;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::dialect::ProviderError;

/// The longest message that is taken over from an upstream, in bytes.
const LONGEST_MESSAGE: usize = 1024;

#[derive(Serialize)]
struct Body<'a> {
    error: Fields<'a>,
}

/// In the order that the documentation prints; what is not set is absent, never null.
#[derive(Serialize)]
struct Fields<'a> {
    message: &'a str,
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    param: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<&'a str>,
}

pub(super) fn encode(error: &Error) -> Bytes {
    let fields = Fields {
        message: error.message(),
        r#type: error.code().error_type(),
        param: error.param(),
        code: error.public_code(),
    };
    // Strings always serialise; the empty body is unreachable.
    serde_json::to_vec(&Body { error: fields }).unwrap_or_default().into()
}

pub(super) fn decode(body: &[u8]) -> ProviderError {
    match serde_json::from_slice(body) {
        Ok(Value::Object(object)) => from_body(object),
        // Google's compatible API answers with a list of one.
        Ok(Value::Array(list)) => match list.into_iter().next() {
            Some(Value::Object(object)) => from_body(object),
            _ => plain(&String::from_utf8_lossy(body)),
        },
        _ => plain(&String::from_utf8_lossy(body)),
    }
}

fn from_body(mut object: Map<String, Value>) -> ProviderError {
    let error = object.shift_remove("error");
    from_value(&error.unwrap_or(Value::Object(object)))
}

/// Reads the error object, or a text in its place.
pub(super) fn from_value(error: &Value) -> ProviderError {
    let Value::Object(object) = error else {
        return match error {
            Value::String(text) => plain(text),
            other => plain(&other.to_string()),
        };
    };
    let text = |field: &str| match object.get(field) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let code = text("code");
    let status = code.as_deref().and_then(|code| code.parse().ok());
    let status = status.filter(|status| (400..600).contains(status));
    let message = text("message").or_else(|| text("detail"));
    ProviderError {
        message: shortened(&message.unwrap_or_else(|| error.to_string())),
        // A number that is a status is no name for what went wrong.
        code: code.filter(|_| status.is_none()),
        kind: text("type"),
        param: text("param"),
        status,
    }
}

fn plain(message: &str) -> ProviderError {
    ProviderError { message: shortened(message.trim()), ..ProviderError::default() }
}

fn shortened(message: &str) -> String {
    if message.len() <= LONGEST_MESSAGE {
        return message.to_owned();
    }
    let end = message.floor_char_boundary(LONGEST_MESSAGE);
    format!("{}…", &message[..end])
}
