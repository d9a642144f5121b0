use std::time::Duration;

use crate::client::Broken;
use crate::{Connection, Gate, Reply, Request, ScriptedUpstream, Step, wait};

#[tokio::test]
async fn answers_from_the_queue_before_the_responder() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::text(200, "always"));
    upstream.enqueue(Reply::text(200, "first"));
    upstream.enqueue(Reply::text(200, "second"));
    for expected in ["first", "second", "always", "always"] {
        let response = Request::get("/").send(upstream.address()).await;
        assert_eq!(response.text(), expected);
    }
    assert_eq!(upstream.requests().len(), 4);
}

#[tokio::test]
async fn records_what_it_received() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, "{}"));
    let request = "PUT /a/b?c=d HTTP/1.1\r\nX-Two: 1\r\nx-two: 2\r\ntransfer-encoding: chunked\r\n\r\n\
                   3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let mut connection = Connection::open(upstream.address()).await;
    connection.send(request).await.unwrap();
    connection.response().await.unwrap();
    Request::get("/second").send(upstream.address()).await;

    let first = upstream.next_request().await;
    assert_eq!((first.method.as_str(), first.path_and_query.as_str()), ("PUT", "/a/b?c=d"));
    assert_eq!(first.headers.get_all("x-two").iter().collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!((first.text(), first.connection), ("abcde", 0));
    let second = upstream.next_request().await;
    assert_eq!((second.path_and_query.as_str(), second.connection), ("/second", 1));
}

#[tokio::test]
async fn the_responder_sees_the_request() {
    let upstream = ScriptedUpstream::start();
    upstream.respond_with(|request| match request.header("authorization") {
        Some("Bearer good") => Reply::text(200, "in"),
        _ => Reply::text(401, "out"),
    });
    let status = async |key| Request::get("/").bearer(key).send(upstream.address()).await.status;
    assert_eq!((status("good").await, status("bad").await), (200, 401));
}

#[tokio::test]
async fn says_exactly_the_scripted_bytes() {
    let upstream = ScriptedUpstream::start();
    let reply = Reply::json(200, "{}").header("x-a", "b");
    upstream.enqueue(reply.clone().close());
    let expected = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\
                    x-a: b\r\n\r\n{}";
    assert_eq!(reply.to_bytes(), expected);

    let mut stream = tokio::net::TcpStream::connect(upstream.address()).await.unwrap();
    let request = b"GET / HTTP/1.1\r\n\r\n";
    tokio::io::AsyncWriteExt::write_all(&mut stream, request).await.unwrap();
    let mut received = String::new();
    let reading = tokio::io::AsyncReadExt::read_to_string(&mut stream, &mut received);
    wait::within("the end of the connection", reading).await.unwrap();
    assert_eq!(received, expected);
}

#[tokio::test]
async fn a_stream_goes_on_when_its_gate_is_opened() {
    let upstream = ScriptedUpstream::start();
    let gate = Gate::new();
    let reply =
        Reply::open_sse().chunk("data: 1\n\n").wait_for(&gate).chunks(["data: 2\n\n"]).end();
    upstream.enqueue(reply);
    let (_, mut connection) = Request::get("/").stream(upstream.address()).await;
    assert_eq!(connection.event().await.unwrap().unwrap().data(), "1");
    gate.reached().await;
    gate.open();
    assert_eq!(connection.event().await.unwrap().unwrap().data(), "2");
    assert_eq!(connection.event().await.unwrap(), None);
}

#[tokio::test]
async fn resets_in_the_middle_of_a_stream() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::open_sse().chunk("data: 1\n\n").reset());
    let (_, mut connection) = Request::get("/").stream(upstream.address()).await;
    assert_eq!(connection.event().await.unwrap().unwrap().data(), "1");
    let broken = connection.event().await.unwrap_err();
    assert!(matches!(broken, Broken::Reset), "{broken}");
}

#[tokio::test]
async fn closes_before_the_first_byte() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::new().close());
    let broken = Request::get("/").try_send(upstream.address()).await.unwrap_err();
    assert!(matches!(broken, Broken::Closed(ref unread) if unread.is_empty()), "{broken}");
}

#[tokio::test]
async fn a_reply_can_break_off_at_each_of_its_bytes() {
    let upstream = ScriptedUpstream::start();
    let whole = Reply::open_sse().chunk("data: 1\n\n").end().to_bytes();
    for length in 0..whole.len() {
        upstream.enqueue(Reply::raw(whole.slice(..length)).close());
        let outcome = Request::get("/").try_send(upstream.address()).await;
        assert!(matches!(outcome, Err(Broken::Closed(_))), "after {length} bytes: {outcome:?}");
    }
}

