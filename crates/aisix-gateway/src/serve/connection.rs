//! Connections of callers.

use std::io;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::refusal::Refusing;
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
    let begin = |stream| connection(stream, gateway.clone(), closed.clone());
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => { connections.spawn(begin(stream)); }
                Err(cause) => pause(&cause).await,
            },
            Some(_) = connections.join_next() => {}
            _ = closing.wait_for(|closing| *closing) => break,
        }
    }
    // Whoever connected before the port closes is in the queue, and is served.
    while let Some(Ok((stream, _))) = queued(&listener).await {
        connections.spawn(begin(stream));
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

async fn queued(listener: &TcpListener) -> Option<io::Result<(TcpStream, std::net::SocketAddr)>> {
    std::future::poll_fn(|cx| match listener.poll_accept(cx) {
        std::task::Poll::Ready(accepted) => std::task::Poll::Ready(Some(accepted)),
        std::task::Poll::Pending => std::task::Poll::Ready(None),
    })
    .await
}

async fn pause(cause: &io::Error) {
    tracing::warn!(%cause, "a connection could not be accepted");
    tokio::time::sleep(REST).await;
}

async fn connection(stream: TcpStream, gateway: Gateway, mut closing: watch::Receiver<bool>) {
    // Chunks of a stream are small, and somebody is waiting for each.
    let _ = stream.set_nodelay(true);
    let read_timeout = gateway.shared().settings.read_timeout;
    let service = TowerToHyperService::new(gateway);
    let io = TokioIo::new(Refusing::new(stream));
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(read_timeout);
    let mut connection = std::pin::pin!(builder.serve_connection(io, service));
    let mut told = false;
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(cause) = ended {
                    tracing::debug!(%cause, "a connection ended early");
                }
                return;
            }
            _ = closing.wait_for(|closing| *closing), if !told => {
                told = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}
