//! How the quickstart calls its own gateway: over HTTP, like anybody else.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use anyhow::{Context as _, bail};
use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{Method, Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as Pool;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// Calls one listener with one credential.
#[derive(Debug)]
pub(super) struct Client {
    pool: Pool<HttpConnector, Full<Bytes>>,
    base: String,
    credential: String,
}

impl Client {
    pub(super) fn new(listener: SocketAddr, credential: &str) -> Self {
        Self {
            pool: Pool::builder(TokioExecutor::new()).build_http(),
            base: base_url(listener),
            credential: credential.to_owned(),
        }
    }

    /// Calls, and reads the answer.
    ///
    /// # Errors
    /// Where the answer is no success, with what it said.
    pub(super) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Value> {
        let answer = self.open(method.clone(), path, body).await?;
        let body = answer.into_body().collect().await.context(format!("{method} {path}"))?;
        let body = body.to_bytes();
        serde_json::from_slice(&body).with_context(|| format!("{method} {path} answered no JSON"))
    }

    /// Calls, and leaves the body of the answer to be read as it comes.
    ///
    /// # Errors
    /// Where the answer is no success, with what it said.
    pub(super) async fn open(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<Response<Incoming>> {
        let request = Request::builder()
            .method(&method)
            .uri(format!("{}{path}", self.base))
            .header(AUTHORIZATION, format!("Bearer {}", self.credential))
            .header(CONTENT_TYPE, "application/json")
            .body(Full::from(body.map(Value::to_string).unwrap_or_default()))?;
        let answer = self.pool.request(request).await.context(format!("{method} {path}"))?;
        let status = answer.status();
        if !status.is_success() {
            let said = answer.into_body().collect().await?.to_bytes();
            bail!("{method} {path} was answered with {status}: {}", String::from_utf8_lossy(&said));
        }
        Ok(answer)
    }
}

/// Where a program on this machine reaches a listener.
pub(super) fn base_url(listener: SocketAddr) -> String {
    let ip = match listener.ip() {
        ip if !ip.is_unspecified() => ip,
        IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
    };
    format!("http://{}", SocketAddr::new(ip, listener.port()))
}
