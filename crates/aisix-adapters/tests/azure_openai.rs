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

/// What a response is asked for at, with these fields of the provider key.
async fn response_url(fields: Value) -> (String, &'static str) {
    let mut key = json!({
        "display_name": "key", "provider": "azure", "adapter": "azure-openai",
        "secret": "azure-key-0123456789", "api_base": "res",
    });
    key.as_object_mut().expect("an object").extend(fields.as_object().expect("one").clone());
    let target = Target { provider_key: resources::provider_key(key), ..target("res") };
    let adapter = AzureOpenAi::default();
    let spoken = adapter.dialect(&target, Operation::Responses, true).expect("it has responses");
    let call = Call::new(&target, Operation::Responses, Bytes::from_static(b"{}"));
    let request = adapter.prepare(call).await.expect("it can be sent");
    (request.uri().to_string(), spoken.id().0)
}

#[tokio::test]
async fn versions_with_responses_and_keys_that_say_so_get_azures_own() {
    let root = "https://res.openai.azure.com/openai";
    let chat = format!("{root}/deployments/gpt-4.1/chat/completions");
    let own = format!("{root}/responses");
    let says = |said: bool| json!({"request": {"responses_endpoint": said}});
    for (fields, url) in [
        (
            json!({"api_version": "2025-04-01-preview"}),
            format!("{own}?api-version=2025-04-01-preview"),
        ),
        (
            json!({"api_version": "2025-03-01-preview"}),
            format!("{own}?api-version=2025-03-01-preview"),
        ),
        (
            json!({"api_version": "2025-02-01-preview"}),
            format!("{chat}?api-version=2025-02-01-preview"),
        ),
        (json!({"api_version": "latest"}), format!("{chat}?api-version=latest")),
        (says(true), format!("{own}?api-version=2025-04-01-preview")),
        (says(false), format!("{chat}?api-version=2024-10-21")),
        (
            json!({"api_version": "2025-04-01-preview", "request": {"responses_endpoint": false}}),
            format!("{chat}?api-version=2025-04-01-preview"),
        ),
        (
            json!({"api_base": format!("{root}/v1"), "request": {"responses_endpoint": false}}),
            format!("{root}/v1/chat/completions"),
        ),
    ] {
        let dialect = if url.contains("/responses") { "openai_responses" } else { "openai_chat" };
        assert_eq!(response_url(fields).await, (url, dialect));
    }
}

#[tokio::test]
async fn other_operations_stand_below_deployments_or_where_openai_has_them() {
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

#[test]
fn the_log_gets_azures_words_without_the_credential() {
    let body = json!({"error": {"code": "c", "message": "no azure-key-0123456789 in res-1"}});
    let (body, headers) = (body.to_string(), HeaderMap::new());
    let status = StatusCode::UNAUTHORIZED;
    let reply = FailedReply { status, headers: &headers, body: body.as_bytes() };
    let error = AzureOpenAi::default().classify(&target("res"), &reply);
    assert_eq!(with_causes(&error), "upstream authentication failed: no *** in res-1");
}
