//! A gateway, its store and the listeners of administrators and monitoring, put together and taken
//! apart again.

mod certificates;
mod following;
mod listen;
mod reload;
mod server;
pub(crate) mod store;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use aisix_adapters::Adapters;
use aisix_admin::{AdminApi, StatusApi};
use aisix_auth::AdminKeys;
use aisix_core::Secret;
use aisix_gateway::serve::{self, Listener, Workers};
use aisix_gateway::{Shared, TrustError, UpstreamTrust};
use aisix_store::{EmbeddedStore, FileStore, Identity, Registration};
use anyhow::{Context as _, anyhow};
use jiff::Timestamp;
use tracing::{info, warn};
use uuid::Uuid;

use crate::config::Config;
use crate::drain::drain;
use crate::signals::Signals;
use certificates::Certificates;
use following::Following;
use listen::CannotListen;
pub(crate) use reload::on_hangup;
use server::Server;
use store::Opened;

/// Where the address of monitoring's listener is chosen.
const METRICS_KNOB: &str = "observability.metrics.prometheus.addr";

/// Where an address is chosen, for the message that says so: flags or keys.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Knobs {
    pub(crate) proxy: &'static str,
    pub(crate) admin: &'static str,
}

/// Everything that runs.
#[derive(Debug)]
pub(crate) struct Process {
    shared: Arc<Shared>,
    workers: Workers,
    admin: Option<Server>,
    metrics: Option<Server>,
    supervisor: Following,
    embedded: Option<EmbeddedStore>,
    file: Option<FileStore>,
    proxy: SocketAddr,
    certificates: Certificates,
}

/// Why a process ends.
#[derive(Debug, Clone, Copy)]
enum Reason {
    /// It was asked to.
    Signal(&'static str),
    /// A task that has to run as long as it does has ended.
    Lost,
}

/// Runs everything that is not a request: one thread, this one.
///
/// # Errors
/// Where there is no runtime, or the work fails.
pub(crate) fn on_control_thread(
    work: impl Future<Output = anyhow::Result<ExitCode>>,
) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let ended = runtime.block_on(work);
    // What is still there after an orderly end is a name being resolved.
    runtime.shutdown_background();
    ended
}

impl Process {
    /// Builds it from its configuration. Requests are served when this returns.
    ///
    /// # Errors
    /// Whatever is missing: an address, the store, its key, threads.
    pub(crate) async fn start(config: &Config, knobs: Knobs) -> anyhow::Result<Self> {
        // The platform's certificates take as long to read as all the rest.
        let files = config.upstream.tls.files();
        let trust = std::thread::spawn(|| UpstreamTrust::load(files));
        let address = config.proxy.addr;
        let mut certificates = Certificates::default();
        let proxy = Listener::bind(address, config.proxy.worker_threads())
            .map_err(CannotListen::on(address, knobs.proxy))?
            .with_certificate(certificates.load("proxy.tls", &config.proxy.tls)?);
        let admin = server::bind(config.admin.enabled, config.admin.addr, knobs.admin)?;
        let certificate = certificates.load("admin.tls", &config.admin.tls)?;
        let prometheus = &config.observability.metrics.prometheus;
        let metrics = server::bind(prometheus.enabled, prometheus.addr, METRICS_KNOB)?;

        let gateway = identity(config, proxy.local_addr());
        let opened = store::open(config, &gateway).await?;
        let Opened { store, secrets, receipts, roster, embedded, file } = opened;
        let shared = Shared::new(config.gateway(), Adapters::builtin());
        // Whatever may be wrong is known before the gateway is put on record.
        let trust = certificates.follow(loaded(trust)?);
        let registration = Arc::new(Registration::new(receipts, gateway));
        let (source, opening) = (store.clone(), secrets.clone());
        let cache = config.snapshot_cache();
        let supervisor = Following::start(&shared, source, opening, registration, cache).await;
        let idle = config.downstream.idle_timeout();
        let keys = AdminKeys::new(config.admin.keys().map(Secret::expose));
        let router = AdminApi::router(store, secrets, shared.clone(), roster, keys);
        let start = |listener| Server::start(listener, certificate, router, idle);
        let admin = admin.map(start).transpose()?;
        let (path, applied) = (prometheus.metrics_path(), supervisor.applied());
        let source = match (&embedded, &file) {
            (Some(_), _) => "embedded",
            (None, Some(_)) => "file",
            (None, None) => "etcd",
        };
        let requests = shared.metrics().clone();
        let router = StatusApi::router(&path, shared.clone(), requests, applied, source);
        let start = |listener| Server::start(listener, None, router, idle);
        let metrics = metrics.map(start).transpose()?;
        let address = proxy.local_addr();
        let workers = serve::start(proxy, &shared, &trust)
            .context("the threads that serve cannot be started")?;
        Ok(Self {
            shared,
            workers,
            admin,
            metrics,
            supervisor,
            embedded,
            file,
            proxy: address,
            certificates,
        })
    }

