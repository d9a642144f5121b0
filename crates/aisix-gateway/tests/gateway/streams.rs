//! Streamed answers: what is passed on, how they end, and what keeps them alive.

use std::time::Duration;

use aisix_core::ErrorCode;
use aisix_core::chat::Usage;
use aisix_gateway::Settings;
use aisix_testing::fixtures::openai;
use aisix_testing::{Gate, Reply, ScriptedUpstream};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::common::world::{chat, streamed};
use crate::common::*;

const HEARTBEAT: &str = ":\n\n";

fn named(id: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let mut request = chat(body);
    request.headers_mut().insert("x-aisix-request-id", id.parse().expect("a header value"));
    request
}

/// One chunk, as compact as can be; its model is the caller's already.
fn chunk(content: &str) -> String {
    format!(
        "data: {{\"model\":\"my-gpt\",\"choices\":[{{\"delta\":{{\"content\":\"{content}\"}}}}]}}\n\n"
    )
}

const A: &str = "data: {\"model\":\"my-gpt\",\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
const FINISH: &str =
    "data: {\"model\":\"my-gpt\",\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
const USAGE: &str = "data: {\"model\":\"my-gpt\",\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":2,\"total_tokens\":9}}\n\n";

/// What the caller gets of an upstream that says this.
async fn relayed(reply: Reply) -> String {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(reply);
    let mut answer = World::of(&upstream).stream(chat(streamed("hi"))).await;
    assert_eq!(answer.status(), 200);
    answer.rest().await
}

#[track_caller]
fn assert_fails(text: &str, before: &str, kind: &str) {
    let rest = text.strip_prefix(before).unwrap_or_else(|| panic!("{text:?} after {before:?}"));
    let data = rest.strip_prefix("event: error\ndata: ").and_then(|rest| rest.strip_suffix("\n\n"));
    let error: Value = data
        .and_then(|data| serde_json::from_str(data).ok())
        .unwrap_or_else(|| panic!("{rest:?} is an error event, and nothing else"));
    assert_eq!(error["error"]["type"], kind, "{error}");
    let message = error["error"]["message"].as_str().expect("a message");
    assert!(!message.is_empty());
}

#[tokio::test]
async fn usage_that_the_caller_did_not_ask_for_is_swallowed_but_reported() {
    let upstream = ScriptedUpstream::start();
    let said = openai::chat_stream_with_usage(["a", "b", "c"]);
    upstream.enqueue(Reply::sse(said.clone()));
    let world = World::of(&upstream);
    let mut answer = world.stream(named("usage-1", streamed("hi"))).await;
    let text = answer.rest().await;
    let shown = said.iter().filter(|frame| !frame.contains("\"choices\":[]"));
    let shown: Vec<_> = shown.map(|frame| frame.replace(openai::MODEL, MODEL)).collect();
    assert_eq!(shown.len(), said.len() - 1);
    assert_eq!(text, shown.concat());
    drop(answer);
    let outcome = world.recorder.outcome("usage-1").await;
    let usage = Usage { input: openai::PROMPT_TOKENS, output: 3, ..Usage::default() };
    assert_eq!(outcome.usage, Some(usage));
    assert_eq!((outcome.attempts, outcome.served_by.as_deref()), (1, Some(MODEL)));
    assert_eq!((outcome.status, outcome.error, outcome.cancelled), (200, None, false));
    let line = logs::access_line("usage-1").await;
    for field in ["status=200", "prompt_tokens=19", "completion_tokens=3", "total_tokens=22"] {
        assert!(line.contains(field), "{field} in {line}");
    }
    assert!(!line.contains("served_by_model"), "{line}");
}

