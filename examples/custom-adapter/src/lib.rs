//! A protocol family that the gateway does not bring: Lumen, an invented provider.
//!
//! Lumen takes OpenAI's chat completions, but under other paths, with the credential in a header
//! of its own, and with errors in a form of its own:
//!
//! ```json
//! {"fault": {"reason": "warming_up", "detail": "The model is being loaded."}}
//! ```
//!
//! That is all that an adapter says. Translation, streaming, failover, timeouts, usage and metrics
//! are the gateway's; the conformance suite in `tests/` checks what the gateway relies on.
//!
//! **Not here.** No new wire format: that would be a `Dialect`.

use aisix_adapters::{Adapter, Call, FailedReply, Target, address, classify, request};
use aisix_core::{Error, Operation};
use aisix_dialects::{Dialect, OPENAI_CHAT, ProviderError};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, StatusCode};
use serde::Deserialize;

/// The adapter `lumen`.
#[derive(Debug, Clone, Copy)]
pub struct Lumen;

/// The name by which provider keys choose it.
const NAME: &str = "lumen";

#[derive(Deserialize)]
struct Body {
    fault: Fault,
}

#[derive(Deserialize)]
struct Fault {
    reason: String,
    detail: String,
}

#[async_trait]
impl Adapter for Lumen {
    fn name(&self) -> &'static str {
        NAME
    }

    fn dialect(
        &self,
        _: &Target,
        operation: Operation,
        _: bool,
    ) -> Result<&'static dyn Dialect, Error> {
        // Messages and responses are conversations too: the gateway translates them.
        if operation.is_conversation() {
            Ok(&OPENAI_CHAT)
        } else {
            Err(request::lacks(NAME, operation))
        }
    }

    async fn prepare(&self, call: Call<'_>) -> Result<Request<Bytes>, Error> {
        self.dialect(call.target, call.operation, call.stream)?;
        let key = &call.target.provider_key.spec;
        let base =
            address::base(key.api_base.as_deref(), "for Lumen set https://api.lumen.example")?;
        let url = address::url(base, if call.stream { "/2/talk/live" } else { "/2/talk" })?;
        let request = request::post(url, &call)
            .header("x-lumen-token", request::credential("", &key.secret)?);
        request.body(call.body).map_err(Error::internal)
    }

    fn classify(&self, target: &Target, reply: &FailedReply<'_>) -> Error {
        let Ok(Body { fault }) = serde_json::from_slice(reply.body) else {
            return classify::failed(self, target, reply, OPENAI_CHAT.decode_error(reply.body));
        };
        // Lumen says 409 while it loads a model. Nobody's request is wrong then: as a failure of
        // the provider's, it leads a group on to its next model.
        let status = match fault.reason.as_str() {
            "warming_up" => StatusCode::SERVICE_UNAVAILABLE,
            _ => reply.status,
        };
        let said =
            ProviderError { code: Some(fault.reason), ..ProviderError::plain(&fault.detail) };
        classify::failed(self, target, &FailedReply { status, ..*reply }, said)
    }
}
