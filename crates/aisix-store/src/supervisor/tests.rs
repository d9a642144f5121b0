use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

use aisix_core::resource::PlainSecrets;
use aisix_core::snapshot::{Finding, Revision};
use aisix_core::{Change, Entry, Kind, Snapshot};
use aisix_testing::wait;
use async_trait::async_trait;
use bytes::Bytes;
use proptest::prelude::*;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::{Applied, ReloadCounts, Supervisor};
use crate::{
    ConfigSource, ConfigStore, Expect, Listing, MemoryStore, SnapshotCache, StoreError, Watch,
};

/// A supervisor that runs, and what it published.
pub(super) struct Running {
    pub(super) applied: Applied,
    pub(super) published: Arc<Mutex<Vec<Arc<Snapshot>>>>,
    pub(super) stop: oneshot::Sender<()>,
    pub(super) task: JoinHandle<()>,
}

fn start(source: Arc<dyn ConfigSource>) -> Running {
    start_with(source, None)
}

pub(super) fn start_with(source: Arc<dyn ConfigSource>, cache: Option<SnapshotCache>) -> Running {
    let published = Arc::new(Mutex::new(Vec::new()));
    let seen = published.clone();
    let publish = move |snapshot| seen.lock().unwrap().push(snapshot);
    let (supervisor, applied) = Supervisor::new(source, Arc::new(PlainSecrets), publish);
    let supervisor = match cache {
        Some(cache) => supervisor.with_cache(cache),
        None => supervisor,
    };
    let (stop, stopped) = oneshot::channel::<()>();
    let shutdown = async move {
        let _ = stopped.await;
    };
    let task = tokio::spawn(supervisor.run(shutdown));
    Running { applied, published, stop, task }
}

impl Running {
    pub(super) fn last(&self) -> Arc<Snapshot> {
        self.published.lock().unwrap().last().unwrap().clone()
    }

    pub(super) async fn reaches(&self, revision: Revision) {
        assert!(self.applied.reached(revision, wait::DEADLINE).await, "revision {revision}");
    }
}

pub(super) fn model(name: &str) -> Bytes {
    let model = r#"{"display_name":"NAME","provider":"p","model_name":"m","provider_key_id":"k"}"#;
    Bytes::from(model.replace("NAME", name))
}

pub(super) fn entry(key: &str, value: Bytes, created: Revision, modified: Revision) -> Entry {
    Entry { key: key.to_owned(), value, version: 1, created, modified }
}

#[tokio::test]
async fn a_store_is_published_and_followed() {
    let store = MemoryStore::new();
    store.put("models/a", model("a"), Expect::Any).await.unwrap();
    let running = start(Arc::new(store.clone()));
    running.reaches(1).await;
    assert!(running.last().model_named("a").is_some());

    let written = store.put("models/b", model("b"), Expect::Any).await.unwrap();
    running.reaches(written.revision).await;
    assert!(running.last().model_named("b").is_some());

    let deleted = store.delete("models/a", Expect::Any).await.unwrap();
    running.reaches(deleted.revision).await;
    assert!(running.last().model_named("a").is_none());
    let order: Vec<_> = running.published.lock().unwrap().iter().map(|s| s.revision()).collect();
    assert!(order.is_sorted(), "{order:?}");
}

#[tokio::test]
async fn an_empty_store_counts_as_applied() {
    let running = start(Arc::new(MemoryStore::new()));
    running.reaches(0).await;
    assert!(running.applied.ever());
    assert!(running.applied.applied_at().is_some());
    wait::until("the watch", || running.applied.connected()).await;
}

