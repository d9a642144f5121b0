//! What happened on the way to the configuration that is served.

use std::sync::Arc;
use std::time::SystemTime;

use aisix_core::snapshot::{Finding, RejectionKind, Revision};
use aisix_core::{Diagnostic, Snapshot};

use super::documents::Documents;
use super::rejections::Rejections;
use super::status::{LastFailure, LastReload, Rejected, ReloadCounts};
use super::touched::Touched;
use crate::cache::Stale;

/// How many rejected writes are remembered: whoever asks for one asks for a new one.
const REJECTED_WRITES: usize = 100;

/// How a snapshot came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reload {
    /// From the snapshot cache: the source was not read.
    Cache,
    /// From everything that the source lists.
    Full,
    /// From changes.
    Partial,
    /// From secrets that changed although no document did.
    Secrets,
}

/// The memory of a supervisor. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Record {
    /// Whether this process has read the source, rather than only the snapshot cache.
    pub(super) observed: bool,
    pub(super) apply_seq: u64,
    /// When the bytes that are served last changed.
    pub(super) applied_at: Option<SystemTime>,
    pub(super) last_reload: Option<LastReload>,
    pub(super) last_success: Option<SystemTime>,
    pub(super) last_failure: Option<Arc<LastFailure>>,
    pub(super) rejected: Rejections,
    pub(super) reloads: ReloadCounts,
    /// The same of changes, which are loads of their own where the source is taken over whole.
    pub(super) changes: ReloadCounts,
    /// The newest write of a document that was seen, or is known from what is there.
    pub(super) newest: Revision,
}

impl Record {
    /// These documents serve with former values.
    pub(super) fn restored(&mut self, stale: &[Stale]) {
        self.rejected = Rejections::default();
        for Stale { entry, since } in stale {
            let rejected = Rejected {
                key: entry.key.clone(),
                kind: RejectionKind::SchemaFailed,
                message: String::new(),
                first_seen: *since,
                last_seen: *since,
                stale_since: Some(*since),
            };
            self.rejected.insert(rejected, None);
        }
    }

    /// A snapshot was published, made of these documents, with these diagnostics of what was touched.
    pub(super) fn published(
        &mut self,
        touched: &Touched,
        diagnostics: &[Diagnostic],
        snapshot: &Snapshot,
        documents: &Documents,
        now: SystemTime,
    ) {
        let mut rejected = touched.others(&self.rejected);
        for Diagnostic { key, finding } in diagnostics {
            let Finding::Rejected { kind, message } = finding else {
                continue;
            };
            // A former value that waits for a name is the lesser problem of its document.
            if rejected.get(key).is_some() {
                continue;
            }
            let before = self.rejected.get(key);
            let is_news = before.is_none_or(|before| before.message != *message);
            if is_news {
                let message = format!("{key}: {message}");
                let failure = LastFailure { at: now, kind: kind.as_str(), message };
                self.last_failure = Some(Arc::new(failure));
            }
            let seen_again = is_news || touched.is_written(key);
            let serves = snapshot.value_of(key).is_some_and(|value| value.serves);
            let one = Rejected {
                key: key.clone(),
                kind: *kind,
                message: message.clone(),
                first_seen: before.map_or(now, |before| before.first_seen),
                last_seen: before.filter(|_| !seen_again).map_or(now, |before| before.last_seen),
                stale_since: serves.then(|| before.and_then(|b| b.stale_since).unwrap_or(now)),
            };
            rejected.insert(one, documents.written(key));
        }
        self.rejected = rejected;
    }

    /// The revisions of the last writes of rejected documents, newest first, the first of them.
    pub(super) fn newest_rejected_writes(&self) -> Vec<Revision> {
        self.rejected.newest_writes().take(REJECTED_WRITES).collect()
    }

    /// Everything was listed at a revision, and these are the documents' last writes. What was seen
    /// before may be newer, where it was a deletion.
    pub(super) fn listed(&mut self, writes: impl Iterator<Item = Revision>, at: Revision) {
        let before = Some(self.newest).filter(|newest| *newest <= at);
        self.newest = writes.chain(before).max().unwrap_or_default();
    }

    /// What was published came from the source.
    pub(super) fn reloaded(&mut self, reload: Reload, now: SystemTime) {
        let successful = self.rejected.is_empty();
        self.last_reload = Some(LastReload { successful, at: now });
        if successful {
            self.last_success = Some(now);
        }
        let counts = match reload {
            Reload::Full => &mut self.reloads,
            Reload::Partial => &mut self.changes,
            Reload::Cache | Reload::Secrets => return,
        };
        counts.all += 1;
        let unreadable =
            |rejected: &Rejected| !matches!(rejected.kind, RejectionKind::SchemaFailed);
        if self.rejected.iter().any(unreadable) {
            counts.failed_parse += 1;
        } else if !successful {
            counts.failed_validate += 1;
        }
    }

    /// What is served may have changed.
    pub(super) fn applied(&mut self, differs: bool, now: SystemTime) {
        if differs || self.apply_seq == 0 {
            self.apply_seq += 1;
            self.applied_at = Some(now);
        }
    }

    /// The source cannot be read.
    pub(super) fn lost(&mut self, message: String, now: SystemTime) {
        self.last_failure = Some(Arc::new(LastFailure { at: now, kind: "fetch", message }));
        self.last_reload = Some(LastReload { successful: false, at: now });
        self.reloads.all += 1;
        self.reloads.failed_fetch += 1;
    }
}
