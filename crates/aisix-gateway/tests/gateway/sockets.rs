//! Callers on real connections: bytes that are no request, callers that stall or leave, and
//! connections that go on.

use std::time::Duration;

use aisix_gateway::Settings;
use aisix_testing::client::Broken;
use aisix_testing::fixtures::openai;
use aisix_testing::{Connection, Gate, Reply, Request, Response, ScriptedUpstream, wait};
use serde_json::json;

use crate::common::world::{Served, streamed, whole};
use crate::common::*;

fn chat(body: impl Into<bytes::Bytes>) -> Request {
    Request::post("/v1/chat/completions").bearer(CALLER).json(body)
}

fn served(upstream: &ScriptedUpstream) -> (World, Served) {
    let world = World::of(upstream);
    let served = world.serve(1);
    (world, served)
}

/// A gateway that loses patience soon.
fn impatient(upstream: &ScriptedUpstream) -> (World, Served) {
    let read_timeout = Some(Duration::from_millis(50));
    let world = World::set(upstream, Settings { read_timeout, ..Settings::default() });
    let served = world.serve(1);
    (world, served)
}

#[track_caller]
fn assert_refusal(answer: &Response, status: u16, message: &str) {
    assert_eq!(answer.status, status, "{}", answer.text());
    let expected = json!({"message": message, "type": "invalid_request_error"});
    assert_eq!(error_of(answer), expected);
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.header("server"), Some(concat!("AISIX/", env!("CARGO_PKG_VERSION"))));
    let id = answer.header("x-aisix-request-id").expect("a request id");
    assert!(uuid::Uuid::try_parse(id).is_ok(), "{id}");
}

const MALFORMED: &str = "request payload is invalid: the HTTP request is malformed";

async fn raw(served: &Served, bytes: &[u8]) -> Response {
    let mut connection = Connection::open(served.address).await;
    connection.send(bytes).await.expect("the gateway reads");
    connection.response().await.expect("an answer")
}

#[tokio::test]
async fn two_lengths_that_differ_are_refused() {
    let upstream = ScriptedUpstream::start();
    let (_world, served) = served(&upstream);
    let body = whole("hi");
    for lengths in [
        format!("content-length: {}\r\ncontent-length: 1", body.len()),
        format!("content-length: 1\r\ncontent-length: {}", body.len()),
        format!("content-length: {}, 1", body.len()),
        "content-length: -1".to_owned(),
        "content-length: 0x10".to_owned(),
        "content-length: 99999999999999999999999".to_owned(),
        "content-length:".to_owned(),
    ] {
        let request = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\nauthorization: {CALLER}\r\n\
             content-type: application/json\r\n{lengths}\r\n\r\n{body}"
        );
        let mut connection = Connection::open(served.address).await;
        connection.send(request).await.expect("the gateway reads");
        let answer = connection.response().await.expect("an answer");
        assert_refusal(&answer, 400, MALFORMED);
        assert_eq!(answer.header("connection"), Some("close"));
        connection.closed().await.expect("nothing else is said");
    }
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn a_body_has_one_length() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("ok")));
    let (_world, served) = served(&upstream);
    let body = whole("hi");
    let length = format!("content-length: {}\r\n", body.len());
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    for (framing, body) in [
        (length.repeat(2), &body),
        (format!("{length}transfer-encoding: chunked\r\n"), &chunked),
        (format!("transfer-encoding: chunked\r\n{length}"), &chunked),
    ] {
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\nauthorization: {CALLER}\r\n\
             content-type: application/json\r\n{framing}\r\n"
        );
        let mut connection = Connection::open(served.address).await;
        // Neither the first request on a connection nor a later one may do so.
        for earlier in 0..2 {
            if earlier > 0 {
                connection = Connection::open(served.address).await;
                let served = chat(whole("before")).to_bytes();
                connection.send(served).await.expect("the gateway reads");
                assert_eq!(connection.response().await.expect("an answer").status, 200);
            }
            connection.send(format!("{head}{body}")).await.expect("the gateway reads");
            let answer = connection.response().await.expect("an answer");
            assert_refusal(&answer, 400, MALFORMED);
            connection.closed().await.expect("nothing else is said");
        }
    }
    assert_eq!(upstream.requests().len(), 3);
}

