//! A store in one SQLite file.
//!
//! **Durable.** Write-ahead log and `synchronous=FULL`: when [`ConfigStore::commit`] answers, the
//! write is on disk, and neither a killed process nor a lost machine takes it back.
//!
//! **Alone.** The file is locked for as long as it is open, so two gateways never share one; more
//! gateways need etcd.
//!
//! **Off the runtime.** A thread of its own owns the connection; handles send it jobs and wait for
//! the answers. It is joined when the last handle is dropped, or by [`EmbeddedStore::close`].
//!
//! [`ConfigStore::commit`]: crate::ConfigStore::commit

mod file;
mod sqlite;
mod writer;

#[cfg(test)]
mod tests;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sqlite::Sqlite;
use writer::Writer;

use crate::engine::{Engine, HISTORY, Hosted};
use crate::source::StoreError;

/// A handle on a store in one SQLite file. Clones share the store.
#[derive(Clone)]
pub struct EmbeddedStore {
    writer: Arc<Writer>,
    path: Arc<PathBuf>,
    prefix: Arc<str>,
}

impl EmbeddedStore {
    /// Opens the store in this file, or makes a new one there that remembers the changes of its
    /// last 10 000 revisions. A new file has mode 0600, new directories above it have 0700.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`], whose one line names the file and says what to do: it is in use
    /// by another process, it cannot be read or written, it is no store, or a newer one. Its cause
    /// says why.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::open_with_history(path, HISTORY).await
    }

    /// Like [`EmbeddedStore::open`], but remembers the changes of this many revisions.
    ///
    /// # Errors
    /// As [`EmbeddedStore::open`].
    pub async fn open_with_history(
        path: impl Into<PathBuf>,
        revisions: u64,
    ) -> Result<Self, StoreError> {
        let path = Arc::new(path.into());
        let file = path.clone();
        let open = move || Ok(Engine::new(Sqlite::open(&file)?, revisions));
        Ok(Self {
            writer: Arc::new(Writer::start(&path, open).await?),
            path,
            prefix: Arc::from(""),
        })
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Closes the file after everything that was asked before, and waits until it is closed. Every
    /// later request fails, and every watch ends.
    pub async fn close(&self) {
        self.writer.close().await;
    }
}

impl fmt::Debug for EmbeddedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedStore")
            .field("path", &self.path)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

impl Hosted for EmbeddedStore {
    type Records = Sqlite;

    fn prefix(&self) -> &str {
        &self.prefix
    }

    fn at(&self, prefix: String) -> Self {
        Self { prefix: prefix.into(), ..self.clone() }
    }

    async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Engine<Sqlite>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.writer.run(job).await
    }
}