#[tokio::test]
async fn usage_that_the_caller_asked_for_is_shown() {
    let upstream = ScriptedUpstream::start();
    let said = openai::chat_stream_with_usage(["a", "b"]);
    upstream.enqueue(Reply::sse(said.clone()));
    let body = streamed("hi").replacen('{', r#"{"stream_options":{"include_usage":true},"#, 1);
    let mut answer = World::of(&upstream).stream(chat(body)).await;
    assert_eq!(answer.rest().await, said.concat().replace(openai::MODEL, MODEL));
}

#[tokio::test]
async fn usage_that_rides_on_a_chunk_is_kept() {
    let rides = FINISH.replace("}}\n", "}\n").replace(
        "\"stop\"}]",
        "\"stop\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1,\"total_tokens\":2}",
    );
    let text = relayed(Reply::sse([A.to_owned(), rides.clone(), openai::DONE.to_owned()])).await;
    assert_eq!(text, [A, &rides, openai::DONE].concat());
}

#[tokio::test]
async fn the_end_is_marked_exactly_once() {
    let done = openai::DONE;
    let whole = [A, FINISH, done].concat();
    for frames in [
        vec![A, FINISH, done],
        vec![A, FINISH, done, done],
        vec![A, FINISH, done, A, "data: nonsense\n\n"],
        vec![A, FINISH, "data: [DONE]"],
        vec![A, FINISH, "data:[DONE]\r\n\r\n"],
        vec![A, FINISH, "data: [DONE] \n\n"],
        vec![A, FINISH],
        vec![A, FINISH.trim_end()],
        vec![A, FINISH, USAGE],
        vec![A, FINISH, USAGE, done],
    ] {
        assert_eq!(relayed(Reply::sse(frames.clone())).await, whole, "for {frames:?}");
        // As above, in one piece.
        assert_eq!(relayed(Reply::sse([frames.concat()])).await, whole, "for {frames:?}");
    }
    // The marker alone is a complete answer, if an empty one.
    assert_eq!(relayed(Reply::sse([done])).await, done);
}

#[tokio::test]
async fn the_end_is_passed_on_when_it_is_said_and_not_when_the_connection_closes() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::open_sse().chunks([A, FINISH, openai::DONE]).hang());
    let world = World::of(&upstream);
    let mut answer = world.stream(named("lingers-1", streamed("hi"))).await;
    for frame in [A, FINISH, openai::DONE] {
        assert_eq!(answer.frame().await.as_deref(), Some(frame));
    }
    // The exchange is over, whatever the upstream still does.
    let outcome = world.recorder.outcome("lingers-1").await;
    assert_eq!((outcome.status, outcome.error, outcome.cancelled), (200, None, false));
    tokio::time::pause();
    assert_eq!(answer.frame().await, None);
    upstream.wait_disconnected().await;
}

#[tokio::test]
async fn a_stream_that_is_cut_off_is_never_taken_for_the_whole() {
    for reply in [
        Reply::open_sse().chunk(A).end(),
        Reply::open_sse().chunks([A, USAGE]).end(),
        Reply::raw([http_10(), A.to_owned()].concat()).close(),
        Reply::raw([http_10(), A.to_owned(), "data: {\"cho".to_owned()].concat()).close(),
    ] {
        let shown = format!("{reply:?}");
        let text = relayed(reply).await;
        assert_fails(&text, A, "stream_aborted");
        assert!(!text.contains("[DONE]"), "for {shown}");
    }
    for reply in [
        Reply::open_sse().chunk(A).close(),
        Reply::open_sse().chunk(A).reset(),
        Reply::open_sse().chunk(A).bytes("zz\r\n"),
    ] {
        assert_fails(&relayed(reply).await, A, "transport_error");
    }
}

/// The head of a stream that ends with its connection.
fn http_10() -> String {
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n".to_owned()
}

#[tokio::test]
async fn an_error_inside_the_stream_ends_it() {
    let error =
        "data: {\"error\":{\"message\":\"overloaded\",\"type\":\"server_error\",\"code\":503}}\n\n";
    for frames in [vec![A, error], vec![A, error, FINISH, openai::DONE]] {
        for reply in [Reply::sse(frames.clone()), Reply::sse([frames.concat()])] {
            let text = relayed(reply).await;
            assert_fails(&text, A, "upstream_in_band_error");
            assert!(text.contains("overloaded"), "{text}");
        }
    }
}

#[tokio::test]
async fn garbage_inside_the_stream_ends_it() {
    for garbage in [
        "data: nonsense\n\n",
        "data: {}\n\n",
        "data: null\n\n",
        "data: [1]\n\n",
        "data: {\"choices\":1}\n\n",
        "data: {\"choices\":[]\n\n",
    ] {
        let frames = [A, garbage, FINISH, openai::DONE];
        for reply in [Reply::sse(frames), Reply::sse([frames.concat()])] {
            assert_fails(&relayed(reply).await, A, "upstream_decode_error");
        }
    }
    let bytes = [A.as_bytes(), b"data: {\"choices\":[],\"x\":\"\xFF\"}\n\n"].concat();
    assert_fails(&relayed(Reply::sse([bytes])).await, A, "upstream_decode_error");
}

