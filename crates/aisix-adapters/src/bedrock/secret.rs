//! What a provider key's secret holds: a JSON object, of one of two shapes.

use aisix_core::{Error, ErrorCode, Secret};
use serde::Deserialize;

/// What proves who calls, and where.
pub(super) struct Secrets {
    region: String,
    proof: Proof,
}

/// What proves who calls.
pub(super) enum Proof {
    /// A signature with these.
    Signature(Identity),
    /// An API key of Bedrock's.
    ApiKey(Secret),
}

/// What requests are signed with.
pub(super) struct Identity {
    pub(super) access_key_id: Secret,
    pub(super) secret_access_key: Secret,
    pub(super) session_token: Option<Secret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    region: String,
    api_key: Option<Secret>,
    access_key_id: Option<Secret>,
    secret_access_key: Option<Secret>,
    session_token: Option<Secret>,
}

impl Secrets {
    /// Reads a secret.
    ///
    /// # Errors
    /// `InvalidUpstreamCredentials` where it is of neither shape or holds what no header does,
    /// `InvalidUpstreamConfiguration` where its region is none. Neither quotes it.
    pub(super) fn read(secret: &Secret) -> Result<Self, Error> {
        // What serde says might quote the secret.
        let wire: Wire = serde_json::from_str(secret.expose()).map_err(|_| unusable())?;
        let region = wire.region.trim().to_owned();
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let proof = match (wire.api_key, wire.access_key_id, wire.secret_access_key) {
            (Some(key), None, None) if wire.session_token.is_none() && key.fits_a_header() => {
                Proof::ApiKey(key)
            }
            (None, Some(access_key_id), Some(secret_access_key)) => {
                let session_token = wire.session_token.filter(|token| !token.expose().is_empty());
                let is_id = access_key_id.expose().bytes().all(|b| b.is_ascii_alphanumeric());
                let fits = session_token.as_ref().is_none_or(Secret::fits_a_header);
                if access_key_id.expose().is_empty() || !is_id || !fits {
                    return Err(unusable());
                }
                if !secret_access_key.fits_a_header() {
                    return Err(unusable());
                }
                Proof::Signature(Identity { access_key_id, secret_access_key, session_token })
            }
            _ => return Err(unusable()),
        };
        if region.is_empty() || !region.bytes().all(is_word) {
            let what = "invalid upstream configuration: the provider key's secret names no region, \
                        such as us-east-1";
            return Err(Error::new(ErrorCode::InvalidUpstreamConfiguration, what));
        }
        Ok(Self { region, proof })
    }

    /// The region to call.
    pub(super) fn region(&self) -> &str {
        &self.region
    }

    /// What proves who calls.
    pub(super) fn proof(&self) -> &Proof {
        &self.proof
    }
}

fn unusable() -> Error {
    Error::new(
        ErrorCode::InvalidUpstreamCredentials,
        "invalid upstream credentials: a secret for bedrock is a JSON object with access_key_id, \
         secret_access_key, region and perhaps session_token, or with api_key and region",
    )
}
