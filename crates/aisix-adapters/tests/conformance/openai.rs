use aisix_adapters::openai::OpenAi;
use aisix_core::Operation;
use aisix_testing::conformance::adapter::{self, Failure, Setup};
use serde_json::{Value, json};

use super::{failures, streams};

#[tokio::test]
async fn openai_keeps_every_promise() {
    let key = json!({
        "display_name": "key", "provider": "openai", "adapter": "openai", "secret": "sk-x",
    });
    let setup = Setup {
        base: Some("https://api.openai.com/v1"),
        operations: vec![
            Operation::Chat,
            Operation::Messages,
            Operation::Responses,
            Operation::Completions,
            Operation::Embeddings,
        ],
        lacks: vec![Operation::CountTokens, Operation::ListModels],
        failures: documented(),
        streams: Some(streams::openai()),
        ..Setup::of(key, "sk-canary-0123456789abcdef", |message| {
            json!({"error": {"message": message, "code": "c"}}).to_string()
        })
    };
    adapter::check(&OpenAi, &setup).await;
}

/// Source: OpenAI's guide "Error codes"; vendors of its format write a number or a text in places.
fn documented() -> Vec<Failure> {
    let of = |kind, code: Option<&str>| failures::openai(kind, &json!(code));
    let refused = [
        (400, "invalid_request_error", Some("context_length_exceeded")),
        (400, "invalid_request_error", None),
        (401, "invalid_request_error", Some("invalid_api_key")),
        (403, "request_forbidden", Some("unsupported_country_region_territory")),
        (404, "invalid_request_error", Some("model_not_found")),
        (429, "requests", Some("rate_limit_exceeded")),
        (429, "insufficient_quota", Some("insufficient_quota")),
    ];
    let mut all: Vec<_> =
        refused.map(|(status, kind, code)| failures::failure(status, &of(kind, code), code)).into();
    let numbered = failures::openai("upstream", &json!(429));
    for body in [numbered, json!({"error": "why"}), json!({"error": {"detail": "why"}})] {
        all.push(failures::failure(429, &body, None));
    }
    let server = of("server_error", Some("server_error"));
    all.push(failures::broken(500, &server, "upstream returned 500"));
    all.push(failures::broken(503, &server, "upstream returned 503"));
    all.push(failures::broken(503, &Value::Null, "upstream returned 503"));
    all
}
