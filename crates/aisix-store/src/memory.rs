//! A store in memory.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aisix_core::snapshot::Revision;
use aisix_core::{Change, Entry};

use crate::engine::{Engine, HISTORY, Hosted, Records};
use crate::source::StoreError;

/// A store that forgets everything when its last handle is dropped: for tests, and for what needs
/// no memory of its own. Clones share the documents.
#[derive(Clone)]
pub struct MemoryStore {
    engine: Arc<Mutex<Engine<Tables>>>,
    prefix: Arc<str>,
}

impl MemoryStore {
    /// An empty store that remembers the changes of its last 10 000 revisions.
    #[must_use]
    pub fn new() -> Self {
        Self::with_history(HISTORY)
    }

    /// An empty store that remembers the changes of this many revisions.
    #[must_use]
    pub fn with_history(revisions: u64) -> Self {
        let engine = Engine::new(Tables::default(), revisions);
        Self { engine: Arc::new(Mutex::new(engine)), prefix: Arc::from("") }
    }
}

impl Default for MemoryStore {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("MemoryStore");
        shown.field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl Hosted for MemoryStore {
    type Records = Tables;

    fn prefix(&self) -> &str {
        &self.prefix
    }

    fn at(&self, prefix: String) -> Self {
        Self { engine: self.engine.clone(), prefix: prefix.into() }
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Engine<Tables>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        // Nothing in a job can panic between two halves of a write.
        let mut engine = self.engine.lock().unwrap_or_else(PoisonError::into_inner);
        job(&mut engine)
    }
}

/// The documents and the log of their changes.
#[derive(Debug, Default)]
pub struct Tables {
    documents: BTreeMap<String, Entry>,
    log: VecDeque<Change>,
    revision: Revision,
}

impl Records for Tables {
    fn revision(&self) -> Result<Revision, StoreError> {
        Ok(self.revision)
    }

    fn remembered_since(&self) -> Result<Revision, StoreError> {
        let first = self.log.front();
        Ok(first.map_or(self.revision, |change| change.revision() - 1))
    }

    fn get(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        Ok(self.documents.get(key).cloned())
    }

    fn list(&self, prefix: &str) -> Result<Vec<Entry>, StoreError> {
        let from = self.documents.range(prefix.to_owned()..);
        let under = from.take_while(|(key, _)| key.starts_with(prefix));
        Ok(under.map(|(_, entry)| entry.clone()).collect())
    }

    fn changes(
        &self,
        prefix: &str,
        after: Revision,
        limit: usize,
    ) -> Result<Vec<Change>, StoreError> {
        let seen = self.log.partition_point(|change| change.revision() <= after);
        let unseen = self.log.range(seen..);
        let under = unseen.filter(|change| change.key().starts_with(prefix));
        Ok(under.take(limit).cloned().collect())
    }

    fn write(&mut self, changes: &[Change], forgotten: Revision) -> Result<(), StoreError> {
        for change in changes {
            match change {
                Change::Put(entry) => {
                    self.documents.insert(entry.key.clone(), entry.clone());
                }
                Change::Delete { key, .. } => {
                    self.documents.remove(key);
                }
            }
            self.revision = change.revision();
            self.log.push_back(change.clone());
        }
        let old = self.log.partition_point(|change| change.revision() <= forgotten);
        self.log.drain(..old);
        Ok(())
    }
}
