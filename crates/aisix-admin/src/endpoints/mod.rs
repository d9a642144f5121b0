//! The HTTP side of the admin listener: one list of endpoints, which both the router and the
//! OpenAPI document are made of.

pub(crate) mod answer;
mod body;
pub(crate) mod collection;
pub(crate) mod endpoint;
mod health;
mod probes;
mod reference;
pub(crate) mod request;
mod rotate;
mod router;

use aisix_core::{ApiKey, Model, ProviderKey};

pub(crate) use endpoint::{Access, Endpoint};
pub(crate) use router::router;

use crate::older;

/// Every endpoint, in the order of the reference.
pub(crate) fn all() -> Vec<Endpoint> {
    let mut every = Vec::new();
    every.extend(collection::endpoints::<ProviderKey>());
    every.extend(collection::endpoints::<Model>());
    every.extend(collection::endpoints::<ApiKey>());
    every.extend(rotate::endpoints());
    every.extend(health::endpoints());
    every.extend(older::all());
    every.extend(probes::endpoints());
    every.extend(reference::endpoints());
    every
}
