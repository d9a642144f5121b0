//! Conditions, atomicity, and writers who meet.

use aisix_store::{Expect, StoreError, Transaction};

use super::{Fixture, Store, bytes, commit, delete, get, is_conflict, keys_under, put, revision};

pub(super) async fn run<F: Fixture>(create: &mut impl AsyncFnMut() -> F) {
    an_expectation_decides_whether_a_document_is_written(&create().await.store()).await;
    nothing_to_write_is_no_revision(&create().await.store()).await;
    a_transaction_happens_as_a_whole_or_not_at_all(&create().await.store()).await;
    a_transaction_writes_a_document_once(&create().await.store()).await;
    a_prefix_is_unchanged_until_something_below_it_is_written(&create().await.store()).await;
    a_forgotten_past_counts_as_changed(create().await).await;
    of_two_writers_who_looked_at_once_one_loses(&create().await.store()).await;
    many_writers_lose_nothing(&create().await.store()).await;
    conditions_of_a_scope_are_relative_to_it(&create().await.store()).await;
}

async fn an_expectation_decides_whether_a_document_is_written(store: &Store) {
    put(store, "there", "1").await;
    put(store, "there", "2").await;
    let last = revision(store).await;
    for (key, expect, holds) in [
        ("there", Expect::Any, true),
        ("there", Expect::Absent, false),
        ("there", Expect::Present, true),
        ("there", Expect::Version(2), true),
        ("there", Expect::Version(1), false),
        ("there", Expect::Version(3), false),
        ("there", Expect::Modified(last), true),
        ("there", Expect::Modified(last - 1), false),
        ("there", Expect::Modified(last + 1), false),
        ("gone", Expect::Any, true),
        ("gone", Expect::Absent, true),
        ("gone", Expect::Present, false),
        ("gone", Expect::Version(0), false),
        ("gone", Expect::Version(1), false),
        ("gone", Expect::Modified(0), false),
        ("gone", Expect::Modified(last), false),
    ] {
        let before = revision(store).await;
        let transaction = Transaction::new().expect(key, expect).put("other", bytes("x"));
        let result = store.commit(transaction).await;
        assert_eq!(is_conflict(&result), !holds, "{key} {expect:?}");
        assert_eq!(revision(store).await > before, holds, "{key} {expect:?}");
    }
    let result = store.put("there", bytes("3"), Expect::Version(1)).await;
    assert!(is_conflict(&result));
    let result = store.delete("there", Expect::Version(1)).await;
    assert!(is_conflict(&result));
    store.delete("there", Expect::Version(2)).await.expect("it was written twice");
    assert_eq!(get(store, "there").await, None);
}

async fn nothing_to_write_is_no_revision(store: &Store) {
    let before = put(store, "a", "1").await.modified;
    let written = commit(store, Transaction::new().delete("gone")).await;
    assert_eq!((written.revision, written.deleted), (before, 0));
    let written = commit(store, Transaction::new().expect("a", Expect::Present)).await;
    assert_eq!(written.revision, before);
    assert_eq!(revision(store).await, before);
}

async fn a_transaction_happens_as_a_whole_or_not_at_all(store: &Store) {
    put(store, "old", "1").await;
    let writes = Transaction::new().put("a", bytes("1")).put("b", bytes("2")).delete("old");
    let refused = writes.clone().expect("a", Expect::Absent).expect("b", Expect::Present);
    assert!(is_conflict(&store.commit(refused).await));
    assert_eq!(keys_under(store, "").await, ["old"]);

    let written = commit(store, writes).await;
    assert_eq!(written.deleted, 1);
    let written_keys: Vec<_> = written.entries.iter().map(|entry| &*entry.key).collect();
    assert_eq!(written_keys, ["a", "b"]);
    for entry in &written.entries {
        assert_eq!(entry.modified, written.revision);
        assert_eq!(get(store, &entry.key).await.as_ref(), Some(entry));
    }
    assert_eq!(keys_under(store, "").await, ["a", "b"]);
    assert_eq!(revision(store).await, written.revision);
}

async fn a_transaction_writes_a_document_once(store: &Store) {
    let twice = Transaction::new().put("a", bytes("1")).delete("a");
    let result = store.commit(twice).await;
    assert!(matches!(result, Err(StoreError::Repeated(key)) if key == "a"));
    assert_eq!(get(store, "a").await, None);
}

