//! A deadline for making connections.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use tower::Service;

use crate::body::BodyError;

/// Makes connections with another connector, but not for longer than the deadline: the sum of name
/// resolution, connecting, a proxy's answer and the TLS handshake.
#[derive(Debug, Clone)]
pub(super) struct Punctual<C> {
    connector: C,
    deadline: Option<Duration>,
}

impl<C> Punctual<C> {
    pub(super) fn new(connector: C, deadline: Option<Duration>) -> Self {
        Self { connector, deadline }
    }
}

/// The deadline passed.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("no connection within {} ms", .0.as_millis())]
struct Late(Duration);

impl<C> Service<Uri> for Punctual<C>
where
    C: Service<Uri, Error = BodyError>,
    C::Future: Send + 'static,
{
    type Response = C::Response;
    type Error = BodyError;
    type Future = Pin<Box<dyn Future<Output = Result<C::Response, BodyError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        self.connector.poll_ready(cx)
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let connecting = self.connector.call(address);
        let Some(deadline) = self.deadline else {
            return Box::pin(connecting);
        };
        Box::pin(async move {
            tokio::time::timeout(deadline, connecting)
                .await
                .unwrap_or_else(|_| Err(Late(deadline).into()))
        })
    }
}
