//! The task that follows the store, and the one that reports what came of it.

use std::sync::Arc;
use std::time::Duration;

use aisix_gateway::Shared;
use aisix_store::{
    Applied, ConfigSource, Joining, Registration, Reporter, Secrets, SnapshotCache, Supervisor,
};
use tokio::sync::oneshot;
use tokio::task::{JoinError, JoinHandle};
use tracing::{error, warn};

/// How long the first configuration may take before the proxy listens without one, and its probes
/// say so.
const PATIENCE: Duration = Duration::from_secs(10);

/// The tasks, and how to end them.
#[derive(Debug)]
pub(super) struct Following {
    task: JoinHandle<()>,
    reporter: JoinHandle<()>,
    applied: Applied,
    end: oneshot::Sender<()>,
    end_reports: oneshot::Sender<()>,
}

impl Following {
    /// Returns when the first configuration is served, the source has failed, or late.
    pub(super) async fn start(
        shared: &Arc<Shared>,
        source: Arc<dyn ConfigSource>,
        secrets: Arc<Secrets>,
        registration: Arc<Registration>,
        cache: Option<SnapshotCache>,
    ) -> Self {
        let source = Arc::new(Joining::new(source, registration.clone()));
        let publisher = shared.clone();
        let publish = move |snapshot| publisher.publish(snapshot);
        let (supervisor, applied) = Supervisor::new(source, secrets, publish);
        let supervisor = match cache {
            Some(cache) => supervisor.with_cache(cache),
            None => supervisor,
        };
        let (end, ended) = until_dropped();
        let task = tokio::spawn(supervisor.run(ended));
        let (end_reports, ended) = until_dropped();
        let reporter = tokio::spawn(Reporter::new(registration, applied.clone()).run(ended));
        if !applied.begun(PATIENCE).await {
            warn!("no configuration yet: the gateway is not ready");
        }
        Self { task, reporter, applied, end, end_reports }
    }

    /// What is served, and up to which revision.
    pub(super) fn applied(&self) -> Applied {
        self.applied.clone()
    }

    /// Returns only if a task has ended although nobody asked it to, and logs that. From then on no
    /// write would ever be served, or nobody would hear that it is.
    pub(super) async fn lost(&mut self) {
        let (task, ended) = tokio::select! {
            ended = &mut self.task => ("follows the store", ended),
            ended = &mut self.reporter => ("reports what is served", ended),
        };
        log_lost(task, ended);
    }

    /// Ends the tasks. What is served must not be any more, since the gateway then says so.
    pub(super) async fn close(self) {
        drop(self.end);
        // What was waited for once cannot be waited for again.
        if !self.task.is_finished() {
            let _: Result<(), _> = self.task.await;
        }
        drop(self.end_reports);
        if !self.reporter.is_finished() {
            // Fails where it panicked, which standard error shows.
            let _: Result<(), _> = self.reporter.await;
        }
    }

    /// As a defect would.
    #[cfg(test)]
    pub(super) fn break_off(&self) {
        self.task.abort();
    }

    /// As a defect would.
    #[cfg(test)]
    pub(super) fn break_off_reports(&self) {
        self.reporter.abort();
    }
}

/// Says that the task that does this has ended although nobody asked it to.
pub(super) fn log_lost(task: &'static str, ended: Result<(), JoinError>) {
    let cause = match ended {
        Err(cause) if cause.is_panic() => "a panic, which standard error shows",
        _ => "its own decision",
    };
    error!(cause, "the task that {task} has ended: the gateway cannot go on");
}

/// What ends a task when it is dropped, and what the task waits for.
fn until_dropped() -> (oneshot::Sender<()>, impl Future<Output = ()>) {
    let (end, ended) = oneshot::channel();
    let ended = async {
        let _: Result<(), _> = ended.await;
    };
    (end, ended)
}
