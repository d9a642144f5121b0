//! Caller API keys.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::instant;
use super::validity::{Findings, read};
use super::{Checked, Document, Invalid, Kind, RateLimit, Resource, Strictness};
use crate::glob::Glob;
use crate::hash::KeyHash;

/// What a caller may do: known by the hash of the key that it sends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApiKey {
    /// SHA-256 of the plaintext.
    pub key_hash: KeyHash,
    /// Names of models, exact or with one `*`; `["*"]` grants all, `[]` none.
    pub allowed_models: Vec<Glob>,
    /// A label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Limits over all requests of this key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<RateLimit>,
    /// The team that requests are accounted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub team_id: Option<String>,
    /// The person that requests are accounted to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_id: Option<String>,
    /// The person's name, for reports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// The last instant at which the key is accepted.
    #[serde(
        default,
        deserialize_with = "instant::optional",
        skip_serializing_if = "Option::is_none"
    )]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub expires_at: Option<Timestamp>,
    /// Whether the key is refused for now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub disabled: bool,
    /// The subject of a token that runs as this key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt_subject: Option<String>,
    /// The identity provider whose word on the subject counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt_provider: Option<String>,
    /// Names of passthrough routes, exact or with one `*`; absent means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_routes: Option<Vec<Glob>>,
    /// Names of agents, exact or with one `*`; absent means none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_agents: Option<Vec<Glob>>,
    /// Which tools may be used.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mcp_access: Option<McpAccess>,
    /// Limits for each server of tools.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub mcp_rate_limits: BTreeMap<String, McpRateLimit>,
    /// Plaintexts that a rotation replaced and that are accepted until their time is up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub previous_keys: Vec<PreviousKey>,
}

/// Which tools a key may use.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct McpAccess {
    /// What is granted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<Vec<String>>,
    /// What is taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deny: Option<Vec<String>>,
}

/// Limits for a server of tools.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct McpRateLimit {
    /// Calls in flight.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u64>,
    /// Calls per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rps: Option<u64>,
    /// Calls per minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpm: Option<u64>,
    /// Calls per hour.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rph: Option<u64>,
    /// Calls per day (UTC).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rpd: Option<u64>,
}

/// A replaced plaintext within its grace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PreviousKey {
    /// SHA-256 of the replaced plaintext.
    pub key_hash: KeyHash,
    /// The last instant at which it is accepted.
    #[serde(deserialize_with = "instant::required")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub expires_at: Timestamp,
}

impl Resource for ApiKey {
    const KIND: Kind = Kind::ApiKeys;
    const IDENTITY_FIELD: &'static str = "key_hash";
    type Identity = KeyHash;

    fn decode(document: &Document, strictness: Strictness) -> Result<Checked<Self>, Invalid> {
        let checked: Checked<Self> = read(document, strictness)?;
        let key = &checked.resource;
        let mut findings = Findings::default();
        for (field, value) in [
            ("team_id", &key.team_id),
            ("user_id", &key.user_id),
            ("jwt_subject", &key.jwt_subject),
            ("jwt_provider", &key.jwt_provider),
        ] {
            findings.require(value.as_deref() != Some(""), field, "must not be empty");
        }
        findings.require(
            key.jwt_subject.is_none() || key.jwt_provider.is_some(),
            "jwt_provider",
            "is required with jwt_subject",
        );
        findings.into_result(checked)
    }

    fn identity(&self) -> Option<KeyHash> {
        Some(self.key_hash)
    }
}
