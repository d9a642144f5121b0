//! Google's Vertex AI.
//!
//! Source: Vertex AI's REST reference ("Authentication", `publishers.models.generateContent`,
//! `rawPredict`, `predict`, `endpoints.chat.completions`), the guides "Use Claude models", "Count
//! tokens for Claude models" and "Call open models", and for tokens "Using OAuth 2.0 for server to server applications".
//!
//! Models of several makers stand behind one origin, each under its maker's format. The address
//! names the project, the region, the model, and whether the answer is streamed: what it says is
//! taken out of the body.

mod address;
mod assertion;
mod credential;
mod failure;
mod rail;

#[cfg(test)]
mod tests;

use aisix_core::{Error, Operation, Secret};
use aisix_dialects::embed::EmbedFormat;
use aisix_dialects::{Dialect, ProviderError};
use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;

use self::credential::{Access, Credential};
use self::rail::Rail;
use crate::adapter::{Adapter, Call, FailedReply, Target};
use crate::tokens::AccessTokens;
use crate::{classify, request};

/// The adapter `vertex`; it keeps the tokens of service accounts.
#[derive(Debug, Default)]
pub struct Vertex {
    tokens: AccessTokens,
}

/// The name by which provider keys choose it.
const NAME: &str = "vertex";

#[async_trait]
impl Adapter for Vertex {
    fn name(&self) -> &'static str {
        NAME
    }

    fn dialect(
        &self,
        target: &Target,
        operation: Operation,
        _: bool,
    ) -> Result<&'static dyn Dialect, Error> {
        Ok(rail(target, operation)?.dialect())
    }

    fn embedding(&self, target: &Target) -> Result<Option<&'static dyn EmbedFormat>, Error> {
        Ok(rail(target, Operation::Embeddings)?.embedding())
    }

    async fn prepare(&self, call: Call<'_>) -> Result<Request<Bytes>, Error> {
        let rail = rail(call.target, call.operation)?;
        let key = &call.target.provider_key.spec;
        let model = &*call.target.upstream_model;
        let credential = Credential::read(&key.secret)?;
        let url = address::url(key.api_base.as_deref(), &credential, rail, model, call.stream)?;
        let bearer = match &credential.access {
            Access::Token(token) => request::credential("Bearer ", token)?,
            Access::Account(account) => {
                let ask = || assertion::token_request(account);
                let token = self.tokens.of(&key.secret, call.transport, ask).await?;
                request::credential("Bearer ", &token)?
            }
        };
        let body = rail.body(&call.body, call.stream)?;
        let request = request::post(url, &call).header(AUTHORIZATION, bearer);
        request.body(body).map_err(Error::internal)
    }

    fn refused(&self, target: &Target, credential: &Secret) {
        self.tokens.refused(&target.provider_key.spec.secret, credential);
    }

    fn retell(&self, target: &Target, said: ProviderError) -> ProviderError {
        failure::retold(target, said)
    }

    fn classify(&self, target: &Target, reply: &FailedReply<'_>) -> Error {
        classify::failed(self, target, reply, failure::said(target, reply))
    }
}

/// The way of this operation to a model.
fn rail(target: &Target, operation: Operation) -> Result<Rail, Error> {
    match operation {
        // Only Google's own models embed here.
        Operation::Embeddings => Ok(Rail::of_embeddings(&target.upstream_model)),
        conversation if conversation.is_conversation() => Rail::of(&target.upstream_model),
        Operation::CountTokens => match Rail::of(&target.upstream_model)? {
            Rail::Claude => Ok(Rail::ClaudeTokens),
            _ => Err(request::lacks(NAME, operation)),
        },
        other => Err(request::lacks(NAME, other)),
    }
}
