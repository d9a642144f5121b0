use bytes::BytesMut;

use super::{Malformed, take_request_head, take_response_head};

/// Reads one response whose bytes arrive in pieces of `step` bytes, and returns its decoded body.
fn read_response(bytes: &[u8], step: usize) -> Result<Vec<u8>, Malformed> {
    let mut buffer = BytesMut::new();
    let mut arriving = bytes.chunks(step);
    let head = loop {
        if let Some(head) = take_response_head(&mut buffer)? {
            break head;
        }
        buffer.extend_from_slice(arriving.next().expect("a complete head"));
    };
    let mut body = head.body;
    let mut decoded = Vec::new();
    loop {
        while let Some(piece) = body.take(&mut buffer)? {
            decoded.extend_from_slice(&piece);
        }
        match arriving.next() {
            Some(more) => buffer.extend_from_slice(more),
            None if body.close() => return Ok(decoded),
            None => return Err(Malformed("cut off".into())),
        }
    }
}

#[track_caller]
fn check(bytes: &str, body: &str) {
    for step in 1..=bytes.len() {
        let decoded = read_response(bytes.as_bytes(), step);
        assert_eq!(decoded, Ok(body.as_bytes().to_vec()), "in pieces of {step}");
    }
}

#[test]
fn reads_a_body_of_declared_length() {
    check("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "hello");
}

#[test]
fn reads_a_chunked_body_with_trailers() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    check(&format!("{head}2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nx-t: 1\r\n\r\n"), "hello");
}

#[test]
fn reads_a_body_that_ends_with_the_connection() {
    check("HTTP/1.1 200 OK\r\n\r\nhello", "hello");
}

#[test]
fn expects_no_body_after_204() {
    check("HTTP/1.1 204 No Content\r\n\r\n", "");
}

#[test]
fn refuses_a_chunk_that_is_longer_than_its_size() {
    let bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhello\r\n0\r\n\r\n";
    assert!(read_response(bytes, bytes.len()).is_err());
}

#[test]
fn refuses_two_content_lengths() {
    let mut buffer =
        BytesMut::from("POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 1\r\n\r\nx");
    assert!(take_request_head(&mut buffer).is_err());
}

#[test]
fn knows_whether_the_peer_allows_another_request() {
    let keep_alive = |head: &str| {
        let mut buffer = BytesMut::from(head);
        take_request_head(&mut buffer).unwrap().unwrap().keep_alive
    };
    assert!(keep_alive("GET / HTTP/1.1\r\n\r\n"));
    assert!(!keep_alive("GET / HTTP/1.1\r\nconnection: x, Close\r\n\r\n"));
    assert!(!keep_alive("GET / HTTP/1.0\r\n\r\n"));
}
