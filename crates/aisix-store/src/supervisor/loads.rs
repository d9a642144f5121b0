//! How a source fared that is taken over whole or not at all.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::SystemTime;

use aisix_core::snapshot::{RejectionKind, Revision};

use super::status::{ConfigStatus, LastFailure, LastReload, Rejected, ReloadCounts};

/// How many of the last successful loads are known: a reader may lag behind by one.
const KNOWN: usize = 2;

/// How the loads of a source went that is judged as a whole, such as a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loads {
    /// What was last read, taken over or not.
    pub source: Option<LoadedBytes>,
    /// What was last taken over, the latest first.
    pub served: VecDeque<ServedBytes>,
    /// The last attempt.
    pub last: Option<LastReload>,
    /// When all was last taken over.
    pub last_success: Option<SystemTime>,
    /// What went wrong last, also after it was put right.
    pub last_failure: Option<LastFailure>,
    /// What the last attempt was rejected for; nothing where it succeeded.
    pub rejected: Vec<Rejected>,
    /// How often it was tried.
    pub counts: ReloadCounts,
    /// How reports call the documents that were last taken over, by their keys.
    pub names: Arc<BTreeMap<String, String>>,
}

/// The bytes of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadedBytes {
    /// Their SHA-256, as hexadecimal digits.
    pub hash: String,
    /// When they were read.
    pub at: SystemTime,
}

/// Bytes that were taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedBytes {
    /// As which revision.
    pub revision: Revision,
    /// Their SHA-256, as hexadecimal digits.
    pub hash: String,
    /// How often that has changed.
    pub seq: u64,
    /// When it last changed.
    pub at: SystemTime,
}

impl Loads {
    /// All was taken over.
    pub(crate) fn took_over(
        &mut self,
        revision: Revision,
        source: LoadedBytes,
        names: BTreeMap<String, String>,
    ) {
        let LoadedBytes { hash, at } = source.clone();
        let before = self.served.front();
        let (seq, since) = match before {
            Some(before) if before.hash == hash => (before.seq, before.at),
            Some(before) => (before.seq + 1, at),
            None => (1, at),
        };
        self.served.push_front(ServedBytes { revision, hash, seq, at: since });
        self.served.truncate(KNOWN);
        self.source = Some(source);
        self.last = Some(LastReload { successful: true, at });
        self.last_success = Some(at);
        self.rejected.clear();
        self.counts.all += 1;
        self.names = Arc::new(names);
    }

    /// Nothing was taken over, for problems of this class or worse; `None` where nothing could even
    /// be read.
    pub(crate) fn failed(
        &mut self,
        source: Option<LoadedBytes>,
        rejected: Vec<Rejected>,
        failure: LastFailure,
        kind: Option<RejectionKind>,
    ) {
        if source.is_some() {
            self.source = source;
        }
        self.last = Some(LastReload { successful: false, at: failure.at });
        self.last_failure = Some(failure);
        self.rejected = rejected;
        self.counts.all += 1;
        match kind {
            None => self.counts.failed_fetch += 1,
            Some(RejectionKind::SchemaFailed) => self.counts.failed_validate += 1,
            Some(_) => self.counts.failed_parse += 1,
        }
    }

    /// Says in a status what only the source knows. `changes` says what came of those that the
    /// source told of: each time it was taken over again.
    pub(super) fn complete(self, status: &mut ConfigStatus, changes: ReloadCounts) {
        status.whole = true;
        if let (Some(known), Some(source)) = (self.source, &mut status.source) {
            (source.hash, source.at) = (known.hash, known.at);
        }
        if let Some(applied) = &mut status.applied {
            let served = self.served.iter().find(|served| served.revision == applied.revision);
            if let Some(served) = served.or(self.served.front()) {
                applied.hash.clone_from(&served.hash);
                (applied.seq, applied.at) = (served.seq, served.at);
            }
        }
        status.out_of_sync = self.last.is_some_and(|last| !last.successful);
        if status.out_of_sync || status.last_reload.is_none_or(|reload| reload.successful) {
            status.last_reload = self.last;
        }
        // A load has succeeded when all of it serves: neither the source nor what follows it knows.
        status.last_success = status.last_success.min(self.last_success);
        let failures = [self.last_failure, status.last_failure.take()].into_iter().flatten();
        status.last_failure = failures.max_by_key(|failure| failure.at);
        for rejected in &mut status.rejected {
            if let Some(name) = self.names.get(&rejected.key) {
                rejected.key.clone_from(name);
            }
        }
        // What the source says of an entry is newer than why its last document does not serve.
        let of_source = &self.rejected;
        status.rejected.retain(|known| of_source.iter().all(|newer| newer.key != known.key));
        status.rejected.extend(self.rejected);
        status.rejected.sort_by(|a, b| a.key.cmp(&b.key));
        let served = status.reloads;
        status.reloads = self.counts;
        status.reloads.failed_parse += served.failed_parse + changes.failed_parse;
        status.reloads.failed_validate += served.failed_validate + changes.failed_validate;
    }
}
