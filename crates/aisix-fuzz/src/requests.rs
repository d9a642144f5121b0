//! Callers' requests: read, and written for an upstream of every format.

use aisix_core::ErrorKind;
use aisix_core::chat::{ChatRequest, RequestOutline};
use aisix_core::{Carried, Error};
use aisix_dialects::{Dialect, Encoded, UpstreamRequest};
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::said;
use crate::wires::{CALLERS, Caller, UPSTREAMS, Wire};

/// The upstream's name for the model: one that has to be escaped.
pub(crate) const UPSTREAM_MODEL: &str = "an \"upstream\"\\ ☃";

pub(crate) fn check(body: &[u8]) {
    let body = Bytes::copy_from_slice(body);
    for from in &CALLERS {
        let Ok(mut request) = from.dialect.decode_request(body.clone()) else {
            continue;
        };
        if let Err(error) = request.value() {
            is_the_callers(&error, from);
        }
        if !is_sent(request.outline()) {
            continue;
        }
        // The seal of another format is taken out on the way, so that the rest is written anew.
        if memchr::memmem::find(&body, b"aisix-seal:").is_none() {
            relays(from, &body, &mut request);
        }
        for to in &UPSTREAMS {
            for stream in [false, true] {
                let mut request = from.dialect.decode_request(body.clone()).expect("it was read");
                // Somebody changed it, so that it is written for its own format, too.
                let _ = request.value_mut();
                match write(to, &mut request, stream) {
                    Ok(written) => match CALLERS.iter().find(|caller| caller.id() == to.id()) {
                        Some(to) => reads_what_was_written(from, to, &mut request, stream, written),
                        None => drop(object(&written.body)),
                    },
                    Err(error) => is_the_callers(&error, to),
                }
            }
        }
    }
}

/// Whether a gateway sends such a request to anybody: it has a model, and nothing else is wrong
/// with it at first sight.
pub(crate) fn is_sent(outline: &RequestOutline) -> bool {
    outline.model.is_some() && outline.complaint.is_none()
}

/// What a request cannot say is its caller's business, not the gateway's.
fn is_the_callers<D: Dialect + ?Sized>(error: &Error, wire: &Wire<D>) {
    let kind = error.kind();
    let is_the_callers = matches!(kind, ErrorKind::InvalidRequest | ErrorKind::Unsupported);
    assert!(is_the_callers, "{wire:?}: {kind:?}: {error}");
}

fn write<D: Dialect + ?Sized>(
    to: &Wire<D>,
    request: &mut Carried<ChatRequest>,
    stream: bool,
) -> Result<Encoded, Error> {
    to.dialect.encode_request(request, &UpstreamRequest { model: UPSTREAM_MODEL, stream })
}

/// What nobody changed goes on as it came.
fn relays(wire: &Caller, body: &Bytes, request: &mut Carried<ChatRequest>) {
    let stream = request.outline().stream;
    let relayed = write(wire, request, stream).expect("what nobody changed is passed on");
    assert_eq!(relayed.dropped, [], "{wire:?}: what is passed on says everything");
    differs_in_what_is_patched_only(body, &relayed.body);
    let again = wire.dialect.decode_request(relayed.body).expect("it is a request still");
    assert_eq!(again.outline().stream, stream, "{wire:?}: it streams as it was asked to");
}

/// A request differs from the original in the fields that the gateway decides, and in no other.
pub(crate) fn differs_in_what_is_patched_only(original: &[u8], relayed: &[u8]) {
    // What nests too deeply for a reader is passed on all the same.
    let Ok(Value::Object(mut original)) = serde_json::from_slice(original) else {
        return;
    };
    let mut relayed = object(relayed);
    if let Some(model) = relayed.get("model") {
        assert_eq!(model, UPSTREAM_MODEL, "the upstream's name for the model");
    }
    for patched in ["model", "stream_options"] {
        original.shift_remove(patched);
        relayed.shift_remove(patched);
    }
    assert_eq!(relayed, original, "nothing else is changed");
}

fn object(body: &[u8]) -> Map<String, Value> {
    serde_json::from_slice(body).unwrap_or_else(|error| {
        panic!("a request is an object: {error}: {:?}", String::from_utf8_lossy(body))
    })
}

/// What was written is a request of the other format, says what the first one said, and is written
/// the same way again.
fn reads_what_was_written(
    from: &Caller,
    to: &Caller,
    request: &mut Carried<ChatRequest>,
    stream: bool,
    written: Encoded,
) {
    let text = String::from_utf8_lossy(&written.body).into_owned();
    let mut again = match to.dialect.decode_request(written.body) {
        Ok(again) => again,
        Err(error) => panic!("{from:?} → {to:?}: it wrote no request: {error}: {text}"),
    };
    let outline = again.outline();
    assert_eq!(outline.complaint, None, "{from:?} → {to:?}: {text}");
    // Some formats name the model, and whether to stream, in the address.
    if let Some(model) = &outline.model {
        assert_eq!(model, UPSTREAM_MODEL, "{from:?} → {to:?}");
        assert_eq!(outline.stream, stream, "{from:?} → {to:?}: {text}");
    }
    let read = match again.value_mut() {
        Ok(read) => read.clone(),
        Err(error) => panic!("{from:?} → {to:?}: it wrote no request: {error}: {text}"),
    };
    if written.dropped.is_empty() {
        let request = request.value().expect("it was written");
        assert_eq!(said::by_turns(&read), said::by_turns(request), "{from:?} → {to:?}: {text}");
    }
    let twice = write(to, &mut again, stream).expect("what it wrote it can write again");
    let mut twice = to.dialect.decode_request(twice.body).expect("it wrote a request");
    let twice = twice.value().expect("it wrote a request");
    assert_eq!(twice, &read, "{from:?} → {to:?}: writing what was read changes nothing: {text}");
}
