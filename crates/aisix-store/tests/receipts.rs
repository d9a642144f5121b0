//! Who is on record as serving what, when gateways and etcd misbehave.
#![expect(clippy::unwrap_used, reason = "a test may say: this must hold")]

use std::sync::Arc;
use std::time::Duration;

use aisix_core::Snapshot;
use aisix_core::resource::PlainSecrets;
use aisix_core::snapshot::Revision;
use aisix_store::{
    Applied, ConfigSource, ConfigStore, EtcdOptions, EtcdReceipts, EtcdStore, Expect, Forgotten,
    Identity, Joining, Listing, LocalReceipts, Member, MemoryStore, Receipt, ReceiptSink,
    Registration, Reporter, Roster, StoreError, Supervisor, Watch,
};
use aisix_testing::conformance::receipts::{receipt, run};
use aisix_testing::{Etcd, wait};
use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::{Mutex, oneshot};
use tokio::task::JoinHandle;

/// As short as etcd permits.
const TTL: Duration = Duration::from_secs(2);

/// A moment is enough for whoever is not behind.
const MOMENT: Duration = Duration::from_secs(1);

/// A gateway that follows a source and reports. It is as good as killed when it is dropped.
struct Gateway {
    applied: Applied,
    supervisor: JoinHandle<()>,
    reporter: JoinHandle<()>,
    end: oneshot::Sender<()>,
}

impl Gateway {
    fn start(source: Arc<dyn ConfigSource>, sink: Arc<dyn ReceiptSink>, id: &str) -> Self {
        let identity = Identity { id: id.to_owned(), ..Identity::default() };
        let registration = Arc::new(Registration::new(sink, identity));
        let source = Arc::new(Joining::new(source, registration.clone()));
        let publish = |_: Arc<Snapshot>| ();
        let (supervisor, applied) = Supervisor::new(source, Arc::new(PlainSecrets), publish);
        let (end, ended) = oneshot::channel::<()>();
        let ended = async {
            let _ = ended.await;
        };
        let reporter = Reporter::new(registration, applied.clone());
        Self {
            supervisor: tokio::spawn(supervisor.run(std::future::pending())),
            reporter: tokio::spawn(reporter.run(ended)),
            applied,
            end,
        }
    }

    fn around(etcd: &Etcd, id: &str) -> Self {
        let store = store(etcd);
        Self::start(Arc::new(store.clone()), sink(&store, id), id)
    }

    /// Ends as it should.
    async fn stop(mut self) {
        self.supervisor.abort();
        let _ = (&mut self.supervisor).await;
        let (end, _) = oneshot::channel();
        drop(std::mem::replace(&mut self.end, end));
        (&mut self.reporter).await.unwrap();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.supervisor.abort();
        self.reporter.abort();
    }
}

fn store(etcd: &Etcd) -> EtcdStore {
    let options = EtcdOptions {
        request_timeout: Duration::from_secs(2),
        keep_alive: Duration::from_millis(200),
        ..EtcdOptions::new(vec![etcd.url()], "/aisix")
    };
    EtcdStore::new(&options).unwrap()
}

fn sink(store: &EtcdStore, id: &str) -> Arc<EtcdReceipts> {
    Arc::new(store.receipts("default", id, TTL))
}

fn roster(etcd: &Etcd) -> Roster {
    store(etcd).roster("default")
}

async fn put(store: &dyn ConfigStore, key: &str) -> Revision {
    let group = r#"{"display_name": "KEY", "routing": {"targets": [{"model": "m"}]}}"#;
    store.put(key, Bytes::from(group.replace("KEY", key)), Expect::Any).await.unwrap().revision
}

async fn members(roster: &Roster) -> Vec<Member> {
    roster.members().await.unwrap()
}

/// Whether there is one gateway on record, and what is known of it.
async fn comes_to(roster: &Roster, what: &str, holds: impl Fn(&Member) -> bool) {
    wait::until_async(
        what,
        async || matches!(roster.members().await.as_deref(), Ok([member]) if holds(member)),
    )
    .await;
}

#[tokio::test]
async fn receipts_in_memory_conform() {
    run(async |id| {
        let receipts = LocalReceipts::new(id);
        let roster = receipts.roster();
        (Arc::new(receipts) as Arc<dyn ReceiptSink>, roster)
    })
    .await;
}

