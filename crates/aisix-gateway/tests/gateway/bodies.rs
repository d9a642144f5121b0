//! Bodies of requests that do not arrive as they should.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use aisix_core::ErrorCode;
use aisix_gateway::Settings;
use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, ScriptedUpstream};
use bytes::Bytes;
use http::{HeaderMap, Request};
use http_body::{Body, Frame, SizeHint};
use serde_json::json;

use crate::common::world::whole;
use crate::common::*;

/// A body that arrives as a test wants it to.
#[derive(Default)]
struct Scripted {
    frames: VecDeque<Frame<Bytes>>,
    ending: Ending,
    /// How many bytes were taken.
    taken: Arc<AtomicUsize>,
    /// How many bytes the sender says there are at least.
    lower: u64,
}

#[derive(Default, Clone, Copy)]
enum Ending {
    #[default]
    Whole,
    Broken,
    Silent,
    /// Bytes without an end.
    Flood,
}

impl Scripted {
    fn of<'a>(pieces: impl IntoIterator<Item = &'a str>, ending: Ending) -> Self {
        let frames = pieces.into_iter().map(|piece| Frame::data(Bytes::from(piece.to_owned())));
        Self { frames: frames.collect(), ending, ..Self::default() }
    }
}

impl Body for Scripted {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let frame = match (self.frames.pop_front(), self.ending) {
            (Some(frame), _) => frame,
            (None, Ending::Whole) => return Poll::Ready(None),
            (None, Ending::Silent) => return Poll::Pending,
            (None, Ending::Broken) => {
                let broken = std::io::Error::other(format!("with {SECRET} in it"));
                return Poll::Ready(Some(Err(broken)));
            }
            (None, Ending::Flood) => Frame::data(Bytes::from_static(&[b' '; 1 << 16])),
        };
        self.taken.fetch_add(frame.data_ref().map_or(0, Bytes::len), Ordering::Relaxed);
        Poll::Ready(Some(Ok(frame)))
    }

    fn size_hint(&self) -> SizeHint {
        let mut hint = SizeHint::new();
        hint.set_lower(self.lower);
        hint
    }
}

fn authenticated(id: &str, body: Scripted) -> Request<Scripted> {
    let request = Request::post("/v1/chat/completions")
        .header("authorization", CALLER)
        .header("content-type", "application/json")
        .header("x-aisix-request-id", id);
    request.body(body).expect("a request")
}

fn limited(limit: usize) -> (ScriptedUpstream, World) {
    let upstream = ScriptedUpstream::start();
    let settings = Settings { body_limit: Some(limit), ..Settings::default() };
    let world = World::set(&upstream, settings);
    (upstream, world)
}

const TOO_LARGE: &str = r#"{"error":{"message":"request body exceeds the limit of 100 bytes","type":"invalid_request_error"}}"#;