#[tokio::test]
async fn an_error_before_the_first_event_is_an_ordinary_answer() {
    for (reply, status, kind) in [
        (
            Reply::sse(["data: {\"error\":{\"message\":\"busy\"}}\n\n"]),
            502,
            "upstream_in_band_error",
        ),
        (Reply::sse(["data: nonsense\n\n"]), 502, "upstream_decode_error"),
        (Reply::open_sse().end(), 502, "stream_aborted"),
        (Reply::sse([": only a comment\n\n"]), 502, "stream_aborted"),
        (Reply::open_sse().close(), 502, "transport_error"),
        (Reply::open_sse().reset(), 502, "transport_error"),
        (Reply::json(200, openai::chat_completion("not streamed")), 502, "stream_aborted"),
    ] {
        let upstream = ScriptedUpstream::start();
        let shown = format!("{reply:?}");
        upstream.enqueue(reply);
        let answer = World::of(&upstream).chat(streamed("hi")).await;
        assert_eq!(answer.status, status, "{shown}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(error_of(&answer)["type"], kind, "{shown}");
        assert!(answer.header("x-aisix-call-id").is_none());
    }
}

#[tokio::test]
async fn an_upstream_that_does_not_stream_is_said_not_to() {
    let whole = openai::chat_completion("not streamed");
    for body in [whole.clone(), format!("\r\n {whole}")] {
        let upstream = ScriptedUpstream::start();
        upstream.enqueue(Reply::json(200, body));
        let answer = World::of(&upstream).chat(streamed("hi")).await;
        let message = "upstream did not stream: it sent one JSON object instead of events";
        assert_eq!(error_of(&answer)["message"], message);
    }
}

#[tokio::test]
async fn upstreams_may_end_lines_and_split_data_as_the_standard_allows() {
    let frames = [A, FINISH, openai::DONE];
    let expected = frames.concat();
    for (from, to) in [("\n", "\r\n"), ("\n", "\r"), ("data: ", "data:")] {
        let reply = Reply::sse(frames.map(|frame| frame.replace(from, to)));
        assert_eq!(relayed(reply).await, expected, "for {to:?}");
    }
    let more =
        |frame: &str| format!(": comment\nid: 7\nretry: 10\nevent: message\nx\n{frame}:\n\n");
    assert_eq!(relayed(Reply::sse(frames.map(more))).await, expected);
    let marked = ["\u{FEFF}".to_owned(), expected.clone()];
    assert_eq!(relayed(Reply::sse(marked)).await, expected);
}

#[tokio::test]
async fn data_in_several_lines_arrives_as_one_event() {
    let lines = "data: {\"model\":\"x\",\ndata:  \"choices\":[{\"delta\":\ndata: {\"content\":\"a\"}}]}\n\n";
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::sse([lines, FINISH, openai::DONE]));
    let mut answer = World::of(&upstream).stream(chat(streamed("hi"))).await;
    let first = answer.frame().await.expect("a first frame");
    let data: String = first
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| line.strip_prefix("data:").unwrap_or_else(|| panic!("{line:?} in {first:?}")))
        .collect();
    let data: Value = serde_json::from_str(&data).expect("JSON");
    let expected = json!({"model": "my-gpt", "choices": [{"delta": {"content": "a"}}]});
    assert_eq!(data, expected);
    assert_eq!(answer.rest().await, [FINISH, openai::DONE].concat());
}

#[tokio::test]
async fn any_split_of_the_bytes_gives_the_same_stream() {
    let expected = [&*chunk("\u{e9}\u{1F600}"), FINISH, openai::DONE].concat();
    let upstream = ScriptedUpstream::start();
    let world = World::of(&upstream);
    for piece in [1, 2, 3, 7] {
        let head = http_10();
        let body = expected.replace('\n', "\r\n").into_bytes();
        upstream.enqueue(Reply::raw(head).trickle(body, piece, Duration::ZERO).close());
        let mut answer = world.stream(chat(streamed("hi"))).await;
        assert_eq!(answer.rest().await, expected, "in pieces of {piece}");
    }
}