#[tokio::test]
async fn receipts_in_etcd_conform() {
    let etcd = Etcd::start().await;
    let mut cases = 0;
    run(async |id| {
        cases += 1;
        let environment = format!("case-{cases}");
        let store = store(&etcd);
        let sink: Arc<dyn ReceiptSink> = Arc::new(store.receipts(&environment, id, TTL));
        (sink, store.roster(&environment))
    })
    .await;
}

#[tokio::test]
async fn a_gateway_that_says_nothing_any_more_is_lost_and_not_forgotten_by_itself() {
    let etcd = Etcd::start().await;
    let roster = roster(&etcd);
    let sink = sink(&store(&etcd), "a");
    sink.report(&receipt(Some(7))).await.unwrap();
    assert!(roster.converged(7, MOMENT).await.unwrap().is_complete());

    comes_to(&roster, "the lease to run out", |member| !member.live).await;
    assert_eq!(members(&roster).await[0].receipt, receipt(Some(7)));
    let found = roster.converged(7, MOMENT).await.unwrap();
    assert_eq!((found.gateways, found.behind.len()), (1, 1), "nobody knows that it serves it");

    sink.report(&receipt(Some(8))).await.unwrap();
    assert!(roster.converged(8, MOMENT).await.unwrap().is_complete());
    comes_to(&roster, "the new lease to run out", |member| !member.live).await;
    assert_eq!(roster.forget("a").await.unwrap(), Forgotten::Done);
    assert_eq!(members(&roster).await, []);
}

#[tokio::test]
async fn each_environment_has_a_record_of_its_own_and_none_is_a_resource() {
    let etcd = Etcd::start().await;
    let store = store(&etcd);
    let prod = store.scoped("prod/");
    let before = store.list().await.unwrap().revision;
    let mut watch = store.watch(before).await.unwrap();
    for environment in ["prod", "default", ""] {
        let sink = store.receipts(environment, "a", TTL);
        sink.report(&receipt(Some(7))).await.unwrap();
        assert_eq!(store.roster(environment).members().await.unwrap().len(), 1);
        assert_eq!(store.roster("other").members().await.unwrap(), []);
        for other in ["prod", "default", ""].into_iter().filter(|other| *other != environment) {
            assert_eq!(store.roster(other).members().await.unwrap(), [], "{environment}: {other}");
        }
        sink.withdraw().await.unwrap();
    }
    assert_eq!(store.list().await.unwrap().entries, []);
    assert_eq!(prod.list().await.unwrap().entries, []);
    // What is watched begins with the write of a resource.
    put(&*prod, "models/m").await;
    assert_eq!(watch.recv().await.unwrap()[0].key(), "prod/models/m");
}

#[tokio::test]
async fn what_is_reported_is_where_others_look_for_it_and_holds_what_was_said() {
    let etcd = Etcd::start().await;
    let store = store(&etcd);
    sink(&store, "a").report(&receipt(Some(7))).await.unwrap();
    let beside = EtcdStore::new(&EtcdOptions::new(vec![etcd.url()], "/aisix_meta")).unwrap();
    let entries = beside.list().await.unwrap().entries;
    let keys: Vec<_> = entries.iter().map(|entry| &*entry.key).collect();
    assert_eq!(keys, ["gateways/default/a", "gateways/default/a/member"]);
    let read: Receipt = serde_json::from_slice(&entries[0].value).unwrap();
    assert_eq!(read, receipt(Some(7)));
}

#[tokio::test]
async fn a_receipt_that_cannot_be_read_is_a_gateway_that_serves_nothing_for_certain() {
    let etcd = Etcd::start().await;
    etcd.put("/aisix_meta/gateways/default/a", "{").await;
    let found = roster(&etcd).converged(0, Duration::from_millis(100)).await.unwrap();
    assert_eq!((found.gateways, found.behind.len()), (1, 1));
    assert_eq!(found.behind[0].receipt.identity.id, "a");
}

#[tokio::test]
async fn an_unchanged_receipt_is_renewed_without_a_write() {
    let etcd = Etcd::start().await;
    let store = store(&etcd);
    let sink = sink(&store, "a");
    sink.report(&receipt(Some(7))).await.unwrap();
    let before = store.list().await.unwrap().revision;
    sink.report(&receipt(Some(7))).await.unwrap();
    assert_eq!(store.list().await.unwrap().revision, before);
}

