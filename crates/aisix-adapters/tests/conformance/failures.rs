//! The bodies of failed answers, as providers write them.

use aisix_testing::conformance::adapter::Failure;
use serde_json::{Value, json};

/// A failed answer with this body, whose status and words callers are told.
pub fn failure(status: u16, body: &Value, code: Option<&'static str>) -> Failure {
    let body = body.to_string();
    Failure { status, named: None, body, told: status, code, message: "why" }
}

/// The same, of which callers are told this sentence.
pub fn canned(
    status: u16,
    body: &Value,
    code: Option<&'static str>,
    message: &'static str,
) -> Failure {
    Failure { message, ..failure(status, body, code) }
}

/// A server that failed: callers learn its status, and nothing that it said.
pub fn broken(status: u16, body: &Value, message: &'static str) -> Failure {
    Failure { told: 502, message, ..failure(status, body, None) }
}

/// OpenAI's.
pub fn openai(kind: &str, code: &Value) -> Value {
    json!({"error": {"message": "why", "type": kind, "param": null, "code": code}})
}

/// Anthropic's.
pub fn anthropic(kind: &str) -> Value {
    let error = json!({"type": kind, "message": "why"});
    json!({"type": "error", "error": error, "request_id": "req_1"})
}

/// Google's.
pub fn google(code: u16, status: &str) -> Value {
    json!({"error": {"code": code, "message": "why", "status": status, "details": []}})
}
