//! Streams of this format.
//!
//! Source: the reference's "ConverseStream". The framing names events; exceptions inside a stream
//! say what failed. After the reason for which the answer ended comes the usage, and then nothing:
//! only the end of the stream ends it.

mod lift;

use aisix_core::chat::{ChatEvents, FrameKind};
use aisix_core::{Carried, Error};

use super::{ID, error, outline};
use crate::dialect::{Depth, EventDecoder};
use crate::format;
use crate::frame::Frame;
use crate::seal::Makers;

/// Reads events.
pub(super) struct Decoder {
    /// Lifts events into parts, where somebody looks inside.
    lifter: Option<lift::Lifter>,
    /// Whether the answer said why it ended.
    finished: bool,
}

impl Decoder {
    pub(super) fn new(depth: Depth, makers: Makers) -> Self {
        let lifter = match depth {
            Depth::Outline => None,
            Depth::Full => Some(lift::Lifter::new(makers)),
        };
        Self { lifter, finished: false }
    }
}

impl EventDecoder for Decoder {
    fn push(&mut self, frame: Frame) -> Result<Option<Carried<ChatEvents>>, Error> {
        if frame.failed {
            let kind = String::from_utf8_lossy(frame.event.as_deref().unwrap_or_default());
            return Err(error::in_stream(&kind, &frame.data).in_band());
        }
        let (event, outline) = outline::frame(&frame)?;
        self.finished |= outline.finished;
        let events = match &mut self.lifter {
            Some(_) if outline.kind == FrameKind::Unknown => Some(Vec::new()),
            Some(lifter) => Some(lifter.event(event, &frame.data)?),
            None => None,
        };
        Ok(Some(format::carried_in(ID, frame.data, outline, events)))
    }

    fn finish(&mut self) -> Result<(), Error> {
        if self.finished { Ok(()) } else { Err(format::incomplete()) }
    }
}
