//! The happy path: what goes up, what comes down.

use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, ScriptedUpstream};

use crate::common::world::{chat, streamed, whole};
use crate::common::*;

#[tokio::test]
async fn relays_a_whole_answer_and_renames_only_the_model() {
    let upstream = ScriptedUpstream::start();
    let said = openai::chat_completion("Hello there, world");
    upstream.enqueue(Reply::json(200, said.clone()));
    let answer = World::of(&upstream).chat(whole("hi")).await;
    assert_answer(&answer, 200, &said.replace(openai::MODEL, MODEL));
    let received = upstream.next_request().await;
    assert_eq!(received.path_and_query, openai::CHAT_PATH);
    assert_eq!(received.text(), whole("hi").replace(MODEL, UPSTREAM_MODEL));
}

#[tokio::test]
async fn relays_a_stream() {
    let upstream = ScriptedUpstream::start();
    let said = openai::chat_stream(["Hel", "lo"]);
    upstream.enqueue(Reply::sse(said.clone()));
    let mut answer = World::of(&upstream).stream(chat(streamed("hi"))).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.rest().await, said.concat().replace(openai::MODEL, MODEL));
}
