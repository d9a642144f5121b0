//! How an upstream is reached: directly or through a proxy, in clear or with TLS.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::Uri;
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tower::Service;

use super::tunnel;
use crate::body::BodyError;
use crate::proxies::{Proxies, Proxy};
use crate::trust::Trust;

/// Makes connections to upstreams under one trust, which is asked for each of them: its files may
/// have changed.
#[derive(Debug, Clone)]
pub(super) struct Reach {
    way: Way,
}

/// Makes what TLS is spoken over.
#[derive(Debug, Clone)]
struct Way {
    tcp: HttpConnector,
    proxies: Proxies,
    trust: Arc<Trust>,
}

/// A connection to an upstream, or to the proxy that stands for it.
#[derive(Debug)]
pub(super) struct Leg {
    stream: MaybeHttpsStream<TokioIo<TcpStream>>,
    /// Whether each request is for the proxy, which passes it on.
    forwards: bool,
}

type Connecting<T> = Pin<Box<dyn Future<Output = Result<T, BodyError>> + Send>>;

impl Reach {
    pub(super) fn new(tcp: HttpConnector, proxies: Proxies, trust: Arc<Trust>) -> Self {
        Self { way: Way { tcp, proxies, trust } }
    }
}

impl Service<Uri> for Reach {
    type Response = MaybeHttpsStream<Leg>;
    type Error = BodyError;
    type Future = Connecting<MaybeHttpsStream<Leg>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        self.way.poll_ready(cx)
    }

    fn call(&mut self, upstream: Uri) -> Self::Future {
        match self.way.trust.config() {
            Ok(config) => HttpsConnector::from((self.way.clone(), config)).call(upstream),
            Err(problem) => Box::pin(async move { Err(problem.into()) }),
        }
    }
}

impl Service<Uri> for Way {
    type Response = Leg;
    type Error = BodyError;
    type Future = Connecting<Leg>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BodyError>> {
        self.tcp.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, upstream: Uri) -> Self::Future {
        match self.proxies.towards(&upstream).cloned() {
            Some(proxy) => Box::pin(self.clone().through(proxy, upstream)),
            None => {
                let connecting = self.tcp.call(upstream);
                Box::pin(async move { Ok(Leg::direct(connecting.await?)) })
            }
        }
    }
}

impl Way {
    async fn through(self, proxy: Proxy, upstream: Uri) -> Result<Leg, BodyError> {
        let forwards = self.proxies.forwarding(&upstream).is_some();
        let mut connector = HttpsConnector::from((self.tcp, self.trust.of_proxies()));
        let stream = connector.call(proxy.address.clone()).await.map_err(Unreached)?;
        let mut stream = TokioIo::new(stream);
        if !forwards {
            tunnel::open(&mut stream, &upstream, proxy.authorization()).await?;
        }
        Ok(Leg { stream: stream.into_inner(), forwards })
    }
}

/// The proxy is to blame, not the upstream.
#[derive(Debug, thiserror::Error)]
#[error("the proxy cannot be reached")]
struct Unreached(#[source] BodyError);

impl Leg {
    fn direct(stream: TokioIo<TcpStream>) -> Self {
        Self { stream: MaybeHttpsStream::Http(stream), forwards: false }
    }

    fn stream(self: Pin<&mut Self>) -> Pin<&mut MaybeHttpsStream<TokioIo<TcpStream>>> {
        Pin::new(&mut self.get_mut().stream)
    }
}

impl Connection for Leg {
    fn connected(&self) -> Connected {
        self.stream.connected().proxy(self.forwards)
    }
}

impl Read for Leg {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        into: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        self.stream().poll_read(cx, into)
    }
}

impl Write for Leg {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stream().poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.stream().poll_write_vectored(cx, pieces)
    }
}