#[tokio::test]
async fn nothing_is_announced_before_it_is_published() {
    let store = MemoryStore::new();
    let (told, mut telling) = mpsc::unbounded_channel();
    let late = Arc::new(Mutex::new(None::<Applied>));
    let applied_in_publish = late.clone();
    let publish = move |snapshot: Arc<Snapshot>| {
        let applied = applied_in_publish.lock().unwrap();
        let announced = applied.as_ref().unwrap().clone();
        told.send((snapshot.revision(), announced.ever(), announced.revision())).unwrap();
    };
    let source = Arc::new(store.clone());
    let (supervisor, applied) = Supervisor::new(source, Arc::new(PlainSecrets), publish);
    *late.lock().unwrap() = Some(applied.clone());
    assert!(!applied.ever() && !applied.reached(0, Duration::ZERO).await);
    let running = tokio::spawn(supervisor.run(std::future::pending()));
    assert_eq!(telling.recv().await.unwrap(), (0, false, 0));
    assert!(applied.reached(0, wait::DEADLINE).await);
    store.put("models/a", model("a"), Expect::Any).await.unwrap();
    assert_eq!(telling.recv().await.unwrap(), (1, true, 0));
    assert!(applied.reached(1, wait::DEADLINE).await);
    running.abort();
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_revision_ends_with_patience() {
    let running = start(Arc::new(MemoryStore::new()));
    running.reaches(0).await;
    assert!(!running.applied.reached(1, Duration::from_secs(5)).await);
}

#[tokio::test]
async fn diagnostics_are_those_of_now() {
    let store = MemoryStore::new();
    store.put("models/a", model("a"), Expect::Any).await.unwrap();
    let running = start(Arc::new(store.clone()));
    let keys = |running: &Running| -> Vec<_> {
        running.applied.diagnostics().into_iter().map(|found| found.key).collect()
    };

    running.reaches(1).await;
    let bad = store.put("models/a", Bytes::from_static(b"{"), Expect::Any).await.unwrap();
    running.reaches(bad.revision).await;
    assert_eq!(keys(&running), ["models/a"]);
    assert!(running.last().model_named("a").is_some(), "the last good value serves on");

    let good = store.put("models/a", model("a"), Expect::Any).await.unwrap();
    running.reaches(good.revision).await;
    assert!(keys(&running).is_empty());

    store.put("models/b", model("a"), Expect::Any).await.unwrap();
    let bad = store.put("cats/tom", model("tom"), Expect::Any).await.unwrap();
    running.reaches(bad.revision).await;
    assert_eq!(keys(&running), ["cats/tom", "models/b"]);

    store.delete("cats/tom", Expect::Any).await.unwrap();
    let freed = store.delete("models/a", Expect::Any).await.unwrap();
    running.reaches(freed.revision).await;
    assert!(keys(&running).is_empty(), "a deletion clears also who waited for the name");
}

#[tokio::test]
async fn stops_when_it_is_told_to() {
    let running = start(Arc::new(MemoryStore::new()));
    running.reaches(0).await;
    running.stop.send(()).unwrap();
    wait::within("the supervisor's end", running.task).await.unwrap();
    assert!(running.applied.ever(), "what was known stays known");
    assert!(!running.applied.reached(1, wait::DEADLINE).await, "and nothing more will come");
}

/// A source that does as it is told.
#[derive(Default)]
pub(super) struct Scripted {
    listings: Mutex<VecDeque<Result<Listing, StoreError>>>,
    watches: Mutex<VecDeque<Result<Watch, StoreError>>>,
    /// When it was asked to list, after it was made.
    listed: Mutex<Vec<Duration>>,
    made: Option<Instant>,
}

fn down<T>() -> Result<T, StoreError> {
    Err(StoreError::unavailable("cannot reach the source", std::io::Error::other("down")))
}

pub(super) fn listing(revision: Revision, entries: impl IntoIterator<Item = Entry>) -> Listing {
    Listing { entries: entries.into_iter().collect(), revision }
}

impl Scripted {
    pub(super) fn new(
        listings: impl IntoIterator<Item = Result<Listing, StoreError>>,
        watches: impl IntoIterator<Item = Result<Watch, StoreError>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            listings: Mutex::new(listings.into_iter().collect()),
            watches: Mutex::new(watches.into_iter().collect()),
            listed: Mutex::default(),
            made: Some(Instant::now()),
        })
    }

    fn seconds(&self) -> Vec<u64> {
        self.listed.lock().unwrap().iter().map(Duration::as_secs).collect()
    }
}

#[async_trait]
impl ConfigSource for Scripted {
    async fn list(&self) -> Result<Listing, StoreError> {
        self.listed.lock().unwrap().push(self.made.unwrap().elapsed());
        let next = self.listings.lock().unwrap().pop_front();
        next.unwrap_or_else(down)
    }

    async fn watch(&self, _: Revision) -> Result<Watch, StoreError> {
        let next = self.watches.lock().unwrap().pop_front();
        next.unwrap_or_else(down)
    }
}

