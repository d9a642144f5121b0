//! Streams of this format.
//!
//! Source: the reference's "Method: models.streamGenerateContent", with `alt=sse`: every event is an
//! answer that says a little more.

mod lift;
mod lower;

use aisix_core::chat::{ChatEvents, FrameKind};
use aisix_core::{Carried, Error};
use bytes::BytesMut;

pub(super) use lift::Lifter;

use super::{Gemini, ID, error, outline, response};
use crate::dialect::{AnswerContext, Depth, Dropped, EventDecoder, EventEncoder};
use crate::format::{carried, incomplete};
use crate::frame::Frame;
use crate::json::splice_into;
use crate::relay::ModelName;
use crate::sse;

/// Reads events.
pub(super) struct Decoder {
    /// Lifts events into parts, where somebody looks inside.
    lifter: Option<Lifter>,
    /// Whether a candidate said why it ended, or the prompt was blocked.
    finished: bool,
}

impl Decoder {
    pub(super) fn new(depth: Depth) -> Self {
        let lifter = match depth {
            Depth::Outline => None,
            Depth::Full => Some(Lifter::default()),
        };
        Self { lifter, finished: false }
    }
}

impl EventDecoder for Decoder {
    fn push(&mut self, frame: Frame) -> Result<Option<Carried<ChatEvents>>, Error> {
        if frame.data.trim_ascii().is_empty() {
            return Ok(None);
        }
        let outline = outline::frame(&frame.data)?;
        self.finished |= outline.finished;
        let events = self.lifter.as_mut().map(|lifter| lifter.frame(&frame.data)).transpose()?;
        Ok(Some(carried::<Gemini>(frame.data, outline, events)))
    }

    fn finish(&mut self) -> Result<(), Error> {
        if self.finished { Ok(()) } else { Err(incomplete()) }
    }
}

/// Writes events.
pub(super) struct Encoder {
    context: AnswerContext,
    name: ModelName,
    lowerer: lower::Lowerer,
}

impl Encoder {
    pub(super) fn new(context: AnswerContext) -> Self {
        let name = ModelName::under(response::MODEL, &context.model);
        Self { context, name, lowerer: lower::Lowerer::new() }
    }
}

impl EventEncoder for Encoder {
    fn push(&mut self, events: &mut Carried<ChatEvents>, out: &mut BytesMut) -> Result<(), Error> {
        match events.verbatim(ID) {
            Some(original) => {
                let outline = events.outline();
                if outline.kind != FrameKind::End {
                    let edit = self.name.edit(original, outline.model_span.as_ref());
                    sse::write_data(out, |out| splice_into(original, &[edit], out));
                }
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
        let error = error::encode(error);
        sse::write_data(out, |out| out.extend_from_slice(&error));
    }

    fn dropped(&self) -> &[Dropped] {
        self.lowerer.dropped()
    }
}