#[tokio::test]
async fn notices_that_the_peer_left_while_it_hangs() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::open_sse().hang());
    let (_, connection) = Request::get("/left").stream(upstream.address()).await;
    assert_eq!(upstream.open_connections(), 1);
    drop(connection);
    assert_eq!(upstream.wait_disconnected().await.path_and_query, "/left");
    upstream.wait_idle().await;
    assert_eq!((upstream.connections(), upstream.open_connections()), (1, 0));
}

#[tokio::test]
async fn notices_that_the_peer_left_at_a_gate_and_while_trickling() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::open_sse().wait_for(&Gate::new()));
    upstream.enqueue(Reply::open_sse().trickle("silence", 1, Duration::from_secs(3600)));
    for path in ["/gate", "/trickle"] {
        let (_, connection) = Request::get(path).stream(upstream.address()).await;
        connection.reset();
        assert_eq!(upstream.wait_disconnected().await.path_and_query, path);
    }
}

#[tokio::test]
async fn a_peer_that_leaves_after_the_reply_has_abandoned_nothing() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::text(200, "whole"));
    upstream.enqueue(Reply::new().hang());
    Request::get("/whole").send(upstream.address()).await;
    let mut connection = Connection::open(upstream.address()).await;
    connection.send(Request::get("/hung").to_bytes()).await.unwrap();
    wait::until("both requests", || upstream.requests().len() == 2).await;
    drop(connection);
    assert_eq!(upstream.wait_disconnected().await.path_and_query, "/hung");
}

#[tokio::test]
async fn trickles_the_same_bytes() {
    let upstream = ScriptedUpstream::start();
    let whole = Reply::text(200, "drop by drop").to_bytes();
    upstream.enqueue(Reply::new().trickle(whole, 3, Duration::from_micros(10)));
    let response = Request::get("/").send(upstream.address()).await;
    assert_eq!(response.text(), "drop by drop");
}

#[tokio::test]
async fn serves_several_connections_at_once() {
    let upstream = ScriptedUpstream::start();
    let gate = Gate::new();
    upstream
        .always(Reply::new().wait_for(&gate).step(Step::Bytes(Reply::text(200, "").to_bytes())));
    let address = upstream.address();
    let calls: Vec<_> = (0..8)
        .map(|_| tokio::spawn(async move { Request::get("/").send(address).await.status }))
        .collect();
    gate.reached_times(8).await;
    gate.open();
    for call in calls {
        assert_eq!(call.await.unwrap(), 200);
    }
    assert_eq!(upstream.connections(), 8);
}

#[tokio::test]
async fn answers_while_the_test_blocks_its_runtime() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::text(200, "ok").close());
    let mut stream = std::net::TcpStream::connect(upstream.address()).unwrap();
    stream.set_read_timeout(Some(wait::DEADLINE)).unwrap();
    std::io::Write::write_all(&mut stream, b"GET / HTTP/1.1\r\n\r\n").unwrap();
    let received = std::io::read_to_string(stream).unwrap();
    assert!(received.ends_with("ok"), "{received}");
}

#[tokio::test]
#[should_panic(expected = "no reply is scripted for GET /surprise")]
async fn a_request_without_a_reply_fails_the_test() {
    let upstream = ScriptedUpstream::start();
    let response = Request::get("/surprise").send(upstream.address()).await;
    assert_eq!(response.status, 500);
}

#[tokio::test]
#[should_panic(expected = "malformed request: request head")]
async fn a_malformed_request_fails_the_test() {
    let upstream = ScriptedUpstream::start();
    let mut connection = Connection::open(upstream.address()).await;
    connection.send("no http\r\n\r\n").await.unwrap();
    assert_eq!(connection.head().await.unwrap().status, 400);
}

#[tokio::test]
#[should_panic(expected = "the responder panicked at GET /")]
async fn a_responder_that_panics_fails_the_test() {
    let upstream = ScriptedUpstream::start();
    upstream.respond_with(|request| panic!("unexpected {}", request.method));
    assert_eq!(Request::get("/").send(upstream.address()).await.status, 500);
}

#[tokio::test]
async fn dropping_it_closes_its_connections() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::new().hang());
    let mut connection = Connection::open(upstream.address()).await;
    connection.send(Request::get("/").to_bytes()).await.unwrap();
    upstream.next_request().await;
    drop(upstream);
    assert!(matches!(connection.head().await, Err(Broken::Closed(_))));
}
