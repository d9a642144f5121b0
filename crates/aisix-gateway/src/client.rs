//! The one way out: pooled connections to upstreams.

mod connect;
#[cfg(test)]
mod tests;

use std::error::Error as StdError;
use std::sync::Arc;

use aisix_core::error::with_causes;
use aisix_core::{Error, ErrorCode};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client as Pool, connect::dns::GaiResolver};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use self::connect::Punctual;
use crate::settings::UpstreamSettings;

/// How connections are made: name resolution and TLS are within the deadline.
type Connector = Punctual<HttpsConnector<HttpConnector<GaiResolver>>>;

/// Sends prepared requests; each worker has one, with a pool of its own.
#[derive(Debug, Clone)]
pub struct Client {
    pool: Pool<Connector, Full<Bytes>>,
}

impl Client {
    /// A client with an empty pool.
    #[must_use]
    pub fn new(settings: &UpstreamSettings, tls: Arc<rustls::ClientConfig>) -> Self {
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config((*tls).clone())
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp(settings));
        let connector = Punctual::new(connector, settings.connect_timeout);
        let pool = Pool::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(settings.pool_idle_timeout)
            .pool_max_idle_per_host(settings.pool_max_idle_per_host.unwrap_or(usize::MAX))
            .build(connector);
        Self { pool }
    }

    /// Sends a request and waits for the head of its answer.
    ///
    /// Dropping the future, or the answer's body before its end, closes the connection.
    ///
    /// # Errors
    /// [`ErrorCode::UpstreamTransport`] where the upstream cannot be reached or breaks off.
    pub(crate) async fn call(&self, request: Request<Bytes>) -> Result<Response<Incoming>, Error> {
        self.pool.request(request.map(Full::new)).await.map_err(|cause| transport(&cause))
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

/// The trust that upstreams are met with: the platform's roots.
///
/// # Errors
/// Where this build's TLS library does not support its own defaults.
pub fn platform_trust() -> Result<Arc<rustls::ClientConfig>, rustls::Error> {
    let found = rustls_native_certs::load_native_certs();
    for problem in &found.errors {
        tracing::warn!(%problem, "a certificate of the platform's trust store cannot be read");
    }
    let mut roots = rustls::RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