#[tokio::test(start_paused = true)]
async fn a_lost_source_is_listed_again_after_waits_that_double() {
    let source = Scripted::new([], []);
    let running = start(source.clone());
    tokio::time::sleep(Duration::from_secs(250)).await;
    assert_eq!(source.seconds(), [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
    assert!(!running.applied.ever() && !running.applied.connected());
}

#[tokio::test(start_paused = true)]
async fn the_last_configuration_serves_while_the_source_is_away_and_waits_begin_anew() {
    let (first, watch) = mpsc::channel(1);
    let (_second, again) = mpsc::channel(1);
    let (a, b) = (entry("models/a", model("a"), 1, 1), entry("models/b", model("b"), 2, 2));
    let source = Scripted::new(
        [
            down(),
            down(),
            Ok(listing(1, [a.clone()])),
            down(),
            down(),
            Ok(listing(2, [a, b.clone()])),
        ],
        [Ok(watch), Ok(again)],
    );
    let running = start(source.clone());
    running.reaches(1).await;
    wait::until("the watch", || running.applied.connected()).await;
    assert_eq!(source.seconds(), [0, 1, 3]);

    drop(first);
    wait::until("the loss is noticed", || !running.applied.connected()).await;
    assert!(running.last().model_named("a").is_some());
    assert_eq!(running.applied.revision(), 1);
    running.reaches(2).await;
    wait::until("the watch", || running.applied.connected()).await;
    assert_eq!(source.seconds()[3..].iter().map(|at| at - 3).collect::<Vec<_>>(), [1, 3, 7]);
    assert!(running.last().model_named("b").is_some());
}

#[tokio::test(start_paused = true)]
async fn a_compacted_source_is_listed_again_at_once() {
    let (_sender, watch) = mpsc::channel(1);
    let (a, b) = (entry("models/a", model("a"), 1, 1), entry("models/b", model("b"), 2, 2));
    let source = Scripted::new(
        [Ok(listing(1, [a])), Ok(listing(2, [b]))],
        [Err(StoreError::Compacted(1)), Ok(watch)],
    );
    let running = start(source.clone());
    running.reaches(2).await;
    assert_eq!(source.seconds(), [0, 0]);
    assert!(running.last().model_named("a").is_none());
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_compacted_again_and_again_is_not_hammered() {
    let listings = (0..4).map(|_| Ok(listing(1, [])));
    let watches = (0..4).map(|_| Err(StoreError::Compacted(1)));
    let source = Scripted::new(listings, watches);
    let _running = start(source.clone());
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(source.seconds(), [0, 0, 1, 3]);
}

#[tokio::test(start_paused = true)]
async fn last_good_values_survive_the_loss_of_the_source() {
    let (first, watch) = mpsc::channel(1);
    let (_second, again) = mpsc::channel(1);
    let bad = || Bytes::from_static(b"{}");
    let before = ["a", "b", "c", "d"].map(|id| entry(&format!("models/{id}"), model(id), 1, 1));
    let after = [
        entry("models/a", bad(), 1, 7),
        // Deleted and created again while nobody looked.
        entry("models/b", bad(), 8, 8),
        entry("models/c", model("c2"), 1, 6),
    ];
    let source =
        Scripted::new([Ok(listing(1, before)), Ok(listing(8, after))], [Ok(watch), Ok(again)]);
    let running = start(source);
    running.reaches(1).await;
    drop(first);
    running.reaches(8).await;
    let snapshot = running.last();
    let serves = |name| snapshot.model_named(name).is_some();
    assert!(serves("a"), "what was rejected meanwhile serves as it did");
    assert!(!serves("b") && !serves("c") && serves("c2") && !serves("d"));
    let diagnostics = running.applied.diagnostics();
    let rejected: Vec<_> = diagnostics.iter().map(|found| &*found.key).collect();
    assert_eq!(rejected, ["models/a", "models/b"]);
    assert!(matches!(diagnostics[0].finding, Finding::Rejected { .. }));
}

#[tokio::test]
async fn a_burst_is_published_in_order_and_as_a_whole() {
    let (sender, watch) = mpsc::channel(600);
    for revision in 1..=600 {
        let change = Change::Put(entry("models/a", model(&format!("a{revision}")), 1, revision));
        sender.try_send(vec![change]).unwrap();
    }
    let source = Scripted::new([Ok(listing(0, []))], [Ok(watch)]);
    let running = start(source);
    running.reaches(600).await;
    assert!(running.last().model_named("a600").is_some());
    let published = running.published.lock().unwrap().len();
    assert!(published <= 4, "{published} snapshots for 600 revisions that were waiting");
}

/// What this thread logs.
/// What administrators do, one after the other: write a model, or delete it.
fn writes() -> impl Strategy<Value = Vec<(u8, bool)>> {
    proptest::collection::vec((0..4_u8, proptest::bool::ANY), 1..60)
}

fn served(snapshot: &Snapshot) -> Vec<u8> {
    (0..4).filter(|name| snapshot.model_named(&format!("m{name}")).is_some()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// So that no deletion overtakes a write that was before it, nor the other way round.
    #[test]
    fn whatever_is_published_is_what_the_store_held_at_one_revision(writes in writes()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let store = MemoryStore::new();
            let running = start(Arc::new(store.clone()));
            let mut held = vec![Vec::new()];
            for (number, (name, is_there)) in writes.iter().enumerate() {
                let key = format!("models/{name}");
                let written = if *is_there {
                    store.put(&key, model(&format!("m{name}")), Expect::Any).await
                } else {
                    store.delete(&key, Expect::Any).await
                };
                let mut now: Vec<_> = held[held.len() - 1].clone();
                now.retain(|there| there != name);
                if *is_there {
                    now.push(*name);
                    now.sort_unstable();
                }
                // What is not there is not deleted, so that there is no revision of it.
                if written.unwrap().revision == held.len() as u64 {
                    held.push(now);
                }
                if number % 7 == 0 {
                    tokio::task::yield_now().await;
                }
            }
            running.reaches(held.len() as u64 - 1).await;
            for snapshot in &*running.published.lock().unwrap() {
                let revision = usize::try_from(snapshot.revision()).unwrap();
                assert_eq!(served(snapshot), held[revision], "at {revision}");
            }
        });
    }
}

thread_local! {
    /// Where the log of this thread, and so of its test, goes.
    static LISTENING: RefCell<Option<Arc<Mutex<Vec<u8>>>>> = const { RefCell::new(None) };
}

/// Collects what this thread logs, until the guard is dropped.
///
/// The subscriber is one for all tests: whether a line is of interest is remembered for the whole
/// process, and a test without a subscriber would settle it for the others.
pub(super) fn listen() -> (Arc<Mutex<Vec<u8>>>, Listening) {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(|| Log).finish();
        tracing::subscriber::set_global_default(subscriber).unwrap();
        tracing::callsite::rebuild_interest_cache();
    });
    let log = Arc::new(Mutex::new(Vec::new()));
    LISTENING.set(Some(log.clone()));
    (log, Listening)
}

