//! One request for embeddings as the calls that it takes, and their answers as one.

use aisix_core::chat::Usage;
use aisix_core::{Carried, EmbedInput, EmbedRequest, Error};
use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::format::{EmbedAnswer, EmbedCall, EmbedFormat};
use super::vector::Packing;
use crate::count::total;
use crate::dialect::{Dropped, UpstreamRequest};
use crate::relay::unreadable;
use crate::relayed::RelayedAnswer;

/// The most texts of one request, as OpenAI has it: nobody may ask for more calls than that.
const MOST_TEXTS: usize = 2048;

/// The calls that a request takes in a format that is not OpenAI's.
///
/// They may be made in any order, and at the same time. An answer is read as soon as it is there
/// ([`read`](Self::read)); all of them together are what the caller is told ([`join`](Self::join)).
pub struct EmbedCalls {
    format: &'static dyn EmbedFormat,
    calls: Vec<Call>,
    dropped: Vec<Dropped>,
    model: String,
    packing: Packing,
}

/// One of the calls.
struct Call {
    body: Bytes,
    /// How many texts it holds.
    texts: usize,
}

/// The answer to one of the calls, as the caller is to read it.
#[derive(Debug)]
pub struct EmbedPart {
    /// Which call it answers.
    call: usize,
    vectors: Vec<Box<RawValue>>,
    tokens: Option<u64>,
}

impl EmbedCalls {
    /// The calls for this request.
    ///
    /// # Errors
    /// `Unsupported` where it holds tokens, which are one provider's numbers; a client error where it
    /// holds more texts than OpenAI takes, or wants numbers in a form that OpenAI does not have.
    pub fn of(
        format: &'static dyn EmbedFormat,
        request: &mut Carried<EmbedRequest>,
        upstream: &UpstreamRequest<'_>,
    ) -> Result<Self, Error> {
        let request = request.value()?;
        let packing = Packing::named(request.encoding_format.as_deref())?;
        let texts = texts(request)?;
        let model = upstream.model;
        let mut dropped = Vec::new();
        let mut calls = Vec::new();
        for texts in texts.chunks(format.texts_per_call(model).max(1)) {
            let written = format.encode_call(&EmbedCall { model, texts, request });
            // One call leaves out what every other does.
            dropped = written.dropped;
            calls.push(Call { body: written.body, texts: texts.len() });
        }
        Ok(Self { format, calls, dropped, model: model.to_owned(), packing })
    }

    /// What none of the calls can say.
    #[must_use]
    pub fn dropped(&self) -> &[Dropped] {
        &self.dropped
    }

    /// The bodies of the calls, in the order of the texts.
    pub fn bodies(&self) -> impl Iterator<Item = Bytes> {
        self.calls.iter().map(|call| call.body.clone())
    }

    /// Reads the answer to the call of this number, counted from zero as the bodies are. `counted`
    /// is how many tokens it took, where something other than the body says so.
    ///
    /// # Errors
    /// `Malformed` where the body is not the format's answer, or answers another number of texts than
    /// the call has; or the error that the upstream put into it.
    ///
    /// # Panics
    /// Where there is no call of this number.
    pub fn read(&self, call: usize, body: &[u8], counted: Option<u64>) -> Result<EmbedPart, Error> {
        let EmbedAnswer { vectors, tokens } = self.format.decode_answer(body)?;
        let (asked, answered) = (self.calls[call].texts, vectors.len());
        if answered != asked {
            let what = format!("the answer has {answered} embeddings for {asked} texts");
            return Err(unreadable(what));
        }
        let vectors = vectors.into_iter().map(|vector| vector.packed(self.packing));
        let vectors = vectors.collect::<Result<_, _>>()?;
        Ok(EmbedPart { call, vectors, tokens: tokens.or(counted) })
    }

    /// What OpenAI would have answered: all embeddings in the order of the texts.
    ///
    /// # Errors
    /// A defect of this product.
    pub fn join(&self, mut parts: Vec<EmbedPart>) -> Result<RelayedAnswer, Error> {
        parts.sort_by_key(|part| part.call);
        // What one call does not say, the sum does not say either.
        let tokens = total(parts.iter().map(|part| part.tokens));
        let vectors = parts.iter().flat_map(|part| &part.vectors).enumerate();
        let data = vectors.map(|(index, embedding)| Item { object: "embedding", index, embedding });
        let told = tokens.unwrap_or_default();
        let answer = Told {
            object: "list",
            data: data.collect(),
            model: &self.model,
            usage: Counts { prompt_tokens: told, total_tokens: told },
        };
        let body = serde_json::to_vec(&answer).map_err(Error::internal)?;
        let usage = tokens.map(|input| Usage { input, ..Usage::default() });
        Ok(RelayedAnswer { body: body.into(), usage })
    }
}

impl std::fmt::Debug for EmbedCalls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("EmbedCalls").field("calls", &self.calls.len()).finish_non_exhaustive()
    }
}

/// What OpenAI answers.
#[derive(Serialize)]
struct Told<'a> {
    object: &'static str,
    data: Vec<Item<'a>>,
    model: &'a str,
    usage: Counts,
}

#[derive(Serialize)]
struct Item<'a> {
    object: &'static str,
    index: usize,
    embedding: &'a RawValue,
}

#[derive(Serialize)]
struct Counts {
    prompt_tokens: u64,
    total_tokens: u64,
}

fn texts(request: &EmbedRequest) -> Result<Vec<&str>, Error> {
    if request.inputs.len() > MOST_TEXTS {
        let detail = format_args!("'input' must not hold more than {MOST_TEXTS} texts");
        return Err(Error::invalid_request(detail));
    }
    let texts = request.inputs.iter().map(|input| match input {
        EmbedInput::Text(text) => Ok(text.as_str()),
        EmbedInput::Tokens(_) => {
            Err(Error::unsupported("the target's format of embeddings takes texts, not tokens"))
        }
    });
    texts.collect()
}
