//! What is known of the configuration that is served.

use std::fmt;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use aisix_core::snapshot::Revision;
use aisix_core::{Diagnostic, Snapshot};
use tokio::sync::watch;

use super::documents::Documents;
use super::record::Record;
use super::status::ConfigStatus;
use crate::receipts::Served;
use crate::source::ConfigSource;

/// Which configuration is served, as everyone may ask at any time. Clones see the same.
#[derive(Clone)]
pub struct Applied {
    state: watch::Receiver<State>,
    source: Arc<dyn ConfigSource>,
}

/// What the supervisor says of itself.
#[derive(Debug, Clone, Default)]
pub(super) struct State {
    /// What was published last.
    pub(super) published: Option<Published>,
    /// Whether the source is being watched.
    pub(super) connected: bool,
    /// Whether the source was ever lost, or could not be reached.
    pub(super) failed: bool,
    /// What happened on the way.
    pub(super) record: Record,
}

/// A snapshot that is served, and since when.
#[derive(Clone)]
pub(super) struct Published {
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) at: SystemTime,
    documents: Documents,
    hashes: Arc<OnceLock<Hashes>>,
}

/// What tells two configurations apart.
#[derive(Debug, Clone)]
pub(super) struct Hashes {
    /// Of everything that the source holds.
    pub(super) source: String,
    /// Of what is served.
    pub(super) served: String,
}

impl Published {
    pub(super) fn new(snapshot: Arc<Snapshot>, documents: Documents, at: SystemTime) -> Self {
        Self { snapshot, at, documents, hashes: Arc::default() }
    }

    /// Computed when they are asked for, once: most configurations are replaced unasked.
    pub(super) fn hashes(&self) -> &Hashes {
        self.hashes.get_or_init(|| Hashes {
            source: self.documents.source_hash(),
            served: self.documents.served_hash(&self.snapshot),
        })
    }
}

/// The documents hold secrets.
impl fmt::Debug for Published {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Published")
            .field("snapshot", &self.snapshot)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

impl Applied {
    pub(super) fn new(state: watch::Receiver<State>, source: Arc<dyn ConfigSource>) -> Self {
        Self { state, source }
    }

    /// The source's revision that is served; 0 before the first.
    #[must_use]
    pub fn revision(&self) -> Revision {
        self.state.borrow().revision().unwrap_or_default()
    }

    /// Whether anything was ever served.
    #[must_use]
    pub fn ever(&self) -> bool {
        self.state.borrow().published.is_some()
    }

    /// When the revision was applied; `None` before the first.
    #[must_use]
    pub fn applied_at(&self) -> Option<SystemTime> {
        self.state.borrow().published.as_ref().map(|published| published.at)
    }

    /// Whether the source is being watched now; otherwise the last configuration serves on.
    #[must_use]
    pub fn connected(&self) -> bool {
        self.state.borrow().connected
    }

    /// What there is to say of documents that do not serve as they were written; a good write or a
    /// deletion ends it.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        let snapshot = {
            let state = self.state.borrow();
            state.published.as_ref().map(|published| published.snapshot.clone())
        };
        snapshot.map_or_else(Vec::new, |snapshot| snapshot.diagnostics())
    }

    /// Everything that there is to say of the configuration.
    ///
    /// Hashes what the source holds, unless that was done since it changed: at 100,000 documents a
    /// fraction of a second, so not for a thread that serves.
    #[must_use]
    pub fn status(&self) -> ConfigStatus {
        let state = self.state.borrow().clone();
        ConfigStatus::of(&state, self.source.loads())
    }

    /// What there is to report of it.
    #[must_use]
    pub(crate) fn served(&self) -> Served {
        self.state.borrow().served()
    }

    /// Returns once there is something to report that `reported` does not know; never, once nobody
    /// follows the source any more.
    pub(crate) async fn serves_otherwise(&self, reported: impl Fn(&Served) -> bool) {
        let mut state = self.state.clone();
        if state.wait_for(|state| !reported(&state.served())).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until this revision or a later one is served, but no longer than `patience`; answers
    /// whether it is.
    pub async fn reached(&self, revision: Revision, patience: Duration) -> bool {
        let mut state = self.state.clone();
        let reached = state.wait_for(|state| state.revision() >= Some(revision));
        matches!(tokio::time::timeout(patience, reached).await, Ok(Ok(_)))
    }

    /// Waits until something is served or the source has failed once, but no longer than `patience`;
    /// answers whether something is served.
    pub async fn begun(&self, patience: Duration) -> bool {
        let mut state = self.state.clone();
        let begun = state.wait_for(|state| state.published.is_some() || state.failed);
        let _ = tokio::time::timeout(patience, begun).await;
        self.ever()
    }
}

impl fmt::Debug for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Applied").field("state", &self.state).finish_non_exhaustive()
    }
}

impl State {
    fn served(&self) -> Served {
        let published = self.published.as_ref();
        Served {
            applied_revision: self.revision().filter(|_| self.connected),
            newest_revision: published.map(|_| self.record.newest),
            applied_at: published.and_then(|published| published.at.try_into().ok()),
            rejected: self.record.rejected.len(),
            rejected_revisions: self.record.newest_rejected_writes(),
        }
    }

    fn revision(&self) -> Option<Revision> {
        self.published.as_ref().map(|published| published.snapshot.revision())
    }
}
