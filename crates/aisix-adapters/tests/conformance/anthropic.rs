use aisix_adapters::anthropic::Anthropic;
use aisix_core::Operation;
use aisix_testing::conformance::adapter::{self, Failure, Setup};
use serde_json::json;

use super::{failures, streams};

#[tokio::test]
async fn anthropic_keeps_every_promise() {
    let key = json!({
        "display_name": "key", "provider": "anthropic", "adapter": "anthropic", "secret": "sk-x",
    });
    let setup = Setup {
        base: Some("https://api.anthropic.com"),
        operations: vec![
            Operation::Chat,
            Operation::Messages,
            Operation::Responses,
            Operation::CountTokens,
        ],
        lacks: vec![Operation::Completions, Operation::Embeddings, Operation::ListModels],
        credentials: &["x-api-key"],
        failures: documented(),
        streams: Some(streams::anthropic()),
        ..Setup::of(key, "sk-ant-canary-0123456789abcdef", |message| {
            let error = json!({"type": "rate_limit_error", "message": message});
            json!({"type": "error", "error": error}).to_string()
        })
    };
    adapter::check(&Anthropic, &setup).await;
}

/// Source: Anthropic's API reference, "Errors".
pub fn documented() -> Vec<Failure> {
    let refused = [
        (400, "invalid_request_error", None),
        (401, "authentication_error", Some("invalid_api_key")),
        (402, "billing_error", None),
        (403, "permission_error", Some("permission_denied")),
        (404, "not_found_error", Some("model_not_found")),
        (413, "request_too_large", Some("request_too_large")),
        (429, "rate_limit_error", Some("rate_limit_exceeded")),
    ];
    let refused = refused
        .map(|(status, kind, code)| failures::failure(status, &failures::anthropic(kind), code));
    let broken = [
        (500, "api_error", "upstream returned 500"),
        (504, "timeout_error", "upstream returned 504"),
        (529, "overloaded_error", "upstream returned 529"),
    ];
    let broken = broken
        .map(|(status, kind, said)| failures::broken(status, &failures::anthropic(kind), said));
    refused.into_iter().chain(broken).collect()
}
