use std::time::Duration;

use super::sse::EventReader;
use super::{Broken, Connection, Event, Request};
use crate::{Reply, ScriptedUpstream};

#[tokio::test]
async fn reads_an_ordinary_answer() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::json(201, r#"{"a":1}"#).header("x-answer", "yes"));
    let response = Request::post("/things").bearer("k").json("{}").send(upstream.address()).await;
    assert_eq!(response.status, 201);
    assert_eq!(response.header("x-answer"), Some("yes"));
    assert_eq!(response.json::<serde_json::Value>()["a"], 1);
    let received = upstream.next_request().await;
    assert_eq!(received.header("authorization"), Some("Bearer k"));
    assert_eq!(received.header("content-type"), Some("application/json"));
    assert_eq!(received.text(), "{}");
}

#[tokio::test]
async fn sends_two_requests_at_once() {
    let upstream = ScriptedUpstream::start();
    upstream.respond_with(|request| Reply::text(200, request.path_and_query.clone()));
    let mut connection = Connection::open(upstream.address()).await;
    let both = [Request::get("/1").to_bytes(), Request::post("/2").body("x").to_bytes()].concat();
    connection.send(both).await.unwrap();
    assert_eq!(connection.response().await.unwrap().text(), "/1");
    assert_eq!(connection.response().await.unwrap().text(), "/2");
    assert_eq!(upstream.connections(), 1);
}

#[tokio::test]
async fn sends_a_body_in_halves() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::text(200, "ok"));
    let request = Request::post("/").body("0123456789").to_bytes();
    let (first, second) = request.split_at(request.len() - 5);
    let mut connection = Connection::open(upstream.address()).await;
    connection.send(first).await.unwrap();
    assert!(upstream.requests().is_empty());
    connection.send(second).await.unwrap();
    assert_eq!(connection.response().await.unwrap().text(), "ok");
    assert_eq!(upstream.next_request().await.text(), "0123456789");
}

#[tokio::test]
async fn goes_on_reading_after_it_has_finished_sending() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut connection = Connection::open(listener.local_addr().unwrap()).await;
    let (mut peer, _) = listener.accept().await.unwrap();
    connection.send("half").await.unwrap();
    connection.finish_sending().await.unwrap();
    let mut received = Vec::new();
    tokio::io::AsyncReadExt::read_to_end(&mut peer, &mut received).await.unwrap();
    assert_eq!(received, b"half");
    tokio::io::AsyncWriteExt::write_all(&mut peer, b"HTTP/1.1 400 No\r\ncontent-length: 0\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(connection.response().await.unwrap().status, 400);
    drop(peer);
    connection.closed().await.unwrap();
}

#[tokio::test]
async fn its_reset_reaches_the_server_as_a_reset() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let connection = Connection::open(listener.local_addr().unwrap()).await;
    let (mut peer, _) = listener.accept().await.unwrap();
    connection.reset();
    let error = tokio::io::AsyncReadExt::read(&mut peer, &mut [0; 8]).await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

#[tokio::test]
async fn tells_a_close_from_a_reset() {
    let upstream = ScriptedUpstream::start();
    let half = || Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf");
    upstream.enqueue(half().close());
    upstream.enqueue(half().reset());
    let closed = Request::get("/").try_send(upstream.address()).await.unwrap_err();
    assert!(matches!(closed, Broken::Closed(_)), "{closed}");
    let reset = Request::get("/").try_send(upstream.address()).await.unwrap_err();
    assert!(matches!(reset, Broken::Reset), "{reset}");
}

#[tokio::test]
async fn says_that_an_answer_is_not_http() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::raw("220 smtp.example ready\r\n\r\n").close());
    let broken = Request::get("/").try_send(upstream.address()).await.unwrap_err();
    assert!(matches!(broken, Broken::Malformed(_)), "{broken}");
}

#[tokio::test]
async fn shows_bytes_where_the_connection_should_have_ended() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::text(200, "ok").bytes("more").close());
    let (_, mut connection) = Request::get("/").stream(upstream.address()).await;
    assert_eq!(connection.body().await.unwrap(), "ok");
    let broken = connection.closed().await.unwrap_err();
    assert!(matches!(broken, Broken::Unexpected(_)), "{broken}");
}

#[tokio::test]
async fn reads_events_as_they_arrive() {
    let upstream = ScriptedUpstream::start();
    let frames =
        ": keep-alive\n\nevent: error\ndata: {\"a\":1}\n\ndata: ä\r\ndata:2\r\n\r\ndata: last";
    let bytes = Reply::open_sse().chunk(frames).end().to_bytes();
    upstream.enqueue(Reply::new().trickle(bytes, 1, Duration::ZERO));
    let (head, mut connection) = Request::get("/").stream(upstream.address()).await;
    assert_eq!(head.header("content-type"), Some("text/event-stream"));
    let events = connection.events().await.unwrap();
    assert!(events[0].is_comment() && !events[1].is_comment());
    assert_eq!(events[1].name(), Some("error"));
    assert_eq!(events[1].json::<serde_json::Value>()["a"], 1);
    assert_eq!(events[2].data(), "ä\n2");
    assert_eq!(events[3].data(), "last");
    assert_eq!(
        events.iter().flat_map(|event| event.raw.to_vec()).collect::<Vec<_>>(),
        frames.as_bytes()
    );
}

#[test]
fn events_end_at_any_mix_of_line_ends() {
    let all = "data: 1\r\rdata: 2\n\ndata: 3\r\n\r\ndata: 4\r\n\ndata: 5\n\r\n";
    for step in 1..=all.len() {
        let mut reader = EventReader::default();
        let mut events = Vec::new();
        for piece in all.as_bytes().chunks(step) {
            reader.push(piece);
            events.extend(std::iter::from_fn(|| reader.next()));
        }
        let data: Vec<_> = events.iter().map(Event::data).collect();
        assert_eq!(data, ["1", "2", "3", "4", "5"], "in pieces of {step}");
        let raw = events.iter().flat_map(|event| event.raw.to_vec()).collect::<Vec<_>>();
        assert_eq!(raw, all.as_bytes(), "in pieces of {step}");
        assert_eq!(reader.finish(), None);
    }
}

#[test]
fn an_event_that_ends_with_cr_is_there_at_once() {
    let mut reader = EventReader::default();
    reader.push(b"data: 1\r\r");
    assert_eq!(reader.next().map(|event| event.data()), Some("1".into()));
    reader.push(b"\ndata: 2\r\r");
    assert_eq!(reader.next().map(|event| event.data()), Some("2".into()));
}
