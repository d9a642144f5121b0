use super::{Extensions, HeaderMap, Peer, RealIp};

/// The client of a request from this peer with these `x-forwarded-for` lines.
fn client(trusted: &[&str], recursive: bool, peer: &str, lines: &[&str]) -> String {
    let trusted_proxies = trusted.iter().map(|range| range.parse().unwrap()).collect();
    let rule = RealIp { trusted_proxies, recursive, ..RealIp::default() };
    let mut extensions = Extensions::new();
    extensions.insert(Peer((peer.parse::<std::net::IpAddr>().unwrap(), 9).into()));
    let mut headers = HeaderMap::new();
    for line in lines {
        headers.append("x-forwarded-for", line.parse().unwrap());
    }
    rule.resolve(&extensions, &headers).unwrap().to_string()
}

#[test]
fn nobody_who_is_not_trusted_is_believed() {
    assert_eq!(client(&[], true, "10.0.0.1", &["1.1.1.1"]), "10.0.0.1");
    assert_eq!(client(&["10.0.0.0/8"], true, "11.0.0.1", &["1.1.1.1"]), "11.0.0.1");
}

#[test]
fn a_trusted_peer_names_the_right_most_address() {
    let nearest = |lines: &[&str]| client(&["10.0.0.0/8"], false, "10.0.0.1", lines);
    assert_eq!(nearest(&["1.1.1.1, 2.2.2.2"]), "2.2.2.2");
    assert_eq!(nearest(&["1.1.1.1", "2.2.2.2, 10.9.9.9"]), "10.9.9.9");
    assert_eq!(nearest(&["1.1.1.1, unknown, , _x"]), "1.1.1.1");
    assert_eq!(nearest(&["unknown"]), "10.0.0.1");
    assert_eq!(nearest(&[]), "10.0.0.1");
}

#[test]
fn recursion_passes_over_trusted_proxies() {
    let first = |lines: &[&str]| client(&["10.0.0.0/8", "::1"], true, "10.0.0.1", lines);
    assert_eq!(first(&["1.1.1.1, 2.2.2.2, 10.0.0.3", "[::1]:80, bogus"]), "2.2.2.2");
    assert_eq!(first(&["10.0.0.4, 10.0.0.3"]), "10.0.0.4");
}

#[test]
fn addresses_may_have_ports_and_brackets() {
    let one = |token| client(&["::1"], false, "::1", &[token]);
    assert_eq!(one("1.1.1.1:4711"), "1.1.1.1");
    assert_eq!(one("2001:db8::1"), "2001:db8::1");
    assert_eq!(one("[2001:db8::1]"), "2001:db8::1");
    assert_eq!(one("[2001:db8::1]:443"), "2001:db8::1");
    assert_eq!(one("::ffff:192.0.2.7"), "192.0.2.7");
    assert_eq!(one("1.1.1.1:port"), "::1");
}

#[test]
fn a_peer_is_trusted_by_its_ipv4_address_on_a_dual_socket_too() {
    assert_eq!(client(&["10.0.0.0/8"], false, "::ffff:10.0.0.1", &["1.1.1.1"]), "1.1.1.1");
}

#[test]
fn without_a_peer_nobody_knows() {
    assert!(RealIp::default().resolve(&Extensions::new(), &HeaderMap::new()).is_none());
}
