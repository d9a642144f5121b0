//! The self-hosted admin APIs over a configuration store.
//!
//! **Purpose.** [`AdminApi`] serves `/admin/v1` (every kind of resource), the older
//! `/aisix/admin` over the same store, the OpenAPI document with its reference page, and the probes
//! of the admin listener. [`StatusApi`] serves what monitoring reads: metrics and `/status/*`.
//!
//! **Invariants.**
//! - A write that is answered is durable; answered with 200 or 201, it is served by the local
//!   gateway too.
//! - That every gateway serves a write is said only where each of them said so after the write.
//! - What a write was decided upon still holds when it takes place: names and hashes stay unique
//!   and references valid, whoever else writes at the same time.
//! - No answer and no log line holds a secret; causes of our own failures are in the log only.
//! - The router and the OpenAPI document are made of one list of endpoints.
//!
//! **Not here.** The meaning of documents ([`aisix_core`]), durability and encryption
//! ([`aisix_store`]), listeners, TLS and slow clients (whoever serves the router).

mod endpoints;
mod error;
mod older;
mod openapi;
mod service;
mod status;

use std::fmt;
use std::sync::Arc;

use aisix_auth::AdminKeys;
use aisix_core::Kind;
use aisix_gateway::GatewayHandle;
use aisix_store::{ConfigStore, Roster, Secrets};
use axum::Router;

use crate::service::Service;
pub use crate::status::StatusApi;

/// The admin APIs, as a service to be put behind a listener.
pub struct AdminApi;

impl AdminApi {
    /// Every endpoint of the admin listener, on this store and beside this gateway; `roster` is the
    /// record of all gateways that serve from this store.
    ///
    /// The router answers unknown paths itself (404), so it is the one to merge others into.
    pub fn router(
        store: Arc<dyn ConfigStore>,
        secrets: Arc<Secrets>,
        gateway: Arc<dyn GatewayHandle>,
        roster: Roster,
        keys: AdminKeys,
    ) -> Router {
        let service = Arc::new(Service::new(store, secrets, gateway, roster));
        endpoints::router(service, keys, endpoints::all())
    }

    /// The OpenAPI document, as `/admin/openapi.json` answers it.
    #[must_use]
    pub fn openapi() -> String {
        openapi::json()
    }

    /// The JSON Schema of what administrators may write, for every kind.
    #[must_use]
    pub fn schemas() -> Vec<(Kind, String)> {
        let text = |schema: &serde_json::Value| format!("{schema:#}\n");
        endpoints::kinds().map(|managed| (managed.kind, text(&(managed.schema)()))).into()
    }
}

impl fmt::Debug for AdminApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminApi")
    }
}
