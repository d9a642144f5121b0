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

use aisix_core::{Error, Operation, ProviderKey, Secret};
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
            Operation::Responses if has_responses(&target.provider_key.spec) => {
                Ok(&OPENAI_RESPONSES)
            }
            Operation::Completions | Operation::Embeddings => Ok(&OPENAI_CHAT),
            conversation if conversation.is_conversation() => Ok(&OPENAI_CHAT),
            other => Err(request::lacks(NAME, other)),
        }
    }

    async fn prepare(&self, call: Call<'_>) -> Result<Request<Bytes>, Error> {
        let key = &call.target.provider_key.spec;
        let base = Base::of(key.api_base.as_deref())?;
        let path = match call.operation {
            Operation::Responses if has_responses(key) => "/responses",
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

/// Whether a response is asked for as one, instead of as a chat: the key says so, or Azure does of
/// where it leads. A key that leads nowhere is found out when a call is prepared.
fn has_responses(key: &ProviderKey) -> bool {
    let said = key.request.as_ref().and_then(|quirks| quirks.responses_endpoint);
    said.unwrap_or_else(|| {
        let base = Base::of(key.api_base.as_deref());
        base.is_ok_and(|base| base.has_responses(key.api_version.as_deref()))
    })
}
