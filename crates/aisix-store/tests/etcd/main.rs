//! What becomes of a gateway's configuration when etcd, the network or another program misbehaves.
#![expect(clippy::unwrap_used, reason = "a test may say: this must hold")]

mod gateway;
mod many;
mod slow;

use aisix_core::Secret;
use aisix_store::{
    ConfigSource as _, ConfigStore as _, EtcdLogin, EtcdOptions, EtcdStore, EtcdTls, Expect,
    StoreError, Transaction,
};
use aisix_testing::{Etcd, free_port, wait};
use bytes::Bytes;

use gateway::{Gateway, chain, model, options, put_model, store};

#[tokio::test]
async fn what_was_loaded_serves_on_while_etcd_is_killed_and_started_again() {
    let mut etcd = Etcd::start().await;
    let store = store(&etcd);
    put_model(&store, "before").await;
    let gateway = Gateway::start(store.clone());
    gateway.comes_to_serve("before").await;
    gateway.is_connected(true).await;

    etcd.kill().await;
    gateway.is_connected(false).await;
    assert!(gateway.serves("before"));
    let refused = store.list().await.unwrap_err();
    assert!(chain(&refused).contains(&etcd.url()), "{}", chain(&refused));
    assert!(chain(&refused).contains("Connection refused"), "{}", chain(&refused));

    etcd.start_again().await;
    put_model(&store, "after").await;
    gateway.comes_to_serve("after").await;
    assert!(gateway.serves("before"));
    gateway.is_connected(true).await;
}

#[tokio::test]
async fn an_etcd_that_hangs_counts_as_lost_until_it_goes_on() {
    let etcd = Etcd::start().await;
    let store = store(&etcd);
    put_model(&store, "before").await;
    let gateway = Gateway::start(store.clone());
    gateway.is_connected(true).await;

    etcd.pause();
    gateway.is_connected(false).await;
    assert!(gateway.serves("before"));
    assert!(store.list().await.is_err());

    etcd.resume();
    put_model(&store, "after").await;
    gateway.comes_to_serve("after").await;
    assert!(gateway.serves("before"));
}

#[tokio::test]
async fn an_etcd_that_is_wiped_is_served_as_it_is_then() {
    let mut etcd = Etcd::start().await;
    let store = store(&etcd);
    for name in ["one", "two", "three"] {
        put_model(&store, name).await;
    }
    let gateway = Gateway::start(store.clone());
    gateway.comes_to_serve("three").await;
    etcd.kill().await;
    gateway.is_connected(false).await;
    etcd.wipe();
    etcd.start_again().await;
    put_model(&store, "new").await;
    gateway.comes_to_serve("new").await;
    assert!(!gateway.serves("one"));
}

#[tokio::test]
async fn what_was_compacted_while_nobody_watched_is_listed_anew() {
    let mut etcd = Etcd::start().await;
    let store = store(&etcd);
    put_model(&store, "gone").await;
    let gateway = Gateway::start(store.clone());
    gateway.comes_to_serve("gone").await;
    etcd.kill().await;
    gateway.is_connected(false).await;
    etcd.start_again().await;
    store.delete("models/gone", Expect::Any).await.unwrap();
    put_model(&store, "new").await;
    etcd.compact().await;
    gateway.comes_to_serve("new").await;
    wait::until("the deletion", || !gateway.serves("gone")).await;
}

#[tokio::test]
async fn a_gateway_that_starts_before_etcd_does_heals() {
    let mut etcd = Etcd::start().await;
    let store = store(&etcd);
    put_model(&store, "first").await;
    etcd.kill().await;
    let gateway = Gateway::start(store);
    assert!(!gateway.applied.begun(wait::DEADLINE).await, "nothing was ever loaded");
    assert!(!gateway.applied.ever() && !gateway.applied.connected());
    etcd.start_again().await;
    gateway.comes_to_serve("first").await;
}

