//! Streams of this format.

mod lift;
mod lower;

use aisix_core::chat::{ChatEvents, FrameKind, FrameOutline};
use aisix_core::{Carried, Error, ErrorCode};
use bytes::{Bytes, BytesMut};

use super::{ID, outline};
use crate::dialect::{AnswerContext, Depth, EventDecoder, EventEncoder};
use crate::frame::Frame;
use crate::json::splice_into;
use crate::sse;

/// What ends a complete stream.
const DONE: &[u8] = b"[DONE]";

/// Reads chunks.
pub(super) struct Decoder {
    /// Lifts chunks into blocks, where somebody looks inside.
    lifter: Option<lift::Lifter>,
    /// Whether a choice has ended.
    finished: bool,
    /// Whether the marker came: later frames are ignored.
    done: bool,
}

impl Decoder {
    pub(super) fn new(depth: Depth) -> Self {
        let lifter = match depth {
            Depth::Outline => None,
            Depth::Full => Some(lift::Lifter::new()),
        };
        Self { lifter, finished: false, done: false }
    }
}

impl EventDecoder for Decoder {
    fn push(&mut self, frame: Frame) -> Result<Option<Carried<ChatEvents>>, Error> {
        if self.done {
            return Ok(None);
        }
        if frame.data.trim_ascii() == DONE {
            self.done = true;
            let outline = FrameOutline { kind: FrameKind::End, ..FrameOutline::default() };
            let events = self.lifter.as_mut().map(lift::Lifter::end);
            return Ok(Some(carried(frame.data, outline, events)));
        }
        let outline = outline::chunk(&frame.data)?;
        self.finished |= outline.finished;
        let events = self.lifter.as_mut().map(|lifter| lifter.chunk(&frame.data)).transpose()?;
        Ok(Some(carried(frame.data, outline, events)))
    }

    fn finish(&mut self) -> Result<(), Error> {
        // Some vendors leave the marker out; a finish reason says as much.
        if self.done || self.finished {
            return Ok(());
        }
        Err(Error::new(ErrorCode::StreamAborted, "upstream stream ended before it was complete"))
    }
}

fn carried(data: Bytes, outline: FrameOutline, events: Option<ChatEvents>) -> Carried<ChatEvents> {
    let undecoded = |_: &[u8]| Err(Error::internal("the stream is read at outline depth"));
    let carried = Carried::arrived(ID, data, outline, undecoded);
    match events {
        Some(events) => carried.with_value(events),
        None => carried,
    }
}

/// Writes chunks.
pub(super) struct Encoder {
    context: AnswerContext,
    lowerer: lower::Lowerer,
}

impl Encoder {
    pub(super) fn new(context: AnswerContext) -> Self {
        Self { context, lowerer: lower::Lowerer::new() }
    }

    fn wants_usage(&self) -> bool {
        self.context.stream_options.is_some_and(|options| options.include_usage)
    }
}

impl EventEncoder for Encoder {
    fn push(&mut self, events: &mut Carried<ChatEvents>, out: &mut BytesMut) -> Result<(), Error> {
        let Some(original) = events.verbatim(ID) else {
            let wants_usage = self.wants_usage();
            return self.lowerer.events(events.value()?, &self.context, wants_usage, out);
        };
        let outline = events.outline();
        match outline.kind {
            // The gateway asked for the usage; the caller did not.
            FrameKind::UsageOnly if !self.wants_usage() => {}
            // The marker is written once, by `finish`, when the stream has proven complete.
            FrameKind::End => {}
            FrameKind::Content | FrameKind::UsageOnly => {
                let edit =
                    outline::name_model(original, outline.model_span.as_ref(), &self.context.model);
                out.extend_from_slice(b"data: ");
                splice_into(original, &[edit], out);
                out.extend_from_slice(b"\n\n");
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut BytesMut) {
        sse::write_event(out, None, &[DONE]);
    }

    fn fail(&mut self, error: &Error, out: &mut BytesMut) {
        sse::write_event(out, Some(b"error"), &[&super::error::encode(error)]);
    }
}
