//! The one way out, as adapters see it.

use std::fmt;
use std::future::{Future, ready};
use std::pin::Pin;

use aisix_core::{Error, ErrorCode};
use bytes::Bytes;
use http::{Request, Response};

/// The whole answer to a request, once it is there.
pub type Answered = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Error>> + Send>>;

/// Sends what an adapter has to ask somebody before it can prepare a call, such as a token endpoint.
///
/// The gateway implements it with the client that it calls upstreams with: the same proxies, the
/// same connect timeout, the deployment's trust. What a provider key says about trust holds for its
/// own endpoint and for nobody else.
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// The future borrows nothing: others may wait for it after the caller has left. Dropping it
    /// gives the request up. There is no deadline but the one for connecting: whoever waits has one.
    ///
    /// # Errors
    /// [`ErrorCode::UpstreamTransport`] where nobody can be reached or the connection breaks;
    /// [`ErrorCode::UpstreamDecode`] where the body is longer than `limit` bytes.
    fn send(&self, request: Request<Bytes>, limit: usize) -> Answered;
}

/// Reaches nobody: what a call has that was given no other transport.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nowhere;

impl Transport for Nowhere {
    fn send(&self, _: Request<Bytes>, _: usize) -> Answered {
        let message = "upstream request failed: the call was given no transport";
        Box::pin(ready(Err(Error::new(ErrorCode::UpstreamTransport, message))))
    }
}
