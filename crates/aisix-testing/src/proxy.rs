//! A forward proxy for tests: it grants or refuses tunnels as its script says.
//!
//! An HTTP proxy that is asked for each request, instead of for a tunnel, is a
//! [`ScriptedUpstream`](crate::ScriptedUpstream): it records the absolute form as it came.

#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{AbortHandle, JoinSet};

use crate::wait;

/// What a proxy does with every head that it receives.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// Leads to this address, whatever was asked for.
    Tunnel(SocketAddr),
    /// Says these bytes and closes.
    Say(String),
    /// Says nothing, and keeps the connection open until the peer closes it.
    Hang,
}

/// A loopback proxy that records the heads it received. It runs on the runtime of the test, and
/// ends with this value.
#[derive(Debug)]
pub struct ScriptedProxy {
    address: SocketAddr,
    record: Arc<Mutex<Record>>,
    accepting: AbortHandle,
}

#[derive(Debug)]
struct Record {
    verdict: Verdict,
    heads: Vec<String>,
    open: usize,
}

impl ScriptedProxy {
    /// Starts to listen on a free loopback port. To be called within a runtime.
    ///
    /// # Panics
    ///
    /// When the system refuses a socket.
    #[must_use]
    pub fn start(verdict: Verdict) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a loopback port");
        listener.set_nonblocking(true).expect("a socket for an asynchronous runtime");
        let listener = TcpListener::from_std(listener).expect("a non-blocking listener");
        let address = listener.local_addr().expect("a bound socket has an address");
        let record = Arc::new(Mutex::new(Record { verdict, heads: Vec::new(), open: 0 }));
        let accepting = tokio::spawn(accept(listener, record.clone())).abort_handle();
        Self { address, record, accepting }
    }

    /// The address it listens on.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Does this with every later connection.
    pub fn set(&self, verdict: Verdict) {
        self.look(|record| record.verdict = verdict);
    }

    /// Every head so far, with its line ends.
    #[must_use]
    pub fn heads(&self) -> Vec<String> {
        self.look(|record| record.heads.clone())
    }

    /// Waits until it has received as many heads.
    ///
    /// # Panics
    ///
    /// When it does not within [`crate::wait::DEADLINE`].
    pub async fn asked(&self, times: usize) {
        wait::until("a head that the proxy receives", || self.heads().len() >= times).await;
    }

    /// Waits until every connection is closed.
    ///
    /// # Panics
    ///
    /// When one is still open after [`crate::wait::DEADLINE`].
    pub async fn wait_idle(&self) {
        let idle = || self.look(|record| record.open) == 0;
        wait::until("the last connection to the proxy to close", idle).await;
    }

    fn look<T>(&self, what: impl FnOnce(&mut Record) -> T) -> T {
        what(&mut self.record.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for ScriptedProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Its connections end with it.
async fn accept(listener: TcpListener, record: Arc<Mutex<Record>>) {
    let mut open = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        let record = record.clone();
        record.lock().unwrap_or_else(PoisonError::into_inner).open += 1;
        open.spawn(async move {
            serve(stream, &record).await;
            record.lock().unwrap_or_else(PoisonError::into_inner).open -= 1;
        });
    }
}

async fn serve(mut peer: TcpStream, record: &Mutex<Record>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match peer.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let verdict = {
        let mut record = record.lock().unwrap_or_else(PoisonError::into_inner);
        record.heads.push(String::from_utf8_lossy(&head).into_owned());
        record.verdict.clone()
    };
    // Either side may leave at any time, which ends both.
    let _ = match verdict {
        Verdict::Say(bytes) => peer.write_all(bytes.as_bytes()).await,
        Verdict::Hang => peer.read_to_end(&mut Vec::new()).await.map(drop),
        Verdict::Tunnel(address) => tunnel(&mut peer, address).await,
    };
}

async fn tunnel(peer: &mut TcpStream, address: SocketAddr) -> std::io::Result<()> {
    let mut upstream = TcpStream::connect(address).await?;
    peer.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await?;
    copy_bidirectional(peer, &mut upstream).await.map(drop)
}
