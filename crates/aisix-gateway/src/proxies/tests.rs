use super::*;

fn read(variables: &[(&str, &str)]) -> Result<Proxies, String> {
    let value = |name: &str| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    Proxies::read(value).map_err(|error| error.to_string())
}

fn towards(variables: &[(&str, &str)], upstream: &'static str) -> Option<String> {
    let proxies = read(variables).unwrap();
    proxies.towards(&Uri::from_static(upstream)).map(|proxy| proxy.address.to_string())
}

#[test]
fn each_scheme_has_its_variable_and_both_have_one() {
    let (http, https) = (("HTTP_PROXY", "http://a:1"), ("HTTPS_PROXY", "http://b:2"));
    let all = ("ALL_PROXY", "http://c:3");
    for (variables, plain, secure) in [
        (&[][..], None, None),
        (&[http], Some("http://a:1/"), None),
        (&[https], None, Some("http://b:2/")),
        (&[all], Some("http://c:3/"), Some("http://c:3/")),
        (&[http, all], Some("http://a:1/"), Some("http://c:3/")),
        (&[http, https, all], Some("http://a:1/"), Some("http://b:2/")),
        (&[("http_proxy", "a:1")], Some("http://a:1/"), None),
        (&[("https_proxy", "https://b:2/x")], None, Some("https://b:2/")),
        (&[("all_proxy", "c")], Some("http://c/"), Some("http://c/")),
        (&[http, ("http_proxy", "http://d:4")], Some("http://a:1/"), None),
        (&[("HTTP_PROXY", " "), ("http_proxy", "http://d:4")], Some("http://d:4/"), None),
        (&[http, ("REQUEST_METHOD", "GET")], None, None),
        (&[("http_proxy", "d:4"), ("REQUEST_METHOD", "GET")], Some("http://d:4/"), None),
        (&[https, ("REQUEST_METHOD", "GET")], None, Some("http://b:2/")),
    ] {
        assert_eq!(towards(variables, "http://up.example/v1").as_deref(), plain, "{variables:?}");
        assert_eq!(towards(variables, "https://up.example/v1").as_deref(), secure, "{variables:?}");
    }
}

/// Upstreams that `NO_PROXY` is asked about.
const UPSTREAMS: [&str; 11] = [
    "up.example",
    "up.example:8443",
    "A.Up.Example",
    "up.example.",
    "notup.example",
    "10.1.2.3",
    "10.1.2.3:8443",
    "10.255.0.1",
    "[2001:db8::1]",
    "[2001:db8::1]:8443",
    "localhost",
];

#[test]
fn no_proxy_holds_hosts_domains_addresses_ranges_and_ports() {
    let domain = &["up.example", "up.example:8443", "A.Up.Example", "up.example."][..];
    for (list, direct) in [
        ("", &[][..]),
        ("*", &UPSTREAMS),
        (" other.example , * ", &UPSTREAMS),
        ("*:8443", &["up.example:8443", "10.1.2.3:8443", "[2001:db8::1]:8443"]),
        ("up.example", domain),
        (".up.example", domain),
        ("*.up.example", domain),
        ("UP.EXAMPLE", domain),
        ("up.example.", domain),
        ("p.example", &[]),
        ("up", &[]),
        ("a.up.example", &["A.Up.Example"]),
        ("up.example:443", &["up.example", "A.Up.Example", "up.example."]),
        ("up.example:8443", &["up.example:8443"]),
        ("10.1.2.3", &["10.1.2.3", "10.1.2.3:8443"]),
        ("10.1.2.3:8443", &["10.1.2.3:8443"]),
        ("10.1.0.0/16", &["10.1.2.3", "10.1.2.3:8443"]),
        ("10.0.0.0/8:8443", &["10.1.2.3:8443"]),
        ("10.0.0.0/99", &[]),
        ("2.3", &[]),
        ("2001:db8::1", &["[2001:db8::1]", "[2001:db8::1]:8443"]),
        ("[2001:db8::1]:8443", &["[2001:db8::1]:8443"]),
        ("2001:db8::/32", &["[2001:db8::1]", "[2001:db8::1]:8443"]),
        ("localhost 10.255.0.0/16", &["10.255.0.1", "localhost"]),
        (". , .. ,:", &[]),
    ] {
        let proxies = read(&[("ALL_PROXY", "http://p:1"), ("no_proxy", list)]).unwrap();
        let is_direct = |upstream: &&str| {
            let upstream: Uri = format!("https://{upstream}/v1").parse().unwrap();
            proxies.towards(&upstream).is_none()
        };
        let found: Vec<_> = UPSTREAMS.into_iter().filter(is_direct).collect();
        assert_eq!(found, direct, "{list}");
    }
}

#[test]
fn credentials_are_kept_apart_from_the_address() {
    let proxies = read(&[("ALL_PROXY", "http://us%40er:p%3Aw%20d@p.example:3128/")]).unwrap();
    let proxy = proxies.towards(&Uri::from_static("https://up.example")).unwrap();
    assert_eq!(proxy.address.to_string(), "http://p.example:3128/");
    let expected = format!("Basic {}", BASE64_STANDARD.encode("us@er:p:w d"));
    assert_eq!(proxy.authorization().unwrap(), expected.as_str());
    let shown = format!("{proxies:?}");
    for secret in ["p:w d", "p%3Aw", &expected] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[test]
fn errors_name_the_variable_and_never_its_value() {
    let malformed = "is not a URL such as http://proxy.example:3128";
    let encoded = "holds a user or a password with a character that must be encoded";
    let scheme = "must begin with http:// or https://: other proxies are not supported";
    for (value, reason) in [
        ("http://", malformed),
        ("http://user:hunter2@", malformed),
        ("http://user:hunter2@p:port", malformed),
        ("http://user:hunter2@p:99999", malformed),
        ("http://user:hunter2 3@p", malformed),
        ("http:/user:hunter2@p", malformed),
        ("/user:hunter2@p", malformed),
        ("socks5://user:hunter2@p:1080", scheme),
        ("http://user/hunter2@p", encoded),
        ("http://user?hunter2:3@p", encoded),
        ("http://user:%ff%fehunter2@p", "holds a user or a password that is not UTF-8"),
    ] {
        for variable in ["HTTPS_PROXY", "http_proxy", "ALL_PROXY"] {
            let error = read(&[(variable, value)]).unwrap_err();
            assert_eq!(error, format!("{variable}: {reason}"), "{value}");
        }
    }
}
