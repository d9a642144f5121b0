//! What upstreams say of failures.

use aisix_core::error::Upstream;
use aisix_core::{Error, ErrorCode};
use serde_json::{Map, Value};

/// What an upstream says of a failure.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderError {
    /// Its message; the whole body, where it is not in the format. At most 1024 bytes.
    pub message: String,
    /// Its code.
    pub code: Option<String>,
    /// Its type.
    pub kind: Option<String>,
    /// The parameter that it names.
    pub param: Option<String>,
    /// The HTTP status that it names, where the error came inside a successful answer.
    pub status: Option<u16>,
}

/// Reads what a format says of an error beside its message.
pub(crate) type Details = fn(&Map<String, Value>) -> ProviderError;

/// The longest message that is taken over from an upstream, in bytes.
const LONGEST_MESSAGE: usize = 1024;

impl ProviderError {
    /// Reads a body: its `error`, or all of it where it has none.
    pub(crate) fn read(body: &[u8], details: Details) -> Self {
        let from_body = |mut object: Map<String, Value>| {
            let error = object.shift_remove("error");
            Self::of(&error.unwrap_or(Value::Object(object)), details)
        };
        match serde_json::from_slice(body) {
            Ok(Value::Object(object)) => from_body(object),
            // Google's APIs answer with a list of one.
            Ok(Value::Array(list)) => match list.into_iter().next() {
                Some(Value::Object(object)) => from_body(object),
                _ => Self::plain(&String::from_utf8_lossy(body)),
            },
            _ => Self::plain(&String::from_utf8_lossy(body)),
        }
    }

    /// Reads an error object, or a text in its place.
    pub(crate) fn of(error: &Value, details: Details) -> Self {
        let object = match error {
            Value::Object(object) => object,
            Value::String(text) => return Self::plain(text),
            other => return Self::plain(&other.to_string()),
        };
        let message = text(object, "message").or_else(|| text(object, "detail"));
        let message = shortened(&message.unwrap_or_else(|| error.to_string()));
        Self { message, ..details(object) }
    }

    /// A text that says what failed; of a long one the beginning.
    #[must_use]
    pub fn plain(message: &str) -> Self {
        Self { message: shortened(message.trim()), ..Self::default() }
    }

    /// An error that an upstream put into a successful answer.
    pub(crate) fn in_band(self) -> Error {
        let Self { code, kind, param, status, .. } = self;
        let upstream = Upstream { status: status.unwrap_or(502), code, param, kind };
        Error::new(ErrorCode::UpstreamInBand, self.message).with_upstream(upstream)
    }
}

/// A field of an error object; some write numbers.
pub(crate) fn text(object: &Map<String, Value>, field: &str) -> Option<String> {
    match object.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The beginning of a message.
pub(crate) fn shortened(message: &str) -> String {
    if message.len() <= LONGEST_MESSAGE {
        return message.to_owned();
    }
    let end = message.floor_char_boundary(LONGEST_MESSAGE);
    format!("{}…", &message[..end])
}
