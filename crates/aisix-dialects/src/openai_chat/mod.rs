//! OpenAI's Chat Completions.
//!
//! Source: OpenAI's API reference, "Chat Completions" (create, the completion object, the chunk
//! object) and "Errors". What vendors of compatible APIs add is kept as native fields.

mod annotation;
mod call;
mod detail;
mod legacy;
mod message;
mod model;
mod outline;
mod part;
mod request;
mod response;
mod spelling;
mod stream;
mod tool;
mod turn;
mod wire;

#[cfg(test)]
mod tests;

use aisix_core::chat::{ChatRequest, ChatResponse, RequestOutline, ResponseOutline};
use aisix_core::{DialectId, Error};
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::asked::Asked;
use crate::dialect::{AnswerContext, Depth, EventDecoder, EventEncoder, UpstreamRequest};
use crate::failure::ProviderError;
use crate::format::Format;
use crate::openai_error;
use crate::relay;
use crate::sink::Sink;

pub(crate) use outline::failure_in;

/// The dialect's name.
pub const ID: DialectId = DialectId("openai_chat");

/// The dialect.
pub static OPENAI_CHAT: OpenAiChat = OpenAiChat;

/// OpenAI's Chat Completions, as callers and as upstreams speak it.
#[derive(Debug, Clone, Copy)]
pub struct OpenAiChat;

impl Format for OpenAiChat {
    const ID: DialectId = ID;

    fn outline_request(body: &[u8]) -> Result<RequestOutline, Error> {
        outline::request(body)
    }

    fn read_request(body: &[u8]) -> Result<ChatRequest, Error> {
        request::decode(body)
    }

    fn asked(request: &ChatRequest) -> Asked {
        let by_function = spelling::marked(&request.native, spelling::FUNCTIONS);
        Asked { by_function, ..Asked::default() }
    }

    fn patch_request(
        original: &[u8],
        outline: &RequestOutline,
        upstream: &UpstreamRequest<'_>,
    ) -> Bytes {
        relay::renamed_asking_for_usage(original, outline, upstream)
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
