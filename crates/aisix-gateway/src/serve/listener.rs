//! Sockets that share a port.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use socket2::{Domain, Protocol, Socket, Type};

use super::certificate::Certificate;

/// Connections that may wait to be accepted, per socket.
const BACKLOG: i32 = 1024;

/// One socket for each worker, all on one port; the kernel spreads connections over them.
#[derive(Debug)]
pub struct Listener {
    pub(super) sockets: Vec<std::net::TcpListener>,
    address: SocketAddr,
    pub(super) certificate: Option<Arc<Certificate>>,
}

impl Listener {
    /// Binds the address, once for each worker.
    ///
    /// # Errors
    /// Where the address is taken or not this host's: sharing a port would hide that another
    /// process has it, so an ordinary bind is tried first.
    pub fn bind(address: SocketAddr, workers: usize) -> io::Result<Self> {
        let probe = socket(address, false)?;
        let address = probe.local_addr()?;
        drop(probe);
        let sockets =
            (0..workers.max(1)).map(|_| socket(address, true)).collect::<Result<_, _>>()?;
        Ok(Self { sockets, address, certificate: None })
    }

    /// Speaks TLS with this certificate if there is one, and then nothing else.
    #[must_use]
    pub fn with_certificate(self, certificate: Option<Arc<Certificate>>) -> Self {
        Self { certificate, ..self }
    }

    /// The address, with the port that the system chose where it was asked to.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }
}

fn socket(address: SocketAddr, shared: bool) -> io::Result<std::net::TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    // A restarted gateway may bind while connections of the last one linger.
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(shared)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}
