//! A provider for tests: a loopback HTTP/1.1 server that says what its script says.
//!
//! The server runs on a thread and a runtime of its own, so it answers also while the test blocks,
//! and its time passes also where the test has paused its clock.
//!
//! ```
//! use aisix_testing::{Gate, Reply, Request, ScriptedUpstream};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let upstream = ScriptedUpstream::start();
//! let gate = Gate::new();
//! upstream.enqueue(Reply::open_sse().chunk("data: 1\n\n").wait_for(&gate).chunk("data: 2\n\n").end());
//!
//! let (head, mut connection) = Request::get("/stream").stream(upstream.address()).await;
//! assert_eq!(head.status, 200);
//! assert_eq!(connection.event().await.unwrap().unwrap().data(), "1");
//! gate.open();
//! assert_eq!(connection.event().await.unwrap().unwrap().data(), "2");
//! assert_eq!(upstream.next_request().await.path_and_query, "/stream");
//! # }
//! ```

mod exchange;
mod gate;
mod received;
mod record;
mod reply;
#[cfg(test)]
mod tests;

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::JoinHandle;

use tokio::net::TcpListener;
use tokio::sync::oneshot;

pub use gate::Gate;
pub use received::Received;
use record::Record;
pub use reply::{Reply, Step};

/// A loopback HTTP/1.1 server that answers with scripted bytes and records what it received.
///
/// A request is answered by the first of: the queue ([`enqueue`](Self::enqueue)), the responder
/// ([`respond_with`](Self::respond_with), [`always`](Self::always)). The script may change at any
/// time.
///
/// Dropping it closes every socket. It then panics if something happened that no test can want: a
/// request that nothing was scripted for, bytes that are not HTTP/1.1, or a responder that
/// panicked.
pub struct ScriptedUpstream {
    address: SocketAddr,
    record: Arc<Record>,
    stop: Option<oneshot::Sender<()>>,
    server: Option<JoinHandle<()>>,
}

impl ScriptedUpstream {
    /// Starts to listen on a free loopback port.
    ///
    /// # Panics
    ///
    /// When the system refuses a socket or a thread.
    #[must_use]
    pub fn start() -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port");
        listener.set_nonblocking(true).expect("a socket for an asynchronous runtime");
        let address = listener.local_addr().expect("a bound socket has an address");
        let record = Arc::new(Record::default());
        let (stop, stopped) = oneshot::channel();
        let server = {
            let record = Arc::clone(&record);
            std::thread::Builder::new()
                .name("scripted-upstream".into())
                .spawn(move || serve(listener, record, stopped))
                .expect("a thread")
        };
        Self { address, record, stop: Some(stop), server: Some(server) }
    }

    /// The address it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT`, without a trailing slash.
    #[must_use]
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Appends a reply for one request.
    pub fn enqueue(&self, reply: Reply) {
        self.record.change(|state| state.queue.push_back(reply));
    }

    /// Answers every request for which the queue holds nothing with `reply`.
    pub fn always(&self, reply: Reply) {
        self.respond_with(move |_| reply.clone());
    }

    /// Lets `responder` answer every request for which the queue holds nothing.
    pub fn respond_with(&self, responder: impl Fn(&Received) -> Reply + Send + Sync + 'static) {
        self.record.change(|state| state.responder = Some(Arc::new(responder)));
    }

    /// Every request so far, in the order in which they were completely received.
    #[must_use]
    pub fn requests(&self) -> Vec<Received> {
        self.record.look(|state| state.received.all().to_vec())
    }

    /// Waits for the next request that this method has not returned yet.
    ///
    /// # Panics
    ///
    /// When none comes within [`crate::wait::DEADLINE`].
    pub async fn next_request(&self) -> Received {
        self.record.take("a request to the upstream", |state| state.received.next()).await
    }

    /// Waits until a peer closes its connection before the reply was complete, and returns the
    /// request that it abandoned. Each abandoned request is returned once.
    ///
    /// # Panics
    ///
    /// When none does within [`crate::wait::DEADLINE`].
    pub async fn wait_disconnected(&self) -> Received {
        self.record
            .take("a peer that leaves before the reply is complete", |state| state.abandoned.next())
            .await
    }

    /// Waits until every connection is closed.
    ///
    /// # Panics
    ///
    /// When one is still open after [`crate::wait::DEADLINE`].
    pub async fn wait_idle(&self) {
        self.record
            .take("the last connection to the upstream to close", |state| {
                (state.open_connections == 0).then_some(())
            })
            .await;
    }

    /// How many connections were ever accepted.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.record.look(|state| state.connections)
    }

    /// How many connections are open now.
    #[must_use]
    pub fn open_connections(&self) -> usize {
        self.record.look(|state| state.open_connections)
    }
}

impl fmt::Debug for ScriptedUpstream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ScriptedUpstream").field("address", &self.address).finish()
    }
}

impl Drop for ScriptedUpstream {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.server.take().map(JoinHandle::join);
        if std::thread::panicking() {
            return;
        }
        assert!(matches!(ended, Some(Ok(()))), "the upstream's own thread panicked");
        let problems = self.record.look(|state| state.problems.join("; "));
        assert!(problems.is_empty(), "the upstream met what its script does not allow: {problems}");
    }
}

/// Accepts connections until `stopped` resolves; whatever is open then closes with the runtime.
fn serve(listener: std::net::TcpListener, record: Arc<Record>, stopped: oneshot::Receiver<()>) {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let accepting = async move {
        let listener = TcpListener::from_std(listener).expect("a non-blocking listener");
        loop {
            let (stream, _) = listener.accept().await.expect("a connection");
            let number = record.connected();
            let record = Arc::clone(&record);
            tokio::spawn(async move {
                exchange::serve_connection(stream, number, &record).await;
                record.disconnected();
            });
        }
    };
    runtime.block_on(async {
        tokio::select! {
            _ = stopped => {}
            () = accepting => {}
        }
    });
}
