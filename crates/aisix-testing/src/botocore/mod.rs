//! Amazon's own `botocore`, as a judge of what Bedrock receives and sends: its service model, its
//! signer, its reader of event streams.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::Received;
use crate::published::Judge;

/// The program that judges.
const CHECK: &str = include_str!("check.py");

/// What requests to Bedrock are signed with.
#[derive(Debug, Clone, Copy)]
pub struct Signer<'a> {
    /// The region that the signature is for.
    pub region: &'a str,
    /// Who signs.
    pub access_key_id: &'a str,
    /// With what.
    pub secret_access_key: &'a str,
    /// What a session adds.
    pub session_token: Option<&'a str>,
}

impl Signer<'static> {
    /// One who is nobody.
    pub const EXAMPLE: Self = Self {
        region: "eu-west-3",
        access_key_id: "AKIDEXAMPLE0123456789",
        secret_access_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        session_token: Some("session/token+with=signs"),
    };
}

impl Signer<'_> {
    /// The secret of a provider key.
    #[must_use]
    pub fn secret(&self) -> String {
        json!({
            "access_key_id": self.access_key_id, "secret_access_key": self.secret_access_key,
            "region": self.region, "session_token": self.session_token,
        })
        .to_string()
    }
}

/// That a request that an upstream received is one that Bedrock takes, and signed by this signer, if
/// there is one.
#[must_use]
pub fn request(operation: &str, received: &Received, signer: Option<Signer<'_>>) -> Value {
    let host = received.header("host").unwrap_or_default();
    let headers: Value = received
        .headers
        .keys()
        .map(|name| (name.as_str().to_owned(), json!(received.header(name.as_str()))))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let mut claim = json!({
        "operation": operation,
        "url": format!("http://{host}{}", received.path_and_query),
        "headers": headers,
        "body": received.text(),
    });
    if let Some(signer) = signer {
        claim["region"] = signer.region.into();
        claim["access_key_id"] = signer.access_key_id.into();
        claim["secret_access_key"] = signer.secret_access_key.into();
        claim["session_token"] = signer.session_token.into();
    }
    claim
}

/// That this is what an operation answers.
#[must_use]
pub fn answer(operation: &str, answer: &Value) -> Value {
    json!({"operation": operation, "answer": answer})
}

/// That an event stream holds nothing but what an operation streams.
#[must_use]
pub fn stream_of(operation: &str, bytes: &[u8]) -> Value {
    json!({"operation": operation, "stream": STANDARD.encode(bytes)})
}

/// That this is a body that Bedrock takes for an operation of a model, whoever sends it.
#[must_use]
pub fn body(operation: &str, model: &str, body: &[u8]) -> Value {
    let word = if operation == "ConverseStream" { "converse-stream" } else { "converse" };
    json!({
        "operation": operation,
        "url": format!("http://bedrock/model/{model}/{word}"),
        "body": String::from_utf8_lossy(body),
    })
}

/// That an event stream holds these events and exceptions.
#[must_use]
pub fn stream(bytes: &[u8], events: &[&str]) -> Value {
    json!({"stream": STANDARD.encode(bytes), "events": events})
}

/// Asserts that every claim is true.
///
/// # Panics
///
/// Where one is not, or Python is missing.
pub fn assert(claims: &[Value]) {
    Judge::start(CHECK).assert(claims);
}

/// What is wrong, claim by claim.
///
/// # Panics
///
/// Where Python is missing.
#[must_use]
pub fn wrong(claims: &[Value]) -> Vec<Vec<String>> {
    Judge::start(CHECK).judge(claims)
}