#[tokio::test]
async fn chunks_are_passed_on_as_they_come() {
    let upstream = ScriptedUpstream::start();
    let gates = [Gate::new(), Gate::new()];
    let reply = Reply::open_sse()
        .chunk(A)
        .wait_for(&gates[0])
        .chunk(chunk("b"))
        .wait_for(&gates[1])
        .chunks([FINISH, openai::DONE])
        .end();
    upstream.enqueue(reply);
    let mut answer = World::of(&upstream).stream(chat(streamed("hi"))).await;
    assert_eq!(answer.frame().await, Some(A.to_owned()));
    gates[0].open();
    assert_eq!(answer.frame().await, Some(chunk("b")));
    gates[1].open();
    assert_eq!(answer.rest().await, [FINISH, openai::DONE].concat());
}

/// With the clock stopped, time passes only where everybody waits for it.
#[tokio::test]
async fn an_idle_stream_is_kept_open_until_it_counts_as_stalled() {
    let upstream = ScriptedUpstream::start();
    let gate = Gate::new();
    upstream.enqueue(Reply::open_sse().chunk(A).wait_for(&gate).hang());
    let mut settings = Settings { heartbeat: Some(Duration::from_secs(15)), ..Settings::default() };
    settings.upstream.stream_timeout = Some(Duration::from_secs(50));
    let world = World::set(&upstream, settings);
    let mut answer = world.stream(named("stalls-1", streamed("hi"))).await;
    assert_eq!(answer.frame().await, Some(A.to_owned()));
    gate.reached().await;
    tokio::time::pause();
    for _ in 0..3 {
        assert_eq!(answer.frame().await.as_deref(), Some(HEARTBEAT));
    }
    let text = answer.frame().await.expect("an error event");
    assert_fails(&text, "", "timeout");
    let waited = text.contains("after 50000ms") || text.contains("after 50001ms");
    assert!(waited, "{text}");
    // The connection is not kept for as long as the caller takes to leave.
    upstream.wait_disconnected().await;
    assert_eq!(answer.frame().await, None);
    let outcome = world.recorder.outcome("stalls-1").await;
    assert_eq!((outcome.status, outcome.cancelled), (200, false));
    assert_eq!(outcome.error, Some(ErrorCode::UpstreamTimeout));
    let line = logs::access_line("stalls-1").await;
    assert!(line.contains("status=200") && line.contains("error_kind=\"timeout\""), "{line}");
}

#[tokio::test]
async fn a_stream_that_is_complete_ends_with_the_gap_whether_or_not_its_connection_does() {
    for (id, said) in [("rests-1", vec![A, FINISH]), ("rests-2", vec![A, FINISH, USAGE])] {
        let upstream = ScriptedUpstream::start();
        let gate = Gate::new();
        upstream.enqueue(Reply::open_sse().chunks(said).wait_for(&gate).hang());
        let mut settings = Settings { heartbeat: None, ..Settings::default() };
        settings.upstream.stream_timeout = Some(Duration::from_secs(50));
        let world = World::set(&upstream, settings);
        let mut answer = world.stream(named(id, streamed("hi"))).await;
        assert_eq!(answer.frame().await.as_deref(), Some(A));
        assert_eq!(answer.frame().await.as_deref(), Some(FINISH));
        gate.reached().await;
        tokio::time::pause();
        assert_eq!(answer.rest().await, openai::DONE);
        tokio::time::resume();
        upstream.wait_disconnected().await;
        let outcome = world.recorder.outcome(id).await;
        assert_eq!((outcome.status, outcome.error, outcome.cancelled), (200, None, false));
    }
}

#[tokio::test]
async fn heartbeats_can_be_switched_off() {
    let upstream = ScriptedUpstream::start();
    let gate = Gate::new();
    upstream.enqueue(Reply::open_sse().chunk(A).wait_for(&gate).hang());
    let mut settings = Settings { heartbeat: None, ..Settings::default() };
    settings.upstream.stream_timeout = Some(Duration::from_secs(50));
    let world = World::set(&upstream, settings);
    let mut answer = world.stream(chat(streamed("hi"))).await;
    assert_eq!(answer.frame().await, Some(A.to_owned()));
    gate.reached().await;
    tokio::time::pause();
    assert_fails(&answer.rest().await, "", "timeout");
}

