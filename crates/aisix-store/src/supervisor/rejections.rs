//! Which documents are rejected now.

use std::sync::Arc;

use aisix_core::snapshot::Revision;

use super::status::Rejected;

/// The documents that do not serve as they were last written. Cheap to clone, and as cheap to change
/// among many as among few.
#[derive(Debug, Clone, Default)]
pub(super) struct Rejections {
    by_key: imbl::OrdMap<Arc<str>, Rejection>,
    /// Their last writes.
    writes: imbl::OrdSet<(Revision, Arc<str>)>,
}

#[derive(Debug, Clone)]
struct Rejection {
    rejected: Arc<Rejected>,
    /// The revision of the document's last write, where that is known.
    written: Option<Revision>,
}

impl Rejections {
    /// What there is to say of a document.
    pub(super) fn get(&self, key: &str) -> Option<&Rejected> {
        self.by_key.get(key).map(|rejection| &*rejection.rejected)
    }

    /// Everything, in the order of keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Rejected> {
        self.by_key.values().map(|rejection| &*rejection.rejected)
    }

    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }

    /// The revisions of the documents' last writes, newest first.
    pub(super) fn newest_writes(&self) -> impl Iterator<Item = Revision> {
        self.writes.iter().rev().map(|(revision, _)| *revision)
    }

    pub(super) fn insert(&mut self, rejected: Rejected, written: Option<Revision>) {
        self.remove(&rejected.key);
        let key = Arc::<str>::from(&*rejected.key);
        if let Some(revision) = written {
            self.writes.insert((revision, key.clone()));
        }
        self.by_key.insert(key, Rejection { rejected: Arc::new(rejected), written });
    }

    pub(super) fn remove(&mut self, key: &str) {
        if let Some((key, Rejection { written: Some(revision), .. })) =
            self.by_key.remove_with_key(key)
        {
            self.writes.remove(&(revision, key));
        }
    }
}
