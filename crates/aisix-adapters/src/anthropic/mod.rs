//! The Anthropic family: Anthropic, and vendors with an API like its own.
//!
//! Source: Anthropic's API reference, "Authentication", "Versions" and "Create a Message".

mod base;

#[cfg(test)]
mod tests;

use aisix_core::{Error, Operation};
use aisix_dialects::{ANTHROPIC_MESSAGES, Dialect};
use async_trait::async_trait;
use bytes::Bytes;
use http::Request;

use crate::adapter::{Adapter, Call, FailedReply, Target};
use crate::{classify, request};

/// The adapter `anthropic`.
#[derive(Debug, Clone, Copy)]
pub struct Anthropic;

/// The name by which provider keys choose it.
const NAME: &str = "anthropic";

/// The version of the API, which every request names.
const VERSION: &str = "2023-06-01";

#[async_trait]
impl Adapter for Anthropic {
    fn name(&self) -> &'static str {
        NAME
    }

    fn dialect(
        &self,
        _: &Target,
        operation: Operation,
        _: bool,
    ) -> Result<&'static dyn Dialect, Error> {
        match operation {
            Operation::CountTokens => Ok(&ANTHROPIC_MESSAGES),
            conversation if conversation.is_conversation() => Ok(&ANTHROPIC_MESSAGES),
            other => Err(request::lacks(NAME, other)),
        }
    }

    async fn prepare(&self, call: Call<'_>) -> Result<Request<Bytes>, Error> {
        let key = &call.target.provider_key.spec;
        let url = base::endpoint(key.api_base.as_deref(), path(call.operation)?)?;
        let request = request::post(url, &call)
            .header("x-api-key", request::credential("", &key.secret)?)
            .header("anthropic-version", VERSION);
        request.body(call.body).map_err(Error::internal)
    }

    fn classify(&self, target: &Target, reply: &FailedReply<'_>) -> Error {
        let said = ANTHROPIC_MESSAGES.decode_error(reply.body);
        classify::failed(self, target, reply, said)
    }
}

fn path(operation: Operation) -> Result<&'static str, Error> {
    match operation {
        Operation::CountTokens => Ok("/v1/messages/count_tokens"),
        conversation if conversation.is_conversation() => Ok("/v1/messages"),
        other => Err(request::lacks(NAME, other)),
    }
}
