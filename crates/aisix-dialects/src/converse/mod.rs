//! Bedrock's Converse, as upstreams speak it.
//!
//! Source: the reference of Amazon Bedrock Runtime, "Converse" and "ConverseStream", and the user
//! guide's "Carry out a conversation with the Converse API operations", "Use a tool to complete an
//! Amazon Bedrock model response", "Prompt caching" and "Enhance model responses with model
//! reasoning" (docs.aws.amazon.com/bedrock). The service model that the package `botocore` publishes
//! says the same as data.
//!
//! The address names the model and says whether the answer is streamed: neither stands in a body. No
//! endpoint of this product takes the format, so it is a [`Dialect`] and no more. The model's name
//! still tells whose model it is, and with that what the fields beside the common ones may hold.

mod block;
mod citation;
mod document_name;
mod error;
mod media;
mod model;
mod option;
mod outline;
mod request;
mod response;
mod stream;
mod tool;
mod turn;
mod usage;

pub use error::named;
pub use model::{id, vendor};

use aisix_core::chat::{ChatRequest, ChatResponse};
use aisix_core::{Carried, DialectId, Error};
use bytes::Bytes;

use crate::dialect::{Depth, Dialect, Encoded, EventDecoder, UpstreamRequest};
use crate::failure::ProviderError;
use crate::seal;
use crate::sink::Sink;

/// The dialect's name.
pub const ID: DialectId = DialectId("converse");

/// The dialect.
pub static CONVERSE: Converse = Converse;

/// Bedrock's Converse, as upstreams speak it.
#[derive(Debug, Clone, Copy)]
pub struct Converse;

impl Dialect for Converse {
    fn id(&self) -> DialectId {
        ID
    }

    fn encode_request(
        &self,
        request: &mut Carried<ChatRequest>,
        upstream: &UpstreamRequest<'_>,
    ) -> Result<Encoded, Error> {
        let mut sink = Sink::new(ID, request.dialect());
        let request = seal::without_foreign(request.value()?, ID, &mut sink);
        sink.refuse_unheard(&request);
        let body = request::write(&request, upstream.model, &mut sink);
        sink.encoded(&body)
    }

    fn decode_response(&self, body: Bytes) -> Result<Carried<ChatResponse>, Error> {
        let outline = outline::response(&body)?;
        Ok(Carried::arrived(ID, body, outline, response::read))
    }

    fn event_decoder(&self, depth: Depth) -> Box<dyn EventDecoder> {
        Box::new(stream::Decoder::new(depth))
    }

    fn decode_error(&self, body: &[u8]) -> ProviderError {
        error::read(body)
    }
}
