//! The list of models, names that are patterns, and paths that are no endpoints.

use aisix_gateway::Settings;
use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, Response, ScriptedUpstream};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::common::*;

async fn request(world: &World, method: &str, path: &str) -> Response {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", CALLER)
        .body(Full::new(Bytes::new()));
    world.send(request.expect("a request")).await
}

fn catalogue(allowed: &[&str]) -> World {
    let documents = documents::documents([
        ("provider_keys/pk", provider_key("pk", "http://127.0.0.1:9")),
        ("models/b", direct("beta", "b-1", "pk")),
        ("models/a", direct("alpha", "a-1", "pk")),
        ("models/c", {
            let mut model = direct("gamma/1", "c-1", "gone");
            model["provider"] = json!("deepseek");
            model
        }),
        ("models/w", direct("open-*", "o-*", "pk")),
        ("models/g", group("group", &["alpha", "beta"])),
        ("models/s", group("single", &["alpha"])),
        ("models/e", ensemble("panel", "alpha")),
        ("models/r", semantic("sorted", "alpha")),
        ("api_keys/k", api_key(CALLER, allowed)),
    ]);
    World::with(Settings::default(), &documents)
}

#[tokio::test]
async fn the_list_names_what_the_caller_may_use_and_leads_to_one_target() {
    for (allowed, expected) in [
        (&["*"][..], &["alpha", "beta", "gamma/1"][..]),
        (&["alpha", "group", "single", "nothing"], &["alpha"]),
        (&["*a", "gamma/*"], &["alpha", "beta", "gamma/1"]),
        (&["open-*", "open-1"], &[]),
        (&["Alpha", "**"], &[]),
        (&[], &[]),
    ] {
        let answer = request(&catalogue(allowed), "GET", "/v1/models").await;
        assert_eq!(answer.status, 200);
        let list: Value = answer.json();
        let ids: Vec<_> = list["data"].as_array().expect("a list").iter().collect();
        let ids: Vec<_> = ids.iter().map(|item| item["id"].as_str().expect("an id")).collect();
        assert_eq!(ids, expected, "for {allowed:?}");
    }
}

#[tokio::test]
async fn models_that_cannot_be_called_yet_say_so() {
    let world = catalogue(&["*"]);
    for (model, shape) in [("panel", "an ensemble"), ("sorted", "a semantic router")] {
        let answer = world.chat(openai::chat_request(model, "hi")).await;
        assert_eq!(answer.status, 501);
        let error = error_of(&answer);
        assert_eq!(error["type"], "not_implemented");
        let message = format!("model '{model}' is {shape}, which cannot be called yet");
        assert_eq!(error["message"], message);
    }
}

#[tokio::test]
async fn the_list_has_the_shape_that_clients_know() {
    let answer = request(&catalogue(&["alpha", "gamma/1"]), "GET", "/v1/models?limit=1").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert!(answer.header("x-aisix-call-id").is_none(), "this is no conversation");
    let list: Value = answer.json();
    let created = list["data"][0]["created"].as_i64().expect("a time");
    assert!(created > 1_700_000_000, "{created}");
    let expected = format!(
        concat!(
            r#"{{"object":"list","data":["#,
            r#"{{"id":"alpha","object":"model","created":{0},"owned_by":"openai"}},"#,
            r#"{{"id":"gamma/1","object":"model","created":{0},"owned_by":"deepseek"}}]}}"#
        ),
        created
    );
    assert_eq!(answer.text(), expected);
}

#[tokio::test]
async fn a_pattern_serves_the_names_that_it_matches() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("ok")));
    let base = upstream.base_url();
    let documents = documents::documents([
        ("provider_keys/pk", provider_key("pk", &base)),
        ("models/1", direct("or/*", "openrouter/*", "pk")),
        ("models/2", direct("or/exact", "exact-upstream", "pk")),
        ("models/3", direct("or/long-*", "long/*/x", "pk")),
        ("models/4", direct("fixed-*", "always-this", "pk")),
        ("models/5", direct("a*a", "[*]", "pk")),
        ("api_keys/k", api_key(CALLER, &["or/*", "fixed-1", "a*"])),
    ]);
    let world = World::with(Settings::default(), &documents);
    for (asked, upstream_model) in [
        ("or/a/b", "openrouter/a/b"),
        ("or/", "openrouter/"),
        ("or/*", "openrouter/*"),
        ("or/exact", "exact-upstream"),
        ("or/long-1", "long/1/x"),
        ("fixed-1", "always-this"),
        ("aa", "[]"),
        ("a\u{e9}a", "[\u{e9}]"),
    ] {
        let answer = world.chat(openai::chat_request(asked, "hi")).await;
        assert_eq!(answer.status, 200, "{asked}: {}", answer.text());
        assert_eq!(answer.json::<Value>()["model"], asked);
        let sent: Value = upstream.next_request().await.json();
        assert_eq!(sent["model"], upstream_model, "for {asked}");
    }
    for (asked, status) in [("or", 404), ("a", 404), ("xor/a", 404), ("fixed-2", 403)] {
        let answer = world.chat(openai::chat_request(asked, "hi")).await;
        assert_eq!(answer.status, status, "{asked}: {}", answer.text());
    }
}

#[tokio::test]
async fn what_is_no_endpoint_is_not_found_without_a_credential() {
    let world = catalogue(&["*"]);
    for path in [
        "/",
        "/v1",
        "/v1/",
        "/v1/models/",
        "/v1/models/alpha",
        "/v1/chat",
        "/v1/chat/completions/",
        "/V1/models",
        "/health",
        "/metrics",
        "/status/config",
        "/admin/v1/models",
        "//v1/models",
        "/v1/%6Dodels",
    ] {
        for method in ["GET", "POST"] {
            let request = Request::builder().method(method).uri(path);
            let request = request.body(Full::new(Bytes::new())).expect("a request");
            let answer = world.send(request).await;
            assert_answer(&answer, 404, "");
            assert!(answer.header("x-aisix-request-id").is_some(), "{path}");
            assert!(answer.header("content-type").is_none(), "{path}");
        }
    }
}

#[tokio::test]
async fn an_endpoint_says_which_methods_it_has() {
    let world = catalogue(&["*"]);
    for (method, path, allowed) in [
        ("GET", "/v1/chat/completions", "POST"),
        ("PUT", "/v1/chat/completions", "POST"),
        ("OPTIONS", "/v1/chat/completions", "POST"),
        ("POST", "/v1/models", "GET, HEAD"),
        ("DELETE", "/v1/models", "GET, HEAD"),
        ("BREW", "/v1/models", "GET, HEAD"),
        ("POST", "/livez", "GET, HEAD"),
        ("POST", "/readyz", "GET, HEAD"),
    ] {
        let answer = request(&world, method, path).await;
        assert_answer(&answer, 405, "");
        assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
        assert!(answer.header("x-aisix-request-id").is_some(), "{method} {path}");
    }
}
