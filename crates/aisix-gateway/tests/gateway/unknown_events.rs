//! Events of types that nobody here knows: ignored, and counted.

use aisix_telemetry::names;
use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, ScriptedUpstream, wait};
use serde_json::json;

use crate::common::spoken::{CHAT, FAMILIES, FORMATS, OPENAI, asked, in_front_of};
use crate::common::*;

/// An event of tomorrow.
const LATER: &str = "event: later\ndata: {\"type\":\"later\",\"says\":\"more\"}\n\n";

async fn over(world: &World) {
    wait::until("the request to be over", || world.shared.in_flight() == 0).await;
}

#[tokio::test]
async fn they_are_ignored_and_counted_in_every_format() {
    for spoken in &FORMATS {
        for family in &FAMILIES {
            let upstream = ScriptedUpstream::start();
            let world = in_front_of(family, &upstream);
            let mut frames = family.stream(spoken, &["Hel", "lo"]);
            let last = frames.len() - 1;
            frames.insert(last, LATER.to_owned());
            frames.insert(1, LATER.to_owned());
            upstream.enqueue(Reply::sse(frames.clone()));
            let mut request = spoken.request(spoken.body(MODEL, "hi", true));
            let id = format!("unknown{}-{}", spoken.path.replace('/', "-"), family.name);
            let header = id.parse().expect("a value");
            request.headers_mut().insert("x-aisix-request-id", header);
            let mut answer = world.stream(request).await;
            let text = answer.rest().await;
            drop(answer);
            over(&world).await;
            assert_eq!(spoken.streamed_text(&text), "Hello", "{text}");
            assert!(text.contains(spoken.last), "{text}");
            // Within the format they pass as they are: its callers may know them.
            let same = frames.iter().any(|frame| {
                frame.contains("Hel") && {
                    let data = frame.lines().find(|line| line.starts_with("data: "));
                    data.is_some_and(|data| text.contains(&data.replace(openai::MODEL, MODEL)))
                }
            });
            assert_eq!(text.matches(LATER).count(), if same { 2 } else { 0 }, "{text}");
            let labels = [
                ("endpoint", spoken.path),
                ("inbound_protocol", spoken.protocol),
                ("provider", family.name),
                ("model", MODEL),
            ];
            world.assert_counted(&names::UNKNOWN_EVENTS, &[(&labels, 2.0)]);
            let log = logs::text();
            let told = log
                .lines()
                .filter(|line| line.contains("a type that is not known") && line.contains(&*id));
            assert_eq!(told.count(), 1);
        }
    }
}

#[tokio::test]
async fn they_are_passed_on_with_what_is_passed_on() {
    let upstream = ScriptedUpstream::start();
    let world = in_front_of(&OPENAI, &upstream);
    let chunk = json!({"choices": [{"index": 0, "text": "a", "finish_reason": "stop"}]});
    let frames = [format!("data: {chunk}\n\n"), LATER.to_owned(), openai::DONE.to_owned()];
    upstream.enqueue(Reply::sse(frames.clone()));
    let body = json!({"model": MODEL, "prompt": "hi", "stream": true});
    let mut answer = world.stream(asked("/v1/completions", body)).await;
    assert_eq!(answer.rest().await, frames.concat());
    drop(answer);
    over(&world).await;
    let labels = [("endpoint", "/v1/completions"), ("provider", "openai"), ("model", MODEL)];
    world.assert_counted(&names::UNKNOWN_EVENTS, &[(&labels, 1.0)]);
}

#[tokio::test]
async fn what_is_broken_or_an_error_is_no_unknown_event() {
    for data in ["{\"says\":", "{\"error\":{\"message\":\"no\"}}", "{\"choices\":7}"] {
        let upstream = ScriptedUpstream::start();
        let world = in_front_of(&OPENAI, &upstream);
        let first = openai::chat_stream(["a"])[..2].concat();
        upstream.enqueue(Reply::sse([first, format!("event: later\ndata: {data}\n\n")]));
        let mut answer = world.stream(CHAT.request(CHAT.body(MODEL, "hi", true))).await;
        let text = answer.rest().await;
        assert!(text.contains("event: error"), "{text}");
        drop(answer);
        over(&world).await;
        world.assert_counted(&names::UNKNOWN_EVENTS, &[]);
    }
}
