//! `NO_PROXY`: upstreams that are reached without a proxy.

use std::net::IpAddr;

use aisix_core::AddressRange;
use http::Uri;
use http::uri::Scheme;

/// The entries of a list. One that means nothing holds nothing.
#[derive(Debug, Default)]
pub(super) struct Exempt {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    hosts: Hosts,
    /// `None`: any.
    port: Option<u16>,
}

#[derive(Debug)]
enum Hosts {
    All,
    Addresses(AddressRange),
    /// A domain, in lower case, and what is below it.
    Domain(String),
}

impl Exempt {
    /// Entries are separated by commas or white space.
    pub(super) fn parse(list: &str) -> Self {
        let separated = list.split(|c: char| c == ',' || c.is_whitespace());
        let entries = separated.filter(|entry| !entry.is_empty()).map(Entry::parse).collect();
        Self { entries }
    }

    /// Whether an upstream is on the list. Names are not resolved for that.
    pub(super) fn holds(&self, upstream: &Uri) -> bool {
        if self.entries.is_empty() {
            return false;
        }
        let Some(host) = upstream.host() else {
            return false;
        };
        let plain = upstream.scheme() == Some(&Scheme::HTTP);
        let port = upstream.port_u16().unwrap_or(if plain { 80 } else { 443 });
        let host = host.trim_end_matches('.');
        let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        self.entries.iter().any(|entry| entry.holds(host, address, port))
    }
}

impl Entry {
    fn parse(text: &str) -> Self {
        let range = |text: &str| text.trim_matches(['[', ']']).parse().map(Hosts::Addresses);
        // An IPv6 address without brackets looks as if it had a port.
        if let Ok(hosts) = range(text) {
            return Self { hosts, port: None };
        }
        let (host, port) = match text.rsplit_once(':').map(|(host, port)| (host, port.parse())) {
            Some((host, Ok(port))) => (host, Some(port)),
            _ => (text, None),
        };
        let hosts = match (host, range(host)) {
            ("*", _) => Hosts::All,
            (_, Ok(addresses)) => addresses,
            (name, Err(_)) => {
                let name = name.strip_prefix('*').unwrap_or(name);
                Hosts::Domain(name.trim_matches('.').to_ascii_lowercase())
            }
        };
        Self { hosts, port }
    }

    fn holds(&self, host: &str, address: Option<IpAddr>, port: u16) -> bool {
        self.port.is_none_or(|only| only == port)
            && match &self.hosts {
                Hosts::All => true,
                Hosts::Addresses(range) => address.is_some_and(|address| range.contains(address)),
                Hosts::Domain(domain) => address.is_none() && is_within(host, domain),
            }
    }
}

/// Whether a name is the domain or below it.
fn is_within(name: &str, domain: &str) -> bool {
    let Some(start) = name.len().checked_sub(domain.len()).filter(|_| !domain.is_empty()) else {
        return false;
    };
    let end = name.get(start..).is_some_and(|end| end.eq_ignore_ascii_case(domain));
    end && (start == 0 || name.as_bytes()[start - 1] == b'.')
}
