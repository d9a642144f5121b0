//! Google's `generateContent`, which Gemini models speak.
//!
//! Source: Vertex AI's REST reference, "Method: models.generateContent" and "GenerateContentResponse",
//! and the guides "Function calling", "Thought signatures", "Thinking", "Structured output" and
//! "Document understanding" (docs.cloud.google.com, ai.google.dev). The published types of the
//! package `google-genai` say the same in code.
//!
//! Google's addresses name the model, and say whether the answer is streamed. So that a message of
//! this format says all by itself, here both stand in the body, under `model` and `stream`; whoever
//! builds the address takes them out ([`reshaped`](crate::json::reshaped)).
//!
//! A streamed answer is a sequence of whole ones, each of which says a little more: both are read by
//! the same code. Nothing ends a stream but its end; it is complete when a candidate said why it
//! finished, or the prompt was blocked.
//!
//! What a newer version of the API adds, and the parts of tools that run at the provider, are kept
//! as native parts and fields.

mod config;
mod error;
mod media;
mod model;
mod outline;
mod part;
mod reader;
mod request;
mod response;
mod seal;
mod stream;
mod thinking;
mod tool;
mod turn;
mod usage;

#[cfg(test)]
mod tests;

use aisix_core::chat::{ChatRequest, ChatResponse, RequestOutline, ResponseOutline};
use aisix_core::{DialectId, Error};
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::dialect::{AnswerContext, Depth, EventDecoder, EventEncoder, UpstreamRequest};
use crate::failure::ProviderError;
use crate::format::Format;
use crate::sink::Sink;

/// The dialect's name.
pub const ID: DialectId = DialectId("gemini");

/// The dialect.
pub static GEMINI: Gemini = Gemini;

/// Google's `generateContent`, as callers and as upstreams speak it.
#[derive(Debug, Clone, Copy)]
pub struct Gemini;

impl Format for Gemini {
    const ID: DialectId = ID;

    const MODEL: &'static str = response::MODEL;

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
