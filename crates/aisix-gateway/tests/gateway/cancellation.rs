//! Callers that leave: the upstream call goes with them, and the exchange is over.

use aisix_gateway::Settings;
use aisix_testing::fixtures::openai;
use aisix_testing::{Gate, Reply, ScriptedUpstream, wait};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;

use crate::common::world::{chat, streamed, whole};
use crate::common::*;

fn named(id: &str, body: String) -> Request<Full<Bytes>> {
    let mut request = chat(body);
    request.headers_mut().insert("x-aisix-request-id", id.parse().expect("a header value"));
    request
}

/// Lets the caller leave once the upstream has said this much and no more, before its answer began.
async fn leaves_before_the_answer(id: &str, body: String, said: Reply) {
    let upstream = ScriptedUpstream::start();
    let gate = Gate::new();
    upstream.enqueue(said.wait_for(&gate).hang());
    let world = World::of(&upstream);
    tokio::select! {
        answer = world.stream(named(id, body)) => panic!("an answer: {}", answer.status()),
        () = gate.reached() => {}
    }
    gate.open();
    upstream.wait_disconnected().await;
    let outcome = world.recorder.outcome(id).await;
    assert_eq!((outcome.status, outcome.cancelled, outcome.error), (499, true, None));
    assert_eq!((outcome.attempts, outcome.usage), (1, None));
    let line = logs::access_line(id).await;
    assert!(line.contains("status=499"), "{line}");
    assert!(line.contains("model=\"my-gpt\""), "{line}");
    assert_eq!(world.shared.in_flight(), 0);
}

#[tokio::test]
async fn while_the_head_of_the_answer_is_waited_for() {
    leaves_before_the_answer("leaves-whole-head", whole("hi"), Reply::new()).await;
    leaves_before_the_answer("leaves-stream-head", streamed("hi"), Reply::new()).await;
}

#[tokio::test]
async fn while_a_whole_answer_arrives() {
    let said = Reply::open(200, "application/json").chunk("{");
    leaves_before_the_answer("leaves-whole-body", whole("hi"), said).await;
}

#[tokio::test]
async fn while_a_refusal_arrives() {
    let said = Reply::open(400, "application/json").chunk("{");
    leaves_before_the_answer("leaves-refusal", whole("hi"), said).await;
}

#[tokio::test]
async fn while_the_first_event_is_waited_for() {
    let said = Reply::open_sse().chunk(": comment\n\n");
    leaves_before_the_answer("leaves-first-event", streamed("hi"), said).await;
}

#[tokio::test]
async fn while_a_group_fails_over() {
    let (first, second) = (ScriptedUpstream::start(), ScriptedUpstream::start());
    first.enqueue(Reply::json(500, "{}"));
    let gate = Gate::new();
    second.enqueue(Reply::new().wait_for(&gate).hang());
    let mut all = documents::standard(&first.base_url());
    all.extend(documents::documents([
        ("provider_keys/second", provider_key("second", &second.base_url())),
        ("models/second", direct("second", "x", "second")),
        ("models/g", group("g", &[MODEL, "second"])),
    ]));
    let world = World::with(Settings::default(), &all);
    tokio::select! {
        answer = world.chat(openai::chat_request("g", "hi")) => panic!("{}", answer.status),
        () = gate.reached() => {}
    }
    gate.open();
    second.wait_disconnected().await;
    assert_eq!(first.requests().len(), 1);
}

#[tokio::test]
async fn while_the_answer_streams() {
    let upstream = ScriptedUpstream::start();
    let gate = Gate::new();
    let frames = openai::chat_stream_with_usage(["a", "b"]);
    upstream.enqueue(Reply::open_sse().chunks(frames[..3].to_vec()).wait_for(&gate).hang());
    let world = World::of(&upstream);
    let mut answer = world.stream(named("leaves-stream", streamed("hi"))).await;
    gate.reached().await;
    for frame in &frames[..3] {
        assert_eq!(answer.frame().await, Some(frame.replace(openai::MODEL, MODEL)));
    }
    assert_eq!(world.shared.in_flight(), 1);
    assert!(!world.recorder.is_over("leaves-stream"));
    drop(answer);
    gate.open();
    upstream.wait_disconnected().await;
    let outcome = world.recorder.outcome("leaves-stream").await;
    assert_eq!((outcome.status, outcome.cancelled, outcome.error), (200, true, None));
    wait::until("the request to be over", || world.shared.in_flight() == 0).await;
}

#[tokio::test]
async fn after_the_end_there_is_nothing_left_to_leave() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::sse(openai::chat_stream(["a"])));
    let world = World::of(&upstream);
    let mut answer = world.stream(named("stays", streamed("hi"))).await;
    assert!(answer.rest().await.ends_with(openai::DONE));
    drop(answer);
    let outcome = world.recorder.outcome("stays").await;
    assert_eq!((outcome.status, outcome.cancelled, outcome.error), (200, false, None));
    wait::until("the request to be over", || world.shared.in_flight() == 0).await;
}
