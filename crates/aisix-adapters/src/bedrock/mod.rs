//! Amazon Bedrock: models of many vendors behind one address of each region.
//!
//! Source: the reference of Amazon Bedrock Runtime ("Converse", "ConverseStream", "InvokeModel",
//! "CountTokens"), and the user guide's "Supported Regions and models for inference profiles",
//! "Anthropic Claude Messages API" and "API keys". That the head of every answer to InvokeModel counts
//! the tokens, the clients of several projects rely on; the reference is silent.
//!
//! Most models are spoken to in Converse. Whole answers of Anthropic's models are asked for in
//! Anthropic's own format, in which nothing has to be translated for its callers; streams of theirs
//! are Converse, too. Models that embed have formats of their vendors. Requests are signed, or carry an API key of Bedrock's; whatever else the host
//! knows of Amazon is not looked at.

mod address;
mod count;
mod failure;
mod model;
mod secret;
mod sign;

#[cfg(test)]
mod tests;

use aisix_core::{Error, Operation};
use aisix_dialects::embed::EmbedFormat;
use aisix_dialects::{ANTHROPIC_MESSAGES, Dialect, ProviderError, converse, json};
use async_trait::async_trait;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION};
use http::{HeaderMap, HeaderName, HeaderValue, Request};

use self::model::Rail;
use self::secret::{Proof, Secrets};
use crate::adapter::{Adapter, Call, FailedReply, Framing, Target};
use crate::{classify, request};

/// The adapter `bedrock`.
#[derive(Debug, Clone, Copy)]
pub struct Bedrock;

/// The name by which provider keys choose it.
const NAME: &str = "bedrock";

/// The version of Anthropic's format as Bedrock has it.
const ANTHROPIC_VERSION: &str = r#""bedrock-2023-05-31""#;

/// How many tokens InvokeModel took.
const INPUT_TOKENS: HeaderName = HeaderName::from_static("x-amzn-bedrock-input-token-count");

#[async_trait]
impl Adapter for Bedrock {
    fn name(&self) -> &'static str {
        NAME
    }

    fn dialect(
        &self,
        target: &Target,
        operation: Operation,
        stream: bool,
    ) -> Result<&'static dyn Dialect, Error> {
        Ok(match way(target, operation, stream)?.0 {
            Rail::Invoke | Rail::CountTokens => &ANTHROPIC_MESSAGES,
            // Errors of embeddings are Bedrock's as well.
            Rail::Converse | Rail::ConverseStream | Rail::Embed => {
                converse::of_model(&target.upstream_model)
            }
        })
    }

    fn embedding(&self, target: &Target) -> Result<Option<&'static dyn EmbedFormat>, Error> {
        model::embedding(&target.upstream_model).map(Some)
    }

    fn input_tokens(&self, headers: &HeaderMap) -> Option<u64> {
        headers.get(INPUT_TOKENS)?.to_str().ok()?.trim().parse().ok()
    }

    fn framing(&self, _: &Target, _: Operation) -> Framing {
        Framing::EventStream
    }

    async fn prepare(&self, call: Call<'_>) -> Result<Request<Bytes>, Error> {
        let target = call.target;
        let (rail, model) = way(target, call.operation, call.stream)?;
        let key = &target.provider_key.spec;
        let secrets = Secrets::read(&key.secret)?;
        let base = key.api_base.as_deref();
        let url = address::url(base, secrets.region(), model, rail.word())?;
        let mut request = request::post(url, &call).body(Bytes::new()).map_err(Error::internal)?;
        if call.stream {
            let framing = HeaderValue::from_static("application/vnd.amazon.eventstream");
            request.headers_mut().insert(ACCEPT, framing);
        }
        // What the key adds is signed, too.
        for (name, value) in &call.added_headers {
            request.headers_mut().entry(name).or_insert(value.clone());
        }
        *request.body_mut() = match rail {
            // The address says what these fields say.
            Rail::Invoke => json::reshaped(
                &call.body,
                &["model", "stream"],
                &[("anthropic_version", ANTHROPIC_VERSION)],
            )
            .map_err(Error::internal)?,
            Rail::CountTokens => count::question(&call.body)?,
            Rail::Converse | Rail::ConverseStream | Rail::Embed => call.body,
        };
        match secrets.proof() {
            Proof::ApiKey(key) => {
                request.headers_mut().insert(AUTHORIZATION, request::credential("Bearer ", key)?);
            }
            Proof::Signature(identity) => {
                sign::sign(&mut request, identity, secrets.region())?;
            }
        }
        Ok(request)
    }

    fn retell(&self, _: &Target, said: ProviderError) -> ProviderError {
        failure::retold(said)
    }

    fn unwrapped(&self, operation: Operation, body: Bytes) -> Result<Bytes, Error> {
        if operation == Operation::CountTokens { count::answer(&body) } else { Ok(body) }
    }

    fn classify(&self, target: &Target, reply: &FailedReply<'_>) -> Error {
        classify::failed(self, target, reply, failure::said(reply))
    }
}

/// The way of this operation to a model, and the model's id along it.
fn way(target: &Target, operation: Operation, stream: bool) -> Result<(Rail, &str), Error> {
    let id = &*target.upstream_model;
    match operation {
        Operation::Embeddings => {}
        conversation if conversation.is_conversation() => {}
        Operation::CountTokens => {
            // A name of no model's is found out here, too.
            Rail::of(id, operation, stream)?;
            let claude = model::claude(id).ok_or_else(|| request::lacks(NAME, operation))?;
            return Ok((Rail::CountTokens, claude));
        }
        other => return Err(request::lacks(NAME, other)),
    }
    Ok((Rail::of(id, operation, stream)?, id))
}
