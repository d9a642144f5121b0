//! Why an address cannot be listened on, and what to do.

use std::fmt;
use std::io;
use std::net::SocketAddr;

/// One line that names the address, the reason, and where to choose another.
#[derive(Debug)]
pub(crate) struct CannotListen {
    address: SocketAddr,
    /// The flag or the key.
    knob: &'static str,
    source: io::Error,
}

impl CannotListen {
    /// Adds to an error what it is about.
    pub(crate) fn on(address: SocketAddr, knob: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self { address, knob, source }
    }
}

impl fmt::Display for CannotListen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, knob, source } = self;
        write!(f, "cannot listen on {address}: ")?;
        match source.kind() {
            io::ErrorKind::AddrInUse => {
                write!(f, "another program does; stop it, or choose another address with {knob}")
            }
            io::ErrorKind::AddrNotAvailable => {
                write!(f, "this machine does not have that address; choose another with {knob}")
            }
            io::ErrorKind::PermissionDenied => {
                write!(f, "not permitted; choose a port from 1024 on with {knob}")
            }
            _ => write!(f, "{source} ({knob})"),
        }
    }
}

impl std::error::Error for CannotListen {}
