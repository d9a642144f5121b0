//! Liveness, readiness, and what changes once shutdown has begun.

use std::sync::Arc;

use aisix_adapters::Adapters;
use aisix_gateway::{Client, Gateway, Settings, Shared};
use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, Response, ScriptedUpstream};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use tower::Service as _;

use crate::common::world::{trust, whole};
use crate::common::*;

async fn probe(world: &World, path: &str) -> Response {
    world.send(Request::get(path).body(Full::new(Bytes::new())).expect("a request")).await
}

#[track_caller]
fn assert_probe(answer: &Response, status: u16, text: &str) {
    assert_answer(answer, status, text);
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert!(answer.header("x-aisix-request-id").is_some());
    assert!(answer.header("server").is_some());
}

#[tokio::test]
async fn a_serving_gateway_passes_its_probes_without_a_credential() {
    let upstream = ScriptedUpstream::start();
    let world = World::of(&upstream);
    assert_probe(&probe(&world, "/livez").await, 200, "ok");
    assert_probe(&probe(&world, "/readyz").await, 200, "ok");
    let verbose = "[+]ping ok\n[+]shutdown ok\nlivez check passed\n";
    assert_probe(&probe(&world, "/livez?verbose").await, 200, verbose);
    let verbose = "[+]shutdown ok\n[+]config ok\nreadyz check passed\n";
    assert_probe(&probe(&world, "/readyz?a=b&verbose=1").await, 200, verbose);
    assert!(probe(&world, "/livez").await.header("connection").is_none());
}

#[tokio::test]
async fn a_draining_gateway_fails_its_probes_serves_on_and_closes_connections() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
    let world = World::of(&upstream);
    world.shared.drain();
    let failing = "[+]ping ok\n[-]shutdown failed: reason withheld\nlivez check failed";
    assert_probe(&probe(&world, "/livez").await, 503, failing);
    let failing = "[-]shutdown failed: draining\n[+]config ok\nreadyz check failed";
    assert_probe(&probe(&world, "/readyz").await, 503, failing);
    let served = world.chat(whole("hi")).await;
    assert_eq!(served.status, 200);
    for answer in [probe(&world, "/livez").await, probe(&world, "/nowhere").await, served] {
        assert_eq!(answer.header("connection"), Some("close"));
    }
}

#[tokio::test]
async fn a_gateway_without_a_configuration_lives_but_serves_nothing() {
    let shared = Shared::new(Settings::default(), Adapters::builtin());
    let client = Client::new(&shared.settings().upstream, trust());
    let mut gateway = Gateway::new(Arc::clone(&shared), client);
    let mut ask = async |request: Request<Full<Bytes>>| {
        let Ok(response) = gateway.call(request).await;
        let (head, body) = response.into_parts();
        let Ok(body) = body.collect().await;
        let (status, headers) = (head.status.as_u16(), head.headers);
        Response { status, headers, body: body.to_bytes() }
    };
    let get = |path: &str| Request::get(path).body(Full::new(Bytes::new())).expect("a request");
    assert_probe(&ask(get("/livez")).await, 200, "ok");
    let failing = "[+]shutdown ok\n[-]config failed: not ready\nreadyz check failed";
    assert_probe(&ask(get("/readyz")).await, 503, failing);
    let not_ready = r#"{"error":{"message":"the gateway has no configuration yet","type":"api_error","code":"not_ready"}}"#;
    assert_answer(&ask(world::chat(whole("hi"))).await, 503, not_ready);
    assert_answer(&ask(get("/v1/models")).await, 503, not_ready);
    assert_eq!(ask(get("/nowhere")).await.status, 404);
}
