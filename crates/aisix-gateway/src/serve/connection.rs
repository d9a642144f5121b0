//! Connections of callers.

use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::patience::Patient;
use super::progress::Progress;
use super::refusal::Refusing;
use crate::body::AnswerBody;
use crate::client_ip::Peer;
use crate::gateway::Gateway;

/// How long accepting rests when the process is out of descriptors or memory.
const REST: Duration = Duration::from_millis(50);

/// Accepts and serves connections until told to close, then waits for the last of them.
pub(super) async fn serve(
    listener: TcpListener,
    gateway: Gateway,
    closing: &mut watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    let closed = closing.clone();
    let begin = |stream, peer| connection(stream, Peer(peer), gateway.clone(), closed.clone());
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => { connections.spawn(begin(stream, peer)); }
                Err(cause) => pause(&cause).await,
            },
            Some(_) = connections.join_next() => {}
            _ = closing.wait_for(|closing| *closing) => break,
        }
    }
    // Whoever connected before the port closes is in the queue, and is served.
    for (stream, peer) in queued(listener) {
        connections.spawn(begin(stream, peer));
    }
    while connections.join_next().await.is_some() {}
}

/// Takes what is in the queue, and closes the port.
///
/// The queue is asked itself: the runtime may not have heard yet of who came last.
fn queued(listener: TcpListener) -> Vec<(TcpStream, SocketAddr)> {
    let Ok(listener) = listener.into_std() else {
        return Vec::new();
    };
    let taken = std::iter::from_fn(|| listener.accept().ok());
    let usable = taken.filter_map(|(stream, peer)| {
        stream.set_nonblocking(true).ok()?;
        Some((TcpStream::from_std(stream).ok()?, peer))
    });
    usable.collect()
}

async fn pause(cause: &io::Error) {
    tracing::warn!(%cause, "a connection could not be accepted");
    tokio::time::sleep(REST).await;
}

async fn connection(
    stream: TcpStream,
    peer: Peer,
    gateway: Gateway,
    mut closing: watch::Receiver<bool>,
) {
    // Chunks of a stream are small, and somebody is waiting for each.
    let _ = stream.set_nodelay(true);
    let progress = Progress::default();
    let patience = gateway.shared().settings.read_timeout;
    let socket = Patient::new(Refusing::new(stream), progress.clone(), patience);
    let requests = Requests { gateway, peer, progress: progress.clone() };
    let mut builder = http1::Builder::new();
    // The socket sees to it: hyper would also close connections that rest between requests.
    builder.header_read_timeout(None);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(socket), requests));
    let mut ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        _ = closing.wait_for(|closing| *closing) => None,
    };
    if ended.is_none() {
        ended = last_request(connection.as_mut(), &progress).await;
    }
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(cause) = ended {
        tracing::debug!(%cause, "a connection ended early");
    }
}

type Connection = http1::Connection<TokioIo<Patient>, Requests>;

/// How long a connection may take to bring its request when there is to be no other.
const LAST_CALL: Duration = Duration::from_secs(1);

/// Serves on until the request is there that the connection was made for, or that has begun to
/// arrive: told to shut down before, the connection would be closed without an answer.
async fn last_request(
    mut connection: Pin<&mut Connection>,
    progress: &Progress,
) -> Option<hyper::Result<()>> {
    let coming = poll_fn(|cx| match connection.as_mut().poll(cx) {
        Poll::Ready(ended) => Poll::Ready(Some(ended)),
        Poll::Pending if progress.head_is_due() => Poll::Pending,
        Poll::Pending => Poll::Ready(None),
    });
    timeout(LAST_CALL, coming).await.unwrap_or(None)
}

/// The requests of one connection.
struct Requests {
    gateway: Gateway,
    peer: Peer,
    progress: Progress,
}

impl Service<Request<Incoming>> for Requests {
    type Response = Response<AnswerBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<AnswerBody>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (mut head, body) = request.into_parts();
        head.extensions.insert(self.peer);
        let (body, answering) = self.progress.begin(body);
        let gateway = self.gateway.clone();
        Box::pin(async move {
            let response = gateway.handle(Request::from_parts(head, body)).await;
            Ok(response.map(|body| body.during(answering)))
        })
    }
}
