//! What every store can do.

use std::sync::Arc;

use aisix_core::snapshot::Revision;
use aisix_core::{Change, Entry};
use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc;

use crate::supervisor::Loads;

/// Where configuration comes from.
///
/// Keys are relative to the source's prefix: `<kind>/<id>`.
#[async_trait]
pub trait ConfigSource: Send + Sync + 'static {
    /// Everything there is, at one revision.
    ///
    /// # Errors
    /// [`StoreError`] where the source cannot be read.
    async fn list(&self) -> Result<Listing, StoreError>;

    /// Every write after `revision`, in order.
    ///
    /// # Errors
    /// [`StoreError::Compacted`] where the source no longer remembers that far back: list again.
    async fn watch(&self, after: Revision) -> Result<Watch, StoreError>;

    /// How the loads went, of a source that is taken over whole or not at all; `None` where
    /// documents come one by one.
    fn loads(&self) -> Option<Loads> {
        None
    }
}

/// A source that can also be written.
#[async_trait]
pub trait ConfigStore: ConfigSource {
    /// One document.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    async fn get(&self, key: &str) -> Result<Option<Entry>, StoreError>;

    /// Every document whose key begins with `prefix`, in the order of keys, at one revision.
    ///
    /// # Errors
    /// [`StoreError`] where the store cannot be read.
    async fn list_under(&self, prefix: &str) -> Result<Listing, StoreError>;

    /// All of the writes if all of the conditions hold, otherwise none of them. What is
    /// acknowledged is durable.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where a condition does not hold.
    async fn commit(&self, transaction: Transaction) -> Result<Written, StoreError>;

    /// Whether anything can ever be written here.
    ///
    /// # Errors
    /// [`StoreError::ReadOnly`] where not.
    fn writable(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// The part of the store below a further prefix, as a store of its own with keys relative to
    /// it. Revisions are those of the whole.
    fn scoped(&self, prefix: &str) -> Arc<dyn ConfigStore>;

    /// Writes one document, if `expect` holds of what is there now.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it does not.
    async fn put(&self, key: &str, value: Bytes, expect: Expect) -> Result<Written, StoreError> {
        self.commit(Transaction::new().expect(key, expect).put(key, value)).await
    }

    /// Deletes one document, if `expect` holds of what is there now.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] where it does not.
    async fn delete(&self, key: &str, expect: Expect) -> Result<Written, StoreError> {
        self.commit(Transaction::new().expect(key, expect).delete(key)).await
    }
}

/// Everything that a source holds at one revision.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The documents, in the order of keys.
    pub entries: Vec<Entry>,
    /// The revision that they are of.
    pub revision: Revision,
}

/// The writes of a source, as they happen.
///
/// One item holds the changes of one revision. The end of the sequence means that the source was
/// lost: list again.
pub type Watch = mpsc::Receiver<Vec<Change>>;

/// What must be true of a document for it to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Any,
    /// It does not exist.
    Absent,
    /// It exists.
    Present,
    /// It exists and was written this often.
    Version(u64),
    /// It exists and was last written at this revision: it is the same document, and not another
    /// one of the same name, as one that was deleted and created anew would be.
    Modified(Revision),
}

/// What must be true for a transaction to take place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// Of one document.
    Document {
        /// Its key.
        key: String,
        /// What must be true of it.
        expect: Expect,
    },
    /// Nothing under this prefix was created, replaced or deleted after this revision: what two
    /// writers need who both made sure that a name is free.
    Unchanged {
        /// Beginning of keys.
        prefix: String,
        /// The revision at which the writer looked.
        since: Revision,
    },
}

/// One write of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
    /// Create or replace.
    Put {
        /// The document's key.
        key: String,
        /// Its bytes.
        value: Bytes,
    },
    /// Delete, where it exists.
    Delete {
        /// The document's key.
        key: String,
    },
}

impl Write {
    /// The document's key.
    #[must_use]
    pub fn key(&self) -> &str {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }
}

/// Writes that happen together or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Transaction {
    /// What must be true.
    pub conditions: Vec<Condition>,
    /// What is written then, all at one revision.
    pub writes: Vec<Write>,
}

impl Transaction {
    /// A transaction that does nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a condition on one document.
    #[must_use]
    pub fn expect(mut self, key: impl Into<String>, expect: Expect) -> Self {
        self.conditions.push(Condition::Document { key: key.into(), expect });
        self
    }

    /// Adds the condition that nothing under a prefix changed since a revision.
    #[must_use]
    pub fn unchanged(mut self, prefix: impl Into<String>, since: Revision) -> Self {
        self.conditions.push(Condition::Unchanged { prefix: prefix.into(), since });
        self
    }

    /// Adds a document to write.
    #[must_use]
    pub fn put(mut self, key: impl Into<String>, value: Bytes) -> Self {
        self.writes.push(Write::Put { key: key.into(), value });
        self
    }

    /// Adds a document to delete.
    #[must_use]
    pub fn delete(mut self, key: impl Into<String>) -> Self {
        self.writes.push(Write::Delete { key: key.into() });
        self
    }
}

/// What a transaction did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Written {
    /// The store's revision of the writes; the revision before, where nothing was there to write.
    pub revision: Revision,
    /// The documents as they were written, in the order of the transaction.
    pub entries: Vec<Entry>,
    /// How many documents were deleted.
    pub deleted: usize,
}

/// Why a store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A condition does not hold: somebody else wrote in between, or the document is not as
    /// expected.
    #[error("the store was changed in between: read again")]
    Conflict,
    /// The source no longer remembers the revision to watch from.
    #[error("revision {0} is compacted: list again")]
    Compacted(Revision),
    /// A transaction writes one document twice.
    #[error("the transaction writes '{0}' more than once")]
    Repeated(String),
    /// The store is read-only: who owns its documents, and how they are changed.
    #[error("{0}")]
    ReadOnly(String),
    /// The store has no room left: it can be read, and written again once somebody made room.
    #[error("{context}")]
    Full {
        /// What was being done.
        context: String,
        /// What the store says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The transaction is larger than the store takes.
    #[error("{context}")]
    TooLarge {
        /// What was being done.
        context: String,
        /// What the store says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The store cannot be read or written.
    #[error("{context}")]
    Unavailable {
        /// What was being done.
        context: String,
        /// Why it failed.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// A store that cannot be read or written: what was being done, and why it failed.
    pub fn unavailable(
        context: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self::Unavailable { context: context.into(), source: source.into() }
    }
}
