//! The adapter keeps the promises of all.

use aisix_core::Operation;
use aisix_testing::conformance::adapter::{self, Setup};
use example_custom_adapter::Lumen;
use serde_json::json;

#[tokio::test]
async fn lumen_keeps_every_promise() {
    let setup = Setup {
        key: json!({"display_name": "key", "provider": "lumen", "secret": "replaced"}),
        model: "upstream-model",
        base: Some("https://api.lumen.example"),
        secret: "lumen-canary-0123456789abcdef",
        operations: vec![Operation::Chat, Operation::Messages, Operation::Responses],
        lacks: vec![Operation::Completions, Operation::Embeddings, Operation::CountTokens],
        credential: "x-lumen-token",
        failure: |message| json!({"fault": {"reason": "other", "detail": message}}).to_string(),
    };
    adapter::check(&Lumen, &setup).await;
}
