//! One gateway's place on the record.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aisix_core::error::with_causes;
use tracing::{debug, info, warn};

use super::receipt::{Identity, Receipt, Served};
use super::{ReceiptSink, StoreError};

/// One gateway's place on the record: what it said last. Whoever reports takes turns, so that no
/// older word stands after a newer one.
pub struct Registration {
    sink: Arc<dyn ReceiptSink>,
    identity: Identity,
    said: Mutex<Served>,
    turn: tokio::sync::Mutex<()>,
    /// Whether the log says that receipts cannot be written.
    refused: AtomicBool,
    /// Whether a receipt was written.
    recorded: AtomicBool,
}

impl Registration {
    /// A gateway that has not reported anything yet.
    #[must_use]
    pub fn new(sink: Arc<dyn ReceiptSink>, identity: Identity) -> Self {
        let (said, turn) = (Mutex::default(), tokio::sync::Mutex::default());
        let (refused, recorded) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { sink, identity, said, turn, refused, recorded }
    }

    /// Records what the gateway serves when its turn has come.
    pub(super) async fn report(&self, served: impl FnOnce() -> Served) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        let served = served();
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&served);
        let receipt = Receipt { identity: self.identity.clone(), served };
        self.sink.report(&receipt).await?;
        self.recorded.store(true, Ordering::Relaxed);
        if self.refused.swap(false, Ordering::Relaxed) {
            info!(id = self.identity.id, "this gateway's receipts are written again");
        }
        Ok(())
    }

    /// From now on it does not matter that receipts cannot be written.
    pub(super) fn end(&self) {
        self.refused.store(true, Ordering::Relaxed);
    }

    /// Says once that receipts cannot be written although the source can be read.
    pub(super) fn complain(&self, error: &StoreError) {
        if !self.refused.swap(true, Ordering::Relaxed) {
            warn!(
                id = self.identity.id,
                error = with_causes(error),
                "this gateway's receipts cannot be written: nobody can tell what it serves, and \
                 writes that wait for all gateways do not wait for it"
            );
        }
    }

    /// Whether this is what the gateway said last, recorded or not.
    pub(super) fn said(&self, served: &Served) -> bool {
        *self.said.lock().unwrap_or_else(PoisonError::into_inner) == *served
    }

    /// How long a receipt lasts.
    pub(super) fn ttl(&self) -> Duration {
        self.sink.ttl()
    }

    /// Takes the gateway off the record.
    pub(super) async fn withdraw(&self) {
        if let Err(error) = self.sink.withdraw().await {
            self.left_behind(&error);
        }
    }

    /// Says that the gateway stays on record although it ends, if it ever was there.
    pub(super) fn left_behind(&self, error: &StoreError) {
        if !self.recorded.load(Ordering::Relaxed) {
            debug!(%error, "this gateway ends without ever having been on record");
            return;
        }
        warn!(
            id = self.identity.id,
            error = with_causes(error),
            "this gateway cannot be taken off the record: it will be listed as lost, until \
             DELETE /admin/v1/gateways/<id> says that it is gone"
        );
    }
}

impl fmt::Debug for Registration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registration").field("identity", &self.identity).finish_non_exhaustive()
    }
}
