//! Every write is seen exactly once, in order.

use std::collections::BTreeMap;

use aisix_core::Change;
use aisix_store::{StoreError, Transaction};

use super::{Fixture, Store, bytes, commit, delete, next, put, revision, watch};

pub(super) async fn run<F: Fixture>(create: &mut impl AsyncFnMut() -> F) {
    a_watch_begins_after_its_revision_and_goes_on(&create().await.store()).await;
    a_deletion_is_seen(&create().await.store()).await;
    a_transaction_is_seen_at_once(&create().await.store()).await;
    a_scope_sees_only_what_is_below_it(&create().await.store()).await;
    a_listing_and_a_watch_miss_nothing_and_repeat_nothing(&create().await.store()).await;
    a_watch_from_a_forgotten_revision_is_refused(create().await).await;
    a_watcher_may_leave(&create().await.store()).await;
}

async fn a_watch_begins_after_its_revision_and_goes_on(store: &Store) {
    let seen = put(store, "a", "1").await.modified;
    let b = put(store, "b", "2").await;
    let c = put(store, "b", "3").await;
    let mut watch = watch(store, seen).await;
    assert_eq!(next(&mut watch).await, [Change::Put(b)], "as it was written, not as it is");
    assert_eq!(next(&mut watch).await, [Change::Put(c)]);
    let d = put(store, "d", "4").await;
    assert_eq!(next(&mut watch).await, [Change::Put(d)]);
}

async fn a_deletion_is_seen(store: &Store) {
    let seen = put(store, "a", "1").await.modified;
    let mut live = watch(store, seen).await;
    let revision = delete(store, "a").await;
    commit(store, Transaction::new().delete("a")).await;
    let after = put(store, "b", "1").await;
    let mut late = watch(store, seen).await;
    for watch in [&mut live, &mut late] {
        let key = "a".to_owned();
        assert_eq!(next(watch).await, [Change::Delete { key, revision }]);
        assert_eq!(
            next(watch).await,
            [Change::Put(after.clone())],
            "what was not there is not seen"
        );
    }
}

async fn a_transaction_is_seen_at_once(store: &Store) {
    let seen = put(store, "old", "1").await.modified;
    let mut live = watch(store, seen).await;
    let writes = Transaction::new().put("b", bytes("1")).delete("old").put("a", bytes("2"));
    let written = commit(store, writes).await;
    let mut late = watch(store, seen).await;
    for watch in [&mut live, &mut late] {
        let mut changes = next(watch).await;
        assert!(changes.iter().all(|change| change.revision() == written.revision));
        changes.sort_by(|a, b| a.key().cmp(b.key()));
        let keys: Vec<_> = changes.iter().map(Change::key).collect();
        assert_eq!(keys, ["a", "b", "old"]);
    }
}

async fn a_scope_sees_only_what_is_below_it(store: &Store) {
    let scope = store.scoped("env/a/");
    let seen = put(store, "env/a/models/x", "1").await.modified;
    let mut live = watch(&scope, seen).await;
    put(store, "env/b/models/x", "theirs").await;
    commit(store, Transaction::new().put("env/a/models/y", bytes("1")).put("env/b/z", bytes("2")))
        .await;
    let revision = delete(store, "env/a/models/x").await;
    let mut late = watch(&scope, seen).await;
    for watch in [&mut live, &mut late] {
        let changes = next(watch).await;
        assert_eq!(changes.iter().map(Change::key).collect::<Vec<_>>(), ["models/y"]);
        let key = "models/x".to_owned();
        assert_eq!(next(watch).await, [Change::Delete { key, revision }]);
    }
}

async fn a_listing_and_a_watch_miss_nothing_and_repeat_nothing(store: &Store) {
    const WRITES: u64 = 50;
    let writers: Vec<_> =
        (0..4).map(|writer| tokio::spawn(scribble(store.clone(), writer, WRITES))).collect();
    let listing = store.list().await.expect("the store can be read");
    let mut watch = watch(store, listing.revision).await;
    for writer in writers {
        writer.await.expect("a writer does not panic");
    }
    let last = put(store, "last", "x").await.modified;

    let documents = listing.entries.into_iter();
    let mut documents: BTreeMap<_, _> = documents.map(|entry| (entry.key.clone(), entry)).collect();
    let mut at = listing.revision;
    while at < last {
        let changes = next(&mut watch).await;
        assert!(changes[0].revision() > at, "in order");
        at = changes[0].revision();
        for change in changes {
            match change {
                Change::Put(entry) => {
                    let before = documents.get(&entry.key).map_or(0, |before| before.version);
                    assert_eq!(entry.version, before + 1, "every write of {}, once", entry.key);
                    documents.insert(entry.key.clone(), entry);
                }
                Change::Delete { key, .. } => {
                    assert!(documents.remove(&key).is_some(), "{key} was there");
                }
            }
        }
    }
    let now = store.list().await.expect("the store can be read");
    assert!(documents.into_values().eq(now.entries));
}

/// Writes and deletes documents, some of them also written by others.
async fn scribble(store: Store, writer: u64, times: u64) {
    for time in 0..times {
        put(&store, &format!("shared/{}", time % 3), &format!("{writer}")).await;
        put(&store, &format!("own/{writer}/{}", time % 5), &format!("{time}")).await;
        commit(&store, Transaction::new().delete(format!("own/{writer}/{}", time % 2))).await;
    }
}

async fn a_watch_from_a_forgotten_revision_is_refused(mut fixture: impl Fixture) {
    let store = fixture.store();
    let seen = put(&store, "a", "1").await.modified;
    put(&store, "a", "2").await;
    fixture.forget().await;
    let refused = store.watch(seen).await;
    assert!(matches!(refused, Err(StoreError::Compacted(revision)) if revision == seen));
    let now = revision(&store).await;
    let mut watch = watch(&store, now).await;
    let after = put(&store, "a", "3").await;
    assert_eq!(next(&mut watch).await, [Change::Put(after)]);
}

async fn a_watcher_may_leave(store: &Store) {
    let seen = put(store, "a", "1").await.modified;
    drop(watch(store, seen).await);
    put(store, "a", "2").await;
    let mut watch = watch(store, seen).await;
    assert_eq!(next(&mut watch).await[0].key(), "a");
}
