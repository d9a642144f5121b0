use super::{BadBaseUrl, check};

#[test]
fn accepts_names_addresses_and_ports_in_range() {
    for base in [
        "https://api.openai.com/v1",
        "HTTP://HOST",
        "Https://h:443/",
        "http://127.0.0.1:1/v1",
        "http://127.0.0.1:65535",
        "http://[::1]:8080/v1",
        "http://[2001:db8::1]",
        "http://llm_server.internal:11434/v1",
        "https://h/v1/@latest",
        "https://h/a%20b/openai",
    ] {
        assert_eq!(check(base), Ok(()), "{base}");
    }
}

#[test]
fn refuses_a_port_that_a_lenient_parser_would_leave_out() {
    for port in ["99999", "65536", "0", "", "+80", "-1", "8o", "80:80", " 80", "4294967376"] {
        for host in ["127.0.0.1", "h", "[::1]"] {
            for path in ["", "/", "/v1"] {
                let base = format!("http://{host}:{port}{path}");
                let expected = if port == " 80" { BadBaseUrl::NoUrl } else { BadBaseUrl::Port };
                assert_eq!(check(&base), Err(expected), "{base}");
            }
        }
    }
}

#[test]
fn refuses_a_host_that_is_no_name_and_no_address() {
    for base in [
        "http://:80",
        "http://.",
        "http://::1",
        "http://[::1",
        "http://[]",
        "http://[::1]x",
        "http://[::1]8080/v1",
        "http://[127.0.0.1]",
        "http://[::1]]:80",
        "http://a,b/v1",
        "http://a%2fb/v1",
        "http://]",
    ] {
        assert_eq!(check(base), Err(BadBaseUrl::Host), "{base}");
    }
}

#[test]
fn refuses_what_is_no_url_at_all() {
    for base in [
        "",
        "http",
        "http:/h",
        "http://",
        "http:///v1",
        "http://?",
        "ftp://h",
        " http://h",
        "http://a b",
        "http://h/a b",
        "http://h\\@other/",
        "http://h/\u{1f}",
        "http://h/ü",
        "https://<resource>.openai.azure.com",
    ] {
        assert_eq!(check(base), Err(BadBaseUrl::NoUrl), "{base}");
    }
}
