//! Planted credentials, every path on which one could get out, and the search for them.

use std::time::Duration;

use aisix_core::KeyHash;
use aisix_gateway::Settings;
use aisix_testing::fixtures::openai;
use aisix_testing::{Canaries, Gate, Reply, Request, ScriptedUpstream};
use serde_json::json;

use crate::common::world::{streamed, whole};
use crate::common::*;

/// A gateway on a port, whose credentials are canaries.
struct Planted {
    canaries: Canaries,
    secret: String,
    caller: String,
    upstream: ScriptedUpstream,
    world: World,
    served: world::Served,
    /// Everything that callers were told.
    told: Vec<u8>,
}

impl Planted {
    fn new() -> Self {
        let mut canaries = Canaries::new();
        let secret = canaries.plant("provider key");
        let caller = canaries.plant("caller key");
        let (expired, disabled) = (canaries.plant("expired key"), canaries.plant("disabled key"));
        let replaced = canaries.plant("replaced key");
        let unsafe_secret = format!("{}\n", canaries.plant("provider key with a line end"));
        let upstream = ScriptedUpstream::start();
        let mut all = documents::standard(&upstream.base_url());
        all[0].1["secret"] = json!(secret);
        all[2].1 = api_key(&caller, &["*"]);
        all[2].1["previous_keys"] = json!([
            {"key_hash": KeyHash::of(&replaced).to_string(), "expires_at": "2020-01-01T00:00:00Z"},
        ]);
        let key = |plaintext: &str, field: &str, value: serde_json::Value| {
            let mut key = api_key(plaintext, &["*"]);
            key[field] = value;
            key
        };
        let mut header_unsafe = provider_key("header-unsafe", &upstream.base_url());
        header_unsafe["secret"] = json!(unsafe_secret);
        let nowhere = format!("http://127.0.0.1:{}", aisix_testing::free_port());
        let mut unreachable = provider_key("unreachable", &nowhere);
        unreachable["secret"] = json!(canaries.plant("provider key of nobody"));
        let mut no_url = provider_key("no-url", "not a url");
        no_url["secret"] = json!(secret);
        let mut slow = direct("slow", "x", "pk");
        slow["timeout"] = json!(30);
        all.extend(documents::documents([
            ("api_keys/expired", key(&expired, "expires_at", json!("2020-01-01T00:00:00Z"))),
            ("api_keys/disabled", key(&disabled, "disabled", json!(true))),
            ("provider_keys/header-unsafe", header_unsafe),
            ("models/header-unsafe", direct("header-unsafe", "x", "header-unsafe")),
            ("provider_keys/unreachable", unreachable),
            ("models/unreachable", direct("unreachable", "x", "unreachable")),
            ("provider_keys/no-url", no_url),
            ("models/no-url", direct("no-url", "x", "no-url")),
            ("models/slow", slow),
        ]));
        let read_timeout = Some(Duration::from_millis(100));
        let world = World::with(Settings { read_timeout, ..Settings::default() }, &all);
        let served = world.serve(1);
        Self { canaries, secret, caller, upstream, world, served, told: Vec::new() }
    }

    /// Sends a request with this credential, and keeps what was answered.
    async fn ask_as(&mut self, credential: &str, body: String) -> u16 {
        let request = Request::post("/v1/chat/completions").bearer(credential).json(body);
        let answer = request.send(self.served.address).await;
        self.told.extend_from_slice(format!("{:?}\n", answer.headers).as_bytes());
        self.told.extend_from_slice(&answer.body);
        answer.status
    }

    async fn ask(&mut self, body: String) -> u16 {
        let caller = self.caller.clone();
        self.ask_as(&caller, body).await
    }

    fn assert_kept(&self) {
        self.canaries.assert_absent("what callers were told", &self.told);
        let log = logs::of_workers();
        assert!(log.contains("aisix::access"), "something was logged: {log}");
        self.canaries.assert_absent("the log", log.as_bytes());
        let metrics = self.world.metrics_text();
        assert!(metrics.contains("aisix_requests_total"), "something was counted: {metrics}");
        self.canaries.assert_absent("the metrics", metrics.as_bytes());
        let shown = format!("{:?}\n{:?}", self.world.shared, self.served.workers);
        self.canaries.assert_absent("what is shown for debugging", shown.as_bytes());
    }
}

#[tokio::test]
async fn credentials_of_callers_do_not_get_out() {
    let mut planted = Planted::new();
    let keys = ["expired key", "disabled key", "replaced key", "a wrong key"];
    for name in keys {
        let key = planted.canaries.plant(name);
        for form in [key.clone(), format!("Basic {key}"), format!("{key} {key}")] {
            assert_eq!(planted.ask_as(&form, whole("hi")).await, 401);
        }
        let hash = KeyHash::of(&key).to_string();
        assert_eq!(planted.ask_as(&hash, whole("hi")).await, 401);
    }
    let caller = planted.caller.clone();
    for body in ["{", "[]", "{}", r#"{"model":"nothing"}"#, r#"{"model":"my-gpt"}"#] {
        planted.ask(body.to_owned()).await;
        // What a caller writes into its body by mistake is its own business, and nobody else's.
        planted.upstream.enqueue(Reply::json(400, openai::error(400)));
        assert_eq!(planted.ask(whole(&caller)).await, 400);
        assert_ne!(planted.ask(format!("{body} {caller}")).await, 200);
    }
    planted.upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
    assert_eq!(planted.ask(whole("hi")).await, 200);
    let received = planted.upstream.requests().pop().expect("one");
    let headers = format!("{:?}", received.headers).replace(&planted.secret, "");
    planted.canaries.assert_absent("what went up", headers.as_bytes());
    planted.assert_kept();
}

