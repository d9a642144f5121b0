//! Errors, in either direction.

use aisix_core::{Error, ErrorCode};
use aisix_dialects::{AnswerContext, CallerDialect, Dialect};
use bytes::BytesMut;

use super::{Framing, read_stream};

const MESSAGE: &str = "what the caller reads: \"quoted\", \\ and ☃\n";

pub(super) fn check(dialect: &dyn CallerDialect, framing: Framing) {
    for code in ErrorCode::ALL {
        says_what_the_caller_may_read(dialect, code);
        ends_a_stream(dialect, code, framing);
    }
    reads_whatever_a_provider_says(dialect);
}

fn says_what_the_caller_may_read(dialect: &dyn CallerDialect, code: ErrorCode) {
    let error = Error::new(code, MESSAGE).because("what only the log may hold");
    let body = dialect.encode_error(&error);
    let text = String::from_utf8(body.to_vec()).expect("an error is text");
    let value: serde_json::Value = serde_json::from_str(&text).expect("an error is JSON");
    assert!(value.is_object(), "an error is an object: {text}");
    assert!(!text.contains("null"), "what is not set is absent: {text}");
    assert!(!text.contains("the log"), "a cause is not shown: {text}");
    let read = dialect.decode_error(&body);
    assert_eq!(read.message, MESSAGE, "an error that it wrote it can read: {text}");
}

/// A stream that fails ends in a way that cannot be taken for its end.
fn ends_a_stream(dialect: &dyn CallerDialect, code: ErrorCode, framing: Framing) {
    let mut out = BytesMut::new();
    dialect.event_encoder(AnswerContext::new("m")).fail(&Error::new(code, MESSAGE), &mut out);
    let error = read_stream(dialect, framing, [out.freeze()]).expect_err("it failed");
    assert_eq!(error.message(), MESSAGE, "the reader of a broken stream learns why");
}

pub(super) fn reads_whatever_a_provider_says(dialect: &dyn Dialect) {
    let html = "<html>502 Bad Gateway</html>";
    assert_eq!(
        dialect.decode_error(html.as_bytes()).message,
        html,
        "what it cannot read it quotes"
    );
    let long = "☃".repeat(30_000);
    for body in [long.as_bytes(), b"", b"{", b"[]", b"null", b"\xff\xfe", b"{\"error\":{}}"] {
        let message = dialect.decode_error(body).message;
        assert!(message.len() <= 1024 + "…".len(), "{} bytes of message", message.len());
    }
}
