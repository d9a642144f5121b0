//! What a resources file is made of, for whoever reads one and for whoever writes one.

#[cfg(test)]
mod tests;

use aisix_core::{Id, Kind};
use uuid::{Uuid, uuid};

/// The key at the top that says which format follows.
pub const VERSION_FIELD: &str = "_format_version";

/// The one format there is, which stands quoted.
pub const VERSION: &str = "1";

/// The namespace of the ids that are derived from names.
const NAMESPACE: Uuid = uuid!("63e50ab2-677a-54d3-8d1e-c0cb29ceae94");

/// The kinds that a file can hold, in the order of their collections. Each collection is named as
/// its kind is, in the plural.
pub const COLLECTIONS: [Kind; 13] = [
    Kind::ProviderKeys,
    Kind::Models,
    Kind::ApiKeys,
    Kind::Guardrails,
    Kind::McpServers,
    Kind::A2aAgents,
    Kind::CachePolicies,
    Kind::ObservabilityExporters,
    Kind::RateLimitPolicies,
    Kind::OidcProviders,
    Kind::ClaimMappings,
    Kind::PassthroughRoutes,
    Kind::McpAuthSettings,
];

/// A field in which a file names a resource where a stored document holds its id.
///
/// A path's parts stand in one another: `["resolve", "api_key"]` is the field `api_key` of the
/// object `resolve`. The values that a rate limit policy compares are not among them, because they
/// keep their field: see [`named_in_place`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reference {
    /// Where a file holds the name.
    pub by_name: &'static [&'static str],
    /// Where a stored document holds the id. A file may hold it there, too, instead of the name.
    pub by_id: &'static [&'static str],
    /// What is referred to.
    pub to: Kind,
}

/// The fields of an entry that hold its identity, of which it has exactly one; the first is the
/// usual one.
#[must_use]
pub fn identity_fields(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::ProviderKeys | Kind::Models | Kind::ApiKeys => &["display_name"],
        Kind::McpServers | Kind::A2aAgents | Kind::PassthroughRoutes => &["name", "display_name"],
        _ => &["name"],
    }
}

/// The id of the resource that has this identity in a file.
#[must_use]
pub fn id_of(kind: Kind, identity: &str) -> Id {
    let name = format!("{kind}/{identity}");
    Id::from(Uuid::new_v5(&NAMESPACE, name.as_bytes()).to_string())
}

/// The fields of a kind in which a file names other resources.
#[must_use]
pub fn references(kind: Kind) -> &'static [Reference] {
    const PROVIDER_KEY: Reference = Reference {
        by_name: &["provider_key"],
        by_id: &["provider_key_id"],
        to: Kind::ProviderKeys,
    };
    match kind {
        Kind::Models => &[PROVIDER_KEY],
        Kind::ClaimMappings => &[Reference {
            by_name: &["resolve", "api_key"],
            by_id: &["resolve", "api_key_id"],
            to: Kind::ApiKeys,
        }],
        Kind::PassthroughRoutes => &[
            PROVIDER_KEY,
            Reference {
                by_name: &["anonymous_key"],
                by_id: &["anonymous_key_id"],
                to: Kind::ApiKeys,
            },
        ],
        _ => &[],
    }
}

/// What a rate limit policy's `scope_ref` names under this `scope`, and what the value of a
/// condition names that compares this `dimension`: a file holds names there and a stored document
/// ids, in the same field. `None` where both hold the same.
#[must_use]
pub fn named_in_place(scope_or_dimension: &str) -> Option<Kind> {
    match scope_or_dimension {
        "api_key" => Some(Kind::ApiKeys),
        "model" => Some(Kind::Models),
        _ => None,
    }
}

/// The text as a file's string holds it, so that it stands for itself: `$` is written `$$`.
#[must_use]
pub fn literal(text: &str) -> String {
    text.replace('$', "$$")
}
