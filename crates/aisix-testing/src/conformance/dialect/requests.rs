//! Requests.

use aisix_core::chat::{ChatRequest, Part, RequestOutline, Role, Text, Turn};
use aisix_core::{Carried, DialectId, ErrorKind};
use aisix_dialects::{CallerDialect, Dialect, UpstreamRequest};
use bytes::Bytes;

use super::{MODEL, foreign};

/// A request of somebody else's is written, and what it says that the format does not is reported.
pub(super) fn reports_what_it_cannot_tell(dialect: &dyn Dialect) {
    let parts = vec![Part::Text(Text::new("Hi"))];
    let turn = Turn { role: Role::User, name: None, parts, native: vec![foreign()] };
    let request = ChatRequest { turns: vec![turn], ..ChatRequest::default() };
    for stream in [false, true] {
        let foreigner = DialectId("of nobody");
        let outline = RequestOutline { stream, ..RequestOutline::default() };
        let mut carried = Carried::made(foreigner, outline, request.clone());
        let upstream = UpstreamRequest { model: MODEL, stream };
        let encoded = dialect.encode_request(&mut carried, &upstream).expect("it can be written");
        let dropped: Vec<_> = encoded.dropped.iter().map(|dropped| &*dropped.field).collect();
        assert_eq!(dropped, ["foreign_field"], "a field of nobody's is reported");
        let text = String::from_utf8(encoded.body.to_vec()).expect("a request is text");
        assert!(text.contains("Hi") && !text.contains("foreign"), "nor is it written: {text}");
    }
}

pub(super) fn check(dialect: &dyn CallerDialect, body: &Bytes) {
    relays_every_byte_but_the_patches(dialect, body);
    writes_a_changed_request_anew(dialect, body);
    reports_what_it_cannot_say(dialect, body);
}

fn decoded(dialect: &dyn CallerDialect, body: &Bytes) -> ChatRequest {
    let mut carried = dialect.decode_request(body.clone()).expect("the sample is a request");
    carried.value().expect("the sample decodes").clone()
}

fn relays_every_byte_but_the_patches(dialect: &dyn CallerDialect, body: &Bytes) {
    let mut carried = dialect.decode_request(body.clone()).expect("the sample is a request");
    let outline = carried.outline().clone();
    assert!(outline.model.is_some(), "the sample names a model");
    assert_eq!(outline.complaint, None, "nothing is wrong with the sample");
    let upstream = UpstreamRequest { model: MODEL, stream: outline.stream };
    let encoded = dialect.encode_request(&mut carried, &upstream).expect("it can be relayed");
    assert!(encoded.dropped.is_empty(), "relaying drops nothing: {:?}", encoded.dropped);
    let tail = &body[outline.model_span.end..];
    assert!(encoded.body.ends_with(tail), "the bytes after the model are the caller's");
    let mut expected = decoded(dialect, body);
    MODEL.clone_into(&mut expected.model);
    let mut relayed = decoded(dialect, &encoded.body);
    if outline.stream && outline.stream_options.is_none() {
        // The gateway asks for usage on its own account.
        relayed.stream_options = expected.stream_options;
        relayed.native.retain(|native| expected.native.contains(native));
    }
    assert_eq!(relayed, expected, "relaying changes nothing but the model");
}

fn writes_a_changed_request_anew(dialect: &dyn CallerDialect, body: &Bytes) {
    let expected = decoded(dialect, body);
    let mut carried = dialect.decode_request(body.clone()).expect("the sample is a request");
    carried.value_mut().expect("the sample decodes");
    let upstream = UpstreamRequest { model: &expected.model, stream: expected.stream };
    let encoded = dialect.encode_request(&mut carried, &upstream).expect("it can be written");
    assert!(encoded.dropped.is_empty(), "its own dialect says it all: {:?}", encoded.dropped);
    let again = decoded(dialect, &encoded.body);
    let mut carried = dialect.decode_request(encoded.body).expect("it wrote a request");
    carried.value_mut().expect("it wrote a request");
    let twice = dialect.encode_request(&mut carried, &upstream).expect("it can be written");
    assert_eq!(decoded(dialect, &twice.body), again, "writing what was read changes nothing");
    assert_eq!(again.turns, expected.turns, "the turns are the same");
    assert_eq!(again.tools, expected.tools, "the tools are the same");
    assert_eq!(again.sampling, expected.sampling, "tokens are drawn the same way");
}

fn reports_what_it_cannot_say(dialect: &dyn CallerDialect, body: &Bytes) {
    let mut carried = dialect.decode_request(body.clone()).expect("the sample is a request");
    let request = carried.value_mut().expect("the sample decodes");
    request.native.push(foreign());
    let (model, stream) = (request.model.clone(), request.stream);
    let upstream = UpstreamRequest { model: &model, stream };
    let encoded = dialect.encode_request(&mut carried, &upstream).expect("it can be written");
    let dropped: Vec<_> = encoded.dropped.iter().map(|dropped| dropped.field.as_str()).collect();
    assert_eq!(dropped, ["foreign_field"], "a field of nobody's is reported");
    let text = String::from_utf8_lossy(&encoded.body);
    assert!(!text.contains("foreign"), "a field of nobody's is not written");
}

/// A body that is none of the format's is the caller's mistake.
pub(super) fn refuses_what_is_none(dialect: &dyn CallerDialect) {
    for body in [&b""[..], b"{", b"[]", b"null", b"\xff\xfe", b"\0"] {
        let Err(error) = dialect.decode_request(Bytes::from_static(body)) else {
            panic!("{:?} is no request", String::from_utf8_lossy(body));
        };
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{error}");
    }
}
