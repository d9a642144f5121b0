//! What relaying within one dialect shares.

use std::borrow::Cow;

use aisix_core::chat::{RequestOutline, Span, StreamOptions};
use aisix_core::{Error, ErrorCode};
use bytes::Bytes;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::dialect::UpstreamRequest;
use crate::json::{after_brace, quoted, span_of, splice};
use crate::scan::{self, Scan};

/// An edit of the original bytes: a range, and what stands there instead.
pub(crate) type Edit<'a> = (Span, Cow<'a, str>);

/// The name that answers and frames give the model: the one that the caller sent.
pub(crate) struct ModelName {
    /// The whole field, followed by a comma.
    field: String,
    /// Where the value stands in it.
    value: Span,
}

impl ModelName {
    pub(crate) fn new(name: &str) -> Self {
        Self::under("model", name)
    }

    /// Under this field, where a format calls it otherwise.
    pub(crate) fn under(field: &str, name: &str) -> Self {
        let (key, name) = (format!("\"{field}\":"), quoted(name));
        let value = key.len()..key.len() + name.len();
        Self { field: format!("{key}{name},"), value }
    }

    /// The edit that gives an answer or a chunk this name.
    pub(crate) fn edit(&self, original: &[u8], span: Option<&Span>) -> Edit<'_> {
        match span {
            Some(span) => (span.clone(), self.field[self.value.clone()].into()),
            None => {
                // Answers and chunks hold something at least, so the new field is followed by
                // another.
                let at = after_brace(original);
                (at..at, self.field.as_str().into())
            }
        }
    }
}

/// Scans a caller's request: all of it is checked to be JSON, a few fields are looked at. Among
/// them is `model`, and `stream` and `stream_options` are where the format has them. `complaint`
/// says what is wrong beside the model.
///
/// # Errors
/// Where the body is not the JSON that an endpoint takes.
pub(crate) fn request<const N: usize>(
    body: &[u8],
    looked_at: [&'static str; N],
    complaint: impl FnOnce(&Scan<'_, N>) -> Option<String>,
) -> Result<RequestOutline, Error> {
    let text = std::str::from_utf8(body).map_err(|_| Error::invalid_json())?;
    let fields = scan::fields(text, looked_at).map_err(|_| Error::invalid_json())?;
    if let Some(field) = fields.duplicate {
        return Err(Error::invalid_request(format_args!("duplicate field '{field}'")));
    }
    let model: Option<String> = typed(fields.get("model"))?;
    // Whatever is no flag is complained about, after the checks on the model.
    let stream: Option<bool> = typed(fields.get("stream")).unwrap_or_default();
    let (null, said) = match fields.get("stream_options") {
        Some(value) if value.get() == "null" => (Some(span_of(text, value)), None),
        other => (None, other),
    };
    Ok(RequestOutline {
        model: model.filter(|name| !name.is_empty()),
        model_span: fields.get("model").map(|value| span_of(text, value)).unwrap_or_default(),
        stream: stream.unwrap_or(false),
        stream_options: said.map(stream_options),
        stream_options_null: null,
        // A request that goes anywhere has a model, so a further field is followed by another.
        insert_at: after_brace(body),
        complaint: complaint(&fields),
    })
}

fn stream_options(value: &RawValue) -> StreamOptions {
    #[derive(Deserialize)]
    struct Wire {
        include_usage: Option<bool>,
    }
    // The upstream judges the object as the caller sent it; here only one flag of it matters.
    let wire = serde_json::from_str::<Wire>(value.get()).ok();
    StreamOptions { include_usage: wire.and_then(|wire| wire.include_usage).unwrap_or(false) }
}

/// A caller's request under the upstream's name for the model: every other byte is the caller's.
pub(crate) fn renamed(
    original: &[u8],
    outline: &RequestOutline,
    upstream: &UpstreamRequest<'_>,
) -> Bytes {
    splice(original, &[(outline.model_span.clone(), quoted(upstream.model).into())])
}

/// The same, where a stream's usage comes only if it is asked for: it is accounted for whether the
/// caller wants to see it or not.
pub(crate) fn renamed_asking_for_usage(
    original: &[u8],
    outline: &RequestOutline,
    upstream: &UpstreamRequest<'_>,
) -> Bytes {
    if !upstream.stream || outline.stream_options.is_some() {
        return renamed(original, outline, upstream);
    }
    let model: Edit<'_> = (outline.model_span.clone(), quoted(upstream.model).into());
    let ask: Edit<'_> = match outline.stream_options_null.clone() {
        Some(null) => (null, r#"{"include_usage":true}"#.into()),
        None => {
            let at = outline.insert_at;
            (at..at, r#""stream_options":{"include_usage":true},"#.into())
        }
    };
    if ask.0.start < model.0.start {
        splice(original, &[ask, model])
    } else {
        splice(original, &[model, ask])
    }
}

/// An upstream's answer that is not in its format.
pub(crate) fn unreadable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorCode::UpstreamDecode, "upstream response could not be decoded").because(cause)
}

/// A field that this product acts on must have its type: anything else is not the JSON that the
/// endpoint takes.
pub(crate) fn typed<'a, T: Deserialize<'a>>(
    value: Option<&'a RawValue>,
) -> Result<Option<T>, Error> {
    value
        .map_or(Ok(None), |value| serde_json::from_str(value.get()))
        .map_err(|_| Error::invalid_json())
}

/// A field that is there, be it null: what stands there can be replaced.
pub(crate) fn present<'de, D: Deserializer<'de>>(
    field: D,
) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(field).map(Some)
}

/// What is wrong with the turns of a request, if anything, as far as one look tells: their contents
/// are left to the upstream.
pub(crate) fn complaint_on_list(name: &str, list: Option<&RawValue>) -> Option<String> {
    let Some(list) = list else {
        return Some(format!("missing field '{name}'"));
    };
    match list.get().strip_prefix('[').map(str::trim_start) {
        None => Some(format!("'{name}' must be an array")),
        Some(rest) if rest.starts_with(']') => Some(format!("'{name}' must not be empty")),
        Some(_) => None,
    }
}

/// The first of these fields that does not hold what it must.
pub(crate) fn complaint_on_types<const N: usize>(
    fields: [(&str, Option<&RawValue>, Holds); N],
) -> Option<String> {
    let wrong = |(_, value, holds): &(&str, Option<&RawValue>, Holds)| {
        value.is_some_and(|value| !holds.permits(value))
    };
    let (field, _, holds) = fields.into_iter().find(wrong)?;
    Some(format!("'{field}' must be {}", holds.form()))
}

/// What a field must hold, if not null.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Holds {
    Number,
    Count,
    Flag,
}

impl Holds {
    fn permits(self, value: &RawValue) -> bool {
        match self {
            Self::Number => serde_json::from_str::<Option<f64>>(value.get()).is_ok(),
            Self::Count => serde_json::from_str::<Option<u32>>(value.get()).is_ok(),
            Self::Flag => serde_json::from_str::<Option<bool>>(value.get()).is_ok(),
        }
    }

    fn form(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::Count => "an integer from 0 to 4294967295",
            Self::Flag => "true or false",
        }
    }
}
