//! What every [`ConfigStore`] keeps of its promises.
//!
//! A store's tests implement [`Fixture`] and call [`run`]; those of a store that refuses every write
//! implement [`ReadOnlyFixture`] and call [`run_read_only`].

mod read_only;
mod reading;
mod watching;
mod writing;

use std::sync::Arc;

use aisix_core::snapshot::Revision;
use aisix_core::{Change, Entry};
use aisix_store::{ConfigStore, StoreError, Transaction, Watch, Written};
use async_trait::async_trait;
use bytes::Bytes;

pub use read_only::{ReadOnlyFixture, run_read_only};

use crate::wait;

/// A new, empty store for one case of the suite.
#[async_trait]
pub trait Fixture: Send {
    /// A handle on the store.
    fn store(&self) -> Arc<dyn ConfigStore>;

    /// Makes the store forget the single changes up to its present revision.
    async fn forget(&mut self);

    /// Stops the store and starts it again; false where it keeps nothing.
    async fn restart(&mut self) -> bool;
}

/// Runs the whole suite, each case on a fixture of its own.
///
/// # Panics
///
/// Where the store breaks a promise.
pub async fn run<F: Fixture>(mut create: impl AsyncFnMut() -> F) {
    reading::run(&mut create).await;
    writing::run(&mut create).await;
    watching::run(&mut create).await;
}

type Store = Arc<dyn ConfigStore>;

fn bytes(text: &str) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

async fn commit(store: &Store, transaction: Transaction) -> Written {
    let committed = store.commit(transaction).await;
    committed.expect("nothing speaks against this transaction")
}

async fn put(store: &Store, key: &str, value: &str) -> Entry {
    let written = commit(store, Transaction::new().put(key, bytes(value))).await;
    let [entry] = written.entries.as_slice() else {
        panic!("one put writes one entry, not {:?}", written.entries);
    };
    assert_eq!(entry.modified, written.revision);
    entry.clone()
}

async fn delete(store: &Store, key: &str) -> Revision {
    let written = commit(store, Transaction::new().delete(key)).await;
    assert_eq!(written.deleted, 1, "{key} was there to delete");
    written.revision
}

async fn get(store: &Store, key: &str) -> Option<Entry> {
    store.get(key).await.expect("the store can be read")
}

async fn revision(store: &Store) -> Revision {
    let listing = store.list().await.expect("the store can be read");
    listing.revision
}

async fn keys_under(store: &Store, prefix: &str) -> Vec<String> {
    let listing = store.list_under(prefix).await;
    let entries = listing.expect("the store can be read").entries;
    entries.into_iter().map(|entry| entry.key).collect()
}

async fn watch(store: &Store, after: Revision) -> Watch {
    let watch = store.watch(after).await;
    watch.expect("the store remembers this revision")
}

async fn next(watch: &mut Watch) -> Vec<Change> {
    let changes = wait::within("the next changes of a watch", watch.recv()).await;
    changes.expect("the watch goes on")
}

fn is_conflict<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Conflict))
}
