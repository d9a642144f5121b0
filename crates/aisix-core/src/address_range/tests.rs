use super::AddressRange;

fn holds(range: &str, address: &str) -> bool {
    let range: AddressRange = range.parse().unwrap();
    range.contains(address.parse().unwrap())
}

#[test]
fn a_range_holds_what_shares_its_prefix() {
    assert!(holds("10.0.0.0/8", "10.255.0.1"));
    assert!(holds(" 10.1.2.3/8 ", "10.9.9.9"));
    assert!(!holds("10.0.0.0/8", "11.0.0.1"));
    assert!(holds("2001:db8::/32", "2001:db8:1::1"));
    assert!(!holds("2001:db8::/32", "2001:db9::1"));
    assert!(holds("0.0.0.0/0", "203.0.113.9") && !holds("0.0.0.0/0", "::1"));
}

#[test]
fn a_single_address_is_a_range_of_one() {
    assert!(holds("192.0.2.1", "192.0.2.1") && !holds("192.0.2.1", "192.0.2.2"));
    assert!(holds("::1", "::1") && !holds("::1", "::2"));
}

#[test]
fn an_ipv4_address_may_come_in_ipv6_dress() {
    assert!(holds("10.0.0.0/8", "::ffff:10.1.1.1"));
    assert!(holds("::ffff:192.0.2.1", "192.0.2.1"));
}

#[test]
fn anything_else_is_refused() {
    for text in ["", "10.0.0", "10.0.0.0/33", "::/129", "10.0.0.0/", "host", "10.0.0.1:80"] {
        assert!(text.parse::<AddressRange>().is_err(), "{text}");
    }
}
