//! What relaying needs to know, found in one scan.

use std::borrow::Cow;
use std::fmt;

use aisix_core::chat::{
    FrameKind, FrameOutline, RequestOutline, ResponseOutline, Span, StreamOptions, Usage,
};
use aisix_core::{Error, ErrorCode};
use bytes::Bytes;
use serde::Deserialize;
use serde::de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::wire::{InBandError, UsageWire};
use crate::dialect::UpstreamRequest;
use crate::json::{quoted, span_of, splice};

/// An edit of the original bytes: a range, and what stands there instead.
pub(super) type Edit<'a> = (Span, Cow<'a, str>);

/// Scans a caller's request: all of it is checked to be JSON, a few fields are looked at.
pub(super) fn request(body: &[u8]) -> Result<RequestOutline, Error> {
    let text = std::str::from_utf8(body).map_err(|_| Error::invalid_json())?;
    let fields: RequestFields<'_> =
        serde_json::from_str(text).map_err(|_| Error::invalid_json())?;
    if let Some(field) = fields.duplicate {
        return Err(Error::invalid_request(format_args!("duplicate field '{field}'")));
    }
    let model: Option<String> = typed(fields.model)?;
    // Whatever is no flag is complained about, after the checks on the model.
    let stream: Option<bool> = typed(fields.stream).unwrap_or_default();
    let (null, said) = match fields.stream_options {
        Some(value) if value.get() == "null" => (Some(span_of(text, value)), None),
        other => (None, other),
    };
    Ok(RequestOutline {
        model: model.filter(|name| !name.is_empty()),
        model_span: fields.model.map(|value| span_of(text, value)).unwrap_or_default(),
        stream: stream.unwrap_or(false),
        stream_options: said.map(stream_options),
        stream_options_null: null,
        // A request that goes anywhere has a model, so a further field is followed by another.
        insert_at: after_brace(body),
        complaint: complaint(&fields),
    })
}

/// A caller's request as this upstream's: every byte outside the edits is the caller's.
pub(super) fn upstream_request(
    original: &[u8],
    outline: &RequestOutline,
    upstream: &UpstreamRequest<'_>,
) -> Bytes {
    let model: Edit<'_> = (outline.model_span.clone(), quoted(upstream.model).into());
    if !upstream.stream || outline.stream_options.is_some() {
        return splice(original, &[model]);
    }
    // Usage is accounted for whether the caller wants to see it or not.
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

/// Scans an upstream's whole answer.
pub(super) fn response(body: &[u8]) -> Result<ResponseOutline, Error> {
    #[derive(Deserialize)]
    struct Fields<'a> {
        #[serde(borrow, default, deserialize_with = "present")]
        model: Option<&'a RawValue>,
        choices: Option<IgnoredAny>,
        #[serde(borrow)]
        usage: Option<&'a RawValue>,
        error: Option<InBandError>,
    }
    let text = std::str::from_utf8(body).map_err(unreadable)?;
    let fields: Fields<'_> = serde_json::from_str(text).map_err(unreadable)?;
    match (fields.choices, fields.error) {
        (Some(_), _) => Ok(ResponseOutline {
            model_span: fields.model.map(|value| span_of(text, value)),
            usage: fields.usage.and_then(usage),
        }),
        (None, Some(error)) => Err(error.into_error()),
        (None, None) => Err(unreadable("the answer has no choices")),
    }
}

/// Scans one chunk of an upstream's stream.
pub(super) fn chunk(data: &[u8]) -> Result<FrameOutline, Error> {
    #[derive(Deserialize)]
    struct Fields<'a> {
        #[serde(borrow, default, deserialize_with = "present")]
        model: Option<&'a RawValue>,
        choices: Option<Choices>,
        #[serde(borrow)]
        usage: Option<&'a RawValue>,
        error: Option<InBandError>,
    }
    let text = std::str::from_utf8(data).map_err(unreadable)?;
    let fields: Fields<'_> = serde_json::from_str(text).map_err(unreadable)?;
    if let Some(error) = fields.error {
        return Err(error.into_error());
    }
    let usage = fields.usage.and_then(usage);
    let choices = match fields.choices {
        Some(choices) => choices,
        // Some vendors leave the list out of the chunk that holds nothing but usage.
        None if usage.is_some() => Choices::default(),
        None => return Err(unreadable("the chunk has no choices")),
    };
    let kind = match usage {
        Some(_) if choices.count == 0 => FrameKind::UsageOnly,
        _ => FrameKind::Content,
    };
    let model_span = fields.model.map(|value| span_of(text, value));
    Ok(FrameOutline { kind, model_span, usage, finished: choices.finished })
}

/// A field that is there, be it null: what stands there can be replaced.
fn present<'de, D: de::Deserializer<'de>>(field: D) -> Result<Option<&'de RawValue>, D::Error> {
    Deserialize::deserialize(field).map(Some)
}

/// An odd count is no reason to refuse an answer.
fn usage(value: &RawValue) -> Option<Usage> {
    serde_json::from_str::<UsageWire>(value.get()).ok().map(Into::into)
}

/// What is looked at in the choices of a chunk.
#[derive(Default)]
struct Choices {
    count: usize,
    /// Whether one of them ended.
    finished: bool,
}

impl<'de> Deserialize<'de> for Choices {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ChoicesVisitor)
    }
}

