//! Google's own `google-auth`, as a judge of requests for access tokens: the signature is verified
//! with the account's public key, and what is claimed is what Google's code claims.

use serde_json::{Value, json};

use crate::Received;
use crate::published::Judge;

/// The program that judges.
const CHECK: &str = include_str!("check.py");

/// That a token endpoint received what it grants a token for to the service account of this secret
/// of a provider key.
///
/// # Panics
///
/// Where the secret holds no service account.
#[must_use]
pub fn token_request(received: &Received, secret: &str) -> Value {
    let secret: Value = serde_json::from_str(secret).expect("a secret is an object");
    let account = &secret["service_account_json"];
    assert!(account.is_object(), "the secret holds a service account");
    let content_type = received.header("content-type");
    json!({"content_type": content_type, "form": received.text(), "account": account})
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