#[tokio::test]
async fn a_gateway_reports_each_write_when_it_serves_it() {
    let store = MemoryStore::new();
    let receipts = LocalReceipts::new("a");
    let roster = receipts.roster();
    let gateway = Gateway::start(Arc::new(store.clone()), Arc::new(receipts), "a");
    for number in 0..20 {
        let revision = put(&store, &format!("models/m{number}")).await;
        let found = roster.converged(revision, wait::DEADLINE).await.unwrap();
        assert!(found.is_complete(), "{found:?}");
        assert!(gateway.applied.revision() >= revision, "it says so before it serves it");
        let served = &members(&roster).await[0].receipt.served;
        assert_eq!(served.newest_revision, Some(revision));
    }
    gateway.stop().await;
    assert_eq!(members(&roster).await, [], "whoever ends in good order is gone");
}

#[tokio::test]
async fn a_document_that_a_gateway_rejects_is_not_served_by_it() {
    let store = MemoryStore::new();
    let receipts = LocalReceipts::new("a");
    let roster = receipts.roster();
    let gateway = Gateway::start(Arc::new(store.clone()), Arc::new(receipts), "a");
    let good = put(&store, "models/m").await;
    assert!(roster.converged(good, wait::DEADLINE).await.unwrap().is_complete());
    let bad = store.put("models/m", Bytes::from_static(b"{"), Expect::Any).await.unwrap().revision;
    comes_to(&roster, "the rejection", |member| {
        member.receipt.served.applied_revision == Some(bad) && member.rejects(bad)
    })
    .await;
    let found = roster.converged(bad, Duration::from_millis(100)).await.unwrap();
    assert_eq!(found.behind.len(), 1, "what was there before still serves");
    let good = put(&store, "models/m").await;
    assert!(roster.converged(good, wait::DEADLINE).await.unwrap().is_complete());
    gateway.stop().await;
}

#[tokio::test]
async fn receipts_come_back_after_etcd_is_started_again_or_wiped() {
    let mut etcd = Etcd::start().await;
    let (first, roster) = (store(&etcd), roster(&etcd));
    for number in 0..20 {
        put(&first, &format!("models/{number}")).await;
    }
    let gateway = Gateway::around(&etcd, "a");
    for wiped in [false, true] {
        let revision = put(&first, "models/before").await;
        assert!(roster.converged(revision, wait::DEADLINE).await.unwrap().is_complete());
        etcd.kill().await;
        if wiped {
            etcd.wipe();
        }
        etcd.start_again().await;
        let revision = put(&first, "models/after").await;
        // What the gateway said of the store that is gone means nothing in this one.
        let found = roster.converged(revision, wait::DEADLINE).await.unwrap();
        assert!(found.is_complete(), "{found:?}");
        assert!(gateway.applied.reached(revision, MOMENT).await);
        let served = &members(&roster).await[0].receipt.served;
        assert_eq!(served.newest_revision, Some(revision), "wiped: {wiped}");
    }
}

#[tokio::test]
async fn a_gateway_that_was_forgotten_while_it_was_away_is_on_record_again() {
    let etcd = Etcd::start().await;
    let (store, roster) = (store(&etcd), roster(&etcd));
    let _gateway = Gateway::around(&etcd, "a");
    comes_to(&roster, "the first receipt", |member| member.live).await;
    etcd.delete("/aisix_meta/gateways/default/a").await;
    etcd.delete("/aisix_meta/gateways/default/a/member").await;
    assert_eq!(members(&roster).await, []);
    comes_to(&roster, "the receipt to come back", |member| member.live).await;
    let revision = put(&store, "models/m").await;
    assert!(roster.converged(revision, wait::DEADLINE).await.unwrap().is_complete());
}

/// A source that says who is on record when it is listed.
struct Watched {
    inner: MemoryStore,
    roster: Roster,
    seen: Arc<Mutex<Vec<Member>>>,
}

#[async_trait]
impl ConfigSource for Watched {
    async fn list(&self) -> Result<Listing, StoreError> {
        *self.seen.lock().await = members(&self.roster).await;
        self.inner.list().await
    }

