//! The store that a file is.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use aisix_core::snapshot::Revision;
use aisix_core::{Change, Entry};
use async_trait::async_trait;
use bytes::Bytes;
use ring::digest::{SHA256, digest};

use super::load::{self, Resource};
use super::report::{FileProblem, Report};
use super::variables::Variables;
use crate::engine::Watchers;
use crate::secrets::Secrets;
use crate::source::{ConfigSource, ConfigStore, Listing, StoreError, Transaction, Watch, Written};
use crate::supervisor::{LastFailure, LoadedBytes, Loads};

/// A store whose documents are those of a file, for reading only. Clones share them.
///
/// Its revision is the generation: how often the file was taken over. All of its documents are of
/// the last one, and their versions are the generation as well.
#[derive(Clone)]
pub struct FileStore {
    file: Arc<File>,
    prefix: Arc<str>,
}

/// What was taken over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reloaded {
    /// How often the file was taken over, this time included.
    pub generation: Revision,
    /// How many resources it holds.
    pub resources: usize,
}

struct File {
    path: PathBuf,
    variables: Box<Variables>,
    secrets: Arc<Secrets>,
    state: Mutex<State>,
    /// One load at a time, so that the last one to begin is the last one to be taken over.
    turn: Mutex<()>,
}

/// What was loaded, and how that went.
#[derive(Default)]
struct State {
    generation: Revision,
    documents: BTreeMap<String, Entry>,
    watchers: Watchers,
    loads: Loads,
}

/// Reads the file's bytes.
pub(super) fn read(path: &Path) -> Result<Bytes, Report> {
    super::read::read(path).map_err(|why| Report::new(path, vec![FileProblem::unreadable(why)]))
}

impl FileStore {
    /// Reads the file for the first time. `variables` looks up what it names and `secrets` opens what
    /// it refers to, now and whenever it is read again.
    ///
    /// # Errors
    /// Everything that is wrong with the file.
    pub fn open(
        path: impl Into<PathBuf>,
        variables: Box<Variables>,
        secrets: Arc<Secrets>,
    ) -> Result<Self, Report> {
        let (state, turn) = Default::default();
        let file = File { path: path.into(), variables, secrets, state, turn };
        let store = Self { file: Arc::new(file), prefix: Arc::from("") };
        store.reload()?;
        Ok(store)
    }

    /// Reads the file again and takes all of it over at once; what was loaded before stays where
    /// that fails. Blocks for as long as reading takes.
    ///
    /// # Errors
    /// Everything that is wrong with the file.
    pub fn reload(&self) -> Result<Reloaded, Report> {
        let _turn = self.file.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let bytes =
            read(&self.file.path).inspect_err(|report| self.state().failed(None, report))?;
        let source = LoadedBytes { hash: hash(&bytes), at: SystemTime::now() };
        let File { path, variables, secrets, .. } = &*self.file;
        match load::resources(path, &bytes, &**variables, &secrets.unnoticed()) {
            Ok(resources) => Ok(self.state().take_over(resources, source)),
            Err(report) => {
                self.state().failed(Some(source), &report);
                Err(report)
            }
        }
    }

    /// Where the file is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.file.path
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing between two halves of a change can panic.
        self.file.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn relative(&self, mut entry: Entry) -> Entry {
        entry.key.drain(..self.prefix.len());
        entry
    }

    fn refusal(&self) -> StoreError {
        let path = self.file.path.display();
        StoreError::ReadOnly(format!(
            "the resources file {path} owns the configuration, so it cannot be changed here: change \
             the file and send the gateway SIGHUP"
        ))
    }
}

impl State {
    fn take_over(&mut self, resources: Vec<Resource>, source: LoadedBytes) -> Reloaded {
        self.generation += 1;
        let revision = self.generation;
        let mut before = std::mem::take(&mut self.documents);
        let mut changes = Vec::with_capacity(resources.len());
        let mut names = BTreeMap::new();
        for Resource { key, name, document } in resources {
            let created = before.remove(&key).map_or(revision, |before| before.created);
            let value = document.into();
            let entry =
                Entry { key: key.clone(), value, version: revision, created, modified: revision };
            changes.push(Change::Put(entry.clone()));
            names.insert(key.clone(), name);
            self.documents.insert(key, entry);
        }
        let gone = before.into_keys();
        changes.extend(gone.map(|key| Change::Delete { key, revision }));
        self.watchers.tell(&changes);
        self.loads.took_over(revision, source, names);
        Reloaded { generation: revision, resources: self.documents.len() }
    }

    fn failed(&mut self, source: Option<LoadedBytes>, report: &Report) {
        let now = SystemTime::now();
        let names: HashSet<_> = self.loads.names.values().map(String::as_str).collect();
        let rejected = report.rejected(&self.loads.rejected, |key| names.contains(key), now);
        let kind = report.kind();
        let failure = LastFailure {
            at: now,
            kind: kind.map_or("fetch", |kind| kind.as_str()),
            message: report.summary(),
        };
        self.loads.failed(source, rejected, failure, kind);
    }
}

#[async_trait]
impl ConfigSource for FileStore {
    async fn list(&self) -> Result<Listing, StoreError> {
        self.list_under("").await
    }

    async fn watch(&self, after: Revision) -> Result<Watch, StoreError> {
        let mut state = self.state();
        // Single changes are not remembered: there are none.
        if after != state.generation {
            return Err(StoreError::Compacted(after));
        }
        Ok(state.watchers.add(&self.prefix, &[]))
    }

    fn loads(&self) -> Option<Loads> {
        Some(self.state().loads.clone())
    }
}

#[async_trait]
impl ConfigStore for FileStore {
    async fn get(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        let found = self.state().documents.get(&format!("{}{key}", self.prefix)).cloned();
        Ok(found.map(|entry| self.relative(entry)))
    }

    async fn list_under(&self, prefix: &str) -> Result<Listing, StoreError> {
        let prefix = format!("{}{prefix}", self.prefix);
        let state = self.state();
        let from = state.documents.range(prefix.clone()..);
        let under = from.take_while(|(key, _)| key.starts_with(&prefix));
        let entries = under.map(|(_, entry)| self.relative(entry.clone())).collect();
        Ok(Listing { entries, revision: state.generation })
    }

    async fn commit(&self, _: Transaction) -> Result<Written, StoreError> {
        Err(self.refusal())
    }

    fn writable(&self) -> Result<(), StoreError> {
        Err(self.refusal())
    }

    fn scoped(&self, prefix: &str) -> Arc<dyn ConfigStore> {
        let prefix = format!("{}{prefix}", self.prefix).into();
        Arc::new(Self { file: self.file.clone(), prefix })
    }
}

/// SHA-256 as hexadecimal digits.
fn hash(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The documents and variables hold secrets.
impl fmt::Debug for FileStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileStore")
            .field("path", &self.file.path)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