pub(super) struct Listening;

impl Drop for Listening {
    fn drop(&mut self) {
        LISTENING.set(None);
    }
}

struct Log;

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let write = |log: &Arc<Mutex<Vec<u8>>>| log.lock().unwrap().extend_from_slice(bytes);
        LISTENING.with_borrow(|log| log.iter().for_each(write));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// How many lines of the log hold a text.
pub(super) fn lines(log: &Mutex<Vec<u8>>, text: &str) -> usize {
    let log = log.lock().unwrap();
    String::from_utf8_lossy(&log).lines().filter(|line| line.contains(text)).count()
}

#[tokio::test(start_paused = true)]
async fn a_loss_is_logged_once_with_its_cause() {
    let (log, _guard) = listen();
    let running = start(Scripted::new([], []));
    tokio::time::sleep(Duration::from_secs(100)).await;
    assert!(!running.applied.ever());
    assert_eq!(lines(&log, "lost the configuration source"), 1);
    assert_eq!(lines(&log, "cannot reach the source: down"), 1);
    assert_eq!(lines(&log, ""), 1);
}

#[tokio::test]
async fn a_document_is_logged_when_it_goes_bad_and_when_it_is_good_again_and_never_quoted() {
    let (log, _guard) = listen();
    let mut canaries = aisix_testing::Canaries::new();
    let secret = canaries.plant("provider key");
    let store = MemoryStore::new();
    let running = start(Arc::new(store.clone()));
    wait::until("the watch", || running.applied.connected()).await;
    let good = format!(r#"{{"display_name": "k", "provider": "p", "secret": "{secret}"}}"#);
    let bad = format!(r#"{{"display_name": "k", "provider": ["{secret}"], "secret": "{secret}"}}"#);
    for value in [&good, &bad, &bad, &good] {
        let value = Bytes::copy_from_slice(value.as_bytes());
        let written = store.put("provider_keys/a", value, Expect::Any).await.unwrap();
        running.reaches(written.revision).await;
    }
    assert_eq!(lines(&log, "watching the configuration source"), 1);
    let rejected = "rejected a document document=\"provider_keys/a\"";
    assert_eq!(lines(&log, rejected), 1);
    assert_eq!(lines(&log, "provider: must be a string"), 1);
    assert_eq!(lines(&log, "nothing is wrong with a document any more"), 1);
    assert_eq!(lines(&log, ""), 3);
    canaries.assert_absent("the log", &log.lock().unwrap());
}

/// A document that is no model.
pub(super) const BROKEN: &str = r#"{"display_name": "a"}"#;

#[tokio::test]
async fn the_status_of_an_empty_store_says_so() {
    let running = start(Arc::new(MemoryStore::new()));
    running.reaches(0).await;
    let status = running.applied.status();
    let applied = status.applied.unwrap();
    assert_eq!((applied.seq, applied.counts, applied.revision), (1, Vec::new(), 0));
    let of_nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!((&*applied.hash, &*status.source.unwrap().hash), (of_nothing, of_nothing));
    assert_eq!((status.last_failure, status.rejected), (None, Vec::new()));
    assert!(status.last_reload.unwrap().successful);
}

#[tokio::test]
async fn hashes_are_of_canonical_documents_and_only_differences_are_counted() {
    let store = MemoryStore::new();
    let running = start(Arc::new(store.clone()));
    running.reaches(0).await;
    let put = async |text: &str| {
        let bytes = Bytes::copy_from_slice(text.as_bytes());
        let written = store.put("models/a", bytes, Expect::Any).await.unwrap();
        running.reaches(written.revision).await;
        running.applied.status().applied.unwrap()
    };
    let one = r#"{"display_name":"a","provider":"p","model_name":"m","provider_key_id":"k"}"#;
    let first = put(one).await;
    // printf 'models/a\0{"display_name":…,"provider_key_id":"k"}\n' | sha256sum, keys sorted.
    let expected = "61a230ab0cebd7ceedf5d976060252ba60de7ad37b3f58d1f1742aad4d619b3b";
    assert_eq!((&*first.hash, first.seq), (expected, 2));
    let same =
        put(r#"{"provider_key_id": "k", "display_name": "a", "model_name": "m", "provider": "p"}"#);
    let same = same.await;
    assert_eq!((&same.hash, same.seq, same.at), (&first.hash, 2, first.at));
    let other = put(&one.replace("\"m\"", "\"n\"")).await;
    assert!(other.hash != first.hash);
    assert_eq!(other.seq, 3);
}

#[tokio::test]
async fn a_rejected_document_serves_its_last_good_bytes_and_is_reported_until_it_is_good() {
    let store = MemoryStore::new();
    store.put("models/a", model("a"), Expect::Any).await.unwrap();
    let running = start(Arc::new(store.clone()));
    running.reaches(1).await;
    let good = running.applied.status();

    for revision in 2..4 {
        store.put("models/a", Bytes::from_static(BROKEN.as_bytes()), Expect::Any).await.unwrap();
        running.reaches(revision).await;
        let status = running.applied.status();
        let (applied, was) = (status.applied.unwrap(), good.applied.clone().unwrap());
        assert_eq!((&applied.hash, applied.seq), (&was.hash, was.seq), "the last good one serves");
        assert_ne!(status.source.unwrap().hash, good.source.clone().unwrap().hash);
        let [rejected] = &status.rejected[..] else { panic!("{:?}", status.rejected) };
        assert_eq!((&*rejected.key, rejected.kind.as_str()), ("models/a", "schema_failed"));
        assert_eq!(rejected.stale_since, Some(rejected.first_seen));
        assert!(rejected.first_seen <= rejected.last_seen);
        assert!(!status.last_reload.unwrap().successful);
        assert_eq!(status.last_failure.unwrap().kind, "schema_failed");
    }

    store.put("models/a", model("a"), Expect::Any).await.unwrap();
    running.reaches(4).await;
    let status = running.applied.status();
    assert_eq!(status.rejected, Vec::new());
    assert!(status.last_reload.unwrap().successful);
    assert!(status.last_failure.is_some(), "what went wrong last is remembered");
    assert_eq!(status.applied.unwrap().hash, status.source.unwrap().hash);
}

#[tokio::test]
async fn a_document_that_never_was_good_is_not_stale() {
    let store = MemoryStore::new();
    store.put("models/a", Bytes::from_static(BROKEN.as_bytes()), Expect::Any).await.unwrap();
    store.put("models/b", Bytes::from_static(b"[]"), Expect::Any).await.unwrap();
    let running = start(Arc::new(store));
    running.reaches(2).await;
    let status = running.applied.status();
    assert!(status.rejected.iter().all(|rejected| rejected.stale_since.is_none()));
    assert_eq!(status.rejected.len(), 2);
    let ReloadCounts { all, failed_parse, failed_validate, failed_fetch } = status.reloads;
    assert_eq!((all, failed_parse, failed_validate, failed_fetch), (1, 1, 0, 0));
}

#[tokio::test]
async fn unknown_fields_are_counted_by_kind_and_path() {
    let store = MemoryStore::new();
    for name in ["a", "b"] {
        let group = r#"{"display_name": "NAME", "colour": 1, "routing": {"targets":
            [{"model": "x", "size": 1}, {"model": "y", "size": 2}]}}"#;
        let group = Bytes::from(group.replace("NAME", name));
        store.put(&format!("models/{name}"), group, Expect::Any).await.unwrap();
    }
    let running = start(Arc::new(store));
    running.reaches(2).await;
    let status = running.applied.status();
    assert_eq!(status.partial, [(Kind::Models, 2)]);
    let ignored = status.ignored;
    let ignored: Vec<_> = ignored.iter().map(|f| (f.kind, &*f.field, f.count)).collect();
    assert_eq!(ignored, [("models", "colour", 2), ("models", "routing.targets.[].size", 2)]);
}

#[tokio::test]
async fn what_is_said_of_documents_that_wait_follows_the_one_that_they_wait_for() {
    let store = MemoryStore::new();
    for key in ["models/a", "models/b", "models/c"] {
        store.put(key, model("twice"), Expect::Any).await.unwrap();
    }
    let (log, _guard) = listen();
    let running = start(Arc::new(store.clone()));
    running.reaches(3).await;
    let messages = |running: &Running| -> Vec<_> {
        let rejected = running.applied.status().rejected;
        rejected
            .into_iter()
            .map(|rejected| format!("{}: {}", rejected.key, rejected.message))
            .collect()
    };
    let of = |key: &str, owner: &str| format!("{key}: display_name: is already used by {owner}");
    let two = [of("models/b", "models/a"), of("models/c", "models/a")];
    assert_eq!(messages(&running), two);

    let renamed = store.put("models/a", model("once"), Expect::Any).await.unwrap();
    running.reaches(renamed.revision).await;
    assert_eq!(messages(&running), [of("models/c", "models/b")]);
    let good = "nothing is wrong with a document any more document=\"models/b\"";
    assert_eq!(lines(&log, good), 1);

    let back = store.put("models/a", model("twice"), Expect::Any).await.unwrap();
    running.reaches(back.revision).await;
    assert_eq!(messages(&running), two);
}

#[tokio::test]
async fn changes_of_one_document_leave_what_is_said_of_others() {
    let store = MemoryStore::new();
    let broken = || Bytes::from_static(BROKEN.as_bytes());
    store.put("models/a", broken(), Expect::Any).await.unwrap();
    store.put("models/b", broken(), Expect::Any).await.unwrap();
    let running = start(Arc::new(store.clone()));
    running.reaches(2).await;
    wait::until("the watch", || running.applied.connected()).await;
    let before = running.applied.status();
    assert_eq!(before.rejected.len(), 2);

    let good = store.put("models/a", model("a"), Expect::Any).await.unwrap();
    running.reaches(good.revision).await;
    let after = running.applied.status();
    assert_eq!(after.rejected, before.rejected[1..], "neither gone nor seen again");
    assert!(!after.last_reload.unwrap().successful, "not everything was taken over");

    let gone = store.delete("models/b", Expect::Any).await.unwrap();
    running.reaches(gone.revision).await;
    let healed = running.applied.status();
    assert_eq!(healed.rejected, []);
    assert!(healed.last_reload.unwrap().successful);
}
