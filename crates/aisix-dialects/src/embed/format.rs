//! How families embed: what is written for an upstream, and its answer as callers read it.

use aisix_core::{Carried, EmbedRequest, Error};
use bytes::Bytes;

use super::encode;
use crate::dialect::{Encoded, UpstreamRequest};
use crate::relayed::{OPENAI_EMBEDDINGS, RelayedAnswer};

/// A format of embeddings that upstreams speak. Callers speak OpenAI's.
pub trait EmbedFormat: Send + Sync + 'static {
    /// Writes a request.
    ///
    /// # Errors
    /// `Unsupported` where the format cannot express what the caller insists on.
    fn encode_request(
        &self,
        request: &mut Carried<EmbedRequest>,
        upstream: &UpstreamRequest<'_>,
    ) -> Result<Encoded, Error>;

    /// Reads an answer to this request: as OpenAI would have given it.
    ///
    /// # Errors
    /// `Malformed` where the body is not this format's answer, or the error that the upstream put
    /// into it.
    fn decode_answer(
        &self,
        body: Bytes,
        request: &mut Carried<EmbedRequest>,
        upstream: &UpstreamRequest<'_>,
    ) -> Result<RelayedAnswer, Error>;
}

/// OpenAI's own.
pub static OPENAI_EMBED: OpenAiEmbed = OpenAiEmbed;

/// OpenAI's embeddings, passed on as they are.
#[derive(Debug, Clone, Copy)]
pub struct OpenAiEmbed;

impl EmbedFormat for OpenAiEmbed {
    fn encode_request(
        &self,
        request: &mut Carried<EmbedRequest>,
        upstream: &UpstreamRequest<'_>,
    ) -> Result<Encoded, Error> {
        encode(request, upstream)
    }

    fn decode_answer(
        &self,
        body: Bytes,
        _: &mut Carried<EmbedRequest>,
        _: &UpstreamRequest<'_>,
    ) -> Result<RelayedAnswer, Error> {
        OPENAI_EMBEDDINGS.decode_answer(body)
    }
}
