//! Which documents a new snapshot may serve or report otherwise than the one before.

use std::collections::BTreeSet;

use aisix_core::{Change, Diagnostic, Snapshot};

use super::rejections::Rejections;

/// What was written, and what that concerns: single documents or all of them, so that the work after
/// a change is as much as there was written, however many documents and rejections there are.
pub(super) enum Touched {
    /// All documents, by their keys.
    All(Vec<String>),
    /// Single ones.
    Some {
        /// What was written.
        written: BTreeSet<String>,
        /// That, and whoever waited for it to give up a name, or waits for it now.
        concerned: BTreeSet<String>,
    },
}

impl Touched {
    /// Nothing yet.
    pub(super) fn none() -> Self {
        Self::Some { written: BTreeSet::new(), concerned: BTreeSet::new() }
    }

    /// A change made one snapshot of the other.
    pub(super) fn add(&mut self, change: &Change, before: &Snapshot, after: &Snapshot) {
        let key = change.key();
        match self {
            Self::All(written) => written.push(key.to_owned()),
            Self::Some { written, concerned } => {
                written.insert(key.to_owned());
                concerned.insert(key.to_owned());
                concerned.extend(before.waiting_for(key));
                concerned.extend(after.waiting_for(key));
            }
        }
    }

    /// What was written.
    pub(super) fn written(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Self::All(written) => Box::new(written.iter().map(String::as_str)),
            Self::Some { written, .. } => Box::new(written.iter().map(String::as_str)),
        }
    }

    pub(super) fn is_written(&self, key: &str) -> bool {
        match self {
            Self::All(_) => true,
            Self::Some { written, .. } => written.contains(key),
        }
    }

    /// What a snapshot says of the documents concerned, in the order of keys.
    pub(super) fn diagnostics(&self, snapshot: &Snapshot) -> Vec<Diagnostic> {
        match self {
            Self::All(_) => snapshot.diagnostics(),
            Self::Some { concerned, .. } => {
                concerned.iter().flat_map(|key| snapshot.diagnostics_of(key)).collect()
            }
        }
    }

    /// The rejections of all other documents.
    pub(super) fn others(&self, rejections: &Rejections) -> Rejections {
        match self {
            Self::All(_) => Rejections::default(),
            Self::Some { concerned, .. } => {
                let mut others = rejections.clone();
                concerned.iter().for_each(|key| others.remove(key));
                others
            }
        }
    }
}
