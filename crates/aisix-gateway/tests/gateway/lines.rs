//! What the log says of requests that were not served.

use std::net::SocketAddr;

use aisix_gateway::{Peer, Settings};
use aisix_testing::{Reply, Request, ScriptedUpstream, wait};
use bytes::Bytes;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::common::world::{chat, whole};
use crate::common::*;

/// The line that holds both of these.
async fn line(this: &str, that: &str) -> String {
    wait::some("a line in the log", || {
        let log = logs::text();
        let mut lines = log.lines();
        Some(lines.find(|line| line.contains(this) && line.contains(that))?.to_owned())
    })
    .await
}

fn get(method: &str, path: &str, id: &str) -> http::Request<Full<Bytes>> {
    let request = http::Request::builder().method(method).uri(path);
    let request = request.header("x-aisix-request-id", id);
    request.body(Full::new(Bytes::new())).expect("a request")
}

#[tokio::test]
async fn what_is_refused_before_anybody_is_asked_is_in_the_access_log() {
    let upstream = ScriptedUpstream::start();
    let settings = Settings { body_limit: Some(10), ..Settings::default() };
    let world = World::set(&upstream, settings);
    assert_eq!(world.send(get("GET", "/no/where?key=sk-q", "early-404")).await.status, 404);
    assert_eq!(world.send(get("PUT", "/v1/models", "early-405")).await.status, 405);
    let mut large = chat(whole("hi"));
    large.headers_mut().insert("x-aisix-request-id", "early-413".parse().expect("a value"));
    large.headers_mut().insert("content-length", "1000".parse().expect("a value"));
    assert_eq!(world.send(large).await.status, 413);
    for (id, said) in [
        ("early-404", "method=\"GET\" path=\"/no/where\" status=404"),
        ("early-405", "method=\"PUT\" path=\"/v1/models\" status=405"),
        ("early-413", "method=\"POST\" path=\"/v1/chat/completions\" status=413"),
    ] {
        let line = logs::access_line(id).await;
        assert!(line.contains(said), "{line}");
        assert!(!line.contains("sk-q") && !line.contains("api_key_id"), "{line}");
    }
}

#[tokio::test]
async fn a_path_that_is_long_or_strange_is_not_logged() {
    let upstream = ScriptedUpstream::start();
    let world = World::of(&upstream);
    let long = format!("/{}", "x".repeat(300));
    for (id, path) in [("strange-long", &*long), ("strange-bytes", "/caf\u{e9}")] {
        assert_eq!(world.send(get("GET", path, id)).await.status, 404);
        let line = logs::access_line(id).await;
        assert!(line.contains("path=\"-\""), "{line}");
    }
}

#[tokio::test]
async fn denials_say_why_and_are_not_in_the_access_log() {
    let upstream = ScriptedUpstream::start();
    let key = |plaintext: &str, name: &str, value: Value| {
        let mut key = api_key(plaintext, &["*"]);
        key[name] = value;
        key
    };
    let mut all = documents::standard(&upstream.base_url());
    all.extend(documents::documents([
        ("api_keys/off", key("sk-off", "disabled", json!(true))),
        ("api_keys/old", key("sk-old", "expires_at", json!("2020-01-01T00:00:00Z"))),
    ]));
    let world = World::with(Settings::default(), &all);
    for (sent, level, method, reason) in [
        ("", "DEBUG", "none", "missing_credentials"),
        ("sk-nobody", "DEBUG", "api_key", "unknown_key"),
        ("sk-off", "WARN", "api_key", "key_disabled"),
        ("sk-old", "WARN", "api_key", "key_expired"),
    ] {
        let id = format!("denied-{reason}");
        let mut request = get("GET", "/v1/models", &id);
        request.headers_mut().insert("authorization", sent.parse().expect("a value"));
        request.extensions_mut().insert(Peer(SocketAddr::from(([192, 0, 2, 7], 1))));
        assert_eq!(world.send(request).await.status, 401);
        let line = line("aisix::auth", &id).await;
        let said = format!("method=\"{method}\" reason=\"{reason}\" http_method=\"GET\"");
        for part in [level, &said, "path=\"/v1/models\"", "source_ip=192.0.2.7"] {
            assert!(line.contains(part), "{part}: {line}");
        }
        assert!(sent.is_empty() || !line.contains(sent), "{line}");
        let log = logs::text();
        let access = log.lines().any(|line| line.contains("aisix::access") && line.contains(&id));
        assert!(!access, "{id}");
    }
}

#[tokio::test]
async fn what_endpoints_answer_to_get_they_answer_to_head_without_a_body() {
    let upstream = ScriptedUpstream::start();
    let world = World::of(&upstream);
    let served = world.serve(1);
    for path in ["/livez", "/readyz", "/v1/models"] {
        let asked = |method| {
            Request::new(method, path).bearer(CALLER).header("x-aisix-request-id", "heads")
        };
        let whole = asked("GET").send(served.address).await;
        let mut connection = aisix_testing::Connection::open(served.address).await;
        connection
            .send(asked("HEAD").header("connection", "close").to_bytes())
            .await
            .expect("the gateway reads");
        let head = connection.head().await.expect("a head");
        assert_eq!((whole.status, head.status), (200, 200), "{path}");
        for name in ["content-type", "content-length", "server", "x-aisix-request-id"] {
            assert_eq!(head.header(name), whole.header(name), "{path} {name}");
        }
        let nothing = connection.body().await.expect_err("no body comes");
        assert_eq!(nothing.to_string(), "the server closed the connection; unread: b\"\"");
    }
    line("aisix::access", "method=\"HEAD\" path=\"/v1/models\" status=200").await;
}

#[tokio::test]
async fn failures_are_forgotten_with_their_model() {
    use aisix_gateway::handle::GatewayHandle as _;
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(500, "{}"));
    let world = World::of(&upstream);
    let failures = || -> Vec<_> {
        world.shared.models().iter().map(|model| model.consecutive_failures).collect()
    };
    assert_eq!(world.chat(whole("hi")).await.status, 502);
    assert_eq!(failures(), [1]);
    let all = documents::standard(&upstream.base_url());
    world.publish(&all);
    assert_eq!(failures(), [1]);
    let without: documents::Documents =
        all.iter().filter(|(key, _)| !key.starts_with("models/")).cloned().collect();
    world.publish(&without);
    world.publish(&all);
    assert_eq!(failures(), [0]);
}

#[tokio::test]
async fn a_failure_names_who_was_called() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::json(200, "no json"));
    let world = World::of(&upstream);
    let mut request = chat(whole("hi"));
    request.headers_mut().insert("x-aisix-request-id", "names-whom".parse().expect("a value"));
    assert_eq!(world.send(request).await.status, 502);
    let line = line("request failed", "names-whom").await;
    assert!(line.contains("WARN"), "{line}");
    assert!(line.contains("provider=\"openai\" model=\"my-gpt\""), "{line}");
}