#[tokio::test]
async fn what_is_no_http_is_refused_in_json() {
    let upstream = ScriptedUpstream::start();
    let (_world, served) = served(&upstream);
    for bytes in [
        b"nonsense\r\n\r\n".as_slice(),
        b"GET /livez HTTP/9.9\r\n\r\n",
        b"G@T /livez HTTP/1.1\r\n\r\n",
        b"GET /li vez HTTP/1.1\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nbad name: 1\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nx: a\0b\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ] {
        let answer = raw(&served, bytes).await;
        assert_refusal(&answer, 400, MALFORMED);
        let id = answer.header("x-aisix-request-id").expect("a request id");
        let line = logs::access_line(id).await;
        let said = "method=\"-\" path=\"-\" status=400";
        assert!(line.contains(said) && line.contains("the HTTP request is malformed"), "{line}");
    }
}

#[tokio::test]
async fn heads_that_are_too_large_are_refused_in_json() {
    let upstream = ScriptedUpstream::start();
    let (_world, served) = served(&upstream);
    let too_large = "request payload is invalid: the request's header fields are too large";
    let huge = format!("GET /livez HTTP/1.1\r\nx: {}\r\n\r\n", "x".repeat(1 << 20));
    assert_refusal(&raw(&served, huge.as_bytes()).await, 431, too_large);
    let many = format!("GET /livez HTTP/1.1\r\n{}\r\n", "x: y\r\n".repeat(200));
    assert_refusal(&raw(&served, many.as_bytes()).await, 431, too_large);
    let long = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(70_000));
    let too_long = "request payload is invalid: the request's URI is too long";
    assert_refusal(&raw(&served, long.as_bytes()).await, 414, too_long);
}

#[tokio::test]
async fn the_gateways_own_empty_answers_stay_as_they_are() {
    let upstream = ScriptedUpstream::start();
    let (_world, served) = served(&upstream);
    for (method, path, status) in [("GET", "/nowhere", 404), ("POST", "/livez", 405)] {
        let answer = Request::new(method, path).send(served.address).await;
        assert_answer(&answer, status, "");
        assert_eq!(answer.header("content-length"), Some("0"));
    }
}

#[tokio::test]
async fn one_connection_takes_one_request_after_the_other() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("ok")));
    let (_world, served) = served(&upstream);
    let mut connection = Connection::open(served.address).await;
    for body in [whole("a"), whole("b"), "{".to_owned(), whole("c")] {
        connection.send(chat(body.clone()).to_bytes()).await.expect("the gateway reads");
        let answer = connection.response().await.expect("an answer");
        assert_eq!(answer.status, if body == "{" { 400 } else { 200 });
    }
    upstream.enqueue(Reply::sse(openai::chat_stream(["ok"])));
    connection.send(chat(streamed("d")).to_bytes()).await.expect("the gateway reads");
    connection.head().await.expect("a head");
    let events = connection.events().await.expect("a whole stream");
    assert_eq!(events.last().map(|event| event.data()), Some("[DONE]".to_owned()));
    connection.send(chat(whole("e")).to_bytes()).await.expect("the gateway reads");
    assert_eq!(connection.response().await.expect("an answer").status, 200);
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn requests_that_come_at_once_are_answered_in_order() {
    let upstream = ScriptedUpstream::start();
    upstream.respond_with(|request| {
        let body: serde_json::Value = request.json();
        let text = body["messages"][0]["content"].as_str().unwrap_or_default().to_owned();
        Reply::json(200, openai::chat_completion(&text))
    });
    let (_world, served) = served(&upstream);
    let mut connection = Connection::open(served.address).await;
    let both = [chat(whole("first")).to_bytes(), chat(whole("second")).to_bytes()].concat();
    connection.send(both).await.expect("the gateway reads");
    for expected in ["first", "second"] {
        let answer = connection.response().await.expect("an answer");
        assert!(answer.text().contains(expected), "{}", answer.text());
    }
}

