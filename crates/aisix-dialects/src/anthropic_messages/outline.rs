//! What relaying needs to know, found in one scan.

use aisix_core::Error;
use aisix_core::chat::{FrameKind, FrameOutline, RequestOutline, ResponseOutline, Usage};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::error;
use super::usage::Counts;
use crate::frame::Frame;
use crate::json::span_of;
use crate::mold::Mold;
use crate::relay::{self, Holds, complaint_on_list, complaint_on_types, present, unreadable};
use crate::scan::Name;

/// The fields of a request that are looked at.
const LOOKED_AT: [&str; 6] = ["model", "stream", "messages", "max_tokens", "temperature", "top_p"];

/// Scans a caller's request.
pub(super) fn request(body: &[u8]) -> Result<RequestOutline, Error> {
    // The contents of messages are left to the upstream.
    relay::request(body, LOOKED_AT, |fields| {
        complaint_on_list("messages", fields.get("messages")).or_else(|| {
            complaint_on_types([
                ("stream", fields.get("stream"), Holds::Flag),
                ("max_tokens", fields.get("max_tokens"), Holds::Count),
                ("temperature", fields.get("temperature"), Holds::Number),
                ("top_p", fields.get("top_p"), Holds::Number),
            ])
        })
    })
}

/// Scans an upstream's whole answer.
pub(super) fn response(body: &[u8]) -> Result<ResponseOutline, Error> {
    #[derive(Deserialize)]
    struct Fields<'a> {
        #[serde(borrow, default, deserialize_with = "present")]
        model: Option<&'a RawValue>,
        #[serde(borrow)]
        content: Option<&'a RawValue>,
        #[serde(borrow)]
        usage: Option<&'a RawValue>,
        error: Option<Value>,
    }
    let text = std::str::from_utf8(body).map_err(unreadable)?;
    let fields: Fields<'_> = serde_json::from_str(text).map_err(unreadable)?;
    if let Some(error) = fields.error {
        return Err(error::of(&error).in_band());
    }
    if fields.content.is_none_or(|content| !content.get().starts_with('[')) {
        return Err(unreadable("the answer has no content"));
    }
    Ok(ResponseOutline {
        model_span: fields.model.map(|value| span_of(text, value)),
        usage: fields.usage.and_then(|usage| Counts::read(usage.get())).map(Into::into),
    })
}

/// What an event of a stream is.
///
/// Source: the guide "Streaming messages", "Event types"; new ones may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    MessageStart,
    BlockStart,
    BlockDelta,
    BlockStop,
    MessageDelta,
    MessageStop,
    Ping,
    Unknown,
}

impl Event {
    fn of(name: &str) -> Self {
        match name {
            "message_start" => Self::MessageStart,
            "content_block_start" => Self::BlockStart,
            "content_block_delta" => Self::BlockDelta,
            "content_block_stop" => Self::BlockStop,
            "message_delta" => Self::MessageDelta,
            "message_stop" => Self::MessageStop,
            "ping" => Self::Ping,
            _ => Self::Unknown,
        }
    }
}

/// Scans one event of an upstream's stream, and notes what other events may have in common with it;
/// the counts are those that went before, and grow.
///
/// # Errors
/// The error that it holds, or `Malformed`.
pub(super) fn frame(
    frame: &Frame,
    counts: &mut Counts,
    mold: &mut Mold,
) -> Result<(Event, FrameOutline), Error> {
    #[derive(Deserialize)]
    struct Fields<'a> {
        #[serde(borrow)]
        r#type: Option<Name<'a>>,
        #[serde(borrow)]
        message: Option<&'a RawValue>,
        #[serde(borrow)]
        delta: Option<&'a RawValue>,
        #[serde(borrow)]
        usage: Option<&'a RawValue>,
        error: Option<Value>,
    }
    let name = frame.event.as_deref().map(String::from_utf8_lossy);
    if let Some(name) = &name
        && name != "error"
        && Event::of(name) == Event::Unknown
    {
        return Ok((Event::Unknown, unknown(frame.event.clone())));
    }
    let text = std::str::from_utf8(&frame.data).map_err(unreadable)?;
    let fields: Fields<'_> = serde_json::from_str(text).map_err(unreadable)?;
    let kind = fields.r#type.map(|Name(kind)| kind).or(name);
    match (kind.as_deref(), fields.error) {
        (Some("error") | None, Some(error)) => return Err(error::of(&error).in_band()),
        (Some("error"), None) => return Err(error::decode(&frame.data).in_band()),
        (None, None) => return Err(unreadable("the event has no type")),
        // What nobody knows may say of errors what it likes.
        (Some(kind), Some(error)) if Event::of(kind) != Event::Unknown => {
            return Err(error::of(&error).in_band());
        }
        (Some(_), _) => {}
    }
    let kind = kind.unwrap_or_default();
    let event = Event::of(&kind);
    let mut outline = match event {
        Event::Unknown => return Ok((event, unknown(Some(frame.named(&kind))))),
        Event::MessageStart => message(text, fields.message, counts)?,
        Event::MessageDelta => FrameOutline {
            usage: fields.usage.and_then(|usage| counted(usage, counts)),
            finished: fields.delta.is_some_and(has_reason),
            ..FrameOutline::default()
        },
        _ => FrameOutline::default(),
    };
    outline.kind = match event {
        Event::MessageStop => FrameKind::End,
        Event::Ping => FrameKind::Ping,
        _ => FrameKind::Content,
    };
    // Clients of this format go by the name of an event.
    outline.name = Some(frame.named(&kind));
    if event == Event::BlockDelta {
        mold.take((frame, text), [fields.delta], &outline);
    }
    Ok((event, outline))
}

fn unknown(name: Option<Bytes>) -> FrameOutline {
    FrameOutline { kind: FrameKind::Unknown, name, ..FrameOutline::default() }
}

/// What is looked at in `message_start`.
fn message(
    text: &str,
    message: Option<&RawValue>,
    counts: &mut Counts,
) -> Result<FrameOutline, Error> {
    #[derive(Deserialize)]
    struct Message<'a> {
        #[serde(borrow, default, deserialize_with = "present")]
        model: Option<&'a RawValue>,
        #[serde(borrow)]
        usage: Option<&'a RawValue>,
    }
    let message = message.ok_or_else(|| unreadable("the event has no message"))?;
    let message: Message<'_> = serde_json::from_str(message.get()).map_err(unreadable)?;
    Ok(FrameOutline {
        model_span: message.model.map(|value| span_of(text, value)),
        usage: message.usage.and_then(|usage| counted(usage, counts)),
        ..FrameOutline::default()
    })
}

fn counted(usage: &RawValue, counts: &mut Counts) -> Option<Usage> {
    *counts = counts.max(Counts::read(usage.get())?);
    Some((*counts).into())
}

fn has_reason(delta: &RawValue) -> bool {
    #[derive(Deserialize)]
    struct Delta {
        stop_reason: Option<String>,
    }
    let delta: Option<Delta> = serde_json::from_str(delta.get()).ok();
    delta.and_then(|delta| delta.stop_reason).is_some_and(|reason| !reason.is_empty())
}
