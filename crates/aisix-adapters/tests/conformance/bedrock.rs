use aisix_adapters::bedrock::Bedrock;
use aisix_core::Operation;
use aisix_testing::conformance::adapter::{self, Failure, Setup};
use serde_json::json;

use super::failures::{broken, canned};
use super::streams;

const SIGNING: &str = r#"{"access_key_id":"AKIDCANARY0123456789","secret_access_key":"canary/0123456789+abcdef","region":"eu-west-3"}"#;
const SESSION: &str = r#"{"access_key_id":"AKIDCANARY0123456789","secret_access_key":"canary/0123456789+abcdef","region":"eu-west-3","session_token":"session/token+9876543210"}"#;
const API_KEY: &str = r#"{"api_key":"bedrock-canary-0123456789abcdef","region":"eu-west-3"}"#;

/// What is counted is a request of InvokeModel's, in base64.
const COUNTED: &str = r#"{"input":{"invokeModel":{"body":"eyJhbnRocm9waWNfdmVyc2lvbiI6ImJlZHJvY2stMjAyMy0wNS0zMSIsIm1heF90b2tlbnMiOjEsICJ0aGUiOiAiYm9keSIgfQ=="}}}"#;

const ACCESS_KEY_ID: &str = "AKIDCANARY0123456789";
const SECRET_ACCESS_KEY: &str = "canary/0123456789+abcdef";
const SESSION_TOKEN: &str = "session/token+9876543210";

fn setup(secret: &'static str, sent: &[&'static str]) -> Setup {
    let key = json!({
        "display_name": "key", "provider": "aws", "adapter": "bedrock", "secret": "sk-x",
    });
    Setup {
        sent: sent.to_vec(),
        kept: vec![SECRET_ACCESS_KEY],
        model: "us.meta.llama-z:0",
        lacks: vec![Operation::CountTokens, Operation::Completions, Operation::ListModels],
        failures: documented(),
        streams: Some(streams::converse()),
        ..Setup::of(key, secret, |message| json!({ "message": message }).to_string())
    }
}

#[tokio::test]
async fn bedrock_keeps_every_promise_with_what_it_signs_with() {
    adapter::check(&Bedrock, &setup(SIGNING, &[ACCESS_KEY_ID])).await;
    let of_a_session = Setup {
        credentials: &["authorization", "x-amz-security-token"],
        ..setup(SESSION, &[ACCESS_KEY_ID, SESSION_TOKEN])
    };
    adapter::check(&Bedrock, &of_a_session).await;
}

#[tokio::test]
async fn bedrock_keeps_every_promise_with_an_api_key() {
    adapter::check(&Bedrock, &setup(API_KEY, &["bedrock-canary-0123456789abcdef"])).await;
}

#[tokio::test]
async fn bedrock_keeps_every_promise_with_models_that_embed() {
    let embeds = |setup| Setup {
        model: "us.cohere.embed-v4:0",
        operations: vec![Operation::Embeddings],
        streams: None,
        ..setup
    };
    for setup in
        [setup(SIGNING, &[ACCESS_KEY_ID]), setup(API_KEY, &["bedrock-canary-0123456789abcdef"])]
    {
        adapter::check(&Bedrock, &embeds(setup)).await;
    }
}

#[tokio::test]
async fn bedrock_keeps_every_promise_with_models_of_anthropics() {
    let setup = Setup {
        model: "eu.anthropic.claude-x-v1:0",
        operations: vec![
            Operation::Chat,
            Operation::Messages,
            Operation::Responses,
            Operation::CountTokens,
        ],
        lacks: vec![Operation::Completions, Operation::ListModels],
        reshaped: |body, operation, stream| match (operation, stream) {
            (Operation::CountTokens, _) => COUNTED.to_owned(),
            // Streams are Converse, whose body this is not.
            (_, true) => body.to_owned(),
            (_, false) => {
                r#"{"anthropic_version":"bedrock-2023-05-31", "the": "body" }"#.to_owned()
            }
        },
        ..setup(API_KEY, &["bedrock-canary-0123456789abcdef"])
    };
    adapter::check(&Bedrock, &setup).await;
}

/// Source: the reference's "Errors" of Converse, ConverseStream and InvokeModel, and its "Common
/// error types".
fn documented() -> Vec<Failure> {
    let body = json!({"message": "why"});
    let refused = "upstream authentication failed";
    let busy = "upstream rate limit reached";
    let of = |failure: Failure, name: &'static str| Failure {
        named: Some(("x-amzn-errortype", name)),
        ..failure
    };
    let skew = "Signature expired: 20261121T080000Z is now earlier than 20261121T091500Z";
    let mut all = vec![
        of(canned(400, &body, None, "why"), "ValidationException"),
        of(
            canned(400, &body, Some("insufficient_quota"), "upstream returned 400"),
            "ServiceQuotaExceededException",
        ),
        of(canned(403, &body, Some("permission_denied"), refused), "AccessDeniedException"),
        of(canned(403, &body, None, refused), "UnrecognizedClientException:http://a/"),
        of(canned(403, &body, None, refused), "com.amazon#ExpiredTokenException"),
        of(
            canned(
                403,
                &json!({ "message": skew }),
                None,
                "upstream authentication failed: Signature expired: 20261121T080000Z is now \
                 earlier than 20261121T091500Z (is this host's clock right?)",
            ),
            "InvalidSignatureException",
        ),
        of(
            canned(404, &body, Some("model_not_found"), "upstream model not found"),
            "ResourceNotFoundException",
        ),
        of(
            canned(408, &body, Some("timeout"), "upstream request timed out"),
            "ModelTimeoutException",
        ),
        of(canned(424, &body, Some("model_error"), "upstream returned 424"), "ModelErrorException"),
        of(canned(429, &body, Some("rate_limit_exceeded"), busy), "ThrottlingException"),
        of(canned(429, &body, Some("model_not_ready"), busy), "ModelNotReadyException"),
        of(broken(500, &body, "upstream returned 500"), "InternalServerException"),
        of(broken(503, &body, "upstream returned 503"), "ServiceUnavailableException"),
    ];
    // Where a proxy took the header away, the body says it.
    let typed = json!({"__type": "com.amazon#ThrottlingException", "Message": "why"});
    all.push(canned(429, &typed, Some("rate_limit_exceeded"), busy));
    let account = json!({"message": "arn:aws:bedrock:eu-west-3:123456789012:x is none"});
    all.push(of(canned(400, &account, None, "upstream returned 400"), "ValidationException"));
    all
}
