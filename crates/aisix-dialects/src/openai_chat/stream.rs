//! Streams of this format.

mod chunk;
mod lift;
mod lower;

use aisix_core::chat::{ChatEvents, FrameKind, FrameOutline};
use aisix_core::{Carried, Error};
use bytes::BytesMut;

use super::outline::{self, Progress};
use super::{ID, OpenAiChat};
use crate::dialect::{AnswerContext, Depth, Dropped, EventDecoder, EventEncoder};
use crate::format::{carried, incomplete};
use crate::frame::Frame;
use crate::json::splice_into;
use crate::mold::Mold;
use crate::openai_error;
use crate::relay::ModelName;
use crate::sse;

/// What ends a complete stream.
const DONE: &[u8] = b"[DONE]";

/// Reads chunks.
pub(super) struct Decoder {
    /// Lifts chunks into blocks, where somebody looks inside.
    lifter: Option<lift::Lifter>,
    /// Which choices have ended.
    progress: Progress,
    mold: Mold,
    /// Whether the marker came: later frames are ignored.
    done: bool,
}

impl Decoder {
    pub(super) fn new(depth: Depth) -> Self {
        let lifter = match depth {
            Depth::Outline => None,
            Depth::Full => Some(lift::Lifter::new()),
        };
        Self { lifter, progress: Progress::default(), mold: Mold::default(), done: false }
    }

    fn outline(&mut self, frame: &Frame) -> Result<FrameOutline, Error> {
        match self.mold.outline(frame) {
            Some(outline) => Ok(outline),
            None => outline::chunk(frame, &mut self.progress, &mut self.mold),
        }
    }
}

impl EventDecoder for Decoder {
    fn push(&mut self, frame: Frame) -> Result<Option<Carried<ChatEvents>>, Error> {
        let data = frame.data.trim_ascii();
        if self.done || data.is_empty() {
            return Ok(None);
        }
        if data == DONE {
            self.done = true;
            let outline = FrameOutline { kind: FrameKind::End, ..FrameOutline::default() };
            let events = self.lifter.as_mut().map(lift::Lifter::end);
            return Ok(Some(carried::<OpenAiChat>(frame.data, outline, events)));
        }
        let outline = match self.outline(&frame) {
            Err(_) if outline::is_foreign(&frame) => {
                let outline = FrameOutline {
                    kind: FrameKind::Unknown,
                    name: frame.event,
                    ..FrameOutline::default()
                };
                let events = self.lifter.as_ref().map(|_| ChatEvents::new());
                return Ok(Some(carried::<OpenAiChat>(frame.data, outline, events)));
            }
            chunk => chunk?,
        };
        let events = self.lifter.as_mut().map(|lifter| lifter.chunk(&frame.data)).transpose()?;
        Ok(Some(carried::<OpenAiChat>(frame.data, outline, events)))
    }

    fn finish(&mut self) -> Result<(), Error> {
        // Some vendors leave the marker out; a finish reason of each choice says as much.
        if self.done || self.progress.is_complete() {
            return Ok(());
        }
        Err(incomplete())
    }
}

/// Writes chunks.
pub(super) struct Encoder {
    context: AnswerContext,
    name: ModelName,
    lowerer: lower::Lowerer,
}

impl Encoder {
    pub(super) fn new(context: AnswerContext) -> Self {
        let name = ModelName::new(&context.model);
        let lowerer = lower::Lowerer::new(&context);
        Self { context, name, lowerer }
    }

    fn relay(&self, original: &[u8], outline: &FrameOutline, out: &mut BytesMut) {
        let wants_usage = self.context.stream_options.is_some_and(|options| options.include_usage);
        match outline.kind {
            // The gateway asked for the usage; the caller did not.
            FrameKind::UsageOnly if !wants_usage => {}
            // The marker is written once, by `finish`, when the stream has proven complete.
            FrameKind::End => {}
            FrameKind::Unknown => sse::write_named(out, outline.name.as_deref(), original),
            _ => {
                let edit = self.name.edit(original, outline.model_span.as_ref());
                sse::write_data(out, |out| splice_into(original, &[edit], out));
            }
        }
    }
}

impl EventEncoder for Encoder {
    fn push(&mut self, events: &mut Carried<ChatEvents>, out: &mut BytesMut) -> Result<(), Error> {
        match events.verbatim(ID) {
            Some(original) => {
                self.relay(original, events.outline(), out);
                // Where somebody looks inside, the next frame may have to be made anew.
                if let Some(events) = events.decoded() {
                    self.lowerer.observe(events);
                }
            }
            None => {
                let dialect = events.dialect();
                self.lowerer.events(dialect, events.value()?, &self.context, out);
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut BytesMut) {
        self.lowerer.finish(&self.context, out);
        sse::write_data(out, |out| out.extend_from_slice(DONE));
    }

    fn fail(&mut self, error: &Error, out: &mut BytesMut) {
        sse::write_event(out, b"error", &openai_error::encode(error));
    }

    fn dropped(&self) -> &[Dropped] {
        self.lowerer.dropped()
    }
}
