//! What is written can be read.

use aisix_store::Transaction;
use bytes::Bytes;

use super::{Fixture, Store, bytes, commit, delete, get, keys_under, put, revision};

pub(super) async fn run<F: Fixture>(create: &mut impl AsyncFnMut() -> F) {
    a_new_store_is_empty(&create().await.store()).await;
    a_document_is_created_replaced_deleted_and_created_again(&create().await.store()).await;
    a_listing_is_in_the_order_of_keys_at_one_revision(&create().await.store()).await;
    a_prefix_is_text_and_no_pattern(&create().await.store()).await;
    values_are_any_bytes(&create().await.store()).await;
    a_scope_is_a_store_of_its_own_below_a_prefix(&create().await.store()).await;
    everything_survives_a_restart(create().await).await;
}

async fn a_new_store_is_empty(store: &Store) {
    assert!(keys_under(store, "").await.is_empty());
    assert_eq!(get(store, "models/a").await, None);
}

async fn a_document_is_created_replaced_deleted_and_created_again(store: &Store) {
    let first = put(store, "models/a", "1").await;
    assert_eq!((first.version, first.created), (1, first.modified));
    let second = put(store, "models/a", "2").await;
    assert_eq!((second.version, second.created), (2, first.created));
    assert!(second.modified > first.modified);
    assert_eq!(second.value, bytes("2"));
    assert_eq!(get(store, "models/a").await, Some(second.clone()));

    let deleted = delete(store, "models/a").await;
    assert!(deleted > second.modified);
    assert_eq!(get(store, "models/a").await, None);

    let again = put(store, "models/a", "3").await;
    assert_eq!((again.version, again.created), (1, again.modified));
    assert!(again.modified > deleted);
}

async fn a_listing_is_in_the_order_of_keys_at_one_revision(store: &Store) {
    for key in ["models/b", "api_keys/z", "models/a", "models/c"] {
        put(store, key, key).await;
    }
    let last = delete(store, "models/c").await;
    let listing = store.list().await.expect("the store can be read");
    assert_eq!(listing.revision, last);
    let keys: Vec<_> = listing.entries.iter().map(|entry| &*entry.key).collect();
    assert_eq!(keys, ["api_keys/z", "models/a", "models/b"]);
    for entry in &listing.entries {
        assert_eq!(get(store, &entry.key).await.as_ref(), Some(entry));
    }
    let under = store.list_under("models/").await;
    let under = under.expect("the store can be read");
    assert_eq!(under.entries, listing.entries[1..]);
    assert_eq!(under.revision, last);
}

async fn a_prefix_is_text_and_no_pattern(store: &Store) {
    for key in ["a", "a%", "a_", "a_/x", "a/x", "ab", "A", "ä", "b", "a\u{10FFFF}", "a\u{10FFFF}x"]
    {
        put(store, key, "").await;
    }
    let begins = ["a", "a%", "a/x", "a_", "a_/x", "ab", "a\u{10FFFF}", "a\u{10FFFF}x"];
    assert_eq!(keys_under(store, "a").await, begins);
    assert_eq!(keys_under(store, "a_").await, ["a_", "a_/x"]);
    assert_eq!(keys_under(store, "a%").await, ["a%"]);
    assert_eq!(keys_under(store, "a\u{10FFFF}").await, begins[6..]);
    assert!(keys_under(store, "c").await.is_empty());
}

async fn values_are_any_bytes(store: &Store) {
    let all: Bytes = (0..=u8::MAX).collect();
    let long = Bytes::from(vec![b'x'; 1 << 20]);
    for value in [Bytes::new(), all, long] {
        commit(store, Transaction::new().put("k", value.clone())).await;
        let entry = get(store, "k").await.expect("it was just written");
        assert_eq!(entry.value, value);
    }
}

async fn a_scope_is_a_store_of_its_own_below_a_prefix(store: &Store) {
    let scope = store.scoped("env/a/");
    put(store, "env/b/models/x", "theirs").await;
    let ours = put(&scope, "models/x", "ours").await;
    assert_eq!(ours.key, "models/x");
    assert_eq!(ours.modified, revision(store).await, "revisions are those of the whole");
    assert_eq!(get(&scope, "models/x").await, Some(ours.clone()));
    let whole = get(store, "env/a/models/x").await.expect("it is below the prefix");
    assert_eq!((whole.value, whole.version), (ours.value, 1));
    assert_eq!(keys_under(&scope, "").await, ["models/x"]);

    let deeper = scope.scoped("models/");
    assert_eq!(keys_under(&deeper, "").await, ["x"]);
    delete(&deeper, "x").await;
    assert_eq!(keys_under(store, "").await, ["env/b/models/x"]);
}

async fn everything_survives_a_restart(mut fixture: impl Fixture) {
    let store = fixture.store();
    put(&store, "models/a", "1").await;
    put(&store, "models/a", "2").await;
    let seen = put(&store, "models/b", "3").await.modified;
    let last = delete(&store, "models/b").await;
    let before = store.list().await.expect("the store can be read");
    drop(store);
    if !fixture.restart().await {
        return;
    }
    let store = fixture.store();
    let after = store.list().await.expect("the store can be read");
    assert_eq!(after, before);
    assert_eq!(after.revision, last, "a deletion's revision survives as well");
    let mut watch = super::watch(&store, seen).await;
    let next = put(&store, "models/b", "4").await;
    assert!(next.modified > last, "revisions grow across a restart");
    assert_eq!(super::next(&mut watch).await[0].revision(), last);
    assert_eq!(super::next(&mut watch).await[0].revision(), next.modified);
}
