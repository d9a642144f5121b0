//! The OpenAI family: any vendor with an OpenAI-compatible API.
//!
//! Source: OpenAI's API reference, "Authentication" and "Chat".

mod base;
mod vendors;

#[cfg(test)]
mod tests;

use aisix_core::{Error, Operation};
use aisix_dialects::{Dialect, OPENAI_CHAT, OPENAI_RESPONSES};
use async_trait::async_trait;
use bytes::Bytes;
use http::Request;
use http::header::AUTHORIZATION;

use crate::adapter::{Adapter, Call, FailedReply, Target};
use crate::{classify, request};

/// The adapter `openai`.
#[derive(Debug, Clone, Copy)]
pub struct OpenAi;

/// The name by which provider keys choose it.
const NAME: &str = "openai";

#[async_trait]
impl Adapter for OpenAi {
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
            Operation::Responses if vendors::has_responses(&target.provider_key.spec) => {
                Ok(&OPENAI_RESPONSES)
            }
            Operation::Completions | Operation::Embeddings => Ok(&OPENAI_CHAT),
            conversation if conversation.is_conversation() => Ok(&OPENAI_CHAT),
            other => Err(request::lacks(NAME, other)),
        }
    }

    async fn prepare(&self, call: Call<'_>) -> Result<Request<Bytes>, Error> {
        let key = &call.target.provider_key.spec;
        let base = key.api_base.as_deref();
        let url = match call.operation {
            Operation::Responses if vendors::has_responses(key) => {
                base::newer_endpoint(base, "/responses")?
            }
            other => base::endpoint(base, path(other)?)?,
        };
        let bearer = request::credential("Bearer ", &key.secret)?;
        let request = request::post(url, &call).header(AUTHORIZATION, bearer);
        request.body(call.body).map_err(Error::internal)
    }

    fn classify(&self, target: &Target, reply: &FailedReply<'_>) -> Error {
        let said = OPENAI_CHAT.decode_error(reply.body);
        classify::failed(self, target, reply, said)
    }
}

fn path(operation: Operation) -> Result<&'static str, Error> {
    match operation {
        Operation::Completions => Ok("/completions"),
        Operation::Embeddings => Ok("/embeddings"),
        conversation if conversation.is_conversation() => Ok("/chat/completions"),
        other => Err(request::lacks(NAME, other)),
    }
}
