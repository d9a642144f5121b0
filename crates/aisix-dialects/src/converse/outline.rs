//! What the gateway needs to know, found in one scan.

use aisix_core::Error;
use aisix_core::chat::{FrameKind, FrameOutline, ResponseOutline};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::{error, usage};
use crate::frame::Frame;
use crate::relay::unreadable;

/// Scans an upstream's whole answer.
pub(super) fn response(body: &[u8]) -> Result<ResponseOutline, Error> {
    #[derive(Deserialize)]
    struct Fields<'a> {
        #[serde(borrow)]
        output: Option<&'a RawValue>,
        #[serde(borrow)]
        usage: Option<&'a RawValue>,
        message: Option<IgnoredAny>,
        #[serde(rename = "Message")]
        capital: Option<IgnoredAny>,
        __type: Option<IgnoredAny>,
    }
    let text = std::str::from_utf8(body).map_err(unreadable)?;
    let fields: Fields<'_> = serde_json::from_str(text).map_err(unreadable)?;
    if fields.message.or(fields.capital).or(fields.__type).is_some() {
        // What stands between may lose the status of an error.
        return Err(error::read(body).in_band());
    }
    if fields.output.is_none_or(|output| !output.get().starts_with('{')) {
        return Err(unreadable("the answer has no output"));
    }
    let usage = fields.usage.and_then(|counts| usage::read(counts.get()));
    Ok(ResponseOutline { model_span: None, usage })
}

/// What an event of a stream is.
///
/// Source: the reference's "ConverseStreamOutput"; new ones may be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    MessageStart,
    BlockStart,
    BlockDelta,
    BlockStop,
    MessageStop,
    Metadata,
    Unknown,
}

impl Event {
    fn of(name: &[u8]) -> Self {
        match name {
            b"messageStart" => Self::MessageStart,
            b"contentBlockStart" => Self::BlockStart,
            b"contentBlockDelta" => Self::BlockDelta,
            b"contentBlockStop" => Self::BlockStop,
            b"messageStop" => Self::MessageStop,
            b"metadata" => Self::Metadata,
            _ => Self::Unknown,
        }
    }
}

/// Scans one event of an upstream's stream.
pub(super) fn frame(frame: &Frame) -> Result<(Event, FrameOutline), Error> {
    #[derive(Deserialize)]
    struct Metadata<'a> {
        #[serde(borrow)]
        usage: Option<&'a RawValue>,
    }
    let event = Event::of(frame.event.as_deref().unwrap_or_default());
    let mut outline = FrameOutline { name: frame.event.clone(), ..FrameOutline::default() };
    match event {
        Event::Unknown => outline.kind = FrameKind::Unknown,
        Event::MessageStop => outline.finished = true,
        Event::Metadata => {
            let text = std::str::from_utf8(&frame.data).map_err(unreadable)?;
            let fields: Metadata<'_> = serde_json::from_str(text).map_err(unreadable)?;
            outline.kind = FrameKind::UsageOnly;
            outline.usage = fields.usage.and_then(|counts| usage::read(counts.get()));
        }
        _ => {}
    }
    Ok((event, outline))
}
