//! Every adapter keeps the promises of all.

use aisix_adapters::anthropic::Anthropic;
use aisix_adapters::azure_openai::AzureOpenAi;
use aisix_adapters::bedrock::Bedrock;
use aisix_adapters::openai::OpenAi;
use aisix_adapters::vertex::Vertex;
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
        model: "upstream-model",
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
            model: "upstream-model",
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
async fn bedrock_keeps_every_promise() {
    let secrets = [
        r#"{"access_key_id":"AKIDCANARY","secret_access_key":"canary/0123456789+abcdef","region":"eu-west-3"}"#,
        r#"{"api_key":"bedrock-canary-0123456789abcdef","region":"eu-west-3"}"#,
    ];
    let conversations = [Operation::Chat, Operation::Messages, Operation::Responses];
    let models = [
        ("us.meta.llama-z:0", &conversations[..]),
        ("us.cohere.embed-v4:0", &[Operation::Embeddings]),
    ];
    for (secret, (model, operations)) in
        secrets.into_iter().flat_map(|secret| models.map(|model| (secret, model)))
    {
        let setup = Setup {
            key: json!({
                "display_name": "key", "provider": "aws", "adapter": "bedrock", "secret": "sk-x",
            }),
            model,
            base: None,
            secret,
            operations: operations.to_vec(),
            lacks: vec![Operation::CountTokens, Operation::Completions, Operation::ListModels],
            credential: "authorization",
            failure: |message| json!({ "message": message }).to_string(),
        };
        adapter::check(&Bedrock, &setup).await;
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
        model: "upstream-model",
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

/// One of each way, behind a plain token: what is minted is not in the key.
#[tokio::test]
async fn vertex_keeps_every_promise() {
    for model in ["gemini-2.5-flash", "llama-4-maverick", "mistral-medium-3"] {
        let setup = Setup {
            key: json!({
                "display_name": "key", "provider": "google", "adapter": "vertex", "secret": "{}",
            }),
            base: Some("https://europe-west1-aiplatform.googleapis.com"),
            secret: r#"{"project":"p-1","region":"r-1","access_token":"ya29.canary-0123456789"}"#,
            model,
            operations: vec![
                Operation::Chat,
                Operation::Messages,
                Operation::Responses,
                Operation::Embeddings,
            ],
            lacks: vec![Operation::CountTokens, Operation::Completions, Operation::ListModels],
            credential: "authorization",
            failure: |message| {
                json!({"error": {"code": 429, "message": message, "status": "ABORTED"}}).to_string()
            },
        };
        adapter::check(&Vertex::default(), &setup).await;
    }
}
