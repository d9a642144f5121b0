//! Answers, whole.

use aisix_core::chat::ChatResponse;
use aisix_core::{Carried, Error};

use crate::dialect::{AnswerContext, Encoded};

pub(super) fn decode(_body: &[u8]) -> Result<ChatResponse, Error> {
    Err(Error::internal("not written yet"))
}

pub(super) fn encode(
    _response: &mut Carried<ChatResponse>,
    _context: &AnswerContext,
) -> Result<Encoded, Error> {
    Err(Error::internal("not written yet"))
}