#[tokio::test]
async fn credentials_for_upstreams_do_not_get_out() {
    let mut planted = Planted::new();
    let secret = planted.secret.clone();
    let quoting = json!({"error": {
        "message": format!("Incorrect API key provided: {secret}. Bearer {secret}"),
        "type": secret, "param": secret, "code": secret,
    }})
    .to_string();
    let escaped = quoting.replace('/', "\\/");
    let cut_off =
        json!({"error": {"message": format!("{}{secret}", "x".repeat(1000))}}).to_string();
    for status in [302, 400, 401, 402, 403, 404, 408, 422, 429, 500, 503, 599] {
        for body in [&quoting, &escaped, &cut_off, &format!("plain {secret}")] {
            let reply = Reply::json(status, body.clone())
                .header("www-authenticate", &format!("Bearer {secret}"))
                .header("retry-after", &secret);
            for body in [whole("hi"), streamed("hi")] {
                planted.upstream.enqueue(reply.clone());
                assert_ne!(planted.ask(body).await, 200);
            }
        }
    }
    // Answers that are none, with the credential where a parser would quote it.
    let quoted = json!(secret).to_string();
    for body in [
        quoting.clone(),
        quoted.clone(),
        format!(r#"{{"choices":[],"model":{quoted},"model":{quoted}}}"#),
        format!(r#"{{"error":{quoted}}}"#),
        format!(r#"{{{quoted}:{quoted}}}"#),
        secret.clone(),
    ] {
        planted.upstream.enqueue(Reply::json(200, body.clone()));
        assert_eq!(planted.ask(whole("hi")).await, 502, "{body}");
        let frames = [format!("data: {body}\n\n")];
        planted.upstream.enqueue(Reply::sse(frames.clone()));
        assert_eq!(planted.ask(streamed("hi")).await, 502, "{body}");
        let begun = ["data: {\"choices\":[]}\n\n".to_owned(), frames[0].clone()];
        planted.upstream.enqueue(Reply::sse(begun));
        assert_eq!(planted.ask(streamed("hi")).await, 200, "{body}");
    }
    for reply in [
        Reply::raw(format!("{secret}\r\n\r\n")).close(),
        Reply::raw(format!("HTTP/1.1 200 {secret}\r\n{secret}\r\n\r\n")).close(),
        Reply::open(200, "application/json").bytes(format!("{secret}\r\n")).close(),
        Reply::new().close(),
    ] {
        for body in [whole("hi"), streamed("hi")] {
            planted.upstream.enqueue(reply.clone());
            assert_eq!(planted.ask(body).await, 502);
        }
    }
    for (model, status) in [("header-unsafe", 401), ("unreachable", 502), ("no-url", 400)] {
        assert_eq!(planted.ask(openai::chat_request(model, "hi")).await, status);
        assert_eq!(planted.ask(openai::chat_stream_request(model, "hi")).await, status);
    }
    planted.upstream.enqueue(Reply::new().hang());
    assert_eq!(planted.ask(openai::chat_request("slow", "hi")).await, 504);
    planted.assert_kept();
}

#[tokio::test]
async fn credentials_do_not_get_out_where_somebody_leaves_or_stalls() {
    let mut planted = Planted::new();
    let gate = Gate::new();
    planted.upstream.enqueue(Reply::new().wait_for(&gate).hang());
    let request = Request::post("/v1/chat/completions").bearer(&planted.caller);
    let mut connection = aisix_testing::Connection::open(planted.served.address).await;
    connection.send(request.json(whole("hi")).to_bytes()).await.expect("the gateway reads");
    gate.reached().await;
    drop(connection);
    gate.open();
    planted.upstream.wait_disconnected().await;

    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nauthorization: {}\r\ncontent-length: 99\r\n\r\n{}",
        planted.caller, planted.caller
    );
    let mut connection = aisix_testing::Connection::open(planted.served.address).await;
    connection.send(head).await.expect("the gateway reads");
    let answer = connection.response().await.expect("an answer");
    assert_eq!(answer.status, 408);
    planted.told.extend_from_slice(&answer.body);

    let malformed = format!("GET / HTTP/1.1\r\n{}\r\n\r\n", planted.caller);
    let mut connection = aisix_testing::Connection::open(planted.served.address).await;
    connection.send(malformed).await.expect("the gateway reads");
    let answer = connection.response().await.expect("an answer");
    assert_eq!(answer.status, 400);
    planted.told.extend_from_slice(&answer.body);
    planted.assert_kept();
}
