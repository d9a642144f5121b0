//! From blocks to flat chunks.

use aisix_core::Error;
use aisix_core::chat::ChatEvents;
use bytes::BytesMut;

use crate::dialect::AnswerContext;

pub(super) struct Lowerer;

impl Lowerer {
    pub(super) fn new() -> Self {
        Self
    }

    pub(super) fn events(
        &mut self,
        _events: &ChatEvents,
        _context: &AnswerContext,
        _wants_usage: bool,
        _out: &mut BytesMut,
    ) -> Result<(), Error> {
        Err(Error::internal("not written yet"))
    }
}
