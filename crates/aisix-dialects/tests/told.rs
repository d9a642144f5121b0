//! What models in OpenAI's chat format are told by callers of other formats.
#![expect(clippy::expect_used, reason = "a test fails with the reason")]

use aisix_dialects::{
    ANTHROPIC_MESSAGES, CallerDialect, Dialect as _, OPENAI_CHAT, OPENAI_RESPONSES, UpstreamRequest,
};
use bytes::Bytes;
use serde_json::{Value, json};

#[track_caller]
fn limited(from: &dyn CallerDialect, body: &'static str, model: &str) -> Value {
    let mut request = from.decode_request(Bytes::from_static(body.as_bytes())).expect("it is");
    let upstream = UpstreamRequest { model, stream: false };
    let encoded = OPENAI_CHAT.encode_request(&mut request, &upstream).expect("it is written");
    let mut body: Value = serde_json::from_slice(&encoded.body).expect("it is JSON");
    let fields = body.as_object_mut().expect("it is an object");
    fields.retain(|name, _| name.starts_with("max_"));
    body
}

#[test]
fn a_model_that_thinks_is_told_the_limit_by_its_newer_name() {
    let messages = r#"{"model":"a","max_tokens":9,"messages":[{"role":"user","content":"?"}]}"#;
    let responses = r#"{"model":"a","max_output_tokens":9,"input":"?"}"#;
    let callers: [(&dyn CallerDialect, _); 2] =
        [(&ANTHROPIC_MESSAGES, messages), (&OPENAI_RESPONSES, responses)];
    for (from, body) in callers {
        for model in ["o1", "o3-mini", "openai/o4-mini", "GPT-5.1", "ft:gpt-5-nano:org::id"] {
            let limit = json!({"max_completion_tokens": 9});
            assert_eq!(limited(from, body, model), limit, "{model}");
        }
        for model in ["gpt-4o", "o10", "gpt-50", "ollama", "openai/gpt-oss-120b", "o3/mistral"] {
            assert_eq!(limited(from, body, model), json!({"max_tokens": 9}), "{model}");
        }
    }
}

#[test]
fn a_caller_of_this_format_names_the_limit_itself() {
    let older = r#"{"model":"a","max_tokens":9,"messages":[{"role":"user","content":"?"}]}"#;
    assert_eq!(limited(&OPENAI_CHAT, older, "o3"), json!({"max_tokens": 9}));
}
