//! The HTTP side of the admin listener: one list of endpoints, which both the router and the
//! OpenAPI document are made of.

pub(crate) mod answer;
mod body;
pub(crate) mod collection;
pub(crate) mod endpoint;
mod gateways;
mod health;
pub(crate) mod model_status;
mod probes;
mod reference;
pub(crate) mod request;
mod rotate;
mod router;

use aisix_core::resource::{
    A2aAgent, CachePolicy, ClaimMapping, Guardrail, GuardrailAttachment, Kept, McpAuthSetting,
    McpPolicy, McpServer, ObservabilityExporter, OidcProvider, PassthroughRoute, RateLimitPolicy,
};
use aisix_core::{ApiKey, Kind, Model, ProviderKey};

pub(crate) use endpoint::{Access, Endpoint};
pub(crate) use router::router;

use crate::older;
use crate::openapi::{self, Documented};
use crate::service::Managed;

/// A kind that administrators manage.
pub(crate) struct ManagedKind {
    pub(crate) kind: Kind,
    pub(crate) endpoints: fn() -> Vec<Endpoint>,
    /// The JSON Schema of its documents.
    pub(crate) schema: fn() -> serde_json::Value,
}

fn managed<T: Managed + Documented>() -> ManagedKind {
    ManagedKind {
        kind: T::KIND,
        endpoints: collection::endpoints::<T>,
        schema: openapi::json_schema::<T>,
    }
}

/// Every kind, in the order of the reference.
pub(crate) fn kinds() -> [ManagedKind; Kind::ALL.len()] {
    [
        managed::<ProviderKey>(),
        managed::<Model>(),
        managed::<ApiKey>(),
        managed::<Kept<RateLimitPolicy>>(),
        managed::<Kept<CachePolicy>>(),
        managed::<Kept<Guardrail>>(),
        managed::<Kept<GuardrailAttachment>>(),
        managed::<Kept<ObservabilityExporter>>(),
        managed::<Kept<OidcProvider>>(),
        managed::<Kept<ClaimMapping>>(),
        managed::<Kept<PassthroughRoute>>(),
        managed::<Kept<McpServer>>(),
        managed::<Kept<McpPolicy>>(),
        managed::<Kept<McpAuthSetting>>(),
        managed::<Kept<A2aAgent>>(),
    ]
}

/// Every endpoint, in the order of the reference.
pub(crate) fn all() -> Vec<Endpoint> {
    let mut every = Vec::new();
    every.extend(kinds().into_iter().flat_map(|kind| (kind.endpoints)()));
    every.extend(rotate::endpoints());
    every.extend(gateways::endpoints());
    every.extend(model_status::endpoints());
    every.extend(health::endpoints());
    every.extend(older::all());
    every.extend(probes::endpoints());
    every.extend(reference::endpoints());
    every
}
