//! The task that follows the store.

use std::sync::Arc;
use std::time::Duration;

use aisix_gateway::Shared;
use aisix_store::{Applied, ConfigSource, Secrets, Supervisor};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tracing::{error, warn};

/// How long the first configuration may take before the proxy listens without one, and its probes
/// say so.
const PATIENCE: Duration = Duration::from_secs(10);

/// The task, and how to end it.
#[derive(Debug)]
pub(super) struct Following {
    task: JoinHandle<()>,
    applied: Applied,
    end: oneshot::Sender<()>,
}

impl Following {
    /// Returns when the first configuration is served, the source has failed, or late.
    pub(super) async fn start(
        shared: &Arc<Shared>,
        source: Arc<dyn ConfigSource>,
        secrets: Arc<Secrets>,
    ) -> Self {
        let publisher = shared.clone();
        let publish = move |snapshot| publisher.publish(snapshot);
        let (supervisor, applied) = Supervisor::new(source, secrets, publish);
        let (end, ended) = oneshot::channel();
        let task = tokio::spawn(supervisor.run(async {
            let _: Result<(), _> = ended.await;
        }));
        if !applied.begun(PATIENCE).await {
            warn!("no configuration yet: the gateway is not ready");
        }
        Self { task, applied, end }
    }

    /// What is served, and up to which revision.
    pub(super) fn applied(&self) -> Applied {
        self.applied.clone()
    }

    /// Returns only if the task has ended although nobody asked it to, and logs that. From then on
    /// no write would ever be served.
    pub(super) async fn lost(&mut self) {
        let ended = (&mut self.task).await;
        let cause = match ended {
            Err(cause) if cause.is_panic() => "a panic, which standard error shows",
            _ => "its own decision",
        };
        error!(cause, "the task that follows the store has ended: the gateway cannot go on");
    }

    /// Ends the task.
    pub(super) async fn close(self) {
        drop(self.end);
        // What was waited for once cannot be waited for again.
        if !self.task.is_finished() {
            let _: Result<(), _> = self.task.await;
        }
    }

    /// As a defect would.
    #[cfg(test)]
    pub(super) fn break_off(&self) {
        self.task.abort();
    }
}
