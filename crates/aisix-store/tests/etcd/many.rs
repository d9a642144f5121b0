//! More documents than one message holds, and larger ones.

use aisix_store::{
    ConfigSource as _, ConfigStore as _, EtcdOptions, EtcdStore, Expect, StoreError, Transaction,
};
use aisix_testing::{Etcd, wait};
use bytes::Bytes;

use crate::gateway::{chain, options};

/// As many documents as a listing is to stand.
const MANY: usize = 100_000;

/// How many of them one transaction writes.
const AT_ONCE: usize = 10_000;

#[tokio::test]
async fn a_hundred_thousand_documents_are_listed_at_one_revision_while_somebody_writes() {
    let etcd =
        Etcd::start_with(&["--max-txn-ops", "10000", "--max-request-bytes", "8000000"]).await;
    // A transaction of this size takes as long as the machine is busy.
    let patient = EtcdOptions { request_timeout: wait::DEADLINE, ..options(&etcd) };
    let store = EtcdStore::new(&patient).unwrap();
    for block in 0..MANY / AT_ONCE {
        let keys = (0..AT_ONCE).map(|number| format!("models/{:06}", block * AT_ONCE + number));
        let value = Bytes::from_static(br#"{"display_name": "a"}"#);
        let writes = keys.fold(Transaction::new(), |all, key| all.put(key, value.clone()));
        store.commit(writes).await.unwrap();
    }
    let (first, last) = ("models/000000", format!("models/{:06}", MANY - 1));
    // From now on the first and the last document are always written together.
    let pair = |number: usize| {
        let value = Bytes::from(number.to_string());
        Transaction::new().put(first, value.clone()).put(&last, value)
    };
    store.commit(pair(0)).await.unwrap();
    let (store, pairs) = (&store, (1..).map(pair));
    let writing = async {
        for pair in pairs {
            store.commit(pair).await.unwrap();
        }
    };
    let listing = async {
        for _ in 0..2 {
            let listing = store.list().await.unwrap();
            let entries = &listing.entries;
            assert_eq!(entries.len(), MANY);
            assert!(entries.is_sorted_by(|a, b| a.key < b.key));
            let (one, other) = (&entries[0], &entries[MANY - 1]);
            assert_eq!((&*one.key, &*other.key), (first, &*last));
            assert_eq!((&one.value, one.modified), (&other.value, other.modified));
            assert!(entries.iter().all(|entry| entry.modified <= listing.revision));
        }
    };
    tokio::select! {
        () = writing => unreachable!("there is always another pair"),
        () = listing => {}
    }
}

#[tokio::test]
async fn large_documents_are_listed_a_few_at_a_time_and_too_large_ones_refused() {
    let etcd = Etcd::start_with(&["--max-request-bytes", "6000000"]).await;
    let patient = EtcdOptions { request_timeout: wait::DEADLINE, ..options(&etcd) };
    let store = EtcdStore::new(&patient).unwrap();
    let large = Bytes::from(vec![b'x'; 5 << 20]);
    for number in 0..4 {
        store.put(&format!("models/large-{number}"), large.clone(), Expect::Any).await.unwrap();
    }
    let small = (0..100).map(|number| format!("models/a-{number:03}"));
    let small = small.fold(Transaction::new(), |all, key| all.put(key, Bytes::from_static(b"{}")));
    store.commit(small).await.unwrap();
    let listing = store.list().await.unwrap();
    assert_eq!(listing.entries.len(), 104);
    let whole = listing.entries.iter().filter(|entry| entry.value == large).count();
    assert_eq!(whole, 4);

    let too_large = Bytes::from(vec![b'x'; 7 << 20]);
    let refused = store.put("models/huge", too_large, Expect::Any).await.unwrap_err();
    assert!(matches!(refused, StoreError::TooLarge { .. }), "{}", chain(&refused));
}
