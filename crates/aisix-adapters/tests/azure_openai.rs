//! What is particular about calling Azure.
#![expect(clippy::expect_used, reason = "a test fails with the reason")]

use std::sync::Arc;

use aisix_adapters::azure_openai::AzureOpenAi;
use aisix_adapters::{Adapter, Call, FailedReply, Target};
use aisix_core::error::with_causes;
use aisix_core::{Id, Operation};
use aisix_testing::conformance::resources;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};

fn target(api_base: &str) -> Target {
    let key = resources::provider_key(json!({
        "display_name": "key", "provider": "azure", "adapter": "azure-openai",
        "secret": "azure-key-0123456789", "api_base": api_base,
    }));
    Target {
        model_id: Id::from("model"),
        display_name: "alias".into(),
        upstream_model: "gpt-4.1".into(),
        provider_key: Arc::clone(&key),
    }
}

#[tokio::test]
async fn responses_are_azures_own_only_where_paths_hold_no_deployments() {
    let older = "https://res.openai.azure.com/openai/deployments/gpt-4.1";
    let newer = "https://res.openai.azure.com/openai/v1";
    for (base, operation, url, dialect) in [
        ("res", Operation::Chat, format!("{older}/chat/completions"), "openai_chat"),
        ("res", Operation::Messages, format!("{older}/chat/completions"), "openai_chat"),
        ("res", Operation::Responses, format!("{older}/chat/completions"), "openai_chat"),
        ("res", Operation::Embeddings, format!("{older}/embeddings"), "openai_chat"),
        ("res", Operation::Completions, format!("{older}/completions"), "openai_chat"),
        (newer, Operation::Chat, format!("{newer}/chat/completions"), "openai_chat"),
        (newer, Operation::Messages, format!("{newer}/chat/completions"), "openai_chat"),
        (newer, Operation::Responses, format!("{newer}/responses"), "openai_responses"),
        (newer, Operation::Embeddings, format!("{newer}/embeddings"), "openai_chat"),
        (newer, Operation::Completions, format!("{newer}/completions"), "openai_chat"),
    ] {
        let (adapter, target) = (AzureOpenAi::default(), target(base));
        let spoken = adapter.dialect(&target, operation, false).expect("it has the operation");
        assert_eq!(spoken.id().0, dialect, "{operation:?} at {base}");
        let call = Call::new(&target, operation, Bytes::from_static(b"{}"));
        let request = adapter.prepare(call).await.expect("it can be sent");
        let query = if base == newer { "" } else { "?api-version=2024-10-21" };
        assert_eq!(request.uri().to_string(), format!("{url}{query}"));
        assert_eq!(request.headers()["api-key"], "azure-key-0123456789");
        assert!(!request.headers().contains_key("authorization"));
    }
}

#[track_caller]
fn check(status: u16, body: Value, expected: (u16, &str, Option<&str>)) {
    let body = body.to_string();
    let status = StatusCode::from_u16(status).expect("it is a status");
    let headers = HeaderMap::new();
    let reply = FailedReply { status, headers: &headers, body: body.as_bytes() };
    let error = AzureOpenAi::default().classify(&target("res"), &reply);
    assert_eq!((error.status(), error.message(), error.public_code()), expected, "for {body}");
}

#[test]
fn a_failure_gets_a_sentence_of_this_products_and_a_code() {
    let failure = |code: &str| json!({"error": {"code": code, "message": "of res-1 in group-2"}});
    let inner = |key: &str, code: &str| json!({"error": {"code": "content_filter", "message": "why", key: {"code": code}}});
    let policy = Some("content_policy_violation");
    let missing = "upstream deployment or endpoint not found";
    for (status, body, code, message) in [
        (404, failure("DeploymentNotFound"), Some("model_not_found"), missing),
        (404, failure("404"), None, missing),
        (
            401,
            failure("PermissionDenied"),
            Some("PermissionDenied"),
            "upstream authentication failed",
        ),
        (403, json!({"statusCode": 403, "message": "m"}), None, "upstream authentication failed"),
        (408, json!({}), None, "upstream request timed out"),
        (409, json!({}), None, "upstream reported a conflict"),
        (413, json!({}), None, "request is too large for the upstream"),
        (429, failure("too_many"), Some("too_many"), "upstream rate limit reached"),
        (400, failure("content_filter"), policy, "upstream returned 400"),
        (400, failure("ResponsibleAIPolicyViolation"), policy, "upstream returned 400"),
        (400, inner("innererror", "ResponsibleAIPolicyViolation"), policy, "upstream returned 400"),
        (
            400,
            inner("inner_error", "ResponsibleAIPolicyViolation"),
            policy,
            "upstream returned 400",
        ),
        (400, inner("innererror", "Other"), policy, "upstream returned 400"),
        (
            400,
            failure("invalid_encrypted_content"),
            Some("invalid_encrypted_content"),
            "upstream returned 400",
        ),
    ] {
        check(status, body, (status, message, code));
    }
    check(500, failure("InternalServerError"), (502, "upstream returned 500", None));
}

#[test]
fn the_log_gets_azures_words_without_the_credential() {
    let body = json!({"error": {"code": "c", "message": "no azure-key-0123456789 in res-1"}});
    let (body, headers) = (body.to_string(), HeaderMap::new());
    let status = StatusCode::UNAUTHORIZED;
    let reply = FailedReply { status, headers: &headers, body: body.as_bytes() };
    let error = AzureOpenAi::default().classify(&target("res"), &reply);
    assert_eq!(with_causes(&error), "upstream authentication failed: no *** in res-1");
}
