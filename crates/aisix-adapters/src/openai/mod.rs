//! The OpenAI family: any vendor with an OpenAI-compatible API.
//!
//! Source: OpenAI's API reference, "Authentication" and "Chat".

mod base;

#[cfg(test)]
mod tests;

use aisix_core::{Error, ErrorCode, Operation, Secret};
use aisix_dialects::{Dialect, OPENAI_CHAT};
use async_trait::async_trait;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Request};

use crate::adapter::{Adapter, Call, FailedReply, Framing, Target};
use crate::classify;

/// The adapter `openai`.
#[derive(Debug, Clone, Copy)]
pub struct OpenAi;

/// Sent to every upstream.
const AGENT: &str = concat!("aisix/", env!("CARGO_PKG_VERSION"));

#[async_trait]
impl Adapter for OpenAi {
    fn name(&self) -> &'static str {
        "openai"
    }

    fn dialect(
        &self,
        _: &Target,
        operation: Operation,
        _: bool,
    ) -> Result<&'static dyn Dialect, Error> {
        match operation {
            Operation::Chat => Ok(&OPENAI_CHAT),
            other => Err(lacks(other)),
        }
    }

    fn framing(&self, _: &Target, _: Operation) -> Framing {
        Framing::Sse
    }

    async fn prepare(&self, call: Call<'_>) -> Result<Request<Bytes>, Error> {
        let key = &call.target.provider_key.spec;
        let url = base::endpoint(key.api_base.as_deref(), path(call.operation)?)?;
        let mut request = Request::post(url)
            .header(CONTENT_TYPE, "application/json")
            .header(USER_AGENT, AGENT)
            .header(AUTHORIZATION, bearer(&key.secret)?);
        if !call.request_id.is_empty() {
            request = request.header("x-aisix-request-id", call.request_id);
        }
        if call.stream {
            request = request.header(ACCEPT, "text/event-stream");
        }
        request.body(call.body).map_err(Error::internal)
    }

    fn classify(&self, target: &Target, reply: &FailedReply<'_>) -> Error {
        let said = OPENAI_CHAT.decode_error(reply.body);
        classify::failed(reply, said, &target.provider_key.spec.secret)
    }
}

fn path(operation: Operation) -> Result<&'static str, Error> {
    match operation {
        Operation::Chat => Ok("/chat/completions"),
        other => Err(lacks(other)),
    }
}

fn lacks(operation: Operation) -> Error {
    Error::new(
        ErrorCode::NotImplemented,
        format!("adapter 'openai' has no operation '{}'", operation.name()),
    )
}

fn bearer(secret: &Secret) -> Result<HeaderValue, Error> {
    let unusable = || {
        Error::new(
            ErrorCode::InvalidUpstreamCredentials,
            "invalid upstream credentials: the provider key's secret cannot be sent in a header",
        )
    };
    if !secret.fits_a_header() {
        return Err(unusable());
    }
    let text = zeroize::Zeroizing::new(format!("Bearer {}", secret.expose()));
    let mut value = HeaderValue::from_str(&text).map_err(|_| unusable())?;
    value.set_sensitive(true);
    Ok(value)
}
