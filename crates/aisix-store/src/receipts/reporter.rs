//! The task that keeps a gateway's receipt true.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use tracing::debug;

use super::registration::Registration;
use crate::source::StoreError;
use crate::supervisor::Applied;

/// The wait after a report that failed.
const AGAIN: Duration = Duration::from_secs(1);

/// The least time between two reports: a burst of writes becomes one receipt.
const SPACING: Duration = Duration::from_millis(50);

/// How long a process that ends waits for what it still has to say.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Reports what a gateway serves when that changes, and often enough for the receipt to last; takes
/// the gateway off the record at the end.
pub struct Reporter {
    registration: Arc<Registration>,
    applied: Applied,
}

impl Reporter {
    /// A reporter of what `applied` says.
    #[must_use]
    pub fn new(registration: Arc<Registration>, applied: Applied) -> Self {
        Self { registration, applied }
    }

    /// Reports until `shutdown` is ready, which must not be before the gateway has stopped serving.
    /// The last report and the withdrawal then have 5 seconds together.
    pub async fn run(self, shutdown: impl Future<Output = ()>) {
        let shutdown = shutdown.shared();
        let reporting = async {
            self.report_until(shutdown.clone()).await;
            self.registration.withdraw().await;
        };
        let deadline = async {
            shutdown.clone().await;
            self.registration.end();
            tokio::time::sleep(LAST_WORDS).await;
        };
        tokio::select! {
            // What is under way fails silently once the end has begun.
            biased;
            () = deadline => self.registration.left_behind(&late()),
            () = reporting => {}
        }
    }

    async fn report_until(&self, mut shutdown: impl Future<Output = ()> + Unpin) {
        loop {
            // Not to be cut short: what is under way must not arrive after the withdrawal.
            let rest = self.report().await;
            tokio::select! {
                () = &mut shutdown => return,
                () = tokio::time::sleep(rest) => {}
                () = self.news(rest) => {}
            }
        }
    }

    /// Reports, and answers how long that lasts.
    async fn report(&self) -> Duration {
        match self.registration.report(|| self.applied.served()).await {
            Ok(()) => self.registration.ttl() / 3,
            Err(error) => {
                if self.applied.connected() {
                    self.registration.complain(&error);
                }
                debug!(%error, "a receipt was not written");
                AGAIN
            }
        }
    }

    /// Returns when there is something else to say than was said last.
    async fn news(&self, rest: Duration) {
        tokio::time::sleep(SPACING.min(rest)).await;
        self.applied.serves_otherwise(|served| self.registration.said(served)).await;
    }
}

/// Why a gateway is left on record that took too long to leave it.
fn late() -> StoreError {
    let why = format!("no answer within {LAST_WORDS:?}");
    StoreError::unavailable("cannot reach the record", why)
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reporter").field("registration", &self.registration).finish_non_exhaustive()
    }
}