#[tokio::test]
async fn a_head_that_does_not_end_is_not_waited_for() {
    let upstream = ScriptedUpstream::start();
    let (_world, served) = impatient(&upstream);
    for begun in ["", "P", "POST /v1/chat/completions HTTP/1.1\r\nauthorization: x\r\n"] {
        let mut connection = Connection::open(served.address).await;
        connection.send(begun).await.expect("the gateway reads");
        connection.closed().await.expect("it is closed without a word");
    }
    // The head of a later request is no different.
    let mut connection = Connection::open(served.address).await;
    connection.send(Request::get("/livez").to_bytes()).await.expect("the gateway reads");
    assert_eq!(connection.response().await.expect("an answer").status, 200);
    connection.send("GET /livez HTTP/1.1\r\n").await.expect("the gateway reads");
    connection.closed().await.expect("it is closed without a word");
}

#[tokio::test]
async fn a_connection_between_requests_may_rest() {
    let upstream = ScriptedUpstream::start();
    let (_world, served) = impatient(&upstream);
    let mut resting = Connection::open(served.address).await;
    for _ in 0..2 {
        resting.send(Request::get("/livez").to_bytes()).await.expect("the gateway reads");
        assert_eq!(resting.response().await.expect("an answer").status, 200);
        // Another one that has to go on is given up meanwhile.
        let mut stalling = Connection::open(served.address).await;
        stalling.send("GET /livez").await.expect("the gateway reads");
        stalling.closed().await.expect("it is closed without a word");
    }
}

#[tokio::test]
async fn a_caller_that_takes_nothing_is_not_waited_for() {
    let upstream = ScriptedUpstream::start();
    // More than sockets hold.
    let frame = &openai::chat_stream(["long".repeat(1 << 18)])[1];
    let reply = (0..48).fold(Reply::open_sse(), |reply, _| reply.chunk(frame.clone()));
    upstream.enqueue(reply.hang());
    let (world, served) = impatient(&upstream);
    let request = chat(streamed("hi")).header("x-aisix-request-id", "takes-nothing");
    let (head, connection) = request.stream(served.address).await;
    assert_eq!(head.status, 200);
    upstream.wait_disconnected().await;
    let outcome = world.recorder.outcome("takes-nothing").await;
    assert_eq!((outcome.status, outcome.cancelled), (200, true));
    drop(connection);
}

#[tokio::test]
async fn a_body_that_stops_arriving_is_answered() {
    let upstream = ScriptedUpstream::start();
    let (world, served) = impatient(&upstream);
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\nauthorization: {CALLER}\r\n\
         content-type: application/json\r\nx-aisix-request-id: stalls-on-socket\r\n"
    );
    for body in ["content-length: 100\r\n\r\n{", "transfer-encoding: chunked\r\n\r\n1\r\n{\r\n"] {
        let mut connection = Connection::open(served.address).await;
        connection.send(format!("{head}{body}")).await.expect("the gateway reads");
        let answer = connection.response().await.expect("an answer");
        assert_eq!(answer.status, 408, "{}", answer.text());
        assert_eq!(error_of(&answer)["code"], "request_timeout");
        connection.closed().await.expect("and then it is closed");
    }
    assert!(world.recorder.is_over("stalls-on-socket"));
}

fn leave(connection: Connection, reset: bool) {
    match reset {
        true => connection.reset(),
        false => drop(connection),
    }
}

#[tokio::test]
async fn a_caller_that_leaves_takes_its_upstream_call_along() {
    let upstream = ScriptedUpstream::start();
    let (world, served) = served(&upstream);
    for reset in [false, true] {
        for (what, body, said) in [
            ("head", whole("hi"), Reply::new()),
            ("whole", whole("hi"), Reply::open(200, "application/json").chunk("{")),
            ("event", streamed("hi"), Reply::open_sse()),
        ] {
            let gate = Gate::new();
            upstream.enqueue(said.wait_for(&gate).hang());
            let id = format!("socket-{what}-{reset}");
            let request = chat(body).header("x-aisix-request-id", &id);
            let mut connection = Connection::open(served.address).await;
            connection.send(request.to_bytes()).await.expect("the gateway reads");
            gate.reached().await;
            leave(connection, reset);
            gate.open();
            upstream.wait_disconnected().await;
            let outcome = world.recorder.outcome(&id).await;
            assert_eq!((outcome.status, outcome.cancelled), (499, true), "{id}");
            assert!(logs::access_line(&id).await.contains("status=499"));
        }
    }
    wait::until("nothing to be in flight", || world.shared.in_flight() == 0).await;
}

