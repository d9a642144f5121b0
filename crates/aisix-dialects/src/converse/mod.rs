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
mod caching;
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

use aisix_core::chat::{CacheMark, ChatRequest, ChatResponse};
use aisix_core::{Carried, DialectId, Error};
use bytes::Bytes;

use crate::claude;
use crate::dialect::{Depth, Dialect, Encoded, EventDecoder, UpstreamRequest};
use crate::failure::ProviderError;
use crate::seal::{self, Makers};
use crate::sink::Sink;

/// The dialect's name.
pub const ID: DialectId = DialectId("converse");

/// The dialect.
pub static CONVERSE: Converse = Converse { seals: Makers::only(ID) };

/// The dialect, as Anthropic's models speak it: what they sign is good at all of Anthropic's places.
/// What they seal whole is not said to be, and stays with this format.
pub static CONVERSE_CLAUDE: Converse =
    Converse { seals: Makers { signatures: claude::OWN_FORMAT, redacted: ID } };

/// Bedrock's Converse, as upstreams speak it.
#[derive(Debug, Clone, Copy)]
pub struct Converse {
    seals: Makers,
}

/// The dialect as a model of this name speaks it.
#[must_use]
pub fn of_model(model: &str) -> &'static Converse {
    if vendor(model) == Some(model::ANTHROPIC) { &CONVERSE_CLAUDE } else { &CONVERSE }
}

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
        let request = seal::without_foreign(request.value()?, self.seals, &mut sink);
        sink.refuse_unheard(&request);
        let body = request::write(&request, upstream.model, &mut sink);
        sink.encoded(&body)
    }

    /// Claude keeps what it is asked to; what of other vendors' models do is not known of all.
    fn mark_for_cache(&self, body: Bytes, mark: &CacheMark) -> Bytes {
        let is_claude = self.seals.signatures == claude::OWN_FORMAT;
        let marked = if is_claude { caching::marked(&body, mark) } else { None };
        marked.unwrap_or(body)
    }

    fn decode_response(&self, body: Bytes) -> Result<Carried<ChatResponse>, Error> {
        let outline = outline::response(&body)?;
        let read = match self.seals.signatures {
            ID => response::read,
            _ => response::read_of_claude,
        };
        Ok(Carried::arrived(ID, body, outline, read))
    }

    fn event_decoder(&self, depth: Depth) -> Box<dyn EventDecoder> {
        Box::new(stream::Decoder::new(depth, self.seals))
    }

    fn decode_error(&self, body: &[u8]) -> ProviderError {
        error::read(body)
    }
}
