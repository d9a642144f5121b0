//! How the admin APIs, the control plane and the console see a running gateway.

use std::time::Duration;

use aisix_core::Id;
use aisix_core::snapshot::Revision;
use async_trait::async_trait;

/// A running gateway, as its operators' interfaces see it: nothing else of the data plane is
/// visible to them.
#[async_trait]
pub trait GatewayHandle: Send + Sync + 'static {
    /// What the probes say.
    fn readiness(&self) -> Readiness;

    /// The configuration that requests are served from now.
    fn configuration(&self) -> ConfigurationStatus;

    /// How the models of that configuration fare.
    fn models(&self) -> Vec<ModelHealth>;

    /// Waits until requests are served from this revision or a later one, but no longer than
    /// `patience`; answers whether they are.
    async fn serves(&self, revision: Revision, patience: Duration) -> bool;
}

/// What `/livez` and `/readyz` report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Readiness {
    /// Whether shutdown has begun.
    pub draining: bool,
    /// Whether any configuration was ever applied.
    pub configured: bool,
}

/// Which configuration is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConfigurationStatus {
    /// The source's revision; 0 before the first.
    pub revision: Revision,
    /// How long ago it was applied; `None` before the first.
    pub age: Option<Duration>,
}

/// How one model fares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelHealth {
    /// The model's id.
    pub id: Id,
    /// Its name.
    pub name: String,
    /// Whether it leads to one upstream model, as opposed to a group of models.
    pub direct: bool,
    /// Upstream failures since the last success.
    pub consecutive_failures: u32,
}
