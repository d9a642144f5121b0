//! The threads that serve.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::sync::watch;

use crate::client::Client;
use crate::gateway::Gateway;
use crate::published::Shared;
use crate::serve::connection;
use crate::serve::listener::Listener;
use crate::trust::UpstreamTrust;

/// The running workers of a listener.
#[derive(Debug)]
pub struct Workers {
    threads: Vec<JoinHandle<()>>,
    closing: watch::Sender<bool>,
}

/// Serves on every socket of the listener, each on a thread of its own.
///
/// # Errors
/// Where a thread or its runtime cannot be made.
pub fn start(
    listener: Listener,
    shared: &Arc<Shared>,
    trust: &Arc<UpstreamTrust>,
) -> io::Result<Workers> {
    let closing = watch::Sender::new(false);
    let mut threads = Vec::with_capacity(listener.sockets.len());
    let certificate = listener.certificate;
    for (number, socket) in listener.sockets.into_iter().enumerate() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (shared, trust, certificate) = (shared.clone(), trust.clone(), certificate.clone());
        let mut closed = closing.subscribe();
        let name = format!("proxy-{number}");
        threads.push(std::thread::Builder::new().name(name).spawn(move || {
            let client = Client::new(&shared.settings.upstream, trust);
            let gateway = Gateway::new(shared, client);
            runtime.block_on(async move {
                match tokio::net::TcpListener::from_std(socket) {
                    Ok(socket) => {
                        connection::serve(socket, certificate, gateway, &mut closed).await;
                    }
                    Err(cause) => tracing::error!(%cause, "a worker cannot use its socket"),
                }
            });
        })?);
    }
    Ok(Workers { threads, closing })
}

impl Workers {
    /// Stops accepting, but for what is queued already; waits for every connection to finish what
    /// it is doing.
    pub async fn close(self) {
        self.closing.send_replace(true);
        let threads = self.threads;
        let (done, joined) = tokio::sync::oneshot::channel();
        // Joining blocks, so it has a thread of its own; it ends with the last worker.
        let joiner = std::thread::spawn(move || {
            for thread in threads {
                if thread.join().is_err() {
                    tracing::error!("a worker panicked");
                }
            }
            let _ = done.send(());
        });
        let _ = joined.await;
        let _ = joiner.join();
    }
}
