//! Anthropic's Messages.
//!
//! Source: Anthropic's API reference, "Create a Message" and "Errors", and its guides "Streaming
//! messages", "Tool use", "Extended thinking", "Adaptive thinking", "Structured outputs",
//! "Citations", "Prompt caching" and "Handling stop reasons" (platform.claude.com/docs). The
//! published types of the packages `anthropic` say the same in code.
//!
//! What a newer version of the API adds, and the blocks of tools that run at the provider, are kept
//! as native parts and fields.

mod block;
mod caching;
mod citation;
mod error;
mod media;
mod option;
mod outline;
mod passage;
mod request;
mod response;
mod stream;
mod tool;
mod turn;
mod usage;

#[cfg(test)]
mod tests;

use aisix_core::chat::{CacheMark, ChatRequest, ChatResponse, RequestOutline, ResponseOutline};
use aisix_core::{DialectId, Error};
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::dialect::{AnswerContext, Depth, EventDecoder, EventEncoder, UpstreamRequest};
use crate::failure::ProviderError;
use crate::format::Format;
use crate::sink::Sink;

/// The dialect's name.
pub const ID: DialectId = DialectId("anthropic_messages");

/// The dialect.
pub static ANTHROPIC_MESSAGES: AnthropicMessages = AnthropicMessages;

/// Anthropic's Messages, as callers and as upstreams speak them.
#[derive(Debug, Clone, Copy)]
pub struct AnthropicMessages;

impl Format for AnthropicMessages {
    const ID: DialectId = ID;

    fn outline_request(body: &[u8]) -> Result<RequestOutline, Error> {
        outline::request(body)
    }

    fn read_request(body: &[u8]) -> Result<ChatRequest, Error> {
        request::decode(body)
    }

    fn write_request(
        request: &ChatRequest,
        upstream: &UpstreamRequest<'_>,
        sink: &mut Sink,
    ) -> Map<String, Value> {
        request::encode(request, upstream, sink)
    }

    fn mark_for_cache(body: Bytes, mark: &CacheMark) -> Bytes {
        caching::marked(&body, mark).unwrap_or(body)
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
        error::encode(error)
    }

    fn read_error(body: &[u8]) -> ProviderError {
        error::decode(body)
    }
}
