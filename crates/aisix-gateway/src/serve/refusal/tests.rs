use super::{parsers_own, replacement};

const PARSERS_OWN: &[u8] =
    b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-length: 0\r\n\
                             date: Sat, 21 Nov 2026 02:33:33 GMT\r\n\r\n";

#[test]
fn recognises_what_the_parser_says_by_itself() {
    assert_eq!(parsers_own(PARSERS_OWN), Some(400));
    let too_large = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\n\r\n";
    assert_eq!(parsers_own(too_large), Some(431));
}

#[test]
fn leaves_everything_else_alone() {
    for answer in [
        b"HTTP/1.1 404 Not Found\r\nserver: AISIX/0.1.0\r\nx-aisix-request-id: 1\r\n\r\n"
            .as_slice(),
        b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\n{}",
        b"HTTP/1.1 4",
        b"",
        b"data: HTTP/1.1 400\r\n\r\n",
        &[b"HTTP/1.1 400 Bad Request\r\nx: ".as_slice(), &[b'x'; 300], b"\r\n\r\n"].concat(),
    ] {
        assert_eq!(parsers_own(answer), None, "{}", answer.escape_ascii());
    }
}

#[test]
fn a_replacement_is_no_parsers_own() {
    let answer = replacement(431);
    assert_eq!(parsers_own(&answer), None);
    let text = String::from_utf8(answer).expect("text");
    assert!(text.starts_with("HTTP/1.1 431 Request Header Fields Too Large\r\n"), "{text}");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head and a body");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{text}");
}
