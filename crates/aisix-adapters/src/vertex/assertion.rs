//! Asking for a token in the name of a service account.
//!
//! Source: Google's guide "Using OAuth 2.0 for server to server applications", and RFC 7523.

use std::time::{SystemTime, UNIX_EPOCH};

use aisix_core::{Error, Secret, base_url};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::Uri;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::json;

use super::credential::{ServiceAccount, unusable};
use crate::tokens::TokenRequest;

/// What tokens are good for.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// How long an assertion holds, in seconds: the longest that Google takes.
const LIFETIME: u64 = 3600;

/// How to ask for a token for this account.
///
/// # Errors
/// Where its key cannot sign, or its endpoint has no address; nothing of it is quoted.
pub(super) fn token_request(account: &ServiceAccount) -> Result<TokenRequest, Error> {
    let endpoint = account.token_uri.trim();
    let usable = base_url::check(endpoint).is_ok();
    let uri: Option<Uri> = endpoint.parse().ok().filter(|_| usable);
    let uri = uri.ok_or_else(|| unusable("has a token_uri that is no URL"))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let assertion = assertion(account, endpoint, now)?;
    Ok(TokenRequest::new(uri)
        .field("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")
        .credential("assertion", &assertion))
}

/// A JSON web token that says who asks, signed with RS256; `now` is in Unix seconds.
fn assertion(account: &ServiceAccount, audience: &str, now: u64) -> Result<Secret, Error> {
    let mut header = json!({"alg": "RS256", "typ": "JWT"});
    if let Some(id) = &account.private_key_id {
        header["kid"] = id.as_str().into();
    }
    let claims = json!({
        "iss": account.client_email, "scope": SCOPE, "aud": audience,
        "iat": now, "exp": now + LIFETIME,
    });
    let encoded = |part: String| URL_SAFE_NO_PAD.encode(part);
    let signed = format!("{}.{}", encoded(header.to_string()), encoded(claims.to_string()));
    let key = key_pair(account.private_key.as_ref())?;
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed.as_bytes(), &mut signature)
        .map_err(|_| Error::internal("a token request could not be signed"))?;
    Ok(Secret::new(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))))
}

fn key_pair(private_key: Option<&Secret>) -> Result<RsaKeyPair, Error> {
    let bad = || unusable("has a private_key that is no RSA key in PEM");
    let pem = private_key.ok_or_else(bad)?.expose();
    let key = match PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| bad())? {
        PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
        _ => return Err(bad()),
    };
    key.map_err(|_| bad())
}
