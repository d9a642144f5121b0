use aisix_core::{Error, ErrorCode};
use aisix_testing::eventstream::{Value, checksum, error, event, exception, message};
use bytes::Bytes;

use super::{EventStreamDecoder, LARGEST_MESSAGE};
use crate::frame::{Frame, FrameDecoder};

fn decode(stream: &[u8]) -> Result<Vec<Frame>, Error> {
    let mut decoder = EventStreamDecoder::default();
    let mut frames = Vec::new();
    decoder.push(Bytes::copy_from_slice(stream), &mut frames)?;
    decoder.finish(&mut frames)?;
    Ok(frames)
}

#[track_caller]
fn check_broken(stream: &[u8], what: &str) {
    let error = decode(stream).expect_err(what);
    assert_eq!(error.code(), ErrorCode::UpstreamDecode);
    let cause = std::error::Error::source(&error).expect("there is a cause").to_string();
    assert!(cause.contains(what), "{cause}");
}

fn frame(event: &str, data: &str, failed: bool) -> Frame {
    Frame { event: Some(event.to_owned().into()), data: data.to_owned().into(), failed }
}

/// A stream with the lengths that it claims to have, and the right checksum of them.
fn claiming(total: u32, headers: u32) -> Vec<u8> {
    let mut prelude = [total.to_be_bytes(), headers.to_be_bytes()].concat();
    prelude.extend(checksum(&prelude).to_be_bytes());
    prelude
}

#[test]
fn reads_the_messages_that_the_specification_prints() {
    // Source: the vectors of the protocol's published test suite: no headers and no payload; the
    // same with a payload.
    let empty = b"\0\0\0\x10\0\0\0\0\x05\xc2\x48\xeb\x7d\x98\xc8\xff";
    check_broken(empty, "neither an event");
    let payload = b"\0\0\0\x1d\0\0\0\0\xfd\x52\x8c\x5a{'foo':'bar'}\xc3\x65\x39\x36";
    check_broken(payload, "neither an event");
}

#[test]
fn tells_events_exceptions_and_errors_apart() {
    let stream = [
        event("messageStart", r#"{"role":"assistant"}"#),
        exception("throttlingException", r#"{"message":"slow down"}"#),
        error("InternalError", "it \"broke\""),
    ]
    .concat();
    let expected = [
        frame("messageStart", r#"{"role":"assistant"}"#, false),
        frame("throttlingException", r#"{"message":"slow down"}"#, true),
        frame("InternalError", r#"{"message":"it \"broke\""}"#, true),
    ];
    assert_eq!(decode(&stream).expect("it decodes"), expected);
}

#[test]
fn headers_of_every_type_are_passed_over() {
    let values = [
        Value::Bool(true),
        Value::Bool(false),
        Value::Byte(7),
        Value::Short(-1),
        Value::Int(7),
        Value::Long(-7),
        Value::Bytes(vec![0, 1, 2]),
        Value::Text("text".to_owned()),
        Value::Time(1),
        Value::Uuid([9; 16]),
    ];
    let mut headers: Vec<_> = values.into_iter().map(|value| ("any".to_owned(), value)).collect();
    for (name, value) in [(":message-type", "event"), (":event-type", "ping")] {
        headers.push((name.to_owned(), Value::Text(value.to_owned())));
    }
    let read = decode(&message(&headers, b"{}")).expect("it decodes");
    assert_eq!(read, [frame("ping", "{}", false)]);
}

#[test]
fn a_message_in_one_piece_is_a_slice_of_it() {
    let piece = Bytes::from(event("ping", "{}"));
    let mut frames = Vec::new();
    EventStreamDecoder::default().push(piece.clone(), &mut frames).expect("it decodes");
    assert_eq!(frames[0].data.as_ptr(), piece[piece.len() - 6..].as_ptr());
}

#[test]
fn what_came_before_a_broken_message_is_read() {
    let mut stream = [event("ping", "{}"), event("ping", "{}")].concat();
    *stream.last_mut().expect("there is a byte") ^= 1;
    let mut frames = Vec::new();
    EventStreamDecoder::default().push(stream.into(), &mut frames).expect_err("it is broken");
    assert_eq!(frames, [frame("ping", "{}", false)]);
}

#[test]
fn a_stream_that_ends_inside_a_message_is_cut_off() {
    let whole = event("ping", "{}");
    for length in 1..whole.len() {
        let error = decode(&whole[..length]).expect_err("it is cut off");
        assert_eq!(error.code(), ErrorCode::StreamAborted, "after {length} bytes");
    }
    assert_eq!(decode(&[]).expect("nothing is cut off"), []);
}

#[test]
fn lengths_that_cannot_be_are_not_waited_for() {
    check_broken(&claiming(15, 0), "lengths do not fit");
    check_broken(&claiming(20, 5), "lengths do not fit");
    check_broken(&claiming(20, u32::MAX), "lengths do not fit");
    let longest = u32::try_from(LARGEST_MESSAGE).expect("it fits");
    let error = decode(&claiming(longest + 1, 0)).expect_err("it is too large");
    assert_eq!(error.code(), ErrorCode::UpstreamDecode);
    let said = "upstream response is too large: one message exceeds 16777216 bytes";
    assert_eq!(error.message(), said);
    let error = decode(&claiming(longest, 0)).expect_err("it is cut off");
    assert_eq!(error.code(), ErrorCode::StreamAborted, "so much is waited for");
}

#[test]
fn headers_that_make_no_sense_break_the_stream() {
    let with = |headers: &[u8]| {
        let total = u32::try_from(headers.len() + 16).expect("it is short");
        let mut message = claiming(total, u32::try_from(headers.len()).expect("it is short"));
        message.extend(headers);
        message.extend(checksum(&message).to_be_bytes());
        message
    };
    check_broken(&with(b"\x05name"), "a header ends after");
    check_broken(&with(b"\x04name"), "a header ends after");
    check_broken(&with(b"\x04name\x07\0\x05text"), "a header ends after");
    check_broken(&with(b"\x04name\x09uuid"), "a header ends after");
    check_broken(&with(b"\x04name\x0a"), "no known type");
    check_broken(&with(b"\x0d:message-type\x07\0\x05event"), "its type is missing");
    check_broken(&with(b"\x0d:message-type\x07\0\x05other"), "neither an event");
}
