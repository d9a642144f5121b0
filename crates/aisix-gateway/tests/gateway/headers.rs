//! Headers: those of answers, and those that go up.

use aisix_gateway::Settings;
use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, Response, ScriptedUpstream};
use http::{HeaderMap, HeaderName, Request};
use http_body_util::Full;

use crate::common::world::{chat, streamed, whole};
use crate::common::*;

const SERVER: &str = concat!("AISIX/", env!("CARGO_PKG_VERSION"));

fn names(headers: &HeaderMap) -> Vec<&str> {
    let mut names: Vec<_> = headers.keys().map(HeaderName::as_str).collect();
    names.sort_unstable();
    names
}

fn is_minted(id: &str) -> bool {
    uuid::Uuid::try_parse(id)
        .is_ok_and(|parsed| parsed.get_version_num() == 4 && parsed.hyphenated().to_string() == id)
}

#[track_caller]
fn assert_common(answer: &Response) {
    assert_eq!(answer.header("server"), Some(SERVER));
    assert!(is_minted(answer.header("x-aisix-request-id").expect("a request id")));
}

#[tokio::test]
async fn a_whole_answer_carries_the_gateways_headers_and_none_of_the_upstreams() {
    let upstream = ScriptedUpstream::start();
    let reply = Reply::json(200, openai::chat_completion("ok"))
        .header("server", "nginx")
        .header("x-request-id", "req_1")
        .header("set-cookie", "a=b")
        .header("x-aisix-served-by", "somebody")
        .header("openai-organization", "org-x");
    upstream.enqueue(reply);
    let answer = World::of(&upstream).chat(whole("hi")).await;
    assert_common(&answer);
    let expected = ["content-type", "server", "x-aisix-call-id", "x-aisix-request-id"];
    assert_eq!(names(&answer.headers), expected);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("x-aisix-call-id"), answer.header("x-aisix-request-id"));
}

#[tokio::test]
async fn a_streamed_answer_says_that_it_is_one() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::sse(openai::chat_stream(["ok"])).header("x-request-id", "req_1"));
    let answer = World::of(&upstream).chat(streamed("hi")).await;
    assert_common(&answer);
    let expected =
        ["cache-control", "content-type", "server", "x-aisix-call-id", "x-aisix-request-id"];
    assert_eq!(names(&answer.headers), expected);
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert_eq!(answer.header("x-aisix-call-id"), answer.header("x-aisix-request-id"));
}

#[tokio::test]
async fn every_error_carries_the_common_headers_and_no_call_id() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(404, openai::error(404)).header("server", "nginx"));
    let settings = Settings { body_limit: Some(1000), ..Settings::default() };
    let world = World::set(&upstream, settings);
    let requests = [
        (400, chat("{")),
        (400, chat("{}")),
        (401, post("/v1/chat/completions", whole("hi"))),
        (404, chat(openai::chat_request("nothing", "hi"))),
        (404, chat(whole("hi"))),
        (413, with_length(chat(vec![b' '; 2000]), 2000)),
    ];
    for (status, request) in requests {
        let answer = world.send(request).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        assert_common(&answer);
        let expected = ["content-type", "server", "x-aisix-request-id"];
        assert_eq!(names(&answer.headers), expected, "for {status}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
    }
}

fn with_length(
    mut request: Request<Full<bytes::Bytes>>,
    length: u64,
) -> Request<Full<bytes::Bytes>> {
    request.headers_mut().insert("content-length", length.into());
    request
}

#[tokio::test]
async fn a_request_id_is_adopted_where_it_is_acceptable() {
    let upstream = ScriptedUpstream::start();
    let world = World::of(&upstream);
    let longest = "x".repeat(256);
    for id in ["abc", "!~", "0", longest.as_str()] {
        let answer = world.send(with_id("x-aisix-request-id", id.as_bytes())).await;
        assert_eq!(answer.header("x-aisix-request-id"), Some(id));
    }
    let too_long = "x".repeat(257);
    for id in [b"".as_slice(), b"a b", b"\xE9", b"tab\there", too_long.as_bytes()] {
        let answer = world.send(with_id("x-aisix-request-id", id)).await;
        assert_common(&answer);
    }
    // Not among the headers that are accepted by default.
    assert_common(&world.send(with_id("x-request-id", b"abc")).await);
}

#[tokio::test]
async fn the_first_acceptable_of_the_configured_headers_is_the_request_id() {
    let upstream = ScriptedUpstream::start();
    let request_id_headers = ["x-first", "x-second"].map(HeaderName::from_static).to_vec();
    let world = World::set(&upstream, Settings { request_id_headers, ..Settings::default() });
    let both = |first: &'static str| {
        let mut request = with_id("x-first", first.as_bytes());
        request.headers_mut().insert("x-second", "two".parse().expect("a value"));
        request.headers_mut().insert("x-aisix-request-id", "three".parse().expect("a value"));
        request
    };
    assert_eq!(world.send(both("one")).await.header("x-aisix-request-id"), Some("one"));
    assert_eq!(world.send(both("no t")).await.header("x-aisix-request-id"), Some("two"));

    let world =
        World::set(&upstream, Settings { request_id_headers: Vec::new(), ..Settings::default() });
    assert_common(&world.send(both("one")).await);
}

fn with_id(header: &'static str, id: &[u8]) -> Request<Full<bytes::Bytes>> {
    let mut request = post("/nowhere", "");
    request.headers_mut().insert(header, http::HeaderValue::from_bytes(id).expect("a value"));
    request
}

#[tokio::test]
async fn only_the_gateways_own_headers_go_up() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
    upstream.enqueue(Reply::sse(openai::chat_stream(["ok"])));
    let world = World::of(&upstream);
    for (body, streams) in [(whole("hi"), false), (streamed("hi"), true)] {
        let mut request = chat(body.clone());
        for (name, value) in [
            ("x-aisix-request-id", "id-1"),
            ("x-api-key", CALLER),
            ("cookie", "a=b"),
            ("user-agent", "curl/8"),
            ("accept", "text/plain"),
            ("accept-encoding", "gzip"),
            ("x-custom", "1"),
            ("openai-organization", "org-x"),
            ("traceparent", "00-1-1-01"),
            ("x-aisix-routing-tags", "eu"),
            ("connection", "keep-alive"),
        ] {
            request.headers_mut().insert(name, value.parse().expect("a value"));
        }
        assert_eq!(world.send(request).await.status, 200);
        let received = upstream.next_request().await;
        let mut expected = vec![
            "authorization",
            "content-length",
            "content-type",
            "host",
            "user-agent",
            "x-aisix-request-id",
        ];
        if streams {
            expected.insert(0, "accept");
            assert_eq!(received.header("accept"), Some("text/event-stream"));
        }
        assert_eq!(names(&received.headers), expected);
        assert_eq!(received.header("authorization"), Some(&*format!("Bearer {SECRET}")));
        assert_eq!(received.header("content-type"), Some("application/json"));
        let agent = concat!("aisix/", env!("CARGO_PKG_VERSION"));
        assert_eq!(received.header("user-agent"), Some(agent));
        assert_eq!(received.header("x-aisix-request-id"), Some("id-1"));
        assert_eq!(received.header("host"), Some(&*upstream.address().to_string()));
    }
}
