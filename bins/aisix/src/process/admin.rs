//! The listener of administrators.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aisix_admin::AdminApi;
use aisix_auth::AdminKeys;
use aisix_core::Secret;
use aisix_gateway::Shared;
use aisix_store::{EmbeddedStore, Sealer};
use axum::serve::ListenerExt as _;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tracing::warn;

use super::listen::CannotListen;
use crate::config::Admin;

/// How long calls that are under way may take when the process ends.
const GRACE: Duration = Duration::from_secs(5);

/// The running listener.
#[derive(Debug)]
pub(super) struct AdminServer {
    address: SocketAddr,
    task: JoinHandle<io::Result<()>>,
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
        let listener = TcpListener::from_std(listener)?.tap_io(|stream| {
            // Without it an answer may wait for a packet that it does not need.
            let _ = stream.set_nodelay(true);
        });
        let keys = AdminKeys::new(keys.map(Secret::expose));
        let router = AdminApi::router(store, sealer, gateway, keys);
        let (end, ended) = oneshot::channel::<()>();
        let serving = axum::serve(listener, router).with_graceful_shutdown(async {
            let _ = ended.await;
        });
        Ok(Self { address, task: tokio::spawn(serving.into_future()), end })
    }

    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops listening and lets calls under way finish.
    pub(super) async fn close(mut self) {
        drop(self.end);
        if tokio::time::timeout(GRACE, &mut self.task).await.is_err() {
            warn!("an administrator's call was cut off");
            self.task.abort();
        }
    }
}
