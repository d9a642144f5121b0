//! Tokens in place of API keys: who issues them, and as which key they run.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::validity::{Findings, Problem};
use super::{Kind, Shape};
use crate::id::Id;

/// An identity provider whose tokens are accepted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OidcProvider {
    /// A unique label, which `jwt_provider` refers to.
    #[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 1))]
    pub name: Arc<str>,
    /// What `iss` must be, byte for byte.
    #[cfg_attr(feature = "openapi", schema(min_length = 1))]
    pub issuer: String,
    /// What `aud` must hold one of; at least one.
    #[cfg_attr(feature = "openapi", schema(min_items = 1))]
    pub audiences: Vec<String>,
    /// Where the keys are; found through the issuer unless set.
    pub jwks_uri: Option<String>,
    /// Dotted path of the claim that names the caller; `sub` unless set.
    #[serde(default = "sub")]
    pub identity_claim: String,
    /// What `scope` must hold, all of it.
    #[serde(default)]
    pub required_scopes: Vec<String>,
    /// What dotted claims must be or contain: one of the values.
    #[serde(default)]
    pub bound_claims: BTreeMap<String, ClaimValues>,
    /// Seconds of tolerance for `exp` and `nbf`, 0 to 300; 0 unless set.
    #[serde(default)]
    #[cfg_attr(feature = "openapi", schema(maximum = 300))]
    pub leeway_secs: u64,
    /// Whether its tokens are accepted; true unless set.
    #[serde(default = "super::yes")]
    pub enabled: bool,
}

/// One value, or several of which one must be met.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(untagged, expecting = "must be a string or a list of strings")]
pub enum ClaimValues {
    /// One.
    One(String),
    /// Several; at least one.
    Several(Vec<String>),
}

/// As which API key a token runs that is bound to none.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClaimMapping {
    /// A unique label.
    #[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 1))]
    pub name: Arc<str>,
    /// The name of the provider whose tokens are meant.
    #[cfg_attr(feature = "openapi", schema(min_length = 1))]
    pub jwt_provider: String,
    /// What must hold of the claims, all of it; at least one.
    #[serde(rename = "match")]
    #[cfg_attr(feature = "openapi", schema(min_items = 1))]
    pub conditions: Vec<ClaimCondition>,
    /// What the token runs as.
    pub resolve: Resolved,
    /// Lower goes first, then the name decides; 0 unless set.
    #[serde(default)]
    pub priority: u64,
    /// Whether it counts; true unless set.
    #[serde(default = "super::yes")]
    pub enabled: bool,
}

/// Something that must hold of a claim.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ClaimCondition {
    /// Dotted path of the claim.
    pub claim: String,
    /// How it is compared.
    pub op: ClaimOperator,
    /// What it is compared with; at least one.
    #[cfg_attr(feature = "openapi", schema(min_items = 1))]
    pub values: Vec<String>,
}

/// How a claim is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ClaimOperator {
    /// A text that is one of the values.
    Exact,
    /// A list that holds one of the values.
    Contains,
}

/// What a token runs as.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Resolved {
    /// The id of the API key.
    pub api_key_id: Id,
}

fn sub() -> String {
    "sub".to_owned()
}

impl Shape for OidcProvider {
    const KIND: Kind = Kind::OidcProviders;

    fn name(&self) -> Option<&Arc<str>> {
        Some(&self.name)
    }

    fn check(&self) -> Vec<Problem> {
        let mut findings = Findings::default();
        findings.not_empty(&self.issuer, "issuer");
        findings.some(&self.audiences, "audiences");
        findings.not_empty(&self.identity_claim, "identity_claim");
        findings.within(self.leeway_secs, 0..=300, "leeway_secs");
        for (claim, values) in &self.bound_claims {
            if let ClaimValues::Several(values) = values {
                findings.some(values, &format!("bound_claims.{claim}"));
            }
        }
        findings.into_problems()
    }
}

impl Shape for ClaimMapping {
    const KIND: Kind = Kind::ClaimMappings;

    fn name(&self) -> Option<&Arc<str>> {
        Some(&self.name)
    }

    fn check(&self) -> Vec<Problem> {
        let mut findings = Findings::default();
        findings.not_empty(&self.jwt_provider, "jwt_provider");
        findings.some(&self.conditions, "match");
        for (index, condition) in self.conditions.iter().enumerate() {
            findings.not_empty(&condition.claim, &format!("match[{index}].claim"));
            findings.some(&condition.values, &format!("match[{index}].values"));
        }
        findings.not_empty(self.resolve.api_key_id.as_str(), "resolve.api_key_id");
        findings.into_problems()
    }
}
