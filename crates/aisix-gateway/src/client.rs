//! The one way out: pooled connections to upstreams.

mod connect;
mod pools;
mod reach;
#[cfg(test)]
mod tests;
mod tunnel;

use std::error::Error as StdError;
use std::sync::Arc;

use aisix_adapters::{Answered, Transport};
use aisix_core::error::with_causes;
use aisix_core::resource::UpstreamTls;
use aisix_core::{Error, ErrorCode};
use bytes::Bytes;
use http::header::PROXY_AUTHORIZATION;
use http::{Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::connect::HttpConnector;

use self::pools::Pools;
use crate::proxies::{Proxies, Proxy};
use crate::settings::UpstreamSettings;
use crate::trust::UpstreamTrust;

/// Sends prepared requests; each worker has one, with pools of its own.
#[derive(Debug, Clone)]
pub struct Client {
    pools: Pools,
    proxies: Proxies,
}

impl Client {
    /// A client without connections.
    #[must_use]
    pub fn new(settings: &UpstreamSettings, trust: Arc<UpstreamTrust>) -> Self {
        let pools = Pools::new(tcp(settings), settings, trust);
        Self { pools, proxies: settings.proxies.clone() }
    }

    /// Sends a request, trusting what the provider key says, and waits for the head of its answer.
    ///
    /// Dropping the future, or the answer's body before its end, closes the connection.
    ///
    /// # Errors
    /// [`ErrorCode::UpstreamTransport`] where the upstream, or a proxy on the way, cannot be
    /// reached or breaks off; [`ErrorCode::InvalidUpstreamConfiguration`] where the provider key's
    /// trust cannot be used.
    pub(crate) async fn call(
        &self,
        mut request: Request<Bytes>,
        tls: Option<&UpstreamTls>,
    ) -> Result<Response<Incoming>, Error> {
        let pool = self.pools.of(tls)?;
        let proxy = self.forwarding(request.uri());
        if let Some(authorization) = proxy.and_then(Proxy::authorization) {
            request.headers_mut().insert(PROXY_AUTHORIZATION, authorization.clone());
        }
        let answer =
            pool.request(request.map(Full::new)).await.map_err(|cause| transport(&cause))?;
        // No upstream says that: it is about the proxy's credentials, not the provider key's.
        if proxy.is_some() && answer.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return Err(transport(&tunnel::NoTunnel::Unauthorized));
        }
        Ok(answer)
    }

    /// The proxy that sees each request to an upstream, with its own credentials.
    pub(crate) fn forwarding(&self, upstream: &Uri) -> Option<&Proxy> {
        self.proxies.forwarding(upstream)
    }
}

/// Trusts as the deployment does: what a provider key says about trust holds for its own endpoint.
impl Transport for Client {
    fn send(&self, request: Request<Bytes>, limit: usize) -> Answered {
        let client = self.clone();
        Box::pin(async move {
            let (head, body) = client.call(request, None).await?.into_parts();
            match Limited::new(body, limit).collect().await {
                Ok(body) => Ok(Response::from_parts(head, body.to_bytes())),
                Err(cause) if cause.is::<LengthLimitError>() => {
                    let message =
                        format!("upstream response is too large: it exceeds {limit} bytes");
                    Err(Error::new(ErrorCode::UpstreamDecode, message))
                }
                Err(cause) => Err(transport(&*cause)),
            }
        })
    }
}

/// Plain connections.
fn tcp(settings: &UpstreamSettings) -> HttpConnector {
    let mut connector = HttpConnector::new();
    connector.enforce_http(false);
    connector.set_nodelay(true);
    // Divided among the addresses of a name, so that a dead one does not use all of it.
    connector.set_connect_timeout(settings.connect_timeout);
    connector.set_keepalive(settings.tcp_keepalive);
    connector.set_keepalive_interval(settings.tcp_keepalive_interval);
    connector.set_keepalive_retries(settings.tcp_keepalive_retries);
    connector
}

/// A transport failure, with its causes: none of them holds a credential, which travels in
/// headers only.
pub(crate) fn transport(cause: &(dyn StdError + 'static)) -> Error {
    let message = format!("upstream request failed: {}", with_causes(cause));
    Error::new(ErrorCode::UpstreamTransport, message)
}
