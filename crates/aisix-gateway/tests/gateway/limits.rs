//! Upstreams that say more than anybody can keep.

use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, ScriptedUpstream};
use bytes::Bytes;

use crate::common::spoken::{CHAT, MESSAGES, OPENAI, in_front_of};
use crate::common::world::{chat, streamed, whole};
use crate::common::*;

const MIB: usize = 1 << 20;
const TOO_LARGE: &str = "upstream response is too large: it exceeds 67108864 bytes";

/// Spaces, of which any number may stand before JSON.
fn spaces(reply: Reply, mebibytes: usize) -> Reply {
    let piece = Bytes::from(vec![b' '; MIB]);
    (0..mebibytes).fold(reply, |reply, _| reply.chunk(piece.clone()))
}

#[tokio::test]
async fn a_whole_answer_that_is_too_large_is_given_up() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(spaces(Reply::open(200, "application/json"), 65).hang());
    let world = World::of(&upstream);
    let answer = world.chat(whole("hi")).await;
    assert_eq!(answer.status, 502);
    assert_eq!(error_of(&answer)["type"], "upstream_decode_error");
    assert_eq!(error_of(&answer)["message"], TOO_LARGE);
    upstream.wait_disconnected().await;
}

#[tokio::test]
async fn an_answer_that_is_announced_as_too_large_is_not_waited_for() {
    let upstream = ScriptedUpstream::start();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 67108865\r\n";
    upstream.enqueue(Reply::raw(format!("{head}\r\n{{")).hang());
    let answer = World::of(&upstream).chat(whole("hi")).await;
    assert_eq!(answer.status, 502);
    assert_eq!(error_of(&answer)["message"], TOO_LARGE);
    upstream.wait_disconnected().await;
}

#[tokio::test]
async fn an_event_that_does_not_end_is_given_up() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(spaces(Reply::open_sse().chunk("data: "), 17).hang());
    let world = World::of(&upstream);
    let answer = world.send(chat(streamed("hi"))).await;
    assert_eq!(answer.status, 502, "{}", answer.text());
    let message = "upstream response is too large: one event exceeds 16777216 bytes";
    assert_eq!(error_of(&answer)["message"], message);
    upstream.wait_disconnected().await;
}

#[tokio::test]
async fn a_stream_that_is_translated_is_given_up_once_it_is_too_large() {
    let frame = &openai::chat_stream([" ".repeat(MIB)])[1];
    for (spoken, given_up) in [(&MESSAGES, true), (&CHAT, false)] {
        let upstream = ScriptedUpstream::start();
        let reply = (0..65).fold(Reply::open_sse(), |reply, _| reply.chunk(frame.clone()));
        upstream.enqueue(reply.chunk(openai::DONE).end());
        let world = in_front_of(&OPENAI, &upstream);
        let mut answer = world.stream(spoken.request(spoken.body(MODEL, "hi", true))).await;
        assert_eq!(answer.rest().await.contains(TOO_LARGE), given_up, "{}", spoken.path);
    }
}
