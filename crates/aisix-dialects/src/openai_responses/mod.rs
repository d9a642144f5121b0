//! OpenAI's Responses.
//!
//! Source: OpenAI's API reference, "Responses" (create, the response object, streaming events), and
//! the types that its `openai` packages publish.
//!
//! A conversation is a list of items here. What a model does in one go (it thinks, speaks, calls
//! tools) is several items, and one turn of the nouns.

mod content;
mod item;
mod outline;
mod output;
mod repeated;
mod request;
mod response;
mod spelling;
mod stream;
mod tool;
mod turns;
mod usage;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use aisix_core::chat::{ChatRequest, ChatResponse, RequestOutline, ResponseOutline};
use aisix_core::{DialectId, Error};
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::asked::Asked;
use crate::dialect::{AnswerContext, Depth, EventDecoder, EventEncoder, UpstreamRequest};
use crate::failure::ProviderError;
use crate::format::Format;
use crate::openai_error;
use crate::sink::Sink;

/// The dialect's name.
pub const ID: DialectId = DialectId("openai_responses");

/// The dialect.
pub static OPENAI_RESPONSES: OpenAiResponses = OpenAiResponses;

/// OpenAI's Responses, as callers and as upstreams speak it.
#[derive(Debug, Clone, Copy)]
pub struct OpenAiResponses;

impl Format for OpenAiResponses {
    const ID: DialectId = ID;

    fn outline_request(body: &[u8]) -> Result<RequestOutline, Error> {
        outline::request(body)
    }

    fn read_request(body: &[u8]) -> Result<ChatRequest, Error> {
        request::decode(body)
    }

    fn asked(request: &ChatRequest) -> Asked {
        let repeated = Some(Arc::new(repeated::of(request)));
        Asked { repeated, ..Asked::default() }
    }

    fn write_request(
        request: &ChatRequest,
        upstream: &UpstreamRequest<'_>,
        sink: &mut Sink,
    ) -> Map<String, Value> {
        request::encode(request, upstream, sink)
    }

    fn outline_response(body: &[u8]) -> Result<ResponseOutline, Error> {
        outline::response(body)
    }

    fn read_response(body: &[u8]) -> Result<ChatResponse, Error> {
        response::decode(body)
    }

    fn write_response(
        response: &ChatResponse,
        context: &AnswerContext,
        sink: &mut Sink,
    ) -> Map<String, Value> {
        response::encode(response, context, sink)
    }

    fn event_decoder(depth: Depth) -> Box<dyn EventDecoder> {
        Box::new(stream::Decoder::new(depth))
    }

    fn event_encoder(context: AnswerContext) -> Box<dyn EventEncoder> {
        Box::new(stream::Encoder::new(context))
    }

    fn write_error(error: &Error) -> Bytes {
        openai_error::encode(error)
    }

    fn read_error(body: &[u8]) -> ProviderError {
        openai_error::decode(body)
    }
}