async fn a_prefix_is_unchanged_until_something_below_it_is_written(store: &Store) {
    put(store, "models/a", "1").await;
    let mut since = revision(store).await;
    let claim = |since| Transaction::new().unchanged("models/", since).put("log", bytes("x"));
    put(store, "modelsx", "elsewhere").await;
    put(store, "api_keys/a", "elsewhere").await;
    commit(store, claim(since)).await;

    for step in ["create", "replace", "delete"] {
        match step {
            "create" => drop(put(store, "models/b", "1").await),
            "replace" => drop(put(store, "models/b", "2").await),
            _ => drop(delete(store, "models/b").await),
        }
        assert!(is_conflict(&store.commit(claim(since)).await), "{step}");
        since = revision(store).await;
        commit(store, claim(since)).await;
    }
}

async fn a_forgotten_past_counts_as_changed(mut fixture: impl Fixture) {
    let store = fixture.store();
    let since = put(&store, "models/a", "1").await.modified;
    put(&store, "elsewhere", "1").await;
    fixture.forget().await;
    let transaction = Transaction::new().unchanged("models/", since).put("b", bytes("1"));
    assert!(is_conflict(&store.commit(transaction).await));
    let now = revision(&store).await;
    commit(&store, Transaction::new().unchanged("models/", now).put("b", bytes("1"))).await;
}

async fn of_two_writers_who_looked_at_once_one_loses(store: &Store) {
    for round in 0..20 {
        let since = revision(store).await;
        let claims = ["a", "b"].map(|who| {
            let (store, key) = (store.clone(), format!("models/{round}-{who}"));
            let claim = Transaction::new().unchanged("models/", since).put(key, bytes("name"));
            tokio::spawn(async move { store.commit(claim).await })
        });
        let mut won = 0;
        for claim in claims {
            let result = claim.await.expect("a writer does not panic");
            assert!(result.is_ok() || is_conflict(&result));
            won += usize::from(result.is_ok());
        }
        assert_eq!(won, 1, "exactly one of two gets the name");
    }
}

async fn many_writers_lose_nothing(store: &Store) {
    const WRITERS: u64 = 8;
    const WRITES: u64 = 20;
    put(store, "counter", "0").await;
    let writers: Vec<_> =
        (0..WRITERS).map(|writer| tokio::spawn(count_up(store.clone(), writer, WRITES))).collect();
    for writer in writers {
        writer.await.expect("a writer does not panic");
    }
    let counter = get(store, "counter").await.expect("it is there");
    assert_eq!(counter.value, (WRITERS * WRITES).to_string());
    assert_eq!(counter.version, 1 + WRITERS * WRITES);
    let own = keys_under(store, "own/").await;
    assert_eq!(own.len() as u64, WRITERS * WRITES);
}

/// Adds one to the counter, and writes a document of its own with it, this many times.
async fn count_up(store: Store, writer: u64, times: u64) {
    let mut done = 0;
    while done < times {
        let counter = get(&store, "counter").await.expect("it is there");
        let count: u64 = String::from_utf8_lossy(&counter.value).parse().expect("a number");
        let next = Transaction::new()
            .expect("counter", Expect::Version(counter.version))
            .put("counter", bytes(&(count + 1).to_string()))
            .put(format!("own/{writer}/{done}"), bytes("x"));
        let result = store.commit(next).await;
        assert!(result.is_ok() || is_conflict(&result));
        done += u64::from(result.is_ok());
    }
}

async fn conditions_of_a_scope_are_relative_to_it(store: &Store) {
    let (a, b) = (store.scoped("a/"), store.scoped("b/"));
    put(&a, "models/x", "1").await;
    let since = revision(&b).await;
    put(&a, "models/y", "1").await;
    let fresh = Transaction::new()
        .expect("models/x", Expect::Absent)
        .unchanged("models/", since)
        .put("models/x", bytes("2"));
    assert!(is_conflict(&a.commit(fresh.clone()).await));
    commit(&b, fresh).await;
    assert_eq!(get(store, "b/models/x").await.expect("it was written").version, 1);
}
