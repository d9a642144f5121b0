//! Addresses that listeners bind to.

use std::net::SocketAddr;

use serde::de::{Deserialize, Deserializer, Error};

/// Reads `IP:port`.
pub(super) fn parse<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SocketAddr, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.trim().parse().map_err(|_| {
        let what = "is not an address: write IP:port, as in 127.0.0.1:3000";
        D::Error::custom(format!("'{}' {what}", text.escape_debug()))
    })
}
