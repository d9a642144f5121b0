use aisix_adapters::azure_openai::AzureOpenAi;
use aisix_core::Operation;
use aisix_testing::conformance::adapter::{self, Failure, Setup, TokenEndpoint};
use serde_json::{Value, json};

use super::failures::{broken, canned};
use super::streams;

const CLIENT_SECRET: &str = "entra-canary-0123456789abcdef";

fn setup(base: &'static str) -> Setup {
    let key = json!({
        "display_name": "key", "provider": "azure", "adapter": "azure-openai", "secret": "sk-x",
        "api_base": base,
    });
    Setup {
        base: Some(base),
        operations: vec![
            Operation::Chat,
            Operation::Messages,
            Operation::Responses,
            Operation::Completions,
            Operation::Embeddings,
        ],
        lacks: vec![Operation::CountTokens, Operation::ListModels],
        credentials: &["api-key"],
        failures: documented(),
        streams: Some(streams::openai()),
        ..Setup::of(key, "azure-canary-0123456789abcdef", |message| {
            json!({"error": {"message": message, "code": "c"}}).to_string()
        })
    }
}

const BASES: [&str; 2] = ["https://res.openai.azure.com", "https://res.openai.azure.com/openai/v1"];

#[tokio::test]
async fn azure_openai_keeps_every_promise_with_a_key() {
    for base in BASES {
        adapter::check(&AzureOpenAi::default(), &setup(base)).await;
    }
}

#[tokio::test]
async fn azure_openai_keeps_every_promise_with_an_application() {
    let principal = json!({
        "tenant_id": "contoso.example", "client_id": "app", "client_secret": CLIENT_SECRET,
    });
    for base in BASES {
        let setup = Setup {
            secret: principal.to_string(),
            sent: Vec::new(),
            kept: vec![CLIENT_SECRET],
            endpoint: TokenEndpoint(Some("eyJ0eXAi.canary.0123456789")),
            credentials: &["authorization"],
            ..setup(base)
        };
        adapter::check(&AzureOpenAi::default(), &setup).await;
    }
}

/// Source: Azure OpenAI's REST API reference, "Error", and "Content filtering".
fn documented() -> Vec<Failure> {
    let of = |code: &str| json!({"error": {"code": code, "message": "of res-1 in group-2"}});
    let inner = |name: &str, code: &str| json!({"error": {"code": "content_filter", "message": "why", name: {"code": code}}});
    let policy = Some("content_policy_violation");
    let away = "upstream deployment or endpoint not found";
    let refused = "upstream authentication failed";
    let own = "ResponsibleAIPolicyViolation";
    let sealed = "invalid_encrypted_content";
    vec![
        canned(404, &of("DeploymentNotFound"), Some("model_not_found"), away),
        canned(404, &of("404"), None, away),
        canned(401, &of("PermissionDenied"), Some("PermissionDenied"), refused),
        canned(401, &of("401"), None, refused),
        canned(403, &json!({"statusCode": 403, "message": "m"}), None, refused),
        canned(408, &json!({}), None, "upstream request timed out"),
        canned(409, &json!({}), None, "upstream reported a conflict"),
        canned(413, &json!({}), None, "request is too large for the upstream"),
        canned(429, &of("too_many"), Some("too_many"), "upstream rate limit reached"),
        canned(429, &of("429"), None, "upstream rate limit reached"),
        canned(400, &of("content_filter"), policy, "upstream returned 400"),
        canned(400, &of(own), policy, "upstream returned 400"),
        canned(400, &inner("innererror", own), policy, "upstream returned 400"),
        canned(400, &inner("inner_error", own), policy, "upstream returned 400"),
        canned(400, &inner("innererror", "Other"), policy, "upstream returned 400"),
        canned(400, &of(sealed), Some("invalid_encrypted_content"), "upstream returned 400"),
        broken(500, &of("InternalServerError"), "upstream returned 500"),
        broken(503, &Value::Null, "upstream returned 503"),
    ]
}
