//! Faults at every byte of recorded answers: a caller never takes a part for the whole.

use std::collections::BTreeSet;

use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, ScriptedUpstream};
use bytes::Bytes;
use serde_json::Value;

use crate::common::world::{chat, streamed, whole};
use crate::common::*;

/// How a recorded answer breaks off.
#[derive(Debug, Clone, Copy)]
enum Fault {
    Close,
    Reset,
}

impl Fault {
    fn after(self, bytes: Bytes) -> Reply {
        match self {
            Self::Close => Reply::raw(bytes).close(),
            Self::Reset => Reply::raw(bytes).reset(),
        }
    }
}

/// What of `expected` a caller may see of a stream that broke off: whole frames from the beginning,
/// then either the end or one error event.
#[track_caller]
fn assert_honest(status: u16, text: &str, expected: &[String], fault: &str) -> &'static str {
    if status != 200 {
        let body: Value = serde_json::from_str(text).expect("an error as JSON");
        assert_eq!(status, 502, "{fault}: {text}");
        assert!(body["error"]["message"].is_string(), "{fault}: {text}");
        return "refused";
    }
    let mut rest = text;
    let mut frames = expected.iter();
    for frame in frames.by_ref() {
        match rest.strip_prefix(frame.as_str()) {
            Some(after) => rest = after,
            None => break,
        }
    }
    if rest.is_empty() {
        assert_eq!(text, expected.concat(), "{fault}: a bare end");
        return "complete";
    }
    // The usage is the caller's only where it asked, so everything else has to be there.
    let error =
        rest.strip_prefix("event: error\ndata: ").and_then(|rest| rest.strip_suffix("\n\n"));
    let error = error.unwrap_or_else(|| panic!("{fault}: {rest:?} is one error event"));
    let error: Value = serde_json::from_str(error).expect("an error as JSON");
    assert!(error["error"]["type"].is_string(), "{fault}: {error}");
    assert!(!text.contains("[DONE]"), "{fault}: {text}");
    "aborted"
}

/// Cuts a recorded stream at each of its bytes, and says which ends callers saw.
async fn cut_everywhere(recorded: &Bytes, frames: &[String], fault: Fault) -> Vec<&'static str> {
    let upstream = ScriptedUpstream::start();
    let world = World::of(&upstream);
    let mut endings = Vec::new();
    for end in 0..recorded.len() {
        upstream.enqueue(fault.after(recorded.slice(..end)));
        let mut answer = world.stream(chat(streamed("hi"))).await;
        let text = answer.rest().await;
        let fault = format!("{fault:?} after {end} of {} bytes", recorded.len());
        endings.push(assert_honest(answer.status(), &text, frames, &fault));
    }
    endings
}

/// The recorded stream's frames as the caller gets them.
fn shown(frames: &[String]) -> Vec<String> {
    let shown = frames.iter().filter(|frame| !frame.contains("\"choices\":[]"));
    shown.map(|frame| frame.replace(openai::MODEL, MODEL)).collect()
}

#[tokio::test]
async fn a_chunked_stream_that_breaks_off_anywhere_is_refused_or_ends_with_an_error() {
    let frames = openai::chat_stream_with_usage(["Hel", "lo"]);
    let recorded = Reply::sse(frames.clone()).to_bytes();
    let done = position(&recorded, b"[DONE]\n\n") + b"[DONE]\n\n".len();
    for fault in [Fault::Close, Fault::Reset] {
        let endings = cut_everywhere(&recorded, &shown(&frames), fault).await;
        for (end, ending) in endings.iter().enumerate() {
            // Once the marker has arrived, nothing is missing.
            assert_eq!(*ending == "complete", end >= done, "{ending} after {end} bytes, {fault:?}");
        }
        let kinds: BTreeSet<_> = endings.into_iter().collect();
        assert_eq!(kinds, BTreeSet::from(["aborted", "complete", "refused"]));
    }
}

#[tokio::test]
async fn a_stream_that_ends_with_its_connection_is_complete_only_after_a_finish_reason() {
    let frames = openai::chat_stream(["Hel", "lo"]);
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    let recorded = Bytes::from([head, &frames.concat()].concat());
    let finish = position(&recorded, b"\"finish_reason\":\"stop\"}]}");
    let finished = finish + b"\"finish_reason\":\"stop\"}]}".len();
    let endings = cut_everywhere(&recorded, &shown(&frames), Fault::Close).await;
    for (end, ending) in endings.iter().enumerate() {
        assert_eq!(*ending == "complete", end >= finished, "{ending} after {end} bytes");
    }
}

#[tokio::test]
async fn a_whole_answer_that_breaks_off_anywhere_is_an_error() {
    let upstream = ScriptedUpstream::start();
    let world = World::of(&upstream);
    let sized = Reply::json(200, openai::chat_completion("hello")).to_bytes();
    let chunked = Reply::open(200, "application/json")
        .chunk(openai::chat_completion("hello")[..40].to_owned())
        .chunk(openai::chat_completion("hello")[40..].to_owned())
        .end()
        .to_bytes();
    for recorded in [sized, chunked] {
        for fault in [Fault::Close, Fault::Reset] {
            for end in 0..recorded.len() {
                upstream.enqueue(fault.after(recorded.slice(..end)));
                let answer = world.chat(whole("hi")).await;
                let shown = format!("{fault:?} after {end} bytes: {}", answer.text());
                assert_eq!(answer.status, 502, "{shown}");
                assert_eq!(error_of(&answer)["type"], "transport_error", "{shown}");
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_ends_with_its_connection_is_an_error_until_it_is_json() {
    let upstream = ScriptedUpstream::start();
    let world = World::of(&upstream);
    let head = Bytes::from("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n");
    let body = openai::chat_completion("hello");
    for end in 0..body.len() {
        let part = [&*head, &body.as_bytes()[..end]].concat();
        upstream.enqueue(Reply::raw(part).close());
        let answer = world.chat(whole("hi")).await;
        assert_eq!(answer.status, 502, "after {end} bytes: {}", answer.text());
        assert_eq!(error_of(&answer)["type"], "upstream_decode_error");
    }
}

fn position(haystack: &[u8], needle: &[u8]) -> usize {
    haystack.windows(needle.len()).position(|window| window == needle).expect("it is there")
}
