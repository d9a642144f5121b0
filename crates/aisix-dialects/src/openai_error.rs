//! Errors, as OpenAI's formats write them.

use aisix_core::Error;
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::failure::{ProviderError, text};

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

pub(crate) fn encode(error: &Error) -> Bytes {
    let fields = Fields {
        message: error.message(),
        r#type: error.code().error_type(),
        param: error.param(),
        code: error.public_code(),
    };
    // Strings always serialise; the empty body is unreachable.
    serde_json::to_vec(&Body { error: fields }).unwrap_or_default().into()
}

pub(crate) fn decode(body: &[u8]) -> ProviderError {
    ProviderError::read(body, details)
}

/// An error that an upstream put into a successful answer: an object, or just its message.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct InBandError(Value);

impl InBandError {
    pub(crate) fn into_error(self) -> Error {
        ProviderError::of(&self.0, details).in_band()
    }
}

fn details(object: &Map<String, Value>) -> ProviderError {
    let code = text(object, "code");
    let status = code.as_deref().and_then(|code| code.parse().ok());
    let status = status.filter(|status| (400..600).contains(status));
    ProviderError {
        // A number that is a status is no name for what went wrong.
        code: code.filter(|_| status.is_none()),
        kind: text(object, "type"),
        param: text(object, "param"),
        status,
        ..ProviderError::default()
    }
}
