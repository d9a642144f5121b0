use aisix_adapters::vertex::Vertex;
use aisix_core::Operation;
use aisix_testing::conformance::adapter::{self, Failure, Setup, Streams, TokenEndpoint};
use aisix_testing::fixtures::google::{PRIVATE_KEY, with_account};
use serde_json::json;

use super::failures::{broken, canned, failure, google};
use super::{anthropic, streams};

const TOKEN: &str = r#"{"project":"p-1","region":"r-1","access_token":"ya29.canary-0123456789"}"#;

fn setup(model: &'static str, streams: Streams) -> Setup {
    let key = json!({
        "display_name": "key", "provider": "google", "adapter": "vertex", "secret": "{}",
    });
    Setup {
        base: Some("https://europe-west1-aiplatform.googleapis.com"),
        sent: vec!["ya29.canary-0123456789"],
        model,
        operations: vec![
            Operation::Chat,
            Operation::Messages,
            Operation::Responses,
            Operation::Embeddings,
        ],
        lacks: vec![Operation::CountTokens, Operation::Completions, Operation::ListModels],
        failures: documented(),
        streams: Some(streams),
        ..Setup::of(key, TOKEN, |message| {
            json!({"error": {"code": 429, "message": message, "status": "ABORTED"}}).to_string()
        })
    }
}

fn gemini() -> Setup {
    Setup {
        reshaped: |body, operation, _| match operation {
            Operation::Embeddings => body.to_owned(),
            _ => r#"{ "the": "body" }"#.to_owned(),
        },
        ..setup("gemini-2.5-flash", streams::gemini())
    }
}

fn of_claude() -> Setup {
    let mut setup = setup("claude-x@20250929", streams::anthropic());
    setup.operations.push(Operation::CountTokens);
    setup.lacks.retain(|operation| *operation != Operation::CountTokens);
    setup
}

#[tokio::test]
async fn vertex_keeps_every_promise_on_each_of_its_ways() {
    let claude = Setup {
        reshaped: |body, operation, stream| match (operation, stream) {
            (Operation::Embeddings, _) => body.to_owned(),
            (Operation::CountTokens, _) => {
                r#"{"anthropic_version":"vertex-2023-10-16","model":"m", "the": "body" }"#
                    .to_owned()
            }
            (_, false) => r#"{"anthropic_version":"vertex-2023-10-16", "the": "body" }"#.to_owned(),
            (_, true) => {
                r#"{"anthropic_version":"vertex-2023-10-16", "the": "body","stream":true }"#
                    .to_owned()
            }
        },
        ..of_claude()
    };
    let open = setup("llama-4-maverick", streams::openai());
    let partner = setup("mistral-medium-3", streams::openai());
    let embeds = Setup {
        operations: vec![Operation::Embeddings],
        streams: None,
        ..setup("gemini-embedding-2", streams::gemini())
    };
    for setup in [gemini(), claude, open, partner, embeds] {
        adapter::check(&Vertex::default(), &setup).await;
    }
}

#[tokio::test]
async fn vertex_keeps_every_promise_with_a_service_account() {
    let setup = Setup {
        secret: with_account("https://oauth2.example/token", PRIVATE_KEY),
        sent: Vec::new(),
        kept: PRIVATE_KEY.lines().skip(1).take(20).collect(),
        endpoint: TokenEndpoint(Some("ya29.granted-0123456789")),
        ..gemini()
    };
    adapter::check(&Vertex::default(), &setup).await;
}

/// What makers of models say behind Vertex AI, they say in their own form.
#[tokio::test]
async fn vertex_knows_what_makers_of_models_say() {
    let told = |failure: Failure| match failure.status {
        401 | 403 => Failure { message: "upstream authentication failed", ..failure },
        404 => Failure { message: "upstream model not found", ..failure },
        413 => Failure { message: "request is too large for the upstream", ..failure },
        429 => Failure { message: "upstream rate limit reached", ..failure },
        402 => Failure { message: "upstream returned 402", ..failure },
        _ => failure,
    };
    let setup = Setup {
        operations: Vec::new(),
        failures: anthropic::documented().into_iter().map(told).collect(),
        ..of_claude()
    };
    adapter::check(&Vertex::default(), &setup).await;
}

/// Source: Vertex AI's "API errors".
fn documented() -> Vec<Failure> {
    let refused = "upstream authentication failed";
    let busy = "upstream rate limit reached";
    let mut all = vec![
        failure(400, &google(400, "INVALID_ARGUMENT"), None),
        failure(400, &google(400, "FAILED_PRECONDITION"), None),
        failure(400, &google(400, "OUT_OF_RANGE"), None),
        canned(401, &google(401, "UNAUTHENTICATED"), Some("invalid_api_key"), refused),
        canned(403, &google(403, "PERMISSION_DENIED"), Some("permission_denied"), refused),
        canned(404, &google(404, "NOT_FOUND"), Some("model_not_found"), "upstream model not found"),
        canned(409, &google(409, "ABORTED"), None, "upstream reported a conflict"),
        canned(429, &google(429, "RESOURCE_EXHAUSTED"), Some("rate_limit_exceeded"), busy),
        canned(499, &google(499, "CANCELLED"), None, "upstream returned 499"),
        broken(500, &google(500, "INTERNAL"), "upstream returned 500"),
        broken(501, &google(501, "UNIMPLEMENTED"), "upstream returned 501"),
        broken(503, &google(503, "UNAVAILABLE"), "upstream returned 503"),
        broken(504, &google(504, "DEADLINE_EXCEEDED"), "upstream returned 504"),
    ];
    // Some endpoints answer with a list of one.
    let listed = json!([google(429, "RESOURCE_EXHAUSTED")]);
    all.push(canned(429, &listed, Some("rate_limit_exceeded"), busy));
    all.push(failure(400, &json!([google(400, "INVALID_ARGUMENT")]), None));
    all
}