#[tokio::test]
async fn a_caller_that_leaves_amid_a_stream_takes_its_upstream_call_along() {
    let upstream = ScriptedUpstream::start();
    let (world, served) = served(&upstream);
    for reset in [false, true] {
        let frames = openai::chat_stream(["a", "b"]);
        upstream.enqueue(Reply::open_sse().chunks(frames[..2].to_vec()).hang());
        let id = format!("socket-stream-{reset}");
        let request = chat(streamed("hi")).header("x-aisix-request-id", &id);
        let (head, mut connection) = request.stream(served.address).await;
        assert_eq!(head.status, 200);
        connection.event().await.expect("a stream").expect("an event");
        leave(connection, reset);
        upstream.wait_disconnected().await;
        let outcome = world.recorder.outcome(&id).await;
        assert_eq!((outcome.status, outcome.cancelled), (200, true), "{id}");
    }
    wait::until("nothing to be in flight", || world.shared.in_flight() == 0).await;
}

#[tokio::test]
async fn a_refusal_is_readable_however_much_was_sent() {
    let upstream = ScriptedUpstream::start();
    let settings = Settings { body_limit: Some(1000), ..Settings::default() };
    let world = World::set(&upstream, settings);
    let served = world.serve(1);
    let large = vec![b' '; 4 << 20];
    let anonymous = Request::post("/v1/chat/completions").json(large.clone());
    assert_eq!(
        Request::post("/nowhere").json(large.clone()).send(served.address).await.status,
        404
    );
    assert_eq!(anonymous.send(served.address).await.status, 413);
    assert_eq!(chat(large.clone()).send(served.address).await.status, 413);

    let head = |more: &str| {
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\n{more}transfer-encoding: chunked\r\n\r\n"
        )
    };
    for (more, status) in [("", 401), (&*format!("authorization: {CALLER}\r\n"), 413)] {
        let mut connection = Connection::open(served.address).await;
        connection.send(head(more)).await.expect("the gateway reads");
        let chunk =
            [format!("{:x}\r\n", large.len()).as_bytes(), &large, b"\r\n0\r\n\r\n"].concat();
        connection.send(chunk).await.expect("the gateway reads");
        assert_eq!(connection.response().await.expect("an answer").status, status);
    }
}

#[tokio::test]
async fn a_stream_that_breaks_off_ends_in_order() {
    let upstream = ScriptedUpstream::start();
    let (_world, served) = served(&upstream);
    let frames = openai::chat_stream(["a", "b"]);
    upstream.enqueue(Reply::open_sse().chunks(frames[..2].to_vec()).reset());
    let (head, mut connection) = chat(streamed("hi")).stream(served.address).await;
    assert_eq!(head.status, 200);
    let events = connection.events().await.expect("the body ends in order");
    assert_eq!(events.last().and_then(|event| event.name()), Some("error"));
    assert!(events.iter().all(|event| event.data() != "[DONE]"));
}

#[tokio::test]
async fn callers_of_older_http_are_served() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::sse(openai::chat_stream(["a"])));
    let (_world, served) = served(&upstream);
    let body = streamed("hi");
    let request = format!(
        "POST /v1/chat/completions HTTP/1.0\r\nauthorization: {CALLER}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = raw(&served, request.as_bytes()).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().ends_with(openai::DONE), "{}", answer.text());
}

#[tokio::test]
async fn who_asks_first_whether_to_send_is_told_to() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
    let (_world, served) = served(&upstream);
    let body = whole("hi");
    let head = |credential: &str| {
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\nauthorization: {credential}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\nexpect: 100-continue\r\n\r\n",
            body.len()
        )
    };
    let mut connection = Connection::open(served.address).await;
    connection.send(head(CALLER)).await.expect("the gateway reads");
    assert_eq!(connection.head().await.expect("an interim head").status, 100);
    connection.send(&body).await.expect("the gateway reads");
    assert_eq!(connection.response().await.expect("an answer").status, 200);

    let mut connection = Connection::open(served.address).await;
    connection.send(head("sk-wrong")).await.expect("the gateway reads");
    let refusal: Result<Response, Broken> = connection.response().await;
    assert_eq!(refusal.expect("an answer").status, 401);
}
