//! The listener of administrators.

#[cfg(test)]
mod tests;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aisix_admin::AdminApi;
use aisix_auth::AdminKeys;
use aisix_core::Secret;
use aisix_gateway::Shared;
use aisix_store::{EmbeddedStore, Sealer};
use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tracing::{debug, warn};

use super::listen::CannotListen;
use crate::config::Admin;

/// How long calls that are under way may take when the process ends.
const GRACE: Duration = Duration::from_secs(5);

/// How long the head of a request may take to arrive.
const HEAD: Duration = Duration::from_secs(30);

/// The wait after the system had no connection to give: it is out of something, such as files.
const BREATH: Duration = Duration::from_millis(100);

/// The running listener.
#[derive(Debug)]
pub(super) struct AdminServer {
    address: SocketAddr,
    task: JoinHandle<()>,
    end: oneshot::Sender<()>,
}

/// Binds the address, unless the listener is off.
///
/// # Errors
/// Where the address cannot be listened on.
pub(super) fn bind(
    admin: &Admin,
    knob: &'static str,
) -> Result<Option<std::net::TcpListener>, CannotListen> {
    if !admin.enabled {
        return Ok(None);
    }
    std::net::TcpListener::bind(admin.addr)
        .and_then(|listener| listener.set_nonblocking(true).map(|()| Some(listener)))
        .map_err(CannotListen::on(admin.addr, knob))
}

impl AdminServer {
    /// Serves on the control thread.
    ///
    /// # Errors
    /// Where the runtime does not take the socket.
    pub(super) fn start<'a>(
        listener: std::net::TcpListener,
        store: Arc<EmbeddedStore>,
        sealer: Arc<Sealer>,
        gateway: Arc<Shared>,
        keys: impl Iterator<Item = &'a Secret>,
    ) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let listener = TcpListener::from_std(listener)?;
        let keys = AdminKeys::new(keys.map(Secret::expose));
        let router = AdminApi::router(store, sealer, gateway, keys);
        let (end, ended) = oneshot::channel();
        Ok(Self { address, task: tokio::spawn(serve(listener, router, ended)), end })
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

async fn serve(listener: TcpListener, router: Router, mut ended: oneshot::Receiver<()>) {
    let open = GracefulShutdown::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut ended => break,
        };
        match accepted {
            Ok((stream, _)) => talk(stream, router.clone(), &open),
            Err(cause) => {
                warn!(%cause, "the admin listener has no connection");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(GRACE, open.shutdown()).await.is_err() {
        warn!("an administrator's call was cut off");
    }
}

fn talk(stream: TcpStream, router: Router, open: &GracefulShutdown) {
    // Without it an answer may wait for a packet that it does not need.
    let _ = stream.set_nodelay(true);
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router));
    let connection = open.watch(connection);
    tokio::spawn(async move {
        if let Err(cause) = connection.await {
            debug!(%cause, "an administrator's connection broke off");
        }
    });
}
