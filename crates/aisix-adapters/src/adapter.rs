//! What every protocol family can do.

use std::sync::Arc;

use aisix_core::snapshot::Stored;
use aisix_core::{Caller, Error, Operation, ProviderKey, Secret};
use aisix_dialects::embed::EmbedFormat;
use aisix_dialects::eventstream::EventStreamDecoder;
use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{Dialect, FrameDecoder, ProviderError};
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};

use crate::transport::{Nowhere, Transport};

/// A protocol family.
#[async_trait]
pub trait Adapter: Send + Sync + 'static {
    /// The name by which provider keys choose it.
    fn name(&self) -> &'static str;

    /// The wire format that this operation is spoken in with this target.
    ///
    /// # Errors
    /// `Unsupported` where the family has no such operation: known before any call.
    fn dialect(
        &self,
        target: &Target,
        operation: Operation,
        stream: bool,
    ) -> Result<&'static dyn Dialect, Error>;

    /// How the family embeds, where it does not as OpenAI does. Asked for only where it has the
    /// operation.
    ///
    /// # Errors
    /// A gateway error where the target is no model that embeds: known before any call.
    fn embedding(&self, target: &Target) -> Result<Option<&'static dyn EmbedFormat>, Error> {
        let _ = target;
        Ok(None)
    }

    /// How many tokens a request took, where the family says it in the headers of the answer.
    fn input_tokens(&self, headers: &HeaderMap) -> Option<u64> {
        let _ = headers;
        None
    }

    /// How the frames of a streamed answer are separated: as server-sent events, unless the family
    /// says otherwise.
    fn framing(&self, target: &Target, operation: Operation) -> Framing {
        let _ = (target, operation);
        Framing::Sse
    }

    /// The request to send: address, authentication and the family's headers around the body.
    /// [`Call::prepared_by`] calls this, and sees to the quirks of the provider key.
    ///
    /// # Errors
    /// A gateway error where the provider key cannot work: no base, no usable secret.
    async fn prepare(&self, call: Call<'_>) -> Result<http::Request<Bytes>, Error>;

    /// A whole answer as the format of the operation has it, where the family wraps it in words of its
    /// own.
    ///
    /// # Errors
    /// `Malformed` where it is not what the family answers.
    fn unwrapped(&self, operation: Operation, body: Bytes) -> Result<Bytes, Error> {
        let _ = operation;
        Ok(body)
    }

    /// The upstream answered 401 to a request that carried this credential, which is not the key's
    /// secret but was made of it. A family that keeps what it made throws it away; the request is
    /// not sent again.
    fn refused(&self, target: &Target, credential: &Secret) {
        let _ = (target, credential);
    }

    /// What callers may read of an error that an upstream reports, in whatever way: all of it, unless
    /// the family's providers write of accounts that are the operator's. The log has all of it either
    /// way.
    fn retell(&self, target: &Target, said: ProviderError) -> ProviderError {
        let _ = target;
        said
    }

    /// What an answer that is not a success means.
    fn classify(&self, target: &Target, reply: &FailedReply<'_>) -> Error;
}

/// One concrete upstream model.
#[derive(Debug, Clone)]
pub struct Target {
    /// The id of the model resource: what health and usage are kept by.
    pub model_id: aisix_core::Id,
    /// The name of the model resource.
    pub display_name: Arc<str>,
    /// The upstream's name for the model.
    pub upstream_model: Arc<str>,
    /// The provider key.
    pub provider_key: Arc<Stored<ProviderKey>>,
}

/// One call to prepare.
#[derive(Debug)]
#[non_exhaustive]
pub struct Call<'a> {
    /// Whom to call.
    pub target: &'a Target,
    /// What for.
    pub operation: Operation,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// The body, in the dialect that the adapter named.
    pub body: Bytes,
    /// The id of the caller's request, passed on for tracing.
    pub request_id: &'a str,
    /// How to ask somebody else before the call is prepared, such as a token endpoint.
    pub transport: &'a dyn Transport,
    /// Who asks; `None` where nobody did.
    pub caller: Option<&'a Caller>,
    /// The headers of the caller's request: a provider key may want some of them passed on.
    pub client_headers: Option<&'a HeaderMap>,
    /// What the provider key adds to the headers that the adapter sets; each name once.
    ///
    /// [`Call::prepared_by`] finds these out before it calls the adapter, and adds them to what the
    /// adapter prepared. Only an adapter that signs headers has to look at them.
    pub added_headers: HeaderMap,
}

impl<'a> Call<'a> {
    /// A call of an operation, not streamed, without a request id and a transport.
    #[must_use]
    pub fn new(target: &'a Target, operation: Operation, body: Bytes) -> Self {
        Self {
            target,
            operation,
            stream: false,
            body,
            request_id: "",
            transport: &Nowhere,
            caller: None,
            client_headers: None,
            added_headers: HeaderMap::new(),
        }
    }

    /// Asks for a streamed answer.
    #[must_use]
    pub fn stream(mut self, stream: bool) -> Self {
        self.stream = stream;
        self
    }

    /// Gives the call a way to ask others.
    #[must_use]
    pub fn transport(mut self, transport: &'a dyn Transport) -> Self {
        self.transport = transport;
        self
    }

    /// Says which request of a caller's this call serves.
    #[must_use]
    pub fn request_id(mut self, id: &'a str) -> Self {
        self.request_id = id;
        self
    }

    /// Says who asks, and with which headers.
    #[must_use]
    pub fn of_caller(mut self, caller: &'a Caller, headers: &'a HeaderMap) -> Self {
        self.caller = Some(caller);
        self.client_headers = Some(headers);
        self
    }
}

/// An answer that is not a success.
#[derive(Debug)]
pub struct FailedReply<'a> {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: &'a HeaderMap,
    /// The beginning of its body.
    pub body: &'a [u8],
}

/// How the frames of a stream are separated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Framing {
    /// Server-sent events.
    Sse,
    /// Amazon's event stream.
    EventStream,
}

impl Framing {
    /// Begins to find frames.
    #[must_use]
    pub fn decoder(self) -> Box<dyn FrameDecoder> {
        match self {
            Self::Sse => Box::new(SseDecoder::default()),
            Self::EventStream => Box::new(EventStreamDecoder::default()),
        }
    }
}