    async fn watch(&self, after: Revision) -> Result<Watch, StoreError> {
        self.inner.watch(after).await
    }
}

#[tokio::test]
async fn a_gateway_is_on_record_before_it_reads_what_it_will_serve() {
    let receipts = LocalReceipts::new("a");
    let (roster, seen) = (receipts.roster(), Arc::default());
    let source =
        Watched { inner: MemoryStore::new(), roster: roster.clone(), seen: Arc::clone(&seen) };
    let gateway = Gateway::start(Arc::new(source), Arc::new(receipts), "a");
    assert!(roster.converged(0, wait::DEADLINE).await.unwrap().is_complete());
    let seen = seen.lock().await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].receipt.served.applied_revision, None);
    drop(seen);
    gateway.stop().await;
}

/// A record that takes nothing.
struct Closed;

#[async_trait]
impl ReceiptSink for Closed {
    async fn report(&self, _: &Receipt) -> Result<(), StoreError> {
        Err(StoreError::Conflict)
    }

    fn ttl(&self) -> Duration {
        TTL
    }

    async fn withdraw(&self) -> Result<(), StoreError> {
        Err(StoreError::Conflict)
    }
}

#[tokio::test]
async fn a_gateway_serves_although_nobody_takes_its_receipts() {
    let store = MemoryStore::new();
    let gateway = Gateway::start(Arc::new(store.clone()), Arc::new(Closed), "a");
    let revision = put(&store, "models/m").await;
    assert!(gateway.applied.reached(revision, wait::DEADLINE).await);
    gateway.stop().await;
}

/// A record that nobody leaves.
struct Keeping;

#[async_trait]
impl ReceiptSink for Keeping {
    async fn report(&self, _: &Receipt) -> Result<(), StoreError> {
        Ok(())
    }

    fn ttl(&self) -> Duration {
        TTL
    }

    async fn withdraw(&self) -> Result<(), StoreError> {
        Err(StoreError::Conflict)
    }
}

/// What was logged.
static LOGGED: std::sync::Mutex<Vec<u8>> = std::sync::Mutex::new(Vec::new());

struct Log;

impl std::io::Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        LOGGED.lock().unwrap().extend_from_slice(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn only_a_gateway_that_was_on_record_is_said_to_stay_there() {
    let log = tracing_subscriber::fmt().with_ansi(false).with_writer(|| Log).finish();
    tracing::subscriber::set_global_default(log).unwrap();
    Gateway::start(Arc::new(Away), Arc::new(Closed), "never-there").stop().await;
    Gateway::start(Arc::new(Away), Arc::new(Keeping), "stays-there").stop().await;
    let logged = String::from_utf8(LOGGED.lock().unwrap().clone()).unwrap();
    let told = |id: &str| {
        logged.lines().any(|line| line.contains(id) && line.contains("taken off the record"))
    };
    assert!(told("stays-there"), "{logged}");
    assert!(!told("never-there"), "{logged}");
}

/// A record that never answers.
struct Hanging;

#[async_trait]
impl ReceiptSink for Hanging {
    async fn report(&self, _: &Receipt) -> Result<(), StoreError> {
        std::future::pending().await
    }

    fn ttl(&self) -> Duration {
        TTL
    }

    async fn withdraw(&self) -> Result<(), StoreError> {
        std::future::pending().await
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateway_ends_although_its_record_does_not_answer() {
    let gateway = Gateway::start(Arc::new(MemoryStore::new()), Arc::new(Hanging), "a");
    wait::within("the end of the reporter", gateway.stop()).await;
}

/// A source that cannot be read.
struct Away;

#[async_trait]
impl ConfigSource for Away {
    async fn list(&self) -> Result<Listing, StoreError> {
        Err(StoreError::unavailable("cannot read", "no answer"))
    }

    async fn watch(&self, _: Revision) -> Result<Watch, StoreError> {
        Err(StoreError::unavailable("cannot watch", "no answer"))
    }
}

#[tokio::test]
async fn a_source_is_lost_without_waiting_for_the_record_as_well() {
    let registration = Arc::new(Registration::new(Arc::new(Hanging), Identity::default()));
    let joining = Joining::new(Arc::new(Away), registration);
    wait::within("the failure", joining.list()).await.unwrap_err();
}
