//! One request, one generation of the configuration.

use std::sync::Arc;

use aisix_gateway::{GatewayHandle as _, Settings};
use aisix_testing::fixtures::openai;
use aisix_testing::{Gate, Reply, ScriptedUpstream, wait};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::Request;
use http_body::Frame;
use http_body_util::StreamBody;
use serde_json::{Value, json};

use crate::common::world::{chat, streamed, whole};
use crate::common::*;

const OTHER_SECRET: &str = "sk-rotated-0f6d1e2c9b8a4753";

/// The standard configuration with another secret, and another upstream name for the model.
fn changed(upstream: &ScriptedUpstream) -> documents::Documents {
    let mut all = documents::standard(&upstream.base_url());
    all[0].1["secret"] = json!(OTHER_SECRET);
    all[1].1["model_name"] = json!("other-upstream-model");
    all
}

async fn sent(upstream: &ScriptedUpstream) -> (String, String) {
    let received = upstream.next_request().await;
    let credential = received.header("authorization").expect("a credential").to_owned();
    let body: Value = received.json();
    (credential, body["model"].as_str().expect("a model").to_owned())
}

fn old() -> (String, String) {
    (format!("Bearer {SECRET}"), UPSTREAM_MODEL.to_owned())
}

fn new() -> (String, String) {
    (format!("Bearer {OTHER_SECRET}"), "other-upstream-model".to_owned())
}

#[tokio::test]
async fn a_changed_secret_and_a_changed_model_count_from_the_next_request_on() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("ok")));
    let world = World::of(&upstream);
    assert_eq!(world.chat(whole("hi")).await.status, 200);
    assert_eq!(sent(&upstream).await, old());
    world.publish(&changed(&upstream));
    assert_eq!(world.chat(whole("hi")).await.status, 200);
    assert_eq!(sent(&upstream).await, new());
    assert_eq!(upstream.connections(), 1, "a rotated key needs no other connection");
}

#[tokio::test]
async fn a_changed_base_counts_from_the_next_request_on() {
    let (before, after) = (ScriptedUpstream::start(), ScriptedUpstream::start());
    before.enqueue(Reply::json(200, openai::chat_completion("ok")));
    after.enqueue(Reply::json(200, openai::chat_completion("ok")));
    let world = World::of(&before);
    assert_eq!(world.chat(whole("hi")).await.status, 200);
    world.publish(&documents::standard(&format!("{}/v9/", after.base_url())));
    assert_eq!(world.chat(whole("hi")).await.status, 200);
    assert_eq!(after.next_request().await.path_and_query, "/v9/chat/completions");
    assert_eq!(before.requests().len(), 1);
}

#[tokio::test]
async fn what_is_published_while_a_body_arrives_is_for_the_next_request() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("ok")));
    let world = World::of(&upstream);
    let mut tail = Bytes::from(whole("hi"));
    let head = tail.split_to(10);
    let (asked, begun) = tokio::sync::oneshot::channel();
    let (go, held) = tokio::sync::oneshot::channel::<()>();
    let pieces = stream::once(async move {
        let _ = asked.send(());
        Ok::<_, std::io::Error>(Frame::data(head))
    });
    let pieces = pieces.chain(stream::once(async move {
        let _ = held.await;
        Ok(Frame::data(tail))
    }));
    let request = Request::post("/v1/chat/completions")
        .header("authorization", CALLER)
        .header("content-type", "application/json")
        .body(StreamBody::new(Box::pin(pieces)))
        .expect("a request");
    let meanwhile = async {
        begun.await.expect("the body is read");
        // Not even the caller's key exists any more.
        let mut all = changed(&upstream);
        all.retain(|(key, _)| !key.starts_with("api_keys/"));
        world.publish(&all);
        let _ = go.send(());
    };
    let (answer, ()) = tokio::join!(world.send(request), meanwhile);
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(sent(&upstream).await, old());
    assert_eq!(world.chat(whole("hi")).await.status, 401);
}

#[tokio::test]
async fn a_stream_goes_on_under_the_configuration_that_it_began_with() {
    let upstream = ScriptedUpstream::start();
    let gate = Gate::new();
    let frames = openai::chat_stream(["a", "b"]);
    let reply = Reply::open_sse()
        .chunks(frames[..2].to_vec())
        .wait_for(&gate)
        .chunks(frames[2..].to_vec())
        .end();
    upstream.enqueue(reply);
    let world = World::of(&upstream);
    let mut answer = world.stream(chat(streamed("hi"))).await;
    assert!(answer.frame().await.is_some());
    world.publish(&Vec::new());
    gate.open();
    assert!(answer.rest().await.ends_with(openai::DONE));
    assert_eq!(world.chat(whole("hi")).await.status, 401);
}

#[tokio::test]
async fn failover_stays_within_the_generation() {
    let (first, second) = (ScriptedUpstream::start(), ScriptedUpstream::start());
    let gate = Gate::new();
    first.enqueue(Reply::new().wait_for(&gate).step(aisix_testing::Step::Close));
    second.enqueue(Reply::json(200, openai::chat_completion("ok")));
    let mut all = documents::standard(&first.base_url());
    all.extend(documents::documents([
        ("provider_keys/second", provider_key("second", &second.base_url())),
        ("models/second", direct("second", "second-up", "second")),
        ("models/g", group("g", &[MODEL, "second"])),
    ]));
    let world = World::with(Settings::default(), &all);
    let meanwhile = async {
        gate.reached().await;
        world.publish(&changed(&second));
        gate.open();
    };
    let (answer, ()) = tokio::join!(world.chat(openai::chat_request("g", "hi")), meanwhile);
    assert_eq!(answer.header("x-aisix-served-by"), Some("second"), "{}", answer.text());
    assert_eq!(sent(&second).await, (format!("Bearer {SECRET}"), "second-up".to_owned()));
}

#[tokio::test]
async fn the_handle_says_which_revision_is_served() {
    let upstream = ScriptedUpstream::start();
    let world = World::of(&upstream);
    assert_eq!(world.shared.configuration().revision, 1);
    assert!(world.shared.serves(1, std::time::Duration::ZERO).await);
    assert!(!world.shared.serves(2, std::time::Duration::ZERO).await);
    let shared = Arc::clone(&world.shared);
    let waiting = tokio::spawn(async move { shared.serves(2, wait::DEADLINE).await });
    tokio::task::yield_now().await;
    world.publish(&changed(&upstream));
    assert!(wait::within("the revision", waiting).await.expect("no panic"));
}

#[tokio::test]
async fn the_handle_counts_failures_of_models_until_they_succeed() {
    let upstream = ScriptedUpstream::start();
    let world = World::of(&upstream);
    let failures =
        || world.shared.models().iter().map(|model| model.consecutive_failures).sum::<u32>();
    for (reply, expected) in [
        (Reply::json(500, "{}"), 1),
        (Reply::new().close(), 2),
        // The request's fault, not the model's.
        (Reply::json(400, openai::error(400)), 2),
        (Reply::json(200, "nonsense"), 3),
        (Reply::json(200, openai::chat_completion("ok")), 0),
    ] {
        upstream.enqueue(reply);
        world.chat(whole("hi")).await;
        assert_eq!(failures(), expected);
        // What moves survives a reload.
        world.publish(&documents::standard(&upstream.base_url()));
        assert_eq!(failures(), expected);
    }
}
