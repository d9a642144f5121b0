//! The one way out, as adapters see it.

use std::fmt;

use aisix_core::{Error, ErrorCode};
use async_trait::async_trait;
use bytes::Bytes;
use http::{Request, Response};

/// Sends what an adapter has to ask somebody before it can prepare a call, such as a token endpoint.
///
/// The gateway implements it with the client that it calls upstreams with: the same proxies, the
/// same connect timeout, the deployment's trust. What a provider key says about trust holds for its
/// own endpoint and for nobody else.
#[async_trait]
pub trait Transport: fmt::Debug + Send + Sync {
    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// Dropping the future gives the request up. There is no deadline but the one for connecting:
    /// whoever calls has one.
    ///
    /// # Errors
    /// [`ErrorCode::UpstreamTransport`] where nobody can be reached or the connection breaks;
    /// [`ErrorCode::UpstreamDecode`] where the body is longer than `limit` bytes.
    async fn send(&self, request: Request<Bytes>, limit: usize) -> Result<Response<Bytes>, Error>;
}

/// Reaches nobody: what a call has that was given no other transport.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Nowhere;

#[async_trait]
impl Transport for Nowhere {
    async fn send(&self, _: Request<Bytes>, _: usize) -> Result<Response<Bytes>, Error> {
        let message = "upstream request failed: the call was given no transport";
        Err(Error::new(ErrorCode::UpstreamTransport, message))
    }
}
