//! Connections that rest between requests, where that has an end.

use std::time::Duration;

use aisix_gateway::Settings;
use aisix_testing::fixtures::openai;
use aisix_testing::{Connection, Gate, Reply, Request, ScriptedUpstream};

use crate::common::world::{Served, streamed, whole};
use crate::common::*;

fn chat(body: impl Into<bytes::Bytes>) -> Request {
    Request::post("/v1/chat/completions").bearer(CALLER).json(body)
}

/// A gateway whose connections rest shortly.
fn restless(upstream: &ScriptedUpstream) -> (World, Served) {
    let idle_timeout = Some(Duration::from_millis(50));
    let world = World::set(upstream, Settings { idle_timeout, ..Settings::default() });
    let served = world.serve(1);
    (world, served)
}

/// Returns when a connection that came later has rested for too long.
async fn rested(served: &Served) {
    let mut other = Connection::open(served.address).await;
    other.send(Request::get("/livez").to_bytes()).await.expect("the gateway reads");
    assert_eq!(other.response().await.expect("an answer").status, 200);
    other.closed().await.expect("nothing else is said");
}

#[tokio::test]
async fn a_connection_that_rests_for_too_long_is_closed() {
    let upstream = ScriptedUpstream::start();
    let (_world, served) = restless(&upstream);
    let mut connection = Connection::open(served.address).await;
    for _ in 0..3 {
        connection.send(Request::get("/livez").to_bytes()).await.expect("the gateway reads");
        assert_eq!(connection.response().await.expect("an answer").status, 200);
    }
    connection.closed().await.expect("nothing else is said");
}

#[tokio::test]
async fn a_request_in_flight_is_not_cut_off() {
    let upstream = ScriptedUpstream::start();
    let (_world, served) = restless(&upstream);
    let gate = Gate::new();
    let frames = openai::chat_stream(["one"]);
    let reply = Reply::open_sse().chunk(frames[0].clone()).wait_for(&gate);
    upstream.enqueue(reply.chunks(frames[1..].to_vec()).end());
    let mut connection = Connection::open(served.address).await;
    connection.send(chat(streamed("hi")).to_bytes()).await.expect("the gateway reads");
    connection.head().await.expect("a head");
    rested(&served).await;
    gate.open();
    let mut last = None;
    while let Some(event) = connection.event().await.expect("the stream goes on") {
        last = Some(event);
    }
    assert!(format!("{last:?}").contains("[DONE]"), "{last:?}");
}

#[tokio::test]
async fn an_answer_that_its_caller_takes_slowly_is_not_cut_off() {
    let upstream = ScriptedUpstream::start();
    let (_world, served) = restless(&upstream);
    let long = "long ".repeat(4_000_000);
    upstream.enqueue(Reply::json(200, openai::chat_completion(&long)));
    let mut connection = Connection::open(served.address).await;
    connection.send(chat(whole("hi")).to_bytes()).await.expect("the gateway reads");
    connection.head().await.expect("a head");
    rested(&served).await;
    let body = connection.body().await.expect("the answer goes on");
    assert!(body.len() > long.len());
}
