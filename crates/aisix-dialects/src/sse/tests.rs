use bytes::{Bytes, BytesMut};

use aisix_core::ErrorCode;

use super::{LARGEST_EVENT, SseDecoder, write_data, write_event};
use crate::frame::{Frame, FrameDecoder};

#[track_caller]
fn check(pieces: &[&str], expected: &[(Option<&str>, &str)]) {
    let mut decoder = SseDecoder::default();
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.push(Bytes::copy_from_slice(piece.as_bytes()), &mut frames).expect("it decodes");
    }
    decoder.finish(&mut frames).expect("it decodes");
    let expected: Vec<_> = expected
        .iter()
        .map(|(event, data)| Frame {
            event: event.map(|event| Bytes::copy_from_slice(event.as_bytes())),
            data: Bytes::copy_from_slice(data.as_bytes()),
            failed: false,
        })
        .collect();
    assert_eq!(frames, expected, "for {pieces:?}");
}

#[test]
fn lines_end_with_any_line_end() {
    let expected = [(None, "a"), (None, "b")];
    for end in ["\n", "\r\n", "\r"] {
        check(&[&format!("data: a{end}{end}data: b{end}{end}")], &expected);
    }
}

#[test]
fn one_space_after_the_colon_is_not_data() {
    check(&["data:a\n\ndata:  b\n\n"], &[(None, "a"), (None, " b")]);
}

#[test]
fn several_data_lines_join_with_a_line_feed() {
    check(&["data: {\r\ndata: }\r\n\r\n"], &[(None, "{\n}")]);
}

#[test]
fn comments_and_unknown_fields_say_nothing() {
    check(&[": ping\n\nid: 7\nretry: 1\ndata: a\n\nid: 8\n\n"], &[(None, "a")]);
}

#[test]
fn the_type_of_an_event_is_kept() {
    check(&["event: error\ndata: a\n\n"], &[(Some("error"), "a")]);
}

#[test]
fn a_field_without_a_colon_has_an_empty_value() {
    check(&["data\n\n"], &[(None, "")]);
}

#[test]
fn the_last_event_needs_no_blank_line() {
    check(&["data: a\n\ndata: b"], &[(None, "a"), (None, "b")]);
}

#[test]
fn a_byte_order_mark_counts_only_at_the_beginning() {
    check(&["\u{feff}data: a\n\n\u{feff}data: b\n\n"], &[(None, "a")]);
}

#[test]
fn a_line_end_may_arrive_in_two_halves() {
    check(&["data: a\r", "\n\r", "\ndata: b\r\n", "\r\n"], &[(None, "a"), (None, "b")]);
    check(&["data: a\r", "\n\n", "data: b\n\n"], &[(None, "a"), (None, "b")]);
}

#[test]
fn an_event_that_ends_with_a_carriage_return_is_delivered_at_once() {
    let mut frames = Vec::new();
    SseDecoder::default()
        .push(Bytes::from_static(b"data: a\r\r"), &mut frames)
        .expect("it decodes");
    assert_eq!(frames.len(), 1);
}

#[test]
fn an_event_in_one_piece_is_a_slice_of_it() {
    let piece = Bytes::from_static(b"data: abc\n\n");
    let mut frames = Vec::new();
    SseDecoder::default().push(piece.clone(), &mut frames).expect("it decodes");
    assert_eq!(frames[0].data.as_ptr(), piece[6..].as_ptr());
}

#[test]
fn an_event_that_does_not_end_is_given_up() {
    let mut decoder = SseDecoder::default();
    let mut frames = Vec::new();
    let piece = Bytes::from(vec![b'x'; 1 << 20]);
    for _ in 0..LARGEST_EVENT / piece.len() {
        decoder.push(piece.clone(), &mut frames).expect("it may still end");
    }
    let error = decoder.push(piece, &mut frames).expect_err("it is too large");
    assert_eq!(error.code(), ErrorCode::UpstreamDecode);
    let expected = "upstream response is too large: one event exceeds 16777216 bytes";
    assert_eq!(error.message(), expected);
    assert!(decoder.pending.is_empty());
}

#[test]
fn a_large_event_in_one_piece_may_not_end_later_either() {
    let piece = Bytes::from(vec![b'x'; LARGEST_EVENT + 1]);
    SseDecoder::default().push(piece, &mut Vec::new()).expect_err("it is too large");
}

#[test]
fn lines_of_data_are_written_as_lines_of_the_event() {
    let mut out = BytesMut::from("before");
    write_data(&mut out, |out| out.extend_from_slice(b"{\n1,\r\n2\r}"));
    assert_eq!(out, "beforedata: {\ndata: 1,\ndata: 2\ndata: }\n\n");
}

#[test]
fn an_event_of_a_type_is_written_with_it() {
    let mut out = BytesMut::new();
    write_event(&mut out, b"error", b"{}");
    assert_eq!(out, "event: error\ndata: {}\n\n");
}
