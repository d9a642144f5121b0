//! A model that leads to other models by a rule.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::resource::validity::Findings;

/// A rule that leads to one of several targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Routing {
    /// How the targets of one priority are ordered.
    #[serde(default)]
    pub strategy: Strategy,
    /// The targets, in the order of their declaration; at least one.
    pub targets: Vec<RoutingTarget>,
    /// What a consistent hash is taken of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hash_on: Vec<HashSource>,
    /// Retries per target; absent inherits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries: Option<u32>,
    /// The most targets that are tried after the first; absent means all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_fallbacks: Option<u32>,
    /// Whether an upstream 429 leads to the next target.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub retry_on_429: bool,
    /// Further upstream statuses that lead to the next target.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fallback_on_statuses: Vec<u16>,
    /// What happens when every target is unhealthy.
    #[serde(default)]
    pub when_all_unavailable: WhenAllUnavailable,
}

/// The order of targets within one priority.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// As declared.
    #[default]
    Failover,
    /// Smooth weighted round robin.
    RoundRobin,
    /// By a hash of the request, the same on every gateway.
    ConsistentHash,
    /// Cheapest first.
    LeastCost,
    /// Fastest first.
    LeastLatency,
    /// Least busy first.
    LeastBusy,
}

/// One place that a group may lead to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RoutingTarget {
    /// The name of a direct model, exactly.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub model: Arc<str>,
    /// Its share.
    #[serde(default = "one")]
    pub weight: u32,
    /// Higher goes first.
    #[serde(default)]
    pub priority: i32,
    /// Requests with a common tag prefer it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
}

fn one() -> u32 {
    1
}

/// Something of a request that a consistent hash may be taken of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum HashSource {
    /// A header's value.
    Header {
        /// Its name.
        name: String,
    },
    /// A cookie's value.
    Cookie {
        /// Its name.
        name: String,
    },
    /// The caller's key.
    ApiKey,
    /// The caller's address.
    ClientIp,
}

/// What a group does when every target is unhealthy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum WhenAllUnavailable {
    /// Refuse the request.
    #[default]
    Fail,
    /// Try all the same.
    TryAnyway,
}

/// The rules beyond the types.
pub(super) fn check_routing(findings: &mut Findings, routing: &Routing) {
    findings.require(
        !routing.targets.is_empty(),
        "routing.targets",
        "must name at least one model",
    );
    for (index, target) in routing.targets.iter().enumerate() {
        findings.not_empty(&target.model, &format!("routing.targets[{index}].model"));
    }
    findings.require(
        routing.hash_on.is_empty() || routing.strategy == Strategy::ConsistentHash,
        "routing.hash_on",
        "goes with strategy consistent_hash only",
    );
    findings.require(
        routing.fallback_on_statuses.iter().all(|status| (400..600).contains(status)),
        "routing.fallback_on_statuses",
        "must be HTTP statuses from 400 to 599",
    );
}