struct ChoicesVisitor;

impl<'de> Visitor<'de> for ChoicesVisitor {
    type Value = Choices;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of choices")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Choices, A::Error> {
        #[derive(Deserialize)]
        struct Choice<'a> {
            #[serde(borrow)]
            finish_reason: Option<&'a RawValue>,
        }
        let mut choices = Choices::default();
        while let Some(choice) = list.next_element::<Choice<'de>>()? {
            choices.count += 1;
            // Some vendors write an empty reason where others write null.
            choices.finished |= choice.finish_reason.is_some_and(|reason| reason.get() != "\"\"");
        }
        Ok(choices)
    }
}

/// The name that answers and chunks give the model: the one that the caller sent.
pub(super) struct ModelName {
    /// The whole field, followed by a comma.
    field: String,
}

impl ModelName {
    const KEY: &str = r#""model":"#;

    pub(super) fn new(name: &str) -> Self {
        Self { field: format!("{}{},", Self::KEY, quoted(name)) }
    }

    /// The edit that gives an answer or a chunk this name.
    pub(super) fn edit(&self, original: &[u8], span: Option<&Span>) -> Edit<'_> {
        match span {
            Some(span) => {
                let value = &self.field[Self::KEY.len()..self.field.len() - 1];
                (span.clone(), value.into())
            }
            None => {
                // Answers and chunks have choices at least, so the new field is followed by another.
                let at = after_brace(original);
                (at..at, self.field.as_str().into())
            }
        }
    }
}

fn after_brace(object: &[u8]) -> usize {
    memchr::memchr(b'{', object).map_or(0, |brace| brace + 1)
}

pub(super) fn unreadable(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorCode::UpstreamDecode, "upstream response could not be decoded").because(cause)
}

/// A field that this product acts on must have its type: anything else is not the JSON that the
/// endpoint takes.
fn typed<'a, T: Deserialize<'a>>(value: Option<&'a RawValue>) -> Result<Option<T>, Error> {
    value
        .map_or(Ok(None), |value| serde_json::from_str(value.get()))
        .map_err(|_| Error::invalid_json())
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

/// What is wrong beside the model. The contents of messages are left to the upstream.
fn complaint(fields: &RequestFields<'_>) -> Option<String> {
    let Some(messages) = fields.messages else {
        return Some("missing field 'messages'".to_owned());
    };
    match messages.get().strip_prefix('[').map(str::trim_start) {
        None => return Some("'messages' must be an array".to_owned()),
        Some(rest) if rest.starts_with(']') => {
            return Some("'messages' must not be empty".to_owned());
        }
        Some(_) => {}
    }
    let number = |value: &RawValue| serde_json::from_str::<Option<f64>>(value.get()).is_ok();
    let count = |value: &RawValue| serde_json::from_str::<Option<u32>>(value.get()).is_ok();
    let flag = |value: &RawValue| serde_json::from_str::<Option<bool>>(value.get()).is_ok();
    [
        ("stream", fields.stream.is_none_or(flag), "true or false"),
        ("temperature", fields.temperature.is_none_or(number), "a number"),
        ("top_p", fields.top_p.is_none_or(number), "a number"),
        ("max_tokens", fields.max_tokens.is_none_or(count), "an integer from 0 to 4294967295"),
    ]
    .into_iter()
    .find(|(_, holds, _)| !holds)
    .map(|(field, _, form)| format!("'{field}' must be {form}"))
}

/// The fields of a request that are looked at, borrowed from its text.
#[derive(Default)]
struct RequestFields<'a> {
    model: Option<&'a RawValue>,
    stream: Option<&'a RawValue>,
    stream_options: Option<&'a RawValue>,
    messages: Option<&'a RawValue>,
    temperature: Option<&'a RawValue>,
    top_p: Option<&'a RawValue>,
    max_tokens: Option<&'a RawValue>,
    /// A field that stands there twice: two readers could disagree on which one counts, and for
    /// `model` that would be a way around the allowlist.
    duplicate: Option<&'static str>,
}

impl<'a> RequestFields<'a> {
    fn slot(&mut self, name: &str) -> Option<(&'static str, &mut Option<&'a RawValue>)> {
        Some(match name {
            "model" => ("model", &mut self.model),
            "stream" => ("stream", &mut self.stream),
            "stream_options" => ("stream_options", &mut self.stream_options),
            "messages" => ("messages", &mut self.messages),
            "temperature" => ("temperature", &mut self.temperature),
            "top_p" => ("top_p", &mut self.top_p),
            "max_tokens" => ("max_tokens", &mut self.max_tokens),
            _ => return None,
        })
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for RequestFields<'a> {
    fn deserialize<D: de::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor(Self::default()))
    }
}

struct FieldsVisitor<'a>(RequestFields<'a>);

impl<'de: 'a, 'a> Visitor<'de> for FieldsVisitor<'a> {
    type Value = RequestFields<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self::Value, A::Error> {
        // Keys are compared unescaped, so that an escaped spelling of a field is the same field.
        while let Some(key) = map.next_key::<Name<'_>>()? {
            match self.0.slot(&key.0) {
                Some((name, slot)) => {
                    let before = slot.replace(map.next_value()?);
                    if before.is_some() {
                        self.0.duplicate = Some(name);
                    }
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(self.0)
    }
}

#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
