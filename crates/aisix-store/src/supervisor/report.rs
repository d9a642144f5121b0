//! What the supervisor logs: one line for each change of state, and never a value of a document.

use std::io;
use std::path::Path;

use aisix_core::error::with_causes;
use aisix_core::snapshot::Finding;
use aisix_core::{Diagnostic, Kind, Snapshot};
use tracing::{info, warn};

use crate::cache::Unusable;
use crate::source::StoreError;

/// The source is being watched.
pub(super) fn connected(snapshot: &Snapshot) {
    let counts = Kind::ALL.map(|kind| snapshot.count(kind));
    info!(
        revision = snapshot.revision(),
        provider_keys = snapshot.count(Kind::ProviderKeys),
        models = snapshot.count(Kind::Models),
        api_keys = snapshot.count(Kind::ApiKeys),
        resources = counts.iter().sum::<usize>(),
        "watching the configuration source"
    );
}

/// The snapshot cache is served until the source is read.
pub(super) fn restored(path: &Path, snapshot: &Snapshot) {
    let (path, revision) = (path.display(), snapshot.revision());
    info!(%path, revision, "serving the snapshot cache until the configuration source is read");
}

/// The snapshot cache cannot be used.
pub(super) fn not_restored(path: &Path, problem: &Unusable) {
    let path = path.display();
    warn!(%path, %problem, "starting without the snapshot cache");
}

/// The snapshot cache does not hold what is served.
pub(super) fn cache_not_written(path: &Path, error: &io::Error) {
    let path = path.display();
    warn!(%path, %error, "cannot write the snapshot cache: trying again, and serving on");
}

/// The snapshot cache can be written again.
pub(super) fn cache_written_again(path: &Path) {
    info!(path = %path.display(), "the snapshot cache is written again");
}

/// The source ended the watch, and may be there all the same.
pub(super) fn ended() {
    info!("the configuration source ended the watch: loading it anew");
}

/// The source is not being watched any more, or not yet.
pub(super) fn lost(error: &StoreError) {
    let error = lost_because(Some(error));
    warn!(error, "lost the configuration source: trying again, what was loaded serves on");
}

/// Why the source is not being watched, in one line.
pub(super) fn lost_because(error: Option<&StoreError>) -> String {
    error.map_or_else(|| "it ended the watch".to_owned(), |error| with_causes(error))
}

/// The source does not remember far enough.
pub(super) fn compacted() {
    info!("the configuration source was compacted: loading it anew");
}

/// References lead to other secrets than before.
pub(super) fn secrets_changed(documents: usize) {
    info!(documents, "a file that holds a secret has changed: reading what refers to files anew");
}

/// Which documents serve as they were written, and which no longer or not yet. Both in the order of
/// keys.
pub(super) fn documents(before: &[Diagnostic], after: &[Diagnostic]) {
    let is_new = |found: &&Diagnostic| !of(before, &found.key).contains(found);
    for Diagnostic { key, finding } in after.iter().filter(is_new) {
        match finding {
            Finding::Rejected { kind, message } => {
                let kind = kind.as_str();
                warn!(document = key, kind, problem = message, "rejected a document");
            }
            Finding::Partial { fields } => {
                warn!(document = key, ?fields, "serving a document without fields unknown here");
            }
        }
    }
    let is_over = |found: &&Diagnostic| of(after, &found.key).is_empty();
    for Diagnostic { key, .. } in before.iter().filter(is_over) {
        info!(document = key, "nothing is wrong with a document any more");
    }
}

/// What is said of one document.
fn of<'d>(diagnostics: &'d [Diagnostic], key: &str) -> &'d [Diagnostic] {
    let begin = diagnostics.partition_point(|found| *found.key < *key);
    let count = diagnostics[begin..].partition_point(|found| found.key == key);
    &diagnostics[begin..begin + count]
}
