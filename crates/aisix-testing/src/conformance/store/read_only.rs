//! What a [`ConfigStore`] promises whose documents somebody else owns.

use std::sync::Arc;

use aisix_core::{Change, Entry};
use aisix_store::{ConfigStore, Expect, Listing, StoreError};
use async_trait::async_trait;
use bytes::Bytes;

use super::{Store, get, keys_under, next, watch};

/// A new store that cannot be written, for one case of the suite, and the one who owns its
/// documents. In the beginning there are none.
#[async_trait]
pub trait ReadOnlyFixture: Send {
    /// A handle on the store.
    fn store(&self) -> Arc<dyn ConfigStore>;

    /// From now on there are exactly these documents, each of a kind (in the plural) and with a name
    /// of its own; answers their keys.
    async fn own(&mut self, documents: &[(&str, &str)]) -> Vec<String>;
}

/// Runs the suite, each case on a fixture of its own.
///
/// # Panics
///
/// Where the store breaks a promise.
pub async fn run_read_only<F: ReadOnlyFixture>(mut create: impl AsyncFnMut() -> F) {
    a_new_store_is_empty(&create().await).await;
    a_listing_is_in_the_order_of_keys_at_one_revision(create().await).await;
    a_scope_is_a_store_of_its_own_below_a_prefix(create().await).await;
    a_watch_sees_what_its_owner_changes_as_one_revision(create().await).await;
    a_watch_from_before_is_complete_or_refused(create().await).await;
    every_write_is_refused_and_changes_nothing(create().await).await;
}

const THREE: &[(&str, &str)] = &[("models", "b"), ("cache_policies", "z"), ("models", "a")];

async fn list(store: &Store) -> Listing {
    store.list().await.expect("the store can be read")
}

async fn a_new_store_is_empty(fixture: &impl ReadOnlyFixture) {
    let store = fixture.store();
    assert!(keys_under(&store, "").await.is_empty());
    assert_eq!(get(&store, "models/a").await, None);
}

async fn a_listing_is_in_the_order_of_keys_at_one_revision(mut fixture: impl ReadOnlyFixture) {
    let store = fixture.store();
    let before = list(&store).await.revision;
    let mut keys = fixture.own(THREE).await;
    keys.sort_unstable();
    let listing = list(&store).await;
    assert!(listing.revision > before);
    let listed: Vec<_> = listing.entries.iter().map(|entry| &*entry.key).collect();
    assert_eq!(listed, keys);
    for entry in &listing.entries {
        assert_eq!(get(&store, &entry.key).await.as_ref(), Some(entry));
        assert!(entry.modified <= listing.revision && entry.created <= entry.modified);
    }
    let under = store.list_under("models/").await.expect("the store can be read");
    assert_eq!((under.entries.len(), under.revision), (2, listing.revision));
    fixture.own(&THREE[..1]).await;
    assert_eq!(list(&store).await.entries.len(), 1);
}

async fn a_scope_is_a_store_of_its_own_below_a_prefix(mut fixture: impl ReadOnlyFixture) {
    fixture.own(THREE).await;
    let store = fixture.store();
    let scope = store.scoped("models/");
    let whole = keys_under(&store, "models/").await;
    let below: Vec<_> = whole.iter().filter_map(|key| key.strip_prefix("models/")).collect();
    assert_eq!(keys_under(&scope, "").await, below);
    let found = get(&scope, below[0]).await.expect("it is below the prefix");
    assert_eq!(found.key, below[0]);
    assert_eq!(list(&scope).await.revision, list(&store).await.revision);
}

async fn a_watch_sees_what_its_owner_changes_as_one_revision(mut fixture: impl ReadOnlyFixture) {
    fixture.own(&THREE[..2]).await;
    let store = fixture.store();
    let mut documents = list(&store).await;
    let mut changes = watch(&store, documents.revision).await;
    let mut below = watch(&store.scoped("models/"), documents.revision).await;
    fixture.own(&THREE[1..]).await;
    let seen = next(&mut changes).await;
    documents.revision += 1;
    assert!(seen.iter().all(|change| change.revision() == documents.revision));
    for change in seen {
        documents.entries.retain(|entry| entry.key != change.key());
        if let Change::Put(entry) = change {
            documents.entries.push(entry);
        }
    }
    documents.entries.sort_by(|a: &Entry, b| a.key.cmp(&b.key));
    assert_eq!(documents, list(&store).await);
    let seen = next(&mut below).await;
    assert!(!seen.is_empty() && seen.iter().all(|change| !change.key().contains('/')));
}

async fn a_watch_from_before_is_complete_or_refused(mut fixture: impl ReadOnlyFixture) {
    let store = fixture.store();
    let before = list(&store).await.revision;
    fixture.own(THREE).await;
    match store.watch(before).await {
        Ok(mut watch) => assert_eq!(next(&mut watch).await.len(), THREE.len()),
        Err(error) => assert!(matches!(error, StoreError::Compacted(_)), "{error}"),
    }
    let ahead = store.watch(list(&store).await.revision + 1).await;
    assert!(matches!(ahead, Err(StoreError::Compacted(_))));
}

async fn every_write_is_refused_and_changes_nothing(mut fixture: impl ReadOnlyFixture) {
    let keys = fixture.own(THREE).await;
    let store = fixture.store();
    let before = list(&store).await;
    let refused = [
        store.put("models/new", Bytes::from_static(b"{}"), Expect::Any).await.map(drop),
        store.put(&keys[0], Bytes::from_static(b"{}"), Expect::Present).await.map(drop),
        store.delete(&keys[0], Expect::Any).await.map(drop),
        store.scoped("models/").delete("a", Expect::Any).await.map(drop),
        store.writable(),
    ];
    for refusal in refused {
        assert!(matches!(refusal, Err(StoreError::ReadOnly(_))), "{refusal:?}");
    }
    assert_eq!(list(&store).await, before);
}
