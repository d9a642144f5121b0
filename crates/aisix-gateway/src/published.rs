//! What all workers share: the generation in service, and what moves.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use aisix_adapters::Adapters;
use aisix_core::Snapshot;
use aisix_core::snapshot::Revision;
use aisix_hooks::HookFactory;
use aisix_telemetry::Metrics;
use arc_swap::ArcSwapOption;
use async_trait::async_trait;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::endpoints::Endpoint;
use crate::generation::Generation;
use crate::handle::{ConfigurationStatus, GatewayHandle, ModelHealth, Readiness};
use crate::health::Health;
use crate::settings::Settings;

/// The state that outlives requests, shared by all workers of a process.
pub struct Shared {
    generation: ArcSwapOption<Generation>,
    applied: watch::Sender<Option<(Revision, Instant)>>,
    draining: AtomicBool,
    in_flight: AtomicUsize,
    pub(crate) health: Health,
    pub(crate) adapters: Adapters,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) settings: Settings,
    hooks: Vec<Arc<dyn HookFactory>>,
}

impl Shared {
    /// The state of a gateway without a configuration.
    #[must_use]
    pub fn new(settings: Settings, adapters: Adapters) -> Arc<Self> {
        Self::with_hooks(settings, adapters, Vec::new())
    }

    /// The same, with hooks that run after the gates, in this order: how an embedder adds to what
    /// happens with requests.
    #[must_use]
    pub fn with_hooks(
        settings: Settings,
        adapters: Adapters,
        hooks: Vec<Arc<dyn HookFactory>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            generation: ArcSwapOption::empty(),
            applied: watch::Sender::new(None),
            draining: AtomicBool::new(false),
            in_flight: AtomicUsize::new(0),
            health: Health::default(),
            adapters,
            metrics: Arc::new(Metrics::new(&settings.metrics)),
            settings,
            hooks,
        })
    }

    /// What the data plane was told when it started.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What is counted of requests.
    #[must_use]
    pub fn metrics(&self) -> &Arc<Metrics> {
        &self.metrics
    }

    /// Serves every later request from this snapshot.
    pub fn publish(&self, snapshot: Arc<Snapshot>) {
        let revision = snapshot.revision();
        self.health.keep(|model| snapshot.model(model.as_str()).is_some());
        self.generation.store(Some(Arc::new(Generation::new(snapshot, &self.hooks))));
        self.applied.send_replace(Some((revision, Instant::now())));
    }

    /// Begins shutdown: probes fail, and connections are closed after their answers.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Release);
    }

    /// Whether shutdown has begun.
    #[must_use]
    pub fn draining(&self) -> bool {
        self.draining.load(Ordering::Acquire)
    }

    /// How many requests are in flight, streams until their end.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Acquire)
    }

    /// The generation to serve a request from.
    pub(crate) fn generation(&self) -> Option<Arc<Generation>> {
        self.generation.load_full()
    }

    /// Counts a request until the guard is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::AcqRel);
        InFlight { shared: self.clone(), at: None }
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("generation", &self.generation)
            .field("draining", &self.draining)
            .field("in_flight", &self.in_flight)
            .finish_non_exhaustive()
    }
}

/// A request in flight.
#[derive(Debug)]
pub(crate) struct InFlight {
    shared: Arc<Shared>,
    /// Where it has arrived, once that is known.
    at: Option<&'static Endpoint>,
}

impl InFlight {
    /// The request has arrived at this endpoint.
    pub(crate) fn arrived(&mut self, endpoint: &'static Endpoint) {
        self.shared.metrics.arrived(endpoint.path, endpoint.protocol());
        self.at = Some(endpoint);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        if let Some(endpoint) = self.at {
            self.shared.metrics.gone(endpoint.path, endpoint.protocol());
        }
        self.shared.in_flight.fetch_sub(1, Ordering::AcqRel);
    }
}

#[async_trait]
impl GatewayHandle for Shared {
    fn readiness(&self) -> Readiness {
        let configured = self.generation.load().is_some();
        Readiness { draining: self.draining(), configured }
    }

    fn configuration(&self) -> ConfigurationStatus {
        let applied = *self.applied.borrow();
        ConfigurationStatus {
            revision: applied.map_or(0, |(revision, _)| revision),
            age: applied.map(|(_, at)| at.elapsed()),
        }
    }

    fn models(&self) -> Vec<ModelHealth> {
        let Some(generation) = self.generation() else {
            return Vec::new();
        };
        let mut models: Vec<_> = generation
            .snapshot
            .models()
            .map(|model| ModelHealth {
                id: model.id.clone(),
                name: model.spec.display_name.to_string(),
                direct: model.spec.direct().is_some(),
                consecutive_failures: self.health.consecutive_failures(&model.id),
            })
            .collect();
        models.sort_by(|a, b| a.name.cmp(&b.name));
        models
    }

    async fn serves(&self, revision: Revision, patience: Duration) -> bool {
        let mut applied = self.applied.subscribe();
        let served = applied.wait_for(|applied| applied.is_some_and(|(at, _)| at >= revision));
        tokio::time::timeout(patience, served).await.is_ok_and(|served| served.is_ok())
    }
}