    /// Where callers connect.
    pub(crate) fn proxy(&self) -> SocketAddr {
        self.proxy
    }

    /// Where administrators connect, if they may.
    pub(crate) fn admin(&self) -> Option<SocketAddr> {
        self.admin.as_ref().map(Server::address)
    }

    /// Where monitoring connects, if it may.
    pub(crate) fn metrics(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(Server::address)
    }

    /// The resources file, where that is the source.
    pub(crate) fn file(&self) -> Option<FileStore> {
        self.file.clone()
    }

    /// Serves until a signal, or until it cannot go on; then drains and ends. A second signal ends
    /// it at once.
    pub(crate) async fn run(mut self, signals: &mut Signals, window: Duration) -> ExitCode {
        let reason = tokio::select! {
            signal = signals.next() => Reason::Signal(signal),
            () = self.supervisor.lost() => Reason::Lost,
            () = self.certificates.lost() => Reason::Lost,
        };
        self.end_for(reason, signals, window).await
    }

    /// Drains after this signal and ends; a second signal ends it at once.
    pub(crate) async fn end(
        self,
        signal: &'static str,
        signals: &mut Signals,
        window: Duration,
    ) -> ExitCode {
        self.end_for(Reason::Signal(signal), signals, window).await
    }

    async fn end_for(self, reason: Reason, signals: &mut Signals, window: Duration) -> ExitCode {
        let (window, code) = match reason {
            Reason::Signal(signal) => {
                info!(signal, "asked to end");
                (window, ExitCode::SUCCESS)
            }
            // Whoever starts it again should not have to wait.
            Reason::Lost => (Duration::ZERO, ExitCode::FAILURE),
        };
        let shared = self.shared.clone();
        let orderly = async {
            drain(&self.shared, window).await;
            self.close().await;
        };
        tokio::select! {
            () = orderly => {
                info!("stopped");
                code
            }
            signal = signals.next() => {
                warn!(signal, in_flight = shared.in_flight(), "asked again to end: ending at once");
                ExitCode::FAILURE
            }
        }
    }

    /// Takes it apart in the order in which nobody misses what is gone already.
    async fn close(self) {
        self.workers.close().await;
        for server in self.admin.into_iter().chain(self.metrics) {
            server.close().await;
        }
        self.supervisor.close().await;
        if let Some(store) = self.embedded {
            store.close().await;
        }
    }
}

/// Which gateway this process is. It has an id of its own each time that it is started: who was lost
/// under another one may still run.
fn identity(config: &Config, address: SocketAddr) -> Identity {
    Identity {
        id: Uuid::new_v4().to_string(),
        environment: config.etcd.env_id.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        address: address.to_string(),
        started_at: Some(Timestamp::now()),
    }
}

/// The trust in upstreams, from the thread that reads it.
fn loaded(trust: JoinHandle<Result<UpstreamTrust, TrustError>>) -> anyhow::Result<UpstreamTrust> {
    let trust = trust.join().map_err(|_| anyhow!("the platform's certificates cannot be read"))?;
    trust.map_err(|TrustError { field, cause }| anyhow!("upstream.tls.{field}: {cause}"))
}
