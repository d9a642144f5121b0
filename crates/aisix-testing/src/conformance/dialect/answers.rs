//! Whole answers.

use aisix_core::chat::{ChatResponse, fold, unfold};
use aisix_core::{Carried, ErrorKind};
use aisix_dialects::{AnswerContext, CallerDialect, Dialect};
use bytes::Bytes;

use super::{Framing, MODEL, foreign, read_stream, write_stream};

/// What holds of answers of any format.
pub(super) fn check_read(dialect: &dyn Dialect, body: &Bytes) {
    let mut carried = arrived(dialect, body);
    let usage = carried.outline().usage;
    let value = carried.value().expect("the sample decodes");
    assert_eq!(usage, value.usage, "the outline counts what the answer counts");
    assert_eq!(fold(unfold(value.clone())), *value, "taken apart and folded, it is the same");
}

pub(super) fn check(dialect: &dyn CallerDialect, body: &Bytes, framing: Framing) {
    relays_every_byte_but_the_model(dialect, body);
    writes_a_changed_answer_anew(dialect, body);
    streams_a_whole_answer(dialect, body, framing);
    reports_what_it_cannot_say(dialect, body);
}

fn arrived(dialect: &dyn Dialect, body: &Bytes) -> Carried<ChatResponse> {
    dialect.decode_response(body.clone()).expect("the sample is an answer")
}

pub(super) fn decoded(dialect: &dyn Dialect, body: &Bytes) -> ChatResponse {
    arrived(dialect, body).value().expect("the sample decodes").clone()
}

/// The answer as a caller sees it: under the name that it gave the model.
fn renamed(dialect: &dyn Dialect, body: &Bytes) -> ChatResponse {
    ChatResponse { model: MODEL.to_owned(), ..decoded(dialect, body) }
}

fn relays_every_byte_but_the_model(dialect: &dyn CallerDialect, body: &Bytes) {
    let mut carried = arrived(dialect, body);
    let usage = carried.outline().usage;
    let after = carried.outline().model_span.as_ref().map(|span| body.slice(span.end..));
    let context = AnswerContext::new(MODEL);
    let encoded = dialect.encode_response(&mut carried, &context).expect("it can be relayed");
    assert!(encoded.dropped.is_empty(), "relaying drops nothing: {:?}", encoded.dropped);
    if let Some(after) = after {
        assert!(encoded.body.ends_with(&after), "the bytes after the model are the provider's");
    }
    let relayed = decoded(dialect, &encoded.body);
    assert_eq!(relayed, renamed(dialect, body), "relaying changes nothing but the model");
    assert_eq!(usage, relayed.usage, "the outline counts what the answer counts");
}

fn writes_a_changed_answer_anew(dialect: &dyn CallerDialect, body: &Bytes) {
    let mut carried = arrived(dialect, body);
    carried.value_mut().expect("the sample decodes");
    let context = AnswerContext::new(MODEL);
    let encoded = dialect.encode_response(&mut carried, &context).expect("it can be written");
    assert!(encoded.dropped.is_empty(), "its own dialect says it all: {:?}", encoded.dropped);
    let written = decoded(dialect, &encoded.body);
    let mut expected = renamed(dialect, body);
    // A caller always sees usage.
    expected.usage = Some(expected.usage.unwrap_or_default());
    assert_eq!(written, expected, "writing what was read changes nothing but the model");
}

fn streams_a_whole_answer(dialect: &dyn CallerDialect, body: &Bytes, framing: Framing) {
    let expected = renamed(dialect, body);
    let options = aisix_core::chat::StreamOptions { include_usage: true };
    let context = AnswerContext::new(MODEL).stream_options(Some(options));
    let stream = write_stream(dialect, unfold(expected.clone()), context);
    let events = read_stream(dialect, framing, [stream]).expect("it wrote a stream");
    assert_eq!(fold(events), expected, "an answer that is streamed is the same answer");
}

fn reports_what_it_cannot_say(dialect: &dyn CallerDialect, body: &Bytes) {
    let mut carried = arrived(dialect, body);
    carried.value_mut().expect("the sample decodes").native.push(foreign());
    let context = AnswerContext::new(MODEL);
    let encoded = dialect.encode_response(&mut carried, &context).expect("it can be written");
    let dropped: Vec<_> = encoded.dropped.iter().map(|dropped| dropped.field.as_str()).collect();
    assert_eq!(dropped, ["foreign_field"], "a field of nobody's is reported");
    assert!(!String::from_utf8_lossy(&encoded.body).contains("foreign"), "nor is it written");
}

/// A body that is none of the format's is the provider's mistake.
pub(super) fn refuses_what_is_none(dialect: &dyn Dialect) {
    for body in [&b""[..], b"{", b"[]", b"{}", b"null", b"\xff\xfe", b"<html></html>"] {
        let Err(error) = dialect.decode_response(Bytes::from_static(body)) else {
            panic!("{:?} is no answer", String::from_utf8_lossy(body));
        };
        assert_eq!(error.kind(), ErrorKind::Malformed, "{error}");
    }
}
