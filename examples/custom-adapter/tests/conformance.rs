//! The adapter keeps the promises of all.

use aisix_core::Operation;
use aisix_testing::conformance::adapter::{self, Setup};
use example_custom_adapter::Lumen;
use serde_json::json;

#[tokio::test]
async fn lumen_keeps_every_promise() {
    let key = json!({"display_name": "key", "provider": "lumen", "secret": "replaced"});
    let setup = Setup {
        base: Some("https://api.lumen.example"),
        lacks: vec![Operation::Completions, Operation::Embeddings, Operation::CountTokens],
        credentials: &["x-lumen-token"],
        ..Setup::of(key, "lumen-canary-0123456789abcdef", |message| {
            json!({"fault": {"reason": "other", "detail": message}}).to_string()
        })
    };
    adapter::check(&Lumen, &setup).await;
}
