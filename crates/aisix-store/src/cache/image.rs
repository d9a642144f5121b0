//! What the file holds.

use std::time::{Duration, SystemTime};

use aisix_core::Entry;
use aisix_core::snapshot::Revision;
use ring::digest::{Context, SHA256};

/// Tells two images apart, whatever revision they are of.
pub(crate) type Fingerprint = [u8; 32];

/// A configuration as its source had it.
///
/// The file has no place for `version` and `created` of a document. Its documents stand in the order
/// of their creation, though, so that `created` of one that was read is its place there: who comes
/// first owns a name. `version` is 1.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Image {
    /// The source's revision.
    pub(crate) revision: Revision,
    /// Every document as it was last written, in the order of creation.
    pub(crate) entries: Vec<Entry>,
    /// What serves for those whose last bytes are rejected.
    pub(crate) stale: Vec<Stale>,
}

/// A last good value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stale {
    /// The document when it was good.
    pub(crate) entry: Entry,
    /// Since when it serves although there is a newer one; whole seconds.
    pub(crate) since: SystemTime,
}

impl Stale {
    /// Seconds since 1970.
    pub(super) fn since_1970(&self) -> u64 {
        self.since.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
    }

    /// The time that is so many seconds after the beginning of 1970; that, where there is none.
    pub(super) fn time(since_1970: u64) -> SystemTime {
        let after = Duration::from_secs(since_1970);
        SystemTime::UNIX_EPOCH.checked_add(after).unwrap_or(SystemTime::UNIX_EPOCH)
    }
}

impl Image {
    /// What tells it from an image that says something else.
    pub(crate) fn fingerprint(&self) -> Fingerprint {
        let mut context = Context::new(&SHA256);
        let mut add = |entry: &Entry, since: u64| {
            for part in [entry.key.as_bytes(), &entry.value] {
                context.update(&(part.len() as u64).to_le_bytes());
                context.update(part);
            }
            context.update(&entry.modified.to_le_bytes());
            context.update(&since.to_le_bytes());
        };
        for entry in &self.entries {
            add(entry, 0);
        }
        for stale in &self.stale {
            // Never 0, so that none of them is taken for one of the others.
            add(&stale.entry, stale.since_1970().max(1));
        }
        let mut fingerprint = Fingerprint::default();
        fingerprint.copy_from_slice(context.finish().as_ref());
        fingerprint
    }
}
