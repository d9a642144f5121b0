//! What is particular about calling Anthropic.
#![expect(clippy::expect_used, reason = "a test fails with the reason")]

use std::sync::Arc;

use aisix_adapters::anthropic::Anthropic;
use aisix_adapters::{Adapter, Call, FailedReply, Target};
use aisix_core::{Id, Operation};
use aisix_testing::conformance::resources;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

fn target() -> Target {
    let key = resources::provider_key(json!({
        "display_name": "key", "provider": "anthropic", "adapter": "anthropic",
        "secret": "sk-ant-0123456789", "api_base": "https://api.anthropic.com",
    }));
    Target {
        model_id: Id::from("model"),
        display_name: "alias".into(),
        upstream_model: "claude".into(),
        provider_key: Arc::clone(&key),
    }
}

#[tokio::test]
async fn a_call_names_the_version_of_the_api_and_sends_no_bearer() {
    let target = target();
    let call = Call::new(&target, Operation::Chat, Bytes::from_static(b"{}"));
    let request = Anthropic.prepare(call.stream(true)).await.expect("it can be sent");
    assert_eq!(request.uri(), "https://api.anthropic.com/v1/messages");
    let header = |name: &str| request.headers().get(name).map(|value| value.as_bytes());
    assert_eq!(header("anthropic-version"), Some(&b"2023-06-01"[..]));
    assert_eq!(header("x-api-key"), Some(&b"sk-ant-0123456789"[..]));
    assert_eq!(header("accept"), Some(&b"text/event-stream"[..]));
    assert_eq!(header("authorization"), None);
}

#[track_caller]
fn check(status: u16, body: Value, expected: (u16, &str, Option<&str>)) {
    let body = body.to_string();
    let status = StatusCode::from_u16(status).expect("it is a status");
    let headers = HeaderMap::new();
    let reply = FailedReply { status, headers: &headers, body: body.as_bytes() };
    let error = Anthropic.classify(&target(), &reply);
    assert_eq!((error.status(), error.message(), error.public_code()), expected, "for {body}");
}

#[test]
fn a_failure_keeps_the_providers_words_and_gets_this_products_code() {
    let failure = |kind: &str| json!({"type": "error", "error": {"type": kind, "message": "why"}});
    for (status, kind, code) in [
        (400, "invalid_request_error", None),
        (401, "authentication_error", Some("invalid_api_key")),
        (403, "permission_error", Some("permission_denied")),
        (404, "not_found_error", Some("model_not_found")),
        (413, "request_too_large", Some("request_too_large")),
        (429, "rate_limit_error", Some("rate_limit_exceeded")),
    ] {
        check(status, failure(kind), (status, "why", code));
    }
    check(529, failure("overloaded_error"), (502, "upstream returned 529", None));
    check(500, failure("api_error"), (502, "upstream returned 500", None));
}
