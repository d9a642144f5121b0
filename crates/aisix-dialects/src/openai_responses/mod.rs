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
mod request;
mod response;
mod spelling;
mod stream;
mod tool;
mod turns;
mod usage;

#[cfg(test)]
mod tests;

use aisix_core::chat::{ChatRequest, ChatResponse};
use aisix_core::{Carried, DialectId, Error};
use bytes::Bytes;

use crate::dialect::{
    AnswerContext, Depth, Dialect, Encoded, EventDecoder, EventEncoder, UpstreamRequest,
};
use crate::failure::ProviderError;
use crate::json::splice;
use crate::openai_error;
use crate::relay::{self, ModelName};

/// The dialect's name.
pub const ID: DialectId = DialectId("openai_responses");

/// The dialect.
pub static OPENAI_RESPONSES: OpenAiResponses = OpenAiResponses;

/// OpenAI's Responses, as callers and as upstreams speak it.
#[derive(Debug, Clone, Copy)]
pub struct OpenAiResponses;

impl Dialect for OpenAiResponses {
    fn id(&self) -> DialectId {
        ID
    }

    fn decode_request(&self, body: Bytes) -> Result<Carried<ChatRequest>, Error> {
        let outline = outline::request(&body)?;
        Ok(Carried::arrived(ID, body, outline, request::decode))
    }

    fn encode_request(
        &self,
        request: &mut Carried<ChatRequest>,
        upstream: &UpstreamRequest<'_>,
    ) -> Result<Encoded, Error> {
        match request.verbatim(ID) {
            // Whether it streams is no patch: a request of the other kind is made anew.
            Some(original) if request.outline().stream == upstream.stream => {
                let body = relay::renamed(original, request.outline(), upstream);
                Ok(Encoded::whole(body))
            }
            _ => request::encode(request, upstream),
        }
    }

    fn decode_response(&self, body: Bytes) -> Result<Carried<ChatResponse>, Error> {
        let outline = outline::response(&body)?;
        Ok(Carried::arrived(ID, body, outline, response::decode))
    }

    fn encode_response(
        &self,
        response: &mut Carried<ChatResponse>,
        context: &AnswerContext,
    ) -> Result<Encoded, Error> {
        match response.verbatim(ID) {
            Some(original) => {
                let name = ModelName::new(&context.model);
                let edit = name.edit(original, response.outline().model_span.as_ref());
                Ok(Encoded::whole(splice(original, &[edit])))
            }
            None => response::encode(response, context),
        }
    }

    fn event_decoder(&self, depth: Depth) -> Box<dyn EventDecoder> {
        Box::new(stream::Decoder::new(depth))
    }

    fn event_encoder(&self, context: AnswerContext) -> Box<dyn EventEncoder> {
        Box::new(stream::Encoder::new(context))
    }

    fn encode_error(&self, error: &Error) -> Bytes {
        openai_error::encode(error)
    }

    fn decode_error(&self, body: &[u8]) -> ProviderError {
        openai_error::decode(body)
    }
}