#[tokio::test]
async fn bad_documents_are_reported_and_the_others_served() {
    let etcd = Etcd::start_with(&["--max-request-bytes", "20000000"]).await;
    let store = store(&etcd);
    let gateway = Gateway::start(store.clone());
    gateway.is_connected(true).await;
    etcd.put("/aisix/models/malformed", "{").await;
    etcd.put("/aisix/models/bytes", [0xff, 0xfe]).await;
    etcd.put("/aisix/gizmos/x", "{}").await;
    etcd.put("/aisix/nothing", "{}").await;
    etcd.put(b"/aisix/models/\xff", model("unnamed")).await;
    let large = format!(r#"{{"display_name": "{}"}}"#, "x".repeat(5 << 20));
    store.put("models/large", large.into(), Expect::Any).await.unwrap();
    put_model(&store, "good").await;
    gateway.comes_to_serve("good").await;
    let reported = gateway.applied.diagnostics();
    let reported: Vec<_> = reported.iter().map(|found| &*found.key).collect();
    for key in ["models/malformed", "models/bytes", "gizmos/x", "nothing", "models/large"] {
        assert!(reported.contains(&key), "{key} in {reported:?}");
    }
    // Whoever starts now sees the same.
    let late = Gateway::start(store);
    late.comes_to_serve("good").await;
}

#[tokio::test]
async fn keys_beside_the_prefix_are_not_below_it() {
    let etcd = Etcd::start().await;
    etcd.put("/aisixmodels/x", model("x")).await;
    etcd.put("/aisix/models/a", model("a")).await;
    etcd.put("/aisix/env/models/b", model("b")).await;
    let slash = EtcdOptions { prefix: "/aisix/".to_owned(), ..options(&etcd) };
    for store in [store(&etcd), EtcdStore::new(&slash).unwrap()] {
        let keys = |listing: aisix_store::Listing| {
            listing.entries.into_iter().map(|entry| entry.key).collect::<Vec<_>>()
        };
        assert_eq!(keys(store.list().await.unwrap()), ["env/models/b", "models/a"]);
        assert_eq!(keys(store.scoped("env/").list().await.unwrap()), ["models/b"]);
    }
}

#[tokio::test]
async fn a_listing_of_many_pages_is_of_one_revision() {
    let etcd = Etcd::start().await;
    let store = store(&etcd);
    let mut last = 0;
    for block in 0..25 {
        let keys = (0..100).map(|number| format!("models/{:04}", block * 100 + number));
        let writes = keys.fold(Transaction::new(), |writes, key| writes.put(key, Bytes::new()));
        last = store.commit(writes).await.unwrap().revision;
    }
    let listing = store.list().await.unwrap();
    assert_eq!((listing.entries.len(), listing.revision), (2500, last));
    assert!(listing.entries.is_sorted_by(|a, b| a.key < b.key));
}

#[tokio::test]
async fn a_password_is_needed_where_etcd_asks_for_it_and_never_shown() {
    let mut etcd = Etcd::start().await;
    put_model(&store(&etcd), "guarded").await;
    etcd.require_password("correct-horse").await;
    let with = |password: &str| {
        let login = EtcdLogin { user: "root".to_owned(), password: Secret::new(password) };
        EtcdStore::new(&EtcdOptions { login: Some(login), ..options(&etcd) }).unwrap()
    };
    let nobody = store(&etcd).list().await.unwrap_err();
    assert!(chain(&nobody).contains("user name is empty"), "{}", chain(&nobody));

    let wrong = with("battery-staple");
    let refused = wrong.list().await.unwrap_err();
    let shown = format!("{} {refused:?} {wrong:?}", chain(&refused));
    assert!(chain(&refused).starts_with(&format!("cannot log in to etcd at {}", etcd.url())));
    assert!(shown.contains("invalid user ID or password"), "{shown}");
    assert!(!shown.contains("battery-staple"), "{shown}");

    let right = with("correct-horse");
    assert_eq!(right.list().await.unwrap().entries.len(), 1);
    let gateway = Gateway::start(right.clone());
    gateway.comes_to_serve("guarded").await;
    // An etcd that starts again has forgotten who had shown the password.
    etcd.kill().await;
    etcd.start_again().await;
    put_model(&right, "later").await;
    gateway.comes_to_serve("later").await;
}

#[tokio::test]
async fn a_member_that_is_down_is_left_for_the_next_one() {
    let etcd = Etcd::start().await;
    let dead = format!("http://127.0.0.1:{}", free_port());
    let both = EtcdOptions { endpoints: vec![dead, etcd.url()], ..options(&etcd) };
    for read_first in [true, false] {
        let store = EtcdStore::new(&both).unwrap();
        if read_first {
            store.list().await.unwrap();
        }
        put_model(&store, "a").await;
        store.watch(store.list().await.unwrap().revision).await.unwrap();
    }
}

#[tokio::test]
async fn a_deletion_by_another_program_is_a_change() {
    let etcd = Etcd::start().await;
    let store = store(&etcd);
    put_model(&store, "a").await;
    let since = store.list().await.unwrap().revision;
    etcd.delete("/aisix/models/a").await;
    let claim = Transaction::new().unchanged("models/", since).put("models/b", model("b"));
    let result = store.commit(claim).await;
    assert!(matches!(result, Err(StoreError::Conflict)), "{result:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_claim_and_a_deletion_that_meet_the_claim_comes_first_or_fails() {
    let etcd = Etcd::start().await;
    let (one, other) = (store(&etcd), store(&etcd));
    for _ in 0..50 {
        put_model(&one, "a").await;
        let since = one.list().await.unwrap().revision;
        let claim = Transaction::new().unchanged("models/", since).put("log", Bytes::new());
        let claiming = tokio::spawn({
            let one = one.clone();
            async move { one.commit(claim).await }
        });
        let deleted = other.delete("models/a", Expect::Present).await.unwrap();
        match claiming.await.unwrap() {
            Ok(claimed) => assert!(claimed.revision < deleted.revision),
            Err(error) => assert!(matches!(error, StoreError::Conflict), "{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_writers_lose_nothing_and_no_name_is_given_twice() {
    let etcd = Etcd::start().await;
    let write = async |store: EtcdStore, who: &'static str| {
        let mut won = 0;
        for name in 0..30 {
            loop {
                let listing = store.list().await.unwrap();
                let taken = format!("models/{name}-");
                if listing.entries.iter().any(|entry| entry.key.starts_with(&taken)) {
                    break;
                }
                let key = format!("{taken}{who}");
                let claim = Transaction::new().unchanged("models/", listing.revision);
                match store.commit(claim.put(key, Bytes::new())).await {
                    Ok(_) => won += 1,
                    Err(StoreError::Conflict) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        }
        won
    };
    let (a, b) = tokio::join!(write(store(&etcd), "a"), write(store(&etcd), "b"));
    assert_eq!(a + b, 30);
    assert_eq!(store(&etcd).list().await.unwrap().entries.len(), 30);
}

/// The keys in `tests/tls` were made for this test and are trusted nowhere else. The certificates are
/// good for a hundred years, for the name `etcd.test`.
#[tokio::test]
async fn members_and_gateways_prove_who_they_are_over_tls() {
    let file = |name: &str| format!("{}/tests/tls/{name}", env!("CARGO_MANIFEST_DIR"));
    let (ca, certificate, key) = (file("ca.pem"), file("server.pem"), file("server-key.pem"));
    let trust = ["--trusted-ca-file", &ca, "--client-cert-auth"];
    let own = ["--cert-file", &*certificate, "--key-file", &*key];
    let etcd = Etcd::start_with_tls(&[&trust[..], &own[..]].concat()).await;
    let tls = EtcdTls {
        ca: file("ca.pem").into(),
        certificate: file("client.pem").into(),
        key: file("client-key.pem").into(),
        domain_name: Some("etcd.test".to_owned()),
    };
    let with = |tls| EtcdStore::new(&EtcdOptions { tls, ..options(&etcd) });
    let store = with(Some(tls.clone())).unwrap();
    put_model(&store, "a").await;
    assert_eq!(store.list().await.unwrap().entries.len(), 1);

    let another = EtcdTls { domain_name: Some("another.test".to_owned()), ..tls.clone() };
    let refused = with(Some(another)).unwrap().list().await.unwrap_err();
    assert!(chain(&refused).contains("certificate"), "{}", chain(&refused));
    let garbage = EtcdTls { key: file("ca.pem").into(), ..tls.clone() };
    assert!(with(Some(garbage)).is_err());
    let missing = EtcdTls { key: file("missing.pem").into(), ..tls };
    let refused = with(Some(missing)).unwrap_err();
    assert!(chain(&refused).contains("missing.pem"), "{}", chain(&refused));
}

#[tokio::test]
async fn what_is_no_endpoint_is_refused_before_it_is_asked() {
    for endpoints in [vec![], vec!["http://a b:1".to_owned()]] {
        let store = EtcdStore::new(&EtcdOptions::new(endpoints, "/aisix"));
        assert!(matches!(store, Err(StoreError::Unavailable { .. })), "{store:?}");
    }
}
