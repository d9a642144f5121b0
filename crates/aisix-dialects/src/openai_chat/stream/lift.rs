//! From flat chunks to blocks.

use aisix_core::Error;
use aisix_core::chat::ChatEvents;

pub(super) struct Lifter;

impl Lifter {
    pub(super) fn new() -> Self {
        Self
    }

    pub(super) fn chunk(&mut self, _data: &[u8]) -> Result<ChatEvents, Error> {
        Err(Error::internal("not written yet"))
    }

    pub(super) fn end(&mut self) -> ChatEvents {
        Vec::new()
    }
}
