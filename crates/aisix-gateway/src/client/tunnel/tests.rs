use super::*;

/// What comes of a proxy's answer, and what the proxy was sent.
async fn answered(answer: &[u8], upstream: &'static str) -> (Result<(), String>, String) {
    let (mut ours, mut proxy) = tokio::io::duplex(LONGEST_HEAD * 4);
    proxy.write_all(answer).await.unwrap();
    proxy.shutdown().await.unwrap();
    let authorization = HeaderValue::from_static("Basic YTpi");
    let upstream = Uri::from_static(upstream);
    let opened = open(&mut ours, &upstream, Some(&authorization)).await;
    drop(ours);
    let mut sent = String::new();
    proxy.read_to_string(&mut sent).await.unwrap();
    (opened.map_err(|problem| problem.to_string()), sent)
}

#[tokio::test]
async fn the_proxy_is_asked_for_the_host_and_its_port() {
    for (upstream, place) in [
        ("https://up.example/v1", "up.example:443"),
        ("https://up.example:8443/v1", "up.example:8443"),
        ("https://[2001:db8::1]/v1", "[2001:db8::1]:443"),
    ] {
        let (opened, sent) = answered(b"HTTP/1.1 200 OK\r\n\r\n", upstream).await;
        assert_eq!(opened, Ok(()));
        let authorization = "proxy-authorization: Basic YTpi";
        let expected =
            format!("CONNECT {place} HTTP/1.1\r\nhost: {place}\r\n{authorization}\r\n\r\n");
        assert_eq!(sent, expected);
    }
}

#[tokio::test]
async fn only_a_success_is_a_tunnel() {
    let long = format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(LONGEST_HEAD * 2));
    let malformed = "the proxy's answer is not HTTP";
    let closed = "the proxy closed the connection before it answered";
    for (answer, expected) in [
        ("HTTP/1.0 200 Connection established\r\nvia: p\r\n\r\n", Ok(())),
        ("HTTP/1.1 204\r\n\r\n", Ok(())),
        ("HTTP/1.1 407 hunter2\r\n\r\n<html>", {
            Err("the proxy asks for credentials, or for others (407): give them in the proxy's URL")
        }),
        ("HTTP/1.1 403 hunter2\r\nx: hunter2\r\n\r\nhunter2", {
            Err("the proxy refused to connect to the upstream (403)")
        }),
        ("HTTP/1.1 200 OK\r\n\r\nearly", Err(malformed)),
        ("HTTP/1.1 2000 OK\r\n\r\n", Err(malformed)),
        ("HTTP/2 200\r\n\r\n", Err(malformed)),
        ("SSH-2.0-x\r\n", Err(malformed)),
        (&long, Err(malformed)),
        ("HTTP/1.1 200 OK\r\n", Err(closed)),
        ("", Err(closed)),
    ] {
        let (opened, _) = answered(answer.as_bytes(), "https://up.example").await;
        assert_eq!(opened, expected.map_err(str::to_owned), "{answer:.40}");
    }
}
