//! Requests, whole.

use aisix_core::chat::ChatRequest;
use aisix_core::{Carried, Error};

use crate::dialect::{Encoded, UpstreamRequest};

pub(super) fn decode(_body: &[u8]) -> Result<ChatRequest, Error> {
    Err(Error::internal("not written yet"))
}

pub(super) fn encode(
    _request: &mut Carried<ChatRequest>,
    _upstream: &UpstreamRequest<'_>,
) -> Result<Encoded, Error> {
    Err(Error::internal("not written yet"))
}
