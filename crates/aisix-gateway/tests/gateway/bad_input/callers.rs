//! What callers get wrong.

use std::cell::Cell;

use aisix_testing::Reply;
use serde_json::{Value, json};

use super::frames::malformed;
use super::{Pair, for_every_pair};
use crate::common::*;

/// Sends a request for a whole answer or for a stream, and gives the status, what the caller gets,
/// and what was dropped.
async fn sent(pair: &Pair, mut body: Value, stream: bool) -> (u16, String, String) {
    body["model"] = json!(MODEL);
    if stream {
        body["stream"] = json!(true);
        pair.upstream.enqueue(pair.way.streamed(pair.frames(&["Hel", "lo"])));
    } else {
        pair.upstream.enqueue(Reply::json(200, (pair.way.whole)(pair.spoken, "Hello")));
    }
    let mut answer = pair.world.stream(pair.spoken.request(body)).await;
    let dropped = answer.head.headers.get("x-aisix-dropped");
    let dropped = dropped.map(|names| names.to_str().expect("text").to_owned());
    (answer.status(), answer.rest().await, dropped.unwrap_or_default())
}

#[tokio::test]
async fn a_request_that_is_truncated_or_no_json_is_refused_and_goes_nowhere() {
    for_every_pair(async |pair| {
        for stream in [false, true] {
            let body = pair.spoken.body(MODEL, "hi", stream).to_string();
            for body in [
                body[..body.len() / 2].to_owned(),
                body[..body.len() - 1].to_owned(),
                malformed(&body),
                format!("{body}}}"),
                String::new(),
            ] {
                let answer = pair.world.send(pair.spoken.request(body)).await;
                let message = pair.assert_refused(answer.status, 400, answer.text());
                assert_eq!(message, "invalid JSON request body", "{}", pair.name);
            }
            let mut request = pair.spoken.request(pair.spoken.body(MODEL, "hi", stream));
            let odd = "application/x-future".parse().expect("a header value");
            request.headers_mut().insert("content-type", odd);
            let answer = pair.world.send(request).await;
            let message = pair.assert_refused(answer.status, 400, answer.text());
            let declared = "invalid JSON request body: its content-type must be application/json";
            assert_eq!(message, declared, "{}", pair.name);
        }
        assert!(pair.upstream.requests().is_empty(), "{}", pair.name);
    })
    .await;
}

#[tokio::test]
async fn arguments_of_a_past_call_that_are_no_json_stay_what_they_were_or_are_reported() {
    for_every_pair(async |pair| {
        for stream in [false, true] {
            let body = (pair.requests.past_call)("{city: Oslo");
            let (status, text, dropped) = sent(pair, body, stream).await;
            assert_eq!(status, 200, "{}: {text}", pair.name);
            let received = pair.upstream.next_request().await;
            let kept = received.text().contains("{city: Oslo");
            assert_ne!(kept, dropped.contains("tool_call.arguments"), "{}: {dropped}", pair.name);
            let empty = ["\"input\":{}", "\"args\":{}"];
            let is_empty = empty.iter().any(|empty| received.text().contains(empty));
            assert!(kept || is_empty, "{}: {}", pair.name, received.text());
            assert!(received.text().contains("4C"), "{}: {}", pair.name, received.text());
        }
    })
    .await;
}

#[tokio::test]
async fn an_image_of_ten_megabytes_arrives_whole() {
    let data = "iVBORw0KGgo".repeat(10 * 1024 * 1024 / 11);
    // What is streamed is the answer: by turns is enough.
    let streams = Cell::new(false);
    for_every_pair(async |pair| {
        let stream = streams.replace(!streams.get());
        let (status, text, dropped) = sent(pair, (pair.requests.image)(&data), stream).await;
        assert_eq!(status, 200, "{}: {text}", pair.name);
        assert!(!dropped.contains("image"), "{}: {dropped}", pair.name);
        let received = pair.upstream.next_request().await;
        let at = received.text().find("iVBORw0KGgo").expect("the image is there");
        assert_eq!(&received.text()[at..at + data.len()], data, "{}", pair.name);
    })
    .await;
}

#[tokio::test]
async fn a_part_of_an_unknown_type_goes_to_its_own_format_and_is_reported_otherwise() {
    for_every_pair(async |pair| {
        for stream in [false, true] {
            let (status, text, dropped) = sent(pair, (pair.requests.part)("future"), stream).await;
            assert_eq!(status, 200, "{}: {text}", pair.name);
            let received = pair.upstream.next_request().await;
            let kept = received.text().contains("\"future\"");
            assert_eq!(kept, pair.is_native(stream), "{}: {}", pair.name, received.text());
            assert_eq!(dropped.contains("future"), !kept, "{}: {dropped}", pair.name);
        }
    })
    .await;
}
