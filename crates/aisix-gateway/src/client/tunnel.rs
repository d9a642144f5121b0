//! A way through a proxy: HTTP `CONNECT` (RFC 9110, section 9.3.6).

#[cfg(test)]
mod tests;

use std::io;

use http::{HeaderValue, Uri};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// The longest head that a proxy may answer with, in bytes.
const LONGEST_HEAD: usize = 16 << 10;

/// Why there is no tunnel. Nothing that the proxy said but its status is repeated: it may have
/// said what it was sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum NoTunnel {
    #[error("the proxy asks for credentials, or for others (407): give them in the proxy's URL")]
    Unauthorized,
    #[error("the proxy refused to connect to the upstream ({0})")]
    Refused(u16),
    #[error("the proxy's answer is not HTTP")]
    Malformed,
    #[error("the proxy closed the connection before it answered")]
    Closed,
    #[error("the connection to the proxy broke: {0}")]
    Broken(#[from] io::Error),
}

/// Asks the proxy at the other end for a tunnel to the upstream's host and port.
pub(super) async fn open(
    proxy: &mut (impl AsyncRead + AsyncWrite + Unpin),
    upstream: &Uri,
    authorization: Option<&HeaderValue>,
) -> Result<(), NoTunnel> {
    let host = upstream.host().unwrap_or_default();
    let port = upstream.port_u16().unwrap_or(443);
    let mut head =
        format!("CONNECT {host}:{port} HTTP/1.1\r\nhost: {host}:{port}\r\n").into_bytes();
    if let Some(authorization) = authorization {
        head.extend_from_slice(b"proxy-authorization: ");
        head.extend_from_slice(authorization.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    proxy.write_all(&head).await?;
    proxy.flush().await?;
    match status(proxy).await? {
        200..300 => Ok(()),
        407 => Err(NoTunnel::Unauthorized),
        other => Err(NoTunnel::Refused(other)),
    }
}

/// Reads a head, and nothing after it: the upstream says nothing before it is spoken to.
async fn status(proxy: &mut (impl AsyncRead + Unpin)) -> Result<u16, NoTunnel> {
    let mut head = Vec::with_capacity(256);
    loop {
        let before = head.len();
        if proxy.read_buf(&mut head).await? == 0 {
            return Err(NoTunnel::Closed);
        }
        let from = before.saturating_sub(3);
        if let Some(at) = head[from..].windows(4).position(|end| end == b"\r\n\r\n") {
            let status = code(&head).ok_or(NoTunnel::Malformed)?;
            let early = head.len() > from + at + 4;
            // Whoever speaks first is not the upstream.
            let tunnel = (200..300).contains(&status);
            return if early && tunnel { Err(NoTunnel::Malformed) } else { Ok(status) };
        }
        if head.len() > LONGEST_HEAD || !b"HTTP/1.".starts_with(&head[..head.len().min(7)]) {
            return Err(NoTunnel::Malformed);
        }
    }
}

/// The status in `HTTP/1.1 200 OK`.
fn code(head: &[u8]) -> Option<u16> {
    let [minor, b' ', code @ ..] = head.strip_prefix(b"HTTP/1.")? else {
        return None;
    };
    let (code, rest) = code.split_at_checked(3)?;
    let ends = rest.first().is_some_and(|byte| matches!(byte, b' ' | b'\r'));
    let number: u16 = std::str::from_utf8(code).ok()?.parse().ok()?;
    (minor.is_ascii_digit() && ends && number >= 100).then_some(number)
}
