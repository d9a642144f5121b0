//! Streams of this format.

mod lift;
mod lower;

use aisix_core::chat::{ChatEvents, FrameKind, FrameOutline};
use aisix_core::{Carried, Error};
use bytes::{BufMut, BytesMut};

use super::{ID, OpenAiResponses, outline};
use crate::dialect::{AnswerContext, Depth, Dropped, EventDecoder, EventEncoder};
use crate::format::{carried, incomplete};
use crate::frame::Frame;
use crate::json::splice_into;
use crate::mold::Mold;
use crate::relay::ModelName;
use crate::sse;

pub(super) use lift::TOLD;

/// What some vendors end a stream with, as another format does.
const DONE: &[u8] = b"[DONE]";

/// Reads events.
pub(super) struct Decoder {
    /// Lifts events into blocks, where somebody looks inside.
    lifter: Option<lift::Lifter>,
    /// The form of the last growth of a part.
    mold: Mold,
    /// Whether the last event came: later ones are ignored.
    done: bool,
}

impl Decoder {
    pub(super) fn new(depth: Depth) -> Self {
        let lifter = match depth {
            Depth::Outline => None,
            Depth::Full => Some(lift::Lifter::default()),
        };
        Self { lifter, mold: Mold::default(), done: false }
    }
}

impl EventDecoder for Decoder {
    fn push(&mut self, frame: Frame) -> Result<Option<Carried<ChatEvents>>, Error> {
        let data = frame.data.trim_ascii();
        if self.done || data.is_empty() || data == DONE {
            return Ok(None);
        }
        let outline = match self.mold.outline(&frame) {
            Some(outline) => outline,
            None => outline::event(&frame, &mut self.mold)?,
        };
        self.done |= outline.kind == FrameKind::End;
        let kind = outline.name.clone().unwrap_or_default();
        let lifter = self.lifter.as_mut();
        let events = lifter.map(|lifter| lifter.event(&kind, &frame.data)).transpose()?;
        Ok(Some(carried::<OpenAiResponses>(frame.data, outline, events)))
    }

    fn finish(&mut self) -> Result<(), Error> {
        if self.done {
            return Ok(());
        }
        Err(incomplete())
    }
}

/// Writes events.
///
/// Events are numbered, and speak of items that others opened. So once one had to be made anew, all
/// that follow are.
pub(super) struct Encoder {
    name: ModelName,
    made: bool,
    lowerer: lower::Lowerer,
}

impl Encoder {
    pub(super) fn new(context: AnswerContext) -> Self {
        let name = ModelName::new(&context.model);
        Self { name, made: false, lowerer: lower::Lowerer::new(context) }
    }

    fn relay(&self, original: &[u8], outline: &FrameOutline, out: &mut BytesMut) {
        out.put_slice(b"event: ");
        out.put_slice(outline.name.as_deref().unwrap_or_default());
        out.put_slice(b"\n");
        let edit = outline.model_span.as_ref().map(|span| self.name.edit(original, Some(span)));
        sse::write_data(out, |out| splice_into(original, edit.as_slice(), out));
    }
}

impl EventEncoder for Encoder {
    fn push(&mut self, events: &mut Carried<ChatEvents>, out: &mut BytesMut) -> Result<(), Error> {
        // A frame that says nothing of its own, only where an item begins, cannot have been changed.
        let silent = events.decoded().is_some_and(Vec::is_empty);
        let original = if silent { events.original(ID) } else { events.verbatim(ID) };
        match original {
            Some(original) if !self.made => {
                self.relay(original, events.outline(), out);
                // Where somebody looks inside, the next frame may have to be made anew.
                self.lowerer.observe(original, events.outline(), events.decoded());
            }
            Some(original) if silent => self.lowerer.tell_again(original, events.outline(), out),
            _ => {
                self.made = true;
                let dialect = events.dialect();
                self.lowerer.events(dialect, events.value()?, out);
            }
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut BytesMut) {
        self.lowerer.finish(out);
    }

    fn fail(&mut self, error: &Error, out: &mut BytesMut) {
        self.lowerer.fail(error, out);
    }

    fn dropped(&self) -> &[Dropped] {
        self.lowerer.dropped()
    }
}
