//! Formats of embeddings other than OpenAI's: what a call says, and what its answer says.

use aisix_core::{EmbedRequest, Error};
use serde_json::Value;

use super::vector::Vector;
use crate::dialect::{Dropped, Encoded};

/// A format of embeddings that upstreams speak beside OpenAI's, which callers speak and which is
/// passed on.
///
/// It knows single calls only: how a request is divided into calls, and how their answers become one,
/// is the same for all formats ([`EmbedCalls`](super::EmbedCalls)).
pub trait EmbedFormat: Send + Sync + 'static {
    /// The most texts that one call for this model takes; none take fewer than one.
    fn texts_per_call(&self, model: &str) -> usize;

    /// Writes a call.
    fn encode_call(&self, call: &EmbedCall<'_>) -> Encoded;

    /// Reads the answer to a call.
    ///
    /// # Errors
    /// `Malformed` where the body is not this format's answer, or the error that the upstream put
    /// into it.
    fn decode_answer(&self, body: &[u8]) -> Result<EmbedAnswer, Error>;
}

/// One call of those that a request takes.
#[derive(Debug, Clone, Copy)]
pub struct EmbedCall<'a> {
    /// The upstream's name for the model.
    pub model: &'a str,
    /// What is to be embedded: never nothing, and never more than the format takes.
    pub texts: &'a [&'a str],
    /// What the caller asks for beside it.
    pub request: &'a EmbedRequest,
}

/// What the answer to a call says.
#[derive(Debug)]
pub struct EmbedAnswer {
    /// One for each text, in their order.
    pub vectors: Vec<Vector>,
    /// How many tokens the texts had, where the body says it.
    pub tokens: Option<u64>,
}

impl<'a> EmbedCall<'a> {
    /// A field of the request that OpenAI does not have, and the format may.
    pub(super) fn field(&self, name: &str) -> Option<&'a Value> {
        let found = self.request.native.iter().find(|native| native.name == name)?;
        Some(&found.value).filter(|value| !value.is_null())
    }

    /// The call in these words, which say these fields of the request.
    pub(super) fn said(&self, body: &Value, fields: &[&str]) -> Encoded {
        let request = self.request;
        let natives = request.native.iter().map(|native| &*native.name);
        let dimensions = request.dimensions.map(|_| DIMENSIONS);
        let all = natives.chain(dimensions).chain(request.user.as_ref().map(|_| "user"));
        let dropped = all.filter(|name| !fields.contains(name)).map(Dropped::new).collect();
        Encoded { body: body.to_string().into(), dropped }
    }
}

/// How many numbers an embedding is to have, as OpenAI calls it.
pub(super) const DIMENSIONS: &str = "dimensions";
