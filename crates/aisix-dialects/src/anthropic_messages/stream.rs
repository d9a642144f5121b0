//! Streams of this format.
//!
//! Source: the guide "Streaming messages": every event has a name, which its data repeat as `type`.

mod lift;
mod lower;

use aisix_core::chat::{ChatEvents, FrameKind, FrameOutline};
use aisix_core::{Carried, Error};
use bytes::{BufMut, BytesMut};

use super::outline::Event;
use super::usage::Counts;
use super::{AnthropicMessages, ID, error, outline};
use crate::dialect::{AnswerContext, Depth, Dropped, EventDecoder, EventEncoder};
use crate::format::{carried, incomplete};
use crate::frame::Frame;
use crate::json::splice_into;
use crate::mold::Mold;
use crate::relay::ModelName;
use crate::sse;

/// Reads events.
pub(super) struct Decoder {
    /// Lifts events into parts, where somebody looks inside.
    lifter: Option<lift::Lifter>,
    /// What was counted so far: later events leave out what has not changed.
    counts: Counts,
    /// The form of the last growth of a block.
    mold: Mold,
    /// Whether the answer said why it ended.
    finished: bool,
    /// Whether the last event came: later ones are ignored.
    done: bool,
}

impl Decoder {
    pub(super) fn new(depth: Depth) -> Self {
        let lifter = match depth {
            Depth::Outline => None,
            Depth::Full => Some(lift::Lifter::default()),
        };
        let (counts, mold) = Default::default();
        Self { lifter, counts, mold, finished: false, done: false }
    }
}

impl EventDecoder for Decoder {
    fn push(&mut self, frame: Frame) -> Result<Option<Carried<ChatEvents>>, Error> {
        if self.done || frame.data.trim_ascii().is_empty() {
            return Ok(None);
        }
        let (event, outline) = match self.mold.outline(&frame) {
            Some(outline) => (Event::BlockDelta, outline),
            None => outline::frame(&frame, &mut self.counts, &mut self.mold)?,
        };
        self.finished |= outline.finished;
        self.done = outline.kind == FrameKind::End;
        let counted = outline.usage;
        let events = self
            .lifter
            .as_mut()
            .map(|lifter| lifter.event(event, &frame.data, counted))
            .transpose()?;
        Ok(Some(carried::<AnthropicMessages>(frame.data, outline, events)))
    }

    fn finish(&mut self) -> Result<(), Error> {
        // Some vendors leave the last event out; the reason says as much.
        if self.done || self.finished {
            return Ok(());
        }
        Err(incomplete())
    }
}

/// Writes events.
pub(super) struct Encoder {
    context: AnswerContext,
    name: ModelName,
    lowerer: lower::Lowerer,
    /// Whether the stream came in this format.
    own: bool,
}

impl Encoder {
    pub(super) fn new(context: AnswerContext) -> Self {
        let name = ModelName::new(&context.model);
        Self { context, name, lowerer: lower::Lowerer::new(), own: false }
    }

    fn relay(&self, original: &[u8], outline: &FrameOutline, out: &mut BytesMut) {
        // The last event is written once, by `finish`, when the stream has proven complete.
        if outline.kind == FrameKind::End {
            return;
        }
        if let Some(name) = &outline.name {
            out.put_slice(b"event: ");
            out.put_slice(name);
            out.put_slice(b"\n");
        }
        let edit = outline.model_span.as_ref().map(|span| self.name.edit(original, Some(span)));
        sse::write_data(out, |out| splice_into(original, edit.as_slice(), out));
    }
}

impl EventEncoder for Encoder {
    fn push(&mut self, events: &mut Carried<ChatEvents>, out: &mut BytesMut) -> Result<(), Error> {
        self.own = events.dialect() == ID;
        match events.verbatim(ID) {
            Some(original) => {
                self.lowerer.flush(&self.context, out);
                self.relay(original, events.outline(), out);
                // Where somebody looks inside, the next event may have to be made anew.
                self.lowerer.observe(events.decoded().map_or(&[], Vec::as_slice));
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
    }

    fn fail(&mut self, error: &Error, out: &mut BytesMut) {
        sse::write_event(out, b"error", &error::encode_in_band(error, self.own));
    }

    fn dropped(&self) -> &[Dropped] {
        self.lowerer.dropped()
    }
}
