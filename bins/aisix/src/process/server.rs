//! A listener on the control thread: that of administrators, and that of monitoring.

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aisix_gateway::serve::{Certificate, Patience, talk};
use axum::Router;
use axum::body::Body;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{oneshot, watch};
use tokio::task::{JoinHandle, JoinSet};
use tower::ServiceExt as _;
use tracing::warn;

use super::listen::CannotListen;

/// How long calls that are under way may take when the process ends.
const GRACE: Duration = Duration::from_secs(5);

/// How long the head of a request may take to arrive.
const HEAD: Duration = Duration::from_secs(30);

/// The wait after the system had no connection to give: it is out of something, such as files.
const BREATH: Duration = Duration::from_millis(100);

/// The running listener.
#[derive(Debug)]
pub(super) struct Server {
    address: SocketAddr,
    task: JoinHandle<()>,
    end: oneshot::Sender<()>,
}

/// Binds the address, unless the listener is off.
///
/// # Errors
/// Where the address cannot be listened on.
pub(super) fn bind(
    enabled: bool,
    address: SocketAddr,
    knob: &'static str,
) -> Result<Option<std::net::TcpListener>, CannotListen> {
    if !enabled {
        return Ok(None);
    }
    std::net::TcpListener::bind(address)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| Some(listener)))
        .map_err(CannotListen::on(address, knob))
}

impl Server {
    /// Serves on the control thread.
    ///
    /// # Errors
    /// Where the runtime does not take the socket.
    pub(super) fn start(
        listener: std::net::TcpListener,
        certificate: Option<Arc<Certificate>>,
        router: Router,
        idle: Option<Duration>,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let listener = TcpListener::from_std(listener)?;
        let patience = Patience { head: Some(HEAD), idle };
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn(serve(listener, certificate, router, patience, ended));
        Ok(Self { address, task, end })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening and lets calls under way finish.
    pub(super) async fn close(self) {
        drop(self.end);
        // Fails where it panicked, which the log says already.
        let _ = self.task.await;
    }
}

async fn serve(
    listener: TcpListener,
    certificate: Option<Arc<Certificate>>,
    router: Router,
    patience: Patience,
    mut ended: oneshot::Receiver<()>,
) {
    let closing = watch::Sender::new(false);
    let mut open = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = open.join_next() => continue,
            _ = &mut ended => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let certificate = certificate.clone();
                let closing = closing.subscribe();
                open.spawn(connection(stream, certificate, router.clone(), patience, closing));
            }
            Err(cause) => {
                warn!(%cause, "a listener has no connection");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    drop(listener);
    closing.send_replace(true);
    let all = async { while open.join_next().await.is_some() {} };
    if tokio::time::timeout(GRACE, all).await.is_err() {
        warn!("a call of an administrator or of monitoring was cut off");
    }
}

async fn connection(
    stream: TcpStream,
    certificate: Option<Arc<Certificate>>,
    router: Router,
    patience: Patience,
    closing: watch::Receiver<bool>,
) {
    // Without it an answer may wait for a packet that it does not need.
    let _ = stream.set_nodelay(true);
    let answer = move |request: http::Request<_>| {
        let answer = router.clone().oneshot(request.map(Body::new));
        async move {
            match answer.await {
                Ok(response) => response,
                Err(impossible) => match impossible {},
            }
        }
    };
    match certificate {
        None => talk(stream, patience, answer, closing).await,
        Some(certificate) => {
            if let Some(stream) = certificate.accept(stream).await {
                talk(stream, patience, answer, closing).await;
            }
        }
    }
}
