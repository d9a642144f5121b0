//! Where callers put their keys, and who they turn out to be.
#![expect(clippy::expect_used, reason = "a test may say: this must hold")]

use std::sync::Arc;

use aisix_auth::{Credential, SnapshotCredentials};
use aisix_core::{KeyHash, Snapshot};
use aisix_testing::conformance::{credentials, resources};
use http::{Extensions, HeaderMap, HeaderName, HeaderValue};
use serde_json::json;

fn headers(fields: &[(&'static str, &'static str)]) -> HeaderMap {
    let field = |(name, value): &(&'static str, &'static str)| {
        (HeaderName::from_static(name), HeaderValue::from_static(value))
    };
    fields.iter().map(field).collect()
}

#[track_caller]
fn finds(fields: &[(&'static str, &'static str)], key: &str) {
    let headers = headers(fields);
    let credential = Credential::of(&headers).expect("there is a key");
    assert_eq!(credential.expose(), key, "in {fields:?}");
}

#[track_caller]
fn misses(fields: &[(&'static str, &'static str)]) {
    let headers = headers(fields);
    let error = Credential::of(&headers).expect_err("there is no key");
    assert_eq!((error.status(), error.message()), (401, "Missing API key in request"));
    assert_eq!(error.public_code(), Some("invalid_api_key"), "in {fields:?}");
}

#[test]
fn a_key_follows_the_scheme_in_any_case() {
    for value in ["Bearer sk-1", "bearer sk-1", "BEARER sk-1", "  Bearer   sk-1  "] {
        finds(&[("authorization", value)], "sk-1");
    }
}

#[test]
fn a_key_may_stand_alone() {
    finds(&[("authorization", " sk-1 ")], "sk-1");
}

#[test]
fn x_api_key_counts_only_without_authorization() {
    finds(&[("x-api-key", " sk-2 ")], "sk-2");
    finds(&[("authorization", "Bearer sk-1"), ("x-api-key", "sk-2")], "sk-1");
    misses(&[("authorization", ""), ("x-api-key", "sk-2")]);
    misses(&[("authorization", "Bearer "), ("x-api-key", "sk-2")]);
}

#[test]
fn nothing_is_no_key() {
    misses(&[]);
    misses(&[("authorization", "  ")]);
    misses(&[("authorization", "Bearer")]);
    misses(&[("x-api-key", " ")]);
}

#[test]
fn a_credential_is_not_shown() {
    let headers = headers(&[("authorization", "Bearer sk-1")]);
    let credential = Credential::of(&headers).expect("there is a key");
    assert_eq!(format!("{credential:?}"), "Credential(***)");
}

#[tokio::test]
async fn the_snapshot_keeps_every_promise_of_a_source() {
    let hash = |key: &str| KeyHash::of(key).to_string();
    let key = |key: &str| json!({"key_hash": hash(key), "allowed_models": []});
    let mut valid = key("sk-Valid-0123456789");
    valid["previous_keys"] = json!([
        {"key_hash": hash("sk-within-grace-0123"), "expires_at": "9999-01-01T00:00:00Z"},
        {"key_hash": hash("sk-after-grace-01234"), "expires_at": "2020-01-01T00:00:00Z"},
    ]);
    let mut disabled = key("sk-disabled-01234567");
    disabled["disabled"] = json!(true);
    let mut expired = key("sk-expired-012345678");
    expired["expires_at"] = json!("2020-01-01T00:00:00Z");
    let snapshot = resources::snapshot([
        ("api_keys/valid", valid),
        ("api_keys/disabled", disabled),
        ("api_keys/expired", expired),
        ("api_keys/other", key("sk-other-01234567890")),
    ]);
    let mut extensions = Extensions::new();
    extensions.insert::<Arc<Snapshot>>(snapshot);
    let setup = credentials::Setup {
        extensions,
        valid: "sk-Valid-0123456789",
        runs_as: "valid",
        also_valid: vec!["sk-within-grace-0123", "sk-other-01234567890"],
        disabled: Some("sk-disabled-01234567"),
        expired: vec!["sk-expired-012345678"],
        revoked: vec!["sk-after-grace-01234"],
    };
    let source =
        SnapshotCredentials::new(|extensions| extensions.get::<Arc<Snapshot>>().map(AsRef::as_ref));
    credentials::check(&source, &setup).await;
}

#[tokio::test]
async fn a_request_without_a_configuration_is_nobodys_fault_but_the_gateways() {
    use aisix_auth::CredentialSource as _;
    let headers = headers(&[("authorization", "Bearer sk-1")]);
    let credential = Credential::of(&headers).expect("there is a key");
    let source = SnapshotCredentials::new(|_| None);
    let error = source.authenticate(credential, &Extensions::new()).await;
    assert_eq!(error.expect_err("nobody can be known").status(), 500);
}
