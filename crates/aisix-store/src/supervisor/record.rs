//! What happened on the way to the configuration that is served.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::SystemTime;

use aisix_core::snapshot::{Finding, RejectionKind, Revision};
use aisix_core::{Diagnostic, Snapshot};

use super::documents::Documents;
use super::status::{LastFailure, LastReload, Rejected, ReloadCounts};
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
    pub(super) apply_seq: u64,
    /// When what is served last changed.
    pub(super) applied_at: Option<SystemTime>,
    pub(super) last_reload: Option<LastReload>,
    pub(super) last_success: Option<SystemTime>,
    pub(super) last_failure: Option<Arc<LastFailure>>,
    /// In the order of kinds and ids.
    pub(super) rejected: Arc<Vec<Rejected>>,
    /// The revisions of the last writes of those documents, newest first, the first of them.
    pub(super) rejected_writes: Arc<Vec<Revision>>,
    pub(super) reloads: ReloadCounts,
    /// The newest write of a document that was seen, or is known from what is there.
    pub(super) newest: Revision,
}

impl Record {
    /// These documents serve with former values.
    pub(super) fn restored(&mut self, stale: &[Stale]) {
        let rejected = stale.iter().map(|Stale { entry, since }| Rejected {
            key: entry.key.clone(),
            kind: RejectionKind::SchemaFailed,
            message: String::new(),
            first_seen: *since,
            last_seen: *since,
            stale_since: Some(*since),
        });
        let mut rejected: Vec<_> = rejected.collect();
        rejected.sort_by(|a, b| a.key.cmp(&b.key));
        self.rejected = Arc::new(rejected);
    }

    /// A snapshot was published, with these diagnostics; `touched` names what was written.
    pub(super) fn published(
        &mut self,
        diagnostics: &[Diagnostic],
        snapshot: &Snapshot,
        touched: &[String],
        reload: Reload,
        now: SystemTime,
    ) {
        let touched: HashSet<_> = touched.iter().map(String::as_str).collect();
        let mut rejected = Vec::new();
        let mut newest = None;
        for Diagnostic { key, finding } in diagnostics {
            let Finding::Rejected { kind, message } = finding else {
                continue;
            };
            let before = self.rejected.binary_search_by(|known| known.key.as_str().cmp(key));
            let before = before.ok().map(|index| &self.rejected[index]);
            let is_news = before.is_none_or(|before| before.message != *message);
            if is_news {
                newest = Some(LastFailure {
                    at: now,
                    kind: kind.as_str(),
                    message: format!("{key}: {message}"),
                });
            }
            let seen_again = is_news || touched.contains(key.as_str());
            let serves = snapshot.value_of(key).is_some_and(|value| value.serves);
            rejected.push(Rejected {
                key: key.clone(),
                kind: *kind,
                message: message.clone(),
                first_seen: before.map_or(now, |before| before.first_seen),
                last_seen: before.filter(|_| !seen_again).map_or(now, |before| before.last_seen),
                stale_since: serves.then(|| before.and_then(|b| b.stale_since).unwrap_or(now)),
            });
        }
        if let Some(failure) = newest {
            self.last_failure = Some(Arc::new(failure));
        }
        if reload != Reload::Cache {
            self.reloaded(&rejected, reload, now);
        }
        self.rejected = Arc::new(rejected);
    }

    /// Remembers which writes are rejected now.
    pub(super) fn rejects(&mut self, documents: &Documents) {
        let writes = self.rejected.iter().filter_map(|rejected| documents.written(&rejected.key));
        let mut writes: Vec<_> = writes.collect();
        writes.sort_unstable_by(|a, b| b.cmp(a));
        writes.truncate(REJECTED_WRITES);
        self.rejected_writes = Arc::new(writes);
    }

    /// Everything was listed at a revision, and these are the documents' last writes. What was seen
    /// before may be newer, where it was a deletion.
    pub(super) fn listed(&mut self, writes: impl Iterator<Item = Revision>, at: Revision) {
        let before = Some(self.newest).filter(|newest| *newest <= at);
        self.newest = writes.chain(before).max().unwrap_or_default();
    }

    fn reloaded(&mut self, rejected: &[Rejected], reload: Reload, now: SystemTime) {
        let successful = rejected.is_empty();
        self.last_reload = Some(LastReload { successful, at: now });
        if successful {
            self.last_success = Some(now);
        }
        if reload == Reload::Full {
            self.reloads.all += 1;
            let unreadable =
                |rejected: &Rejected| !matches!(rejected.kind, RejectionKind::SchemaFailed);
            if rejected.iter().any(unreadable) {
                self.reloads.failed_parse += 1;
            } else if !successful {
                self.reloads.failed_validate += 1;
            }
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
