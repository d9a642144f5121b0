//! What upstreams get wrong.

use std::time::Duration;

use aisix_telemetry::names;
use aisix_testing::{Reply, wait};
use bytes::Bytes;
use serde_json::{Value, json};

use super::frames::{changed, malformed, mixed, truncated};
use super::{Pair, Row, for_every_pair, for_every_pair_with};

/// Arguments of a call that end too early.
const PIECES: [&str; 2] = ["{\"city\"", ": Oslo"];

#[tokio::test]
async fn a_whole_answer_that_is_truncated_or_no_json_is_an_error_in_the_callers_format() {
    for_every_pair(async |pair| {
        let whole = (pair.whole.part)("hi").to_string();
        for body in [
            whole[..whole.len() / 2].to_owned(),
            whole[..whole.len() - 1].to_owned(),
            malformed(&whole),
            format!("{whole}}}"),
            String::new(),
        ] {
            let answer = pair.whole(Reply::json(200, body)).await;
            let message = pair.assert_refused(answer.status, 502, answer.text());
            assert_eq!(message, "upstream response could not be decoded", "{}", pair.name);
        }
    })
    .await;
}

#[tokio::test]
async fn a_frame_that_is_truncated_or_no_json_breaks_the_stream() {
    for_every_pair(async |pair| {
        let frames = pair.frames(&["Hel", "lo", "!"]);
        for spoil in [truncated, malformed] {
            for at in [0, 2, 3] {
                let mut frames = frames.clone();
                frames[at] = spoil(&frames[at]);
                let (status, text) = pair.streamed(pair.way.streamed(frames)).await;
                if status == 200 {
                    pair.assert_broken(&text);
                } else {
                    assert_eq!(at, 0, "{}: {text}", pair.name);
                    pair.assert_refused(status, 502, &text);
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn arguments_that_are_no_json_reach_the_caller_as_far_as_its_format_can_say_them() {
    for_every_pair(async |pair| {
        let said = PIECES.concat();
        let body = (pair.whole.call)(&said).to_string();
        let answer = pair.whole(Reply::json(200, body)).await;
        assert_eq!(answer.status, 200, "{}: {}", pair.name, answer.text());
        let answer: Value = answer.json();
        let arguments = answer.pointer(pair.requests.arguments_at).expect("arguments");
        if arguments.is_object() {
            // A format in which arguments are JSON cannot say them.
            assert!(!pair.is_native(false), "{}: {answer}", pair.name);
            assert_eq!(*arguments, json!({}), "{}: {answer}", pair.name);
        } else {
            let arguments = arguments.as_str().expect("a text");
            assert!([&*said, &*json!(said).to_string()].contains(&arguments), "{answer}");
        }
        let frames = (pair.streamed.calling)(&PIECES);
        let (status, text) = pair.streamed(pair.way.streamed(frames)).await;
        let arguments = arguments_in(pair, &text);
        assert!(
            [&*said, &*json!(said).to_string()].contains(&&*arguments),
            "{}: {text}",
            pair.name
        );
        assert!(status == 200 && !text.contains("event: error"), "{}: {text}", pair.name);
        assert!(text.contains(pair.spoken.last), "{}: {text}", pair.name);
    })
    .await;
}

fn arguments_in(pair: &Pair, text: &str) -> String {
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let events = data.filter_map(|data| serde_json::from_str::<Value>(data).ok());
    let piece = |event: Value| Some(event.pointer(pair.requests.piece_at)?.as_str()?.to_owned());
    events.filter_map(piece).collect()
}

#[tokio::test]
async fn an_answer_is_read_whatever_its_content_type() {
    for_every_pair(async |pair| {
        let body = (pair.whole.part)("hi").to_string();
        let odd = || Reply::open(200, "application/x-future; charset=future");
        let answer = pair.whole(odd().chunk(body).end()).await;
        assert_eq!(answer.status, 200, "{}: {}", pair.name, answer.text());
        assert_eq!(answer.header("content-type"), Some("application/json"), "{}", pair.name);
        let framed = |frame: &String| pair.way.framing.bytes(frame);
        let frames: Vec<_> = pair.frames(&["Hel", "lo"]).iter().map(framed).collect();
        let (status, text) = pair.streamed(odd().chunks(frames).end()).await;
        pair.assert_complete(status, &text, "Hello");
    })
    .await;
}

#[tokio::test]
async fn a_part_of_an_unknown_type_costs_a_caller_of_another_format_no_more_than_this_part() {
    for_every_pair(async |pair| {
        let body = (pair.whole.part)("hi").to_string();
        let answer = pair.whole(Reply::json(200, body)).await;
        assert_eq!(answer.status, 200, "{}: {}", pair.name, answer.text());
        let shown = answer.text().contains("\"future\"");
        assert_eq!(shown, pair.is_native(false), "{}: {}", pair.name, answer.text());
        let dropped = answer.header("x-aisix-dropped").unwrap_or_default();
        assert_eq!(dropped.contains("future"), !shown, "{}: {dropped}", pair.name);
        assert!(answer.text().contains("\"hi\""), "{}: {}", pair.name, answer.text());
    })
    .await;
}

#[tokio::test]
async fn a_frame_of_an_unknown_type_changes_nothing() {
    for_every_pair(async |pair| {
        let mut frames = pair.frames(&["Hel", "lo"]);
        let odd = (pair.streamed.unknown_frame)();
        for at in (0..frames.len()).rev() {
            frames.insert(at, odd.clone());
        }
        let (status, text) = pair.streamed(pair.way.streamed(frames)).await;
        pair.assert_complete(status, &text, "Hello");
        assert_eq!(text.contains("future"), pair.is_native(true), "{}: {text}", pair.name);
    })
    .await;
}

#[tokio::test]
async fn a_frame_whose_type_is_unknown_is_counted() {
    for_every_pair_with(Row::UnknownFrame, async |pair| {
        let mut frames = pair.frames(&["Hel", "lo"]);
        for at in [3, 1] {
            frames.insert(at, (pair.streamed.unknown_frame)());
        }
        let (status, text) = pair.streamed(pair.way.streamed(frames)).await;
        pair.assert_complete(status, &text, "Hello");
        wait::until("the request to be over", || pair.world.shared.in_flight() == 0).await;
        let labels = [
            ("endpoint", pair.spoken.path),
            ("inbound_protocol", pair.spoken.protocol),
            ("provider", pair.way.adapter),
            ("model", super::MODEL),
        ];
        pair.world.assert_counted(&names::UNKNOWN_EVENTS, &[(&labels, 2.0)]);
    })
    .await;
}

/// An answer that comes byte by byte.
fn trickled(pair: &Pair, stream: impl Into<Bytes>) -> Reply {
    let content_type = pair.way.framing.content_type();
    let head = format!("HTTP/1.0 200 OK\r\ncontent-type: {content_type}\r\n\r\n");
    Reply::raw(head).trickle(stream, 1, Duration::ZERO).close()
}

#[tokio::test]
async fn characters_arrive_in_pieces() {
    for_every_pair(async |pair| {
        let frames = pair.frames(&["Grü", "ße ☃", "😀"]);
        let stream: Vec<_> =
            frames.iter().flat_map(|frame| pair.way.framing.bytes(frame)).collect();
        let (status, text) = pair.streamed(trickled(pair, stream)).await;
        pair.assert_complete(status, &text, "Grüße ☃😀");
    })
    .await;
}

#[tokio::test]
async fn lines_may_end_in_any_mix() {
    for_every_pair_with(Row::MixedLines, async |pair| {
        let stream = mixed(&pair.frames(&["Grü", "ße ☃", "😀"]));
        for reply in [trickled(pair, stream.clone()), Reply::sse([stream])] {
            let (status, text) = pair.streamed(reply).await;
            pair.assert_complete(status, &text, "Grüße ☃😀");
        }
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_cut_off_or_spoilt_breaks_the_stream() {
    for_every_pair_with(Row::SpoiltMessage, async |pair| {
        let frames = pair.frames(&["Hel", "lo"]);
        let whole: Vec<_> = frames.iter().map(|frame| pair.way.framing.bytes(frame)).collect();
        for at in [0, 2, frames.len() - 1] {
            let length = whole[at].len();
            // In the lengths, their checksum, the headers, the payload, and the last checksum.
            for spoilt in [3, 9, 20, length - 6, length - 1] {
                let mut cut = whole[..=at].concat();
                cut.truncate(cut.len() - length + spoilt);
                let mut flipped = whole.clone();
                flipped[at][spoilt] ^= 4;
                for stream in [cut, flipped.concat()] {
                    let reply = Reply::open(200, pair.way.framing.content_type());
                    let (status, text) = pair.streamed(reply.chunk(stream).end()).await;
                    if status == 200 {
                        pair.assert_broken(&text);
                    } else {
                        assert_eq!(at, 0, "{}: {text}", pair.name);
                        pair.assert_refused(status, 502, &text);
                    }
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn usage_that_grows_with_every_frame_is_counted_once() {
    for_every_pair(async |pair| {
        let frames = (pair.streamed.counting)(pair.frames(&["Hel", "lo"]));
        pair.upstream.enqueue(pair.way.streamed(frames));
        let request = pair.spoken.request(pair.spoken.body(super::MODEL, "hi", true));
        let mut answer = pair.world.stream(request).await;
        let text = answer.rest().await;
        pair.assert_complete(answer.status(), &text, "Hello");
        let id = answer.head.headers["x-aisix-request-id"].to_str().expect("text").to_owned();
        drop(answer);
        let usage = pair.world.recorder.outcome(&id).await.usage.expect("usage");
        assert_eq!((usage.input, usage.output), (7, 3), "{}: {text}", pair.name);
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_closes_without_its_end_is_not_complete() {
    for_every_pair(async |pair| {
        let frames = pair.frames(&["Hel", "lo"]);
        let said = frames.len() - pair.streamed.ending;
        let (status, text) = pair.streamed(pair.way.streamed(&frames[..said])).await;
        assert_eq!(status, 200, "{}: {text}", pair.name);
        assert_eq!(pair.spoken.streamed_text(&text), "Hello", "{}: {text}", pair.name);
        let message = pair.assert_broken(&text);
        assert_eq!(message, "upstream stream ended before it was complete", "{}", pair.name);
    })
    .await;
}

#[tokio::test]
async fn an_error_inside_a_success_is_an_error() {
    for_every_pair(async |pair| {
        let failure = |stream| (pair.way.failure)("tired", stream);
        let answer = pair.whole(Reply::json(200, failure(false))).await;
        // The status is what the provider's type of error stands for, where it stands for one.
        assert!(answer.status >= 400, "{}: {}", pair.name, answer.text());
        let message = pair.assert_refused(answer.status, answer.status, answer.text());
        pair.assert_told("tired", &message);
        // As the first frame, and as a whole answer where a stream was asked for.
        let first = pair.way.streamed([(pair.way.failed_frame)("tired")]);
        for reply in [first, Reply::json(200, failure(true))] {
            let (status, text) = pair.streamed(reply).await;
            assert!(status >= 400, "{}: {text}", pair.name);
            let message = pair.assert_refused(status, status, &text);
            pair.assert_told("tired", &message);
        }
        let mut frames = pair.frames(&["Hel", "lo"]);
        frames.truncate(frames.len() - pair.streamed.ending);
        frames.push((pair.way.failed_frame)("tired"));
        let (_, text) = pair.streamed(pair.way.streamed(frames)).await;
        pair.assert_told("tired", &pair.assert_broken(&text));
    })
    .await;
}

#[tokio::test]
async fn an_error_beside_a_whole_answer_is_an_error() {
    for_every_pair(async |pair| {
        let parsed = |text: &str| serde_json::from_str::<Value>(text).expect("a body is JSON");
        let whole = parsed(&(pair.way.whole)(pair.spoken, "hi"));
        let mut body = parsed(&(pair.way.failure)("tired", false));
        for (name, value) in whole.as_object().expect("an answer is an object") {
            body[name] = value.clone();
        }
        let mut bodies = vec![body.clone()];
        if body.get("choices").is_some() {
            body["choices"] = json!([]);
            bodies.push(body);
        }
        for body in bodies {
            let answer = pair.whole(Reply::json(200, body.to_string())).await;
            assert!(answer.status >= 400, "{}: {}", pair.name, answer.text());
            let message = pair.assert_refused(answer.status, answer.status, answer.text());
            pair.assert_told("tired", &message);
        }
    })
    .await;
}

#[tokio::test]
async fn an_error_beside_what_a_frame_says_breaks_the_stream() {
    for_every_pair_with(Row::ErrorBeside, async |pair| {
        let failure: Value =
            serde_json::from_str(&(pair.way.failure)("tired", true)).expect("a body is JSON");
        for at in [0, 2] {
            let mut frames = pair.frames(&["Hel", "lo", "!"]);
            frames[at] = changed(&frames[at], |frame| frame["error"] = failure["error"].clone());
            let (status, text) = pair.streamed(pair.way.streamed(frames)).await;
            let message = if at == 0 {
                assert!(status >= 400, "{}: {text}", pair.name);
                pair.assert_refused(status, status, &text)
            } else {
                pair.assert_broken(&text)
            };
            pair.assert_told("tired", &message);
        }
    })
    .await;
}

#[tokio::test]
async fn a_choice_that_failed_is_an_error() {
    for_every_pair_with(Row::FailedChoice, async |pair| {
        let no_reason = "the provider gave no reason";
        for (error, words) in [(json!({"message": "tired"}), "tired"), (Value::Null, no_reason)] {
            let fail = |body: &mut Value| {
                body["choices"][0]["finish_reason"] = json!("error");
                body["choices"][0]["error"] = error.clone();
            };
            let mut whole: Value =
                serde_json::from_str(&(pair.way.whole)(pair.spoken, "hi")).expect("JSON");
            fail(&mut whole);
            let answer = pair.whole(Reply::json(200, whole.to_string())).await;
            let message = pair.assert_refused(answer.status, 502, answer.text());
            pair.assert_told(words, &message);
            let mut frames = pair.frames(&["Hel", "lo", "!"]);
            frames[2] = changed(&frames[2], fail);
            let (_, text) = pair.streamed(pair.way.streamed(frames)).await;
            pair.assert_told(words, &pair.assert_broken(&text));
        }
    })
    .await;
}
