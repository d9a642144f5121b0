//! Azure's OpenAI service.
//!
//! Source: Azure OpenAI's REST API reference ("Authentication", "REST API versioning", "Chat
//! completions") and "Azure OpenAI in Microsoft Foundry Models v1 API"; for tokens "Microsoft
//! identity platform and the OAuth 2.0 client credentials flow".
//!
//! The wire formats are OpenAI's. What Azure adds to answers (`prompt_filter_results`,
//! `content_filter_results`) stays in them for callers of the same format, and is named as left out
//! for others.

mod base;
mod credential;
mod failure;

#[cfg(test)]
mod tests;

use aisix_core::{Error, Operation, Secret};
use aisix_dialects::{Dialect, OPENAI_CHAT, OPENAI_RESPONSES, ProviderError};
use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;

use self::base::Base;
use crate::adapter::{Adapter, Call, FailedReply, Target};
use crate::tokens::AccessTokens;
use crate::{classify, request};

/// The adapter `azure-openai`; it keeps the tokens of the keys that need some.
#[derive(Debug, Default)]
pub struct AzureOpenAi {
    tokens: AccessTokens,
}

/// The name by which provider keys choose it.
const NAME: &str = "azure-openai";

#[async_trait]
impl Adapter for AzureOpenAi {
    fn name(&self) -> &'static str {
        NAME
    }

    fn dialect(
        &self,
        target: &Target,
        operation: Operation,
        _: bool,
    ) -> Result<&'static dyn Dialect, Error> {
        match operation {
            // Only there: below deployments a response is asked for as a chat.
            Operation::Responses if is_v1(target) => Ok(&OPENAI_RESPONSES),
            Operation::Completions | Operation::Embeddings => Ok(&OPENAI_CHAT),
            conversation if conversation.is_conversation() => Ok(&OPENAI_CHAT),
            other => Err(request::lacks(NAME, other)),
        }
    }

    async fn prepare(&self, call: Call<'_>) -> Result<Request<Bytes>, Error> {
        let key = &call.target.provider_key.spec;
        let base = Base::of(key.api_base.as_deref())?;
        let path = match call.operation {
            Operation::Responses if base.is_v1() => "/responses",
            Operation::Completions => "/completions",
            Operation::Embeddings => "/embeddings",
            conversation if conversation.is_conversation() => "/chat/completions",
            other => return Err(request::lacks(NAME, other)),
        };
        let url = base.url(&call.target.upstream_model, path, key.api_version.as_deref())?;
        let request = request::post(url, &call);
        let request = if credential::is_principal(&key.secret) {
            let ask = || credential::token_request(&key.secret);
            let token = self.tokens.of(&key.secret, call.transport, ask).await?;
            request.header(AUTHORIZATION, request::credential("Bearer ", &token)?)
        } else {
            request.header("api-key", request::credential("", &key.secret)?)
        };
        request.body(call.body).map_err(Error::internal)
    }

    fn refused(&self, target: &Target, credential: &Secret) {
        self.tokens.refused(&target.provider_key.spec.secret, credential);
    }

    fn retell(&self, _: &Target, said: ProviderError) -> ProviderError {
        failure::retold(said)
    }

    fn classify(&self, target: &Target, reply: &FailedReply<'_>) -> Error {
        classify::failed(self, target, reply, failure::said(reply))
    }
}

/// Whether the key leads to the API without deployments in its paths. One that leads nowhere is
/// found out when a call is prepared.
fn is_v1(target: &Target) -> bool {
    Base::of(target.provider_key.spec.api_base.as_deref()).is_ok_and(|base| base.is_v1())
}
