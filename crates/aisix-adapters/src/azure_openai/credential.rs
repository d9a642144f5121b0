//! Credentials of Microsoft Entra: an application, which is granted tokens.

use aisix_core::{Error, ErrorCode, Secret, base_url};
use serde::Deserialize;

use crate::tokens::TokenRequest;

/// Who grants tokens, where the credential does not say.
const AUTHORITY: &str = "https://login.microsoftonline.com";

/// What tokens are good for, by the authority that grants them: each cloud has its own.
const SCOPES: [(&str, &str); 3] = [
    ("login.microsoftonline.us", "https://cognitiveservices.azure.us/.default"),
    ("login.chinacloudapi.cn", "https://cognitiveservices.azure.cn/.default"),
    ("login.partner.microsoftonline.cn", "https://cognitiveservices.azure.cn/.default"),
];
const SCOPE: &str = "https://cognitiveservices.azure.com/.default";

/// An application of a tenant.
#[derive(Deserialize)]
struct Principal {
    tenant_id: Option<String>,
    client_id: Option<String>,
    client_secret: Option<Secret>,
    authority_host: Option<String>,
}

/// Whether the secret describes an application instead of being a key.
pub(super) fn is_principal(secret: &Secret) -> bool {
    secret.expose().trim_start().starts_with('{')
}

/// How to ask for a token with this secret.
///
/// # Errors
/// Where it is not what it has to be; nothing of it is quoted.
pub(super) fn token_request(secret: &Secret) -> Result<TokenRequest, Error> {
    let principal: Principal = serde_json::from_str(secret.expose())
        .map_err(|_| unusable("is no JSON object of texts"))?;
    let tenant = identifier(principal.tenant_id.as_deref(), "tenant_id")?;
    let client = identifier(principal.client_id.as_deref(), "client_id")?;
    let secret = principal.client_secret.filter(|secret| !secret.expose().trim().is_empty());
    let secret = secret.ok_or_else(|| unusable("has no client_secret"))?;
    let (authority, scope) = authority(principal.authority_host.as_deref())?;
    let endpoint = format!("{authority}/{tenant}/oauth2/v2.0/token");
    let endpoint = endpoint.parse().map_err(|_| unusable("has a tenant_id that no URL holds"))?;
    Ok(TokenRequest::new(endpoint)
        .field("grant_type", "client_credentials")
        .field("client_id", client)
        .credential("client_secret", &secret)
        .field("scope", scope))
}

/// A name that can stand in a path.
fn identifier<'a>(value: Option<&'a str>, name: &str) -> Result<&'a str, Error> {
    let value = value.filter(|value| !value.is_empty());
    let value = value.ok_or_else(|| unusable(&format!("has no {name}")))?;
    let bad = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '?' | '#' | '\\');
    if value.contains(bad) || value.contains("..") {
        return Err(unusable(&format!("has a {name} with characters that it cannot have")));
    }
    Ok(value)
}

/// Who grants the token, and for what.
fn authority(host: Option<&str>) -> Result<(&str, &'static str), Error> {
    let Some(authority) = host.map(str::trim).filter(|host| !host.is_empty()) else {
        return Ok((AUTHORITY, SCOPE));
    };
    let origin = authority.trim_end_matches('/');
    let host = origin.split_once("://").map_or("", |(_, host)| host);
    if base_url::check(origin).is_err() || host.contains('/') {
        return Err(unusable("has an authority_host that is no origin, such as the default's"));
    }
    let scope = SCOPES.iter().find(|(of, _)| host.eq_ignore_ascii_case(of));
    Ok((origin, scope.map_or(SCOPE, |(_, scope)| scope)))
}

fn unusable(what: &str) -> Error {
    let form = "it must be an API key, or {\"tenant_id\", \"client_id\", \"client_secret\"}";
    Error::new(
        ErrorCode::InvalidUpstreamCredentials,
        format!("invalid upstream credentials: the provider key's secret {what}; {form}"),
    )
}
