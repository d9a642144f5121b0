//! Connections of callers.

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::certificate::Certificate;
use super::patience::Patience;
use super::progress::RequestBody;
use super::refusal::Refusing;
use super::talk::talk;
use crate::client_ip::Peer;
use crate::gateway::Gateway;

/// Silence after which the kernel asks whether a caller is still there.
const PROBED_AFTER: Duration = Duration::from_secs(60);
/// How long accepting rests when the process is out of descriptors or memory.
const REST: Duration = Duration::from_millis(50);

/// Accepts and serves connections until told to close, then waits for the last of them.
pub(super) async fn serve(
    listener: TcpListener,
    certificate: Option<Arc<Certificate>>,
    gateway: Gateway,
    closing: &mut watch::Receiver<bool>,
) {
    let mut connections = JoinSet::new();
    let closed = closing.clone();
    let begin = |stream, peer| {
        let certificate = certificate.clone();
        connection(stream, Peer(peer), certificate, gateway.clone(), closed.clone())
    };
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

fn prepare(stream: &TcpStream) {
    // A caller that vanished without a word is noticed.
    let probes = TcpKeepalive::new().with_time(PROBED_AFTER);
    let _ = SockRef::from(stream).set_tcp_keepalive(&probes);
    // Chunks of a stream are small, and somebody is waiting for each.
    let _ = stream.set_nodelay(true);
}

async fn connection(
    stream: TcpStream,
    peer: Peer,
    certificate: Option<Arc<Certificate>>,
    gateway: Gateway,
    closing: watch::Receiver<bool>,
) {
    prepare(&stream);
    let settings = &gateway.shared().settings;
    let patience = Patience { head: settings.read_timeout, idle: settings.idle_timeout };
    let answer = move |mut request: Request<RequestBody>| {
        request.extensions_mut().insert(peer);
        gateway.clone().handle(request)
    };
    match certificate {
        None => talk(Refusing::new(stream), patience, answer, closing).await,
        Some(certificate) => {
            if let Some(stream) = certificate.accept(stream).await {
                talk(Refusing::new(stream), patience, answer, closing).await;
            }
        }
    }
}
