//! Every adapter keeps the promises of all.

use aisix_adapters::anthropic::Anthropic;
use aisix_adapters::azure_openai::AzureOpenAi;
use aisix_adapters::openai::OpenAi;
use aisix_core::Operation;
use aisix_testing::conformance::adapter::{self, Setup};
use serde_json::{Value, json};

#[tokio::test]
async fn anthropic_keeps_every_promise() {
    let setup = Setup {
        key: json!({
            "display_name": "key", "provider": "anthropic", "adapter": "anthropic",
            "secret": "sk-x",
        }),
        base: Some("https://api.anthropic.com"),
        secret: "sk-ant-canary-0123456789abcdef",
        operations: vec![
            Operation::Chat,
            Operation::Messages,
            Operation::Responses,
            Operation::CountTokens,
        ],
        lacks: vec![Operation::Completions, Operation::Embeddings, Operation::ListModels],
        credential: "x-api-key",
        failure: |message| {
            let error = json!({"type": "rate_limit_error", "message": message});
            json!({"type": "error", "error": error}).to_string()
        },
    };
    adapter::check(&Anthropic, &setup).await;
}

fn azure_key(api_base: &str) -> Value {
    json!({
        "display_name": "key", "provider": "azure", "adapter": "azure-openai", "secret": "sk-x",
        "api_base": api_base,
    })
}

#[tokio::test]
async fn azure_openai_keeps_every_promise() {
    for base in ["https://res.openai.azure.com", "https://res.openai.azure.com/openai/v1"] {
        let setup = Setup {
            key: azure_key(base),
            base: Some(base),
            secret: "azure-canary-0123456789abcdef",
            operations: vec![
                Operation::Chat,
                Operation::Messages,
                Operation::Responses,
                Operation::Completions,
                Operation::Embeddings,
            ],
            lacks: vec![Operation::CountTokens, Operation::ListModels],
            credential: "api-key",
            failure: |message| json!({"error": {"message": message, "code": "c"}}).to_string(),
        };
        adapter::check(&AzureOpenAi::default(), &setup).await;
    }
}

#[tokio::test]
async fn openai_keeps_every_promise() {
    let setup = Setup {
        key: json!({
            "display_name": "key", "provider": "openai", "adapter": "openai", "secret": "sk-x",
        }),
        base: Some("https://api.openai.com/v1"),
        secret: "sk-canary-0123456789abcdef",
        operations: vec![
            Operation::Chat,
            Operation::Messages,
            Operation::Responses,
            Operation::Completions,
            Operation::Embeddings,
        ],
        lacks: vec![Operation::CountTokens, Operation::ListModels],
        credential: "authorization",
        failure: |message| json!({"error": {"message": message, "code": "c"}}).to_string(),
    };
    adapter::check(&OpenAi, &setup).await;
}
