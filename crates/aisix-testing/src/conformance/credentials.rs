//! What every [`CredentialSource`] keeps of its promises.
//!
//! A source's tests name keys that it knows in a [`Setup`] and call [`check`].

use std::fmt;

use aisix_auth::{Credential, CredentialSource};
use aisix_core::{Caller, Error, ErrorCode, ErrorKind, KeyHash};
use http::header::AUTHORIZATION;
use http::{Extensions, HeaderMap, HeaderValue};

/// The keys that the suite tries.
///
/// Keys are plaintexts, of letters, digits and `-`, at least 16 characters long.
pub struct Setup {
    /// What the requests carry.
    pub extensions: Extensions,
    /// A key that is accepted.
    pub valid: &'static str,
    /// The id of the API key that it runs as.
    pub runs_as: &'static str,
    /// Further keys that are accepted, such as replaced ones within their grace.
    pub also_valid: Vec<&'static str>,
    /// A key that is disabled, where the source knows of such.
    pub disabled: Option<&'static str>,
    /// Keys whose time is up, where the source knows of such.
    pub expired: Vec<&'static str>,
    /// Keys that were accepted once and are no longer.
    pub revoked: Vec<&'static str>,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup").field("runs_as", &self.runs_as).finish_non_exhaustive()
    }
}

/// Runs the whole suite.
///
/// # Panics
///
/// Where the source breaks a promise.
pub async fn check(source: &dyn CredentialSource, setup: &Setup) {
    knows_who_holds_a_valid_key(source, setup).await;
    refuses_what_only_resembles_a_key(source, setup).await;
    says_why_a_known_key_is_refused(source, setup).await;
}

async fn authenticate(
    source: &dyn CredentialSource,
    setup: &Setup,
    key: &str,
) -> Result<Caller, Error> {
    let value = HeaderValue::from_str(&format!("Bearer {key}")).expect("a key fits in a header");
    let headers = HeaderMap::from_iter([(AUTHORIZATION, value)]);
    let credential = Credential::of(&headers).expect("there is a key");
    source.authenticate(credential, &setup.extensions).await
}

async fn knows_who_holds_a_valid_key(source: &dyn CredentialSource, setup: &Setup) {
    // Twice, because a source may remember.
    for _ in 0..2 {
        let caller = authenticate(source, setup, setup.valid).await.expect("the key is valid");
        assert_eq!(caller.api_key().id.as_str(), setup.runs_as);
        for key in &setup.also_valid {
            authenticate(source, setup, key).await.expect("the key is valid");
        }
    }
}

async fn refuses_what_only_resembles_a_key(source: &dyn CredentialSource, setup: &Setup) {
    let valid = setup.valid;
    let hash = KeyHash::of(valid).to_string();
    let mut resembling = vec![
        "sk-unknown-0123456789".to_owned(),
        // What the source stores is no credential.
        hash.to_uppercase(),
        hash,
        format!("{valid}x"),
        format!("x{valid}"),
        valid[..valid.len() - 1].to_owned(),
        valid.repeat(2),
        format!("{valid} {valid}"),
        format!("Bearer {valid}"),
        "*".to_owned(),
        "x".repeat(64 * 1024),
    ];
    resembling.extend([valid.to_uppercase(), valid.to_lowercase()]);
    resembling.extend(setup.revoked.iter().map(|key| (*key).to_owned()));
    for key in resembling.iter().filter(|key| *key != valid) {
        let error = refused(source, setup, key).await;
        assert_eq!(error.code(), ErrorCode::InvalidApiKey, "{error}");
        assert_eq!(error.message(), "Invalid API key");
    }
}

async fn says_why_a_known_key_is_refused(source: &dyn CredentialSource, setup: &Setup) {
    if let Some(key) = setup.disabled {
        let error = refused(source, setup, key).await;
        assert_eq!(error.code(), ErrorCode::ApiKeyDisabled, "{error}");
    }
    for key in &setup.expired {
        let error = refused(source, setup, key).await;
        assert_eq!(error.code(), ErrorCode::ApiKeyExpired, "{error}");
    }
}

/// A refusal is the caller's business, and quotes no credential, nor what is stored of it.
async fn refused(source: &dyn CredentialSource, setup: &Setup, key: &str) -> Error {
    let error = authenticate(source, setup, key).await.expect_err("the key is refused");
    assert_eq!(error.kind(), ErrorKind::Unauthenticated, "{error}");
    assert_eq!(error.status(), 401, "{error}");
    let shown = format!("{error} {error:?}");
    for secret in [key, &KeyHash::of(key).to_string()] {
        // One character stands in any text.
        assert!(secret.len() < 2 || !shown.contains(secret), "an error quotes a credential");
    }
    error
}
