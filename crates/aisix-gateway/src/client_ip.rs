//! Where a request comes from, with proxies in between.

#[cfg(test)]
mod tests;

use std::net::{IpAddr, SocketAddr};

use aisix_core::AddressRange;
use http::{Extensions, HeaderMap, HeaderName};

/// The other end of a connection, among the extensions of its requests: whoever serves a
/// [`crate::Gateway`] puts it there. Without it, nobody knows where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Whom the gateway believes when they say for whom they ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RealIp {
    /// Proxies in front of the gateway; nobody else's header is read.
    pub trusted_proxies: Vec<AddressRange>,
    /// Whether proxies that stand before a trusted proxy, and are trusted too, are passed over.
    pub recursive: bool,
    /// The header in which they say so: addresses, the nearest last.
    pub header: HeaderName,
}

impl Default for RealIp {
    fn default() -> Self {
        Self {
            trusted_proxies: Vec::new(),
            recursive: false,
            header: HeaderName::from_static("x-forwarded-for"),
        }
    }
}

impl RealIp {
    /// The address of the client: the peer's, unless it is a trusted proxy that says more.
    pub(crate) fn resolve(&self, extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
        let Peer(peer) = extensions.get()?;
        let peer = peer.ip().to_canonical();
        if !self.trusts(peer) {
            return Some(peer);
        }
        Some(self.said(headers).unwrap_or(peer))
    }

    /// The client according to the header, read from the nearest hop to the farthest.
    fn said(&self, headers: &HeaderMap) -> Option<IpAddr> {
        let mut farthest = None;
        for value in headers.get_all(&self.header).iter().rev() {
            let Ok(text) = std::str::from_utf8(value.as_bytes()) else { continue };
            for address in text.rsplit(',').filter_map(address) {
                if !self.recursive || !self.trusts(address) {
                    return Some(address);
                }
                farthest = Some(address);
            }
        }
        farthest
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|range| range.contains(address))
    }
}

/// An address as proxies write it: `ip`, `ip:port` or `[v6]:port`.
fn address(token: &str) -> Option<IpAddr> {
    let token = token.trim();
    let bare = token.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let with_port = || token.parse().map(|address: SocketAddr| address.ip());
    bare.unwrap_or(token).parse().or_else(|_| with_port()).ok().map(|ip| ip.to_canonical())
}
