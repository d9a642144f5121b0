//! What failed answers mean.

use std::time::Duration;

use aisix_adapters::{Adapter, FailedReply};
use aisix_core::{Error, ErrorCode};
use http::header::{HeaderName, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};

use super::{Failure, Setup, assert_silent};

const MESSAGE: &str = "what the provider says";

pub(super) fn check(adapter: &dyn Adapter, setup: &Setup) {
    keeps_the_status_of_refusals(adapter, setup);
    hides_what_failing_servers_say(adapter, setup);
    calls_anything_else_a_failure(adapter, setup);
    hands_on_how_long_to_wait(adapter, setup);
    makes_sense_of_any_body(adapter, setup);
    scrubs_the_credential(adapter, setup);
    knows_what_its_family_documents(adapter, setup);
}

fn classify(adapter: &dyn Adapter, setup: &Setup, status: u16, body: &str) -> Error {
    with_headers(adapter, setup, status, &HeaderMap::new(), body.as_bytes())
}

fn with_headers(
    adapter: &dyn Adapter,
    setup: &Setup,
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
) -> Error {
    let status = StatusCode::from_u16(status).expect("it is a status");
    let error = adapter.classify(&setup.usable(), &FailedReply { status, headers, body });
    let upstream = error.upstream().map(|upstream| upstream.status);
    assert_eq!(upstream, Some(status.as_u16()), "the upstream's status is kept for the record");
    assert!(!error.message().is_empty(), "there is always something to say");
    assert_eq!(error.code().error_type(), "upstream_error");
    error
}

fn keeps_the_status_of_refusals(adapter: &dyn Adapter, setup: &Setup) {
    for status in [400, 401, 402, 403, 404, 408, 409, 413, 418, 422, 429, 451, 499] {
        let error = classify(adapter, setup, status, &(setup.failure)(MESSAGE));
        assert_eq!(error.code(), ErrorCode::UpstreamRejected, "for {status}");
        assert_eq!(error.status(), status);
    }
}

fn hides_what_failing_servers_say(adapter: &dyn Adapter, setup: &Setup) {
    for status in [500, 502, 503, 504, 529, 599] {
        let error = classify(adapter, setup, status, &(setup.failure)(MESSAGE));
        assert_eq!(error.code(), ErrorCode::UpstreamFailed, "for {status}");
        assert_eq!(error.status(), 502, "for {status}");
        assert_eq!(error.message(), format!("upstream returned {status}"));
        assert_eq!((error.public_code(), error.param()), (None, None), "for {status}");
    }
}

fn calls_anything_else_a_failure(adapter: &dyn Adapter, setup: &Setup) {
    for status in [300, 302, 304, 307] {
        let error = classify(adapter, setup, status, &(setup.failure)(MESSAGE));
        assert_eq!(error.code(), ErrorCode::UpstreamFailed, "for {status}");
        assert_eq!(error.status(), 502, "for {status}");
    }
}

/// Whole seconds, of a 429 only.
fn hands_on_how_long_to_wait(adapter: &dyn Adapter, setup: &Setup) {
    let waits = |status, text: &'static str| {
        let headers = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static(text))]);
        with_headers(adapter, setup, status, &headers, b"{}").retry_after()
    };
    assert_eq!(waits(429, "7"), Some(Duration::from_secs(7)));
    for other in ["Wed, 21 Oct 2026 07:28:00 GMT", "-1", "1.5", "soon", ""] {
        assert_eq!(waits(429, other), None, "for {other:?}");
    }
    for status in [400, 503] {
        assert_eq!(waits(status, "7"), None, "for {status}");
    }
}

fn makes_sense_of_any_body(adapter: &dyn Adapter, setup: &Setup) {
    let long = "☃".repeat(20_000);
    let bodies = [&b""[..], b"{", b"null", b"[]", b"\xff\xfe", b"<html></html>", long.as_bytes()];
    for status in [302, 400, 500] {
        for body in bodies {
            let error = with_headers(adapter, setup, status, &HeaderMap::new(), body);
            let length = error.message().len();
            assert!(length <= 1024 + "…".len(), "{length} bytes of message");
        }
    }
}

/// Providers quote what they refuse: anywhere, and where their text is cut off. Of a token that was
/// granted, whoever sends it knows.
fn scrubs_the_credential(adapter: &dyn Adapter, setup: &Setup) {
    for &proof in &setup.sent {
        for status in [302, 400, 401, 500] {
            let message = format!("Incorrect key: {proof}. Not {proof}!");
            for body in [(setup.failure)(&message), message] {
                assert_silent(&classify(adapter, setup, status, &body), proof);
            }
            for cut in 990..1030 {
                let message = format!("{}{proof}", "x".repeat(cut));
                let error = classify(adapter, setup, status, &(setup.failure)(&message));
                assert_silent(&error, &proof[..8]);
            }
        }
    }
}

fn knows_what_its_family_documents(adapter: &dyn Adapter, setup: &Setup) {
    for failure in &setup.failures {
        let Failure { status, named, body, told, code, message } = failure;
        let headers = named
            .map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let headers = HeaderMap::from_iter(headers);
        let error = with_headers(adapter, setup, *status, &headers, body.as_bytes());
        let found = (error.status(), error.public_code(), error.message());
        assert_eq!(found, (*told, *code, *message), "{failure:?}");
    }
}
