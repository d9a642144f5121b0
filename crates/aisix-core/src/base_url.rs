//! Where an upstream is: the one rule for what a configured base may look like.
//!
//! Whoever writes a base hears of a mistake at once, and whoever calls the upstream asks again,
//! because a stored document may be older than the rule. A parser that lets a bad port pass, say,
//! would send the credential to another port of the same host.

#[cfg(test)]
mod tests;

use std::net::Ipv6Addr;

/// Why a text cannot be the base of an upstream's URLs; says what must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadBaseUrl {
    /// Another scheme, no host, or characters that no URL holds.
    #[error("must be an http:// or https:// URL")]
    NoUrl,
    /// A user name or password before the host.
    #[error("must not hold credentials: put them into secret")]
    Credentials,
    /// A query or fragment, which no path can follow.
    #[error("must not hold '?' or '#': endpoint paths are added to it")]
    NoPathFits,
    /// A host that is neither a name nor an address.
    #[error("must name a host: letters, digits, '-', '.' and '_', or an IPv6 address in brackets")]
    Host,
    /// A port that is empty, no number, or out of range.
    #[error("must have a port from 1 to 65535 after the ':', or neither")]
    Port,
}

/// Judges a base that has no white space around it. The scheme may be in any case.
///
/// # Errors
/// [`BadBaseUrl`], which never quotes the text.
pub fn check(base: &str) -> Result<(), BadBaseUrl> {
    let rest = after_scheme(base).ok_or(BadBaseUrl::NoUrl)?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if authority.is_empty() || !base.bytes().all(stands_in_urls) {
        return Err(BadBaseUrl::NoUrl);
    }
    if authority.contains('@') {
        return Err(BadBaseUrl::Credentials);
    }
    if path.contains(['?', '#']) {
        return Err(BadBaseUrl::NoPathFits);
    }
    check_authority(authority)
}

/// Whether a text that is no URL may be the name of a resource in its provider's cloud: Azure
/// documents those beside URLs.
#[must_use]
pub fn is_word(text: &str) -> bool {
    let of_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    !text.is_empty() && text.bytes().all(of_word)
}

fn after_scheme(base: &str) -> Option<&str> {
    let (scheme, rest) = base.split_once("://")?;
    let known = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
    known.then_some(rest)
}

/// The characters of RFC 3986; others would have to be percent-encoded.
fn stands_in_urls(byte: u8) -> bool {
    byte.is_ascii_graphic()
        && !matches!(byte, b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}')
}

fn check_authority(authority: &str) -> Result<(), BadBaseUrl> {
    let port = if let Some(bracketed) = authority.strip_prefix('[') {
        let (address, rest) = bracketed.split_once(']').ok_or(BadBaseUrl::Host)?;
        address.parse::<Ipv6Addr>().map_err(|_| BadBaseUrl::Host)?;
        match rest {
            "" => None,
            _ => Some(rest.strip_prefix(':').ok_or(BadBaseUrl::Host)?),
        }
    } else {
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        let in_names = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if !host.bytes().all(in_names) || !host.bytes().any(|byte| byte.is_ascii_alphanumeric()) {
            return Err(BadBaseUrl::Host);
        }
        port
    };
    port.is_none_or(is_port).then_some(()).ok_or(BadBaseUrl::Port)
}

fn is_port(text: &str) -> bool {
    // A number's own parser would also take a sign.
    text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok_and(|port| port > 0)
}
