use super::HeadScan;

/// What the parser sees of a head that comes in pieces of this size.
fn seen(head: &str, size: usize) -> String {
    let mut bytes = head.as_bytes().to_vec();
    let mut scan = HeadScan::default();
    bytes.chunks_mut(size).for_each(|piece| scan.look(piece));
    String::from_utf8(bytes).expect("text")
}

#[track_caller]
fn check(head: &str, spoilt: bool) {
    for size in 1..=head.len() {
        let seen = seen(head, size);
        assert_eq!(seen.contains('\0'), spoilt, "{size}: {seen:?}");
        assert_eq!(seen.len(), head.len());
    }
}

#[test]
fn a_second_length_is_spoilt() {
    check("POST / HTTP/1.1\r\ncontent-length: 1\r\nx: y\r\nContent-Length: 1\r\n\r\n", true);
    check("\r\nPOST / HTTP/1.1\ncontent-length:1\ncontent-length:1\n\n", true);
}

#[test]
fn a_length_beside_a_coding_is_spoilt() {
    check("POST / HTTP/1.1\r\ncontent-length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", true);
    check("POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\ncontent-length: 1\r\n\r\n", true);
}

#[test]
fn everything_else_is_left_alone() {
    check("POST / HTTP/1.1\r\ncontent-length: 1\r\n\r\ncontent-length: 1\r\n", false);
    check("POST / HTTP/1.1\r\ncontent-length: 1\r\nx: content-length: 1\r\n\r\n", false);
    check("POST / HTTP/1.1\r\ncontent-length: 1\r\nx-content-length: 1\r\n\r\n", false);
    check("POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-lengths: 1\r\n\r\n", false);
    check("POST / HTTP/1.1\r\ncontent-length: 1\r\ntransfer-encodings: 1\r\n\r\n", false);
    check("POST / HTTP/1.1\r\ntransfer-encoding: a\r\ntransfer-encoding: b\r\n\r\n", false);
    check("GET / HTTP/1.1\r\n\r\n", false);
}