#[tokio::test]
async fn a_body_that_is_declared_too_large_is_refused_before_authentication() {
    let (_upstream, world) = limited(100);
    let body = Scripted::of(["x", "y"], Ending::Whole);
    let taken = body.taken.clone();
    let request = Request::post("/v1/chat/completions").header("content-length", "101");
    let answer = world.send(request.body(body).expect("a request")).await;
    assert_answer(&answer, 413, TOO_LARGE);
    // Its sender reads the refusal once it has sent everything.
    assert_eq!(taken.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn no_more_of_a_refused_body_is_read_than_is_worth_it() {
    let (_upstream, world) = limited(100);
    for authorization in [None, Some(CALLER)] {
        let body = Scripted::of([], Ending::Flood);
        let taken = body.taken.clone();
        let mut request = Request::post("/v1/chat/completions");
        request = match authorization {
            None => request.header("content-length", "999999999"),
            Some(key) => request.header("authorization", key),
        };
        let answer = world.send(request.body(body).expect("a request")).await;
        assert_answer(&answer, 413, TOO_LARGE);
        let taken = taken.load(Ordering::Relaxed);
        assert!((32 << 20..33 << 20).contains(&taken), "{taken} bytes");
    }
}

/// With the clock stopped, time passes only where everybody waits for it.
#[tokio::test(start_paused = true)]
async fn a_refused_body_is_not_waited_for_without_end() {
    let (_upstream, world) = limited(100);
    let body = Scripted::of(["x"], Ending::Silent);
    let request = Request::post("/v1/chat/completions").header("content-length", "101");
    let answer = world.send(request.body(body).expect("a request")).await;
    assert_answer(&answer, 413, TOO_LARGE);
}

#[tokio::test]
async fn a_body_that_turns_out_too_large_is_refused_after_authentication() {
    let (_upstream, world) = limited(100);
    let body = || Scripted::of([&*"x".repeat(60), &*"y".repeat(41)], Ending::Whole);
    let answer = world.send(authenticated("too-large", body())).await;
    assert_answer(&answer, 413, TOO_LARGE);
    let outcome = world.recorder.outcome("too-large").await;
    assert_eq!((outcome.status, outcome.error), (413, Some(ErrorCode::BodyTooLarge)));
    let anonymous = Request::post("/v1/chat/completions").body(body()).expect("a request");
    assert_eq!(world.send(anonymous).await.status, 401);
}

#[tokio::test]
async fn the_limit_itself_is_allowed() {
    let text = whole("hi");
    let (upstream, world) = limited(text.len());
    upstream.always(Reply::json(200, openai::chat_completion("ok")));
    assert_eq!(world.chat(text.clone()).await.status, 200);
    assert_eq!(world.chat(format!("{text} ")).await.status, 413);
}

#[tokio::test]
async fn a_body_may_arrive_in_any_pieces() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("ok")));
    let world = World::of(&upstream);
    let text = whole("hi");
    for piece in [1, 2, 7, text.len()] {
        let mut pieces: Vec<_> = text.as_bytes().chunks(piece).collect();
        pieces.insert(0, b"");
        pieces.push(b"");
        let pieces = pieces.iter().map(|piece| std::str::from_utf8(piece).expect("ASCII"));
        let mut body = Scripted::of(pieces, Ending::Whole);
        body.frames.push_back(Frame::trailers(HeaderMap::new()));
        assert_eq!(world.send(authenticated("pieces", body)).await.status, 200);
        assert_eq!(upstream.next_request().await.text(), text.replace(MODEL, UPSTREAM_MODEL));
    }
}

#[tokio::test]
async fn no_memory_is_set_aside_for_what_is_only_announced() {
    let upstream = ScriptedUpstream::start();
    let world = World::of(&upstream);
    let body = Scripted::of(["{", "\"model\"", ":"], Ending::Broken);
    let request = authenticated("announced", Scripted { lower: u64::MAX - 7, ..body });
    assert_eq!(world.send(request).await.status, 400);
}

#[tokio::test]
async fn a_caller_that_stalls_while_sending_is_told_so() {
    let upstream = ScriptedUpstream::start();
    let read_timeout = Some(Duration::from_millis(30));
    let world = World::set(&upstream, Settings { read_timeout, ..Settings::default() });
    for pieces in [vec![], vec!["{"], vec!["{", "\"model\""]] {
        let id = format!("stalls-after-{}", pieces.len());
        let request = authenticated(&id, Scripted::of(pieces, Ending::Silent));
        let answer = world.send(request).await;
        let expected = json!({
            "message": "request body stalled for more than 0.03 s",
            "type": "invalid_request_error",
            "code": "request_timeout",
        });
        assert_eq!((answer.status, error_of(&answer)), (408, expected));
        let outcome = world.recorder.outcome(&id).await;
        assert_eq!((outcome.status, outcome.error), (408, Some(ErrorCode::RequestTimeout)));
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error_of_the_caller() {
    let upstream = ScriptedUpstream::start();
    let world = World::of(&upstream);
    let request = authenticated("broken", Scripted::of(["{"], Ending::Broken));
    let answer = world.send(request).await;
    let expected = json!({
        "message": "request payload is invalid: the request body could not be read",
        "type": "invalid_request_error",
    });
    assert_eq!((answer.status, error_of(&answer)), (400, expected));
}