#[tokio::test]
async fn a_gap_counts_anew_with_every_event_and_a_slow_caller_is_no_stall() {
    let upstream = ScriptedUpstream::start();
    let gates = [Gate::new(), Gate::new()];
    let reply = Reply::open_sse()
        .chunk(A)
        .wait_for(&gates[0])
        .chunk(chunk("b"))
        .wait_for(&gates[1])
        .chunks([FINISH, openai::DONE])
        .end();
    upstream.enqueue(reply);
    let mut settings = Settings { heartbeat: None, ..Settings::default() };
    settings.upstream.stream_timeout = Some(Duration::from_secs(30));
    let world = World::set(&upstream, settings);
    let mut answer = world.stream(chat(streamed("hi"))).await;
    assert_eq!(answer.frame().await, Some(A.to_owned()));
    gates[0].reached().await;
    // The caller takes a minute to come back; the upstream is not to blame for that.
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(60)).await;
    tokio::time::resume();
    let opening = std::thread::spawn({
        let gate = gates[0].clone();
        move || gate.open()
    });
    assert_eq!(answer.frame().await, Some(chunk("b")));
    opening.join().expect("the gate opens");
    gates[1].open();
    assert_eq!(answer.rest().await, [FINISH, openai::DONE].concat());
}

#[tokio::test]
async fn a_stall_before_the_first_event_is_an_ordinary_error_where_the_model_sets_the_gap() {
    let upstream = ScriptedUpstream::start();
    for (field, reply) in [
        ("stream_timeout", Reply::open_sse().hang()),
        ("stream_timeout", Reply::new().hang()),
        ("timeout", Reply::open_sse().chunk(": comment\n\n").hang()),
    ] {
        upstream.enqueue(reply);
        let mut all = documents::standard(&upstream.base_url());
        all[1].1[field] = json!(30);
        let heartbeat = Some(Duration::from_millis(5));
        let world = World::with(Settings { heartbeat, ..Settings::default() }, &all);
        let answer = world.chat(streamed("hi")).await;
        assert_eq!(answer.status, 504, "{}", answer.text());
        let error = error_of(&answer);
        assert_eq!(error["type"], "timeout");
        let message = error["message"].as_str().expect("a message");
        let millis = message
            .strip_prefix("upstream request timed out after ")
            .and_then(|rest| rest.strip_suffix("ms"))
            .and_then(|millis| millis.parse::<u64>().ok());
        assert!(millis.is_some_and(|millis| millis >= 30), "{message}");
        upstream.wait_disconnected().await;
    }
}

#[tokio::test]
async fn a_caller_is_not_kept_waiting_longer_than_between_heartbeats() {
    let upstream = ScriptedUpstream::start();
    let gate = Gate::new();
    let reply = Reply::open_sse().wait_for(&gate).chunks([A, FINISH, openai::DONE]).end();
    upstream.enqueue(reply);
    let heartbeat = Some(Duration::from_millis(20));
    let world = World::set(&upstream, Settings { heartbeat, ..Settings::default() });
    let mut answer = world.stream(chat(streamed("hi"))).await;
    assert_eq!(answer.status(), 200);
    for _ in 0..3 {
        assert_eq!(answer.frame().await.as_deref(), Some(HEARTBEAT));
    }
    gate.open();
    let text = answer.rest().await.replace(HEARTBEAT, "");
    assert_eq!(text, [A, FINISH, openai::DONE].concat());
}

#[tokio::test]
async fn an_error_after_the_head_is_an_event_even_if_nothing_else_came() {
    let upstream = ScriptedUpstream::start();
    let gate = Gate::new();
    let error = "data: {\"error\":{\"message\":\"busy\"}}\n\n";
    upstream.enqueue(Reply::open_sse().wait_for(&gate).chunk(error).end());
    let heartbeat = Some(Duration::from_millis(20));
    let world = World::set(&upstream, Settings { heartbeat, ..Settings::default() });
    let mut answer = world.stream(chat(streamed("hi"))).await;
    assert_eq!(answer.status(), 200);
    gate.open();
    assert_fails(&answer.rest().await.replace(HEARTBEAT, ""), "", "upstream_in_band_error");
}
