//! Ranges of network addresses.

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::str::FromStr;

use ipnet::IpNet;

use crate::error::{Error, ErrorCode};
use crate::resource::Model;

/// Addresses that share a prefix; a single address is a range of one.
///
/// An IPv4 address that is written as an IPv6 one (`::ffff:192.0.2.1`) counts as the IPv4 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddressRange(IpNet);

/// The text is neither a CIDR nor an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is neither an address nor a range: write one as in 10.1.2.3 or 10.0.0.0/8")]
pub struct NotAnAddressRange;

impl AddressRange {
    /// Whether the address is one of them.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for AddressRange {
    type Err = NotAnAddressRange;

    fn from_str(text: &str) -> Result<Self, NotAnAddressRange> {
        let text = text.trim();
        let one = || text.parse().map(|address: IpAddr| IpNet::from(address.to_canonical()));
        text.parse().or_else(|_| one()).map(Self).map_err(|_| NotAnAddressRange)
    }
}

impl Model {
    /// Whether the model may be used from this address: where it names ranges, an unknown address
    /// is in none of them, and a malformed range holds no address.
    #[must_use]
    pub fn admits(&self, client: Option<IpAddr>) -> bool {
        let holds = |range: &String| {
            let range: Result<AddressRange, _> = range.parse();
            client.is_some_and(|client| range.is_ok_and(|range| range.contains(client)))
        };
        self.allowed_cidrs.is_empty() || self.allowed_cidrs.iter().any(holds)
    }
}

/// What a caller reads whose address may not use what it asked for: neither the model nor the
/// ranges, which are nobody's business out there.
#[must_use]
pub fn restricted() -> Error {
    Error::new(ErrorCode::IpRestricted, "Access from this IP address is not allowed")
}
