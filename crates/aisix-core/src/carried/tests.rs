use bytes::Bytes;

use super::{Carried, DialectId};
use crate::chat::{ChatRequest, RequestOutline};
use crate::error::Error;

const OWN: DialectId = DialectId("own");
const OTHER: DialectId = DialectId("other");

fn arrived(bytes: &'static str) -> Carried<ChatRequest> {
    let decode = |bytes: &[u8]| match bytes {
        b"bad" => Err(Error::invalid_json()),
        model => Ok(ChatRequest {
            model: String::from_utf8_lossy(model).into_owned(),
            ..ChatRequest::default()
        }),
    };
    let bytes = Bytes::from_static(bytes.as_bytes());
    Carried::arrived(OWN, bytes, RequestOutline::default(), decode)
}

#[test]
fn lends_the_original_bytes_to_its_own_dialect_only() {
    let carried = arrived("m");
    assert_eq!(carried.verbatim(OWN).map(Bytes::as_ref), Some(&b"m"[..]));
    assert_eq!(carried.verbatim(OTHER), None);
}

#[test]
fn looking_inside_keeps_the_original_bytes() {
    let mut carried = arrived("m");
    assert!(carried.decoded().is_none());
    assert_eq!(carried.value().expect("it decodes").model, "m");
    assert!(carried.decoded().is_some());
    assert!(carried.verbatim(OWN).is_some());
}

#[test]
fn a_change_ends_the_life_of_the_original_bytes() {
    let mut carried = arrived("m");
    carried.value_mut().expect("it decodes").model.push('n');
    assert!(carried.verbatim(OWN).is_none());
    assert_eq!(carried.value().expect("it is decoded").model, "mn");
}

#[test]
fn a_made_value_has_no_original_bytes() {
    let made = Carried::made(OWN, RequestOutline::default(), ChatRequest::default());
    assert!(made.verbatim(OWN).is_none());
    assert!(made.decoded().is_some());
}

#[test]
fn says_why_bytes_do_not_decode() {
    let error = arrived("bad").value().expect_err("it does not decode");
    assert_eq!(error.message(), "invalid JSON request body");
}
