//! What is particular about calling Azure.

use std::sync::Arc;

use aisix_adapters::azure_openai::AzureOpenAi;
use aisix_adapters::{Adapter, Call, FailedReply, Target};
use aisix_core::error::with_causes;
use aisix_core::{Id, Operation};
use aisix_testing::conformance::resources;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::json;

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

#[test]
fn the_log_gets_azures_words_without_the_credential() {
    let body = json!({"error": {"code": "c", "message": "no azure-key-0123456789 in res-1"}});
    let (body, headers) = (body.to_string(), HeaderMap::new());
    let status = StatusCode::UNAUTHORIZED;
    let reply = FailedReply { status, headers: &headers, body: body.as_bytes() };
    let error = AzureOpenAi::default().classify(&target("res"), &reply);
    assert_eq!(with_causes(&error), "upstream authentication failed: no *** in res-1");
}
