//! What a provider key's secret holds: where to go, and how to prove who calls.

use aisix_core::{Error, ErrorCode, Secret};
use serde::Deserialize;
use serde_json::Value;

/// A secret, read.
pub(super) struct Credential {
    pub(super) project: String,
    pub(super) region: String,
    pub(super) access: Access,
}

/// How to prove who calls.
pub(super) enum Access {
    /// With this token, until it expires.
    Token(Secret),
    /// With tokens that this account is granted.
    Account(ServiceAccount),
}

/// A service account's key, as Google's console writes it.
#[derive(Deserialize)]
pub(super) struct ServiceAccount {
    #[serde(default)]
    r#type: String,
    pub(super) private_key: Option<Secret>,
    #[serde(default)]
    pub(super) private_key_id: Option<String>,
    #[serde(default)]
    pub(super) client_email: String,
    #[serde(default)]
    pub(super) token_uri: String,
}

#[derive(Deserialize)]
struct Wire {
    project: Option<String>,
    region: Option<String>,
    access_token: Option<Secret>,
    service_account_json: Option<Value>,
}

impl Credential {
    /// Reads a secret.
    ///
    /// # Errors
    /// Where it is not what it has to be; nothing of it is quoted.
    pub(super) fn read(secret: &Secret) -> Result<Self, Error> {
        let wire: Wire = serde_json::from_str(secret.expose())
            .map_err(|_| unusable("is no JSON object of that form"))?;
        let project = said(wire.project).ok_or_else(|| unusable("has no project"))?;
        let region = said(wire.region).ok_or_else(|| unusable("has no region"))?;
        let access = match (wire.access_token, wire.service_account_json) {
            (Some(token), None) if token.fits_a_header() => Access::Token(token),
            (Some(_), None) => return Err(unusable("has an access_token that no header holds")),
            (None, Some(account)) => Access::Account(ServiceAccount::read(account)?),
            (Some(_), Some(_)) => return Err(unusable("has both kinds of access")),
            (None, None) => return Err(unusable("has no access")),
        };
        Ok(Self { project, region, access })
    }
}

impl ServiceAccount {
    /// Reads the object, or the text of the file that holds it.
    fn read(value: Value) -> Result<Self, Error> {
        let account: Result<Self, _> = match value {
            Value::String(text) => serde_json::from_str(&text),
            object => serde_json::from_value(object),
        };
        let bad = |what: &str| unusable(&format!("has a service_account_json {what}"));
        let account = account.map_err(|_| bad("that is no key of a service account"))?;
        if account.r#type != "service_account" {
            return Err(bad("whose type is not service_account"));
        }
        if account.client_email.trim().is_empty() {
            return Err(bad("without client_email"));
        }
        if account.token_uri.trim().is_empty() {
            return Err(bad("without token_uri"));
        }
        if account.private_key.is_none() {
            return Err(bad("without private_key"));
        }
        Ok(account)
    }
}

fn said(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty())
}

/// A secret that cannot work.
pub(super) fn unusable(what: &str) -> Error {
    let form = "it must be {\"project\", \"region\", and either \"access_token\" or \
                \"service_account_json\"}";
    Error::new(
        ErrorCode::InvalidUpstreamCredentials,
        format!("invalid upstream credentials: the provider key's secret {what}; {form}"),
    )
}
