//! What sets one wire format of conversations apart; what they share is written once, here.

use std::fmt;

use aisix_core::chat::{
    CacheMark, ChatEvents, ChatRequest, ChatResponse, FrameOutline, RequestOutline, ResponseOutline,
};
use aisix_core::{Carried, DialectId, Error, ErrorCode};
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::asked::Asked;
use crate::dialect::{
    AnswerContext, CallerDialect, Depth, Dialect, Encoded, EventDecoder, EventEncoder,
    UpstreamRequest,
};
use crate::failure::ProviderError;
use crate::json::splice;
use crate::relay::{self, ModelName};
use crate::seal::{self, Makers};
use crate::sink::Sink;

/// One wire format, both directions. What implements this is a [`CallerDialect`]: what nobody changed
/// is relayed with patches, everything else is read and written by what stands here. A format that
/// upstreams alone speak is a [`Dialect`] without it.
pub(crate) trait Format: fmt::Debug + Send + Sync + 'static {
    /// The format's name.
    const ID: DialectId;

    /// The field in which answers name the model.
    const MODEL: &'static str = "model";

    /// Scans a caller's request.
    fn outline_request(body: &[u8]) -> Result<RequestOutline, Error>;

    /// Reads a caller's request.
    fn read_request(body: &[u8]) -> Result<ChatRequest, Error>;

    /// What translated answers take over from a request.
    fn asked(request: &ChatRequest) -> Asked {
        let _ = request;
        Asked::default()
    }

    /// A caller's request with what the gateway decides; every other byte is the caller's.
    fn patch_request(
        original: &[u8],
        outline: &RequestOutline,
        upstream: &UpstreamRequest<'_>,
    ) -> Bytes {
        relay::renamed(original, outline, upstream)
    }

    /// Writes a request for an upstream.
    fn write_request(
        request: &ChatRequest,
        upstream: &UpstreamRequest<'_>,
        sink: &mut Sink,
    ) -> Map<String, Value>;

    /// Marks what a provider is to keep in its cache, in a request that is written already.
    fn mark_for_cache(body: Bytes, mark: &CacheMark) -> Bytes {
        let _ = mark;
        body
    }

    /// Scans an upstream's whole answer.
    fn outline_response(body: &[u8]) -> Result<ResponseOutline, Error>;

    /// Reads an upstream's whole answer.
    fn read_response(body: &[u8]) -> Result<ChatResponse, Error>;

    /// Writes a whole answer for a caller.
    fn write_response(
        response: &ChatResponse,
        context: &AnswerContext,
        sink: &mut Sink,
    ) -> Map<String, Value>;

    /// Begins to read an upstream's stream.
    fn event_decoder(depth: Depth) -> Box<dyn EventDecoder>;

    /// Begins to write a stream for a caller.
    fn event_encoder(context: AnswerContext) -> Box<dyn EventEncoder>;

    /// Writes an error for a caller; JSON.
    fn write_error(error: &Error) -> Bytes;

    /// Reads an upstream's error, whatever it holds.
    fn read_error(body: &[u8]) -> ProviderError;
}

impl<F: Format> Dialect for F {
    fn id(&self) -> DialectId {
        F::ID
    }

    fn encode_request(
        &self,
        request: &mut Carried<ChatRequest>,
        upstream: &UpstreamRequest<'_>,
    ) -> Result<Encoded, Error> {
        match request.verbatim(F::ID) {
            // Whether it streams is no patch: a request of the other kind is made anew. So is one that
            // holds what is no business of this format's.
            Some(original)
                if request.outline().stream == upstream.stream
                    && !seal::may_be_foreign(original) =>
            {
                Ok(Encoded::whole(F::patch_request(original, request.outline(), upstream)))
            }
            _ => {
                let mut sink = Sink::new(F::ID, request.dialect());
                let request =
                    seal::without_foreign(request.value()?, Makers::only(F::ID), &mut sink);
                sink.refuse_unheard(&request);
                let body = F::write_request(&request, upstream, &mut sink);
                sink.encoded(&body)
            }
        }
    }

    fn mark_for_cache(&self, body: Bytes, mark: &CacheMark) -> Bytes {
        F::mark_for_cache(body, mark)
    }

    fn decode_response(&self, body: Bytes) -> Result<Carried<ChatResponse>, Error> {
        let outline = F::outline_response(&body)?;
        Ok(Carried::arrived(F::ID, body, outline, F::read_response))
    }

    fn event_decoder(&self, depth: Depth) -> Box<dyn EventDecoder> {
        F::event_decoder(depth)
    }

    fn decode_error(&self, body: &[u8]) -> ProviderError {
        F::read_error(body)
    }
}

impl<F: Format> CallerDialect for F {
    fn decode_request(&self, body: Bytes) -> Result<Carried<ChatRequest>, Error> {
        let outline = F::outline_request(&body)?;
        Ok(Carried::arrived(F::ID, body, outline, F::read_request))
    }

    fn asked(&self, request: &ChatRequest) -> Asked {
        F::asked(request)
    }

    fn encode_response(
        &self,
        response: &mut Carried<ChatResponse>,
        context: &AnswerContext,
    ) -> Result<Encoded, Error> {
        match response.verbatim(F::ID) {
            Some(original) => {
                let name = ModelName::under(F::MODEL, &context.model);
                let edit = name.edit(original, response.outline().model_span.as_ref());
                Ok(Encoded::whole(splice(original, &[edit])))
            }
            None => {
                let mut sink = Sink::new(F::ID, response.dialect());
                let body = F::write_response(response.value()?, context, &mut sink);
                sink.encoded(&body)
            }
        }
    }

    fn event_encoder(&self, context: AnswerContext) -> Box<dyn EventEncoder> {
        F::event_encoder(context)
    }

    fn encode_error(&self, error: &Error) -> Bytes {
        F::write_error(error)
    }
}

/// A frame of a stream, with its events where somebody looks inside.
pub(crate) fn carried<F: Format>(
    data: Bytes,
    outline: FrameOutline,
    events: Option<ChatEvents>,
) -> Carried<ChatEvents> {
    carried_in(F::ID, data, outline, events)
}

/// The same, of a dialect that only upstreams speak.
pub(crate) fn carried_in(
    dialect: DialectId,
    data: Bytes,
    outline: FrameOutline,
    events: Option<ChatEvents>,
) -> Carried<ChatEvents> {
    let undecoded = |_: &[u8]| Err(Error::internal("the stream is read at outline depth"));
    let carried = Carried::arrived(dialect, data, outline, undecoded);
    match events {
        Some(events) => carried.with_value(events),
        None => carried,
    }
}

/// A stream that ended without saying so.
pub(crate) fn incomplete() -> Error {
    Error::new(ErrorCode::StreamAborted, "upstream stream ended before it was complete")
}
