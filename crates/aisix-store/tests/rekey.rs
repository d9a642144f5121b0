//! Sealing everything anew: interrupted anywhere, beside other writers, and with nothing left behind.
#![expect(clippy::unwrap_used, reason = "a test may say: this must hold")]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aisix_core::resource::Invalid;
use aisix_core::snapshot::Revision;
use aisix_core::{Document, Entry, Kind, ResourceKey};
use aisix_store::{
    ConfigSource, ConfigStore, EmbeddedStore, EtcdOptions, EtcdStore, Expect, Listing, MasterKey,
    MemoryStore, Rekeyed, Sealer, StoreError, Transaction, Watch, Written, rekey,
};
use aisix_testing::{Canaries, Etcd};
use async_trait::async_trait;
use bytes::Bytes;

/// How many documents have a secret in the stores of these tests.
const SECRETS: usize = 6;

/// Two generations of a key.
struct Keys {
    old: MasterKey,
    new: MasterKey,
}

impl Keys {
    fn new() -> Self {
        Self { old: MasterKey::generate().unwrap(), new: MasterKey::generate().unwrap() }
    }

    fn both(&self) -> Sealer {
        Sealer::with(&self.new).opening([&self.old])
    }
}

fn document(secret: &str) -> Document {
    let text = format!(
        r#"{{"display_name": "k", "secret": "{secret}", "request": {{
            "default_headers": {{"x-token": "{secret}"}}}}}}"#
    );
    Document::parse(text.as_bytes()).unwrap()
}

async fn put(store: &dyn ConfigStore, key: &str, document: &Document) {
    store.put(key, Bytes::from(document.to_bytes()), Expect::Any).await.unwrap();
}

/// Fills a store with what the old key has sealed, beside secrets in clear and others without any.
async fn fill(store: &dyn ConfigStore, keys: &Keys, canaries: &mut Canaries) {
    for number in 0..SECRETS {
        let id = format!("k{number}");
        let mut document = document(&canaries.plant(&id));
        if number % 2 == 0 {
            let sealer = Sealer::with(&keys.old);
            sealer.seal_document(Kind::ProviderKeys, &id, &mut document).unwrap();
        }
        put(store, &format!("provider_keys/{id}"), &document).await;
    }
    put(store, "provider_keys/referring", &document("env:NAME")).await;
    let model = br#"{"display_name": "m", "secret": "no secret of a model"}"#;
    put(store, "models/m", &Document::parse(model).unwrap()).await;
}

fn opened(sealer: &Sealer, entry: &Entry) -> Result<String, Invalid> {
    let key = ResourceKey::parse(&entry.key).unwrap();
    let mut document = Document::parse(&entry.value)?;
    document.resolve_secrets(key.kind, key.id.as_str(), sealer)?;
    Ok(String::from_utf8(document.to_bytes()).unwrap())
}

/// Everything that a store holds, in clear, as far as this sealer opens it.
async fn all(store: &dyn ConfigStore, sealer: &Sealer) -> Vec<Result<String, Invalid>> {
    let listing = store.list().await.unwrap();
    listing.entries.iter().map(|entry| opened(sealer, entry)).collect()
}

async fn assert_all_sealed_with(store: &dyn ConfigStore, key: &MasterKey) {
    let beginning = format!("aisix-sealed:v1:{}:", key.id());
    for entry in store.list().await.unwrap().entries {
        let mut document = Document::parse(&entry.value).unwrap();
        let kind = ResourceKey::parse(&entry.key).unwrap().kind;
        let look = |path, text: &str| match text {
            "env:NAME" => Ok(None),
            text if text.starts_with(&beginning) => Ok(None),
            _ => Err(path),
        };
        assert_eq!(document.visit_secrets(kind, look), Ok(()), "{}", entry.key);
    }
}

#[tokio::test]
async fn everything_is_sealed_with_the_new_key_once() {
    let (keys, store, mut canaries) = (Keys::new(), MemoryStore::new(), Canaries::new());
    fill(&store, &keys, &mut canaries).await;
    let before = all(&store, &keys.both()).await;
    let mut told = Vec::new();
    let rekeyed = rekey(&store, &keys.both(), |progress| told.push(progress)).await.unwrap();
    assert_eq!(rekeyed, Rekeyed { rewritten: SECRETS, ..Rekeyed::default() });
    assert_eq!(told.len(), 2 * (SECRETS + 2), "one pass that rewrites, and one that makes sure");
    assert_eq!(told.last().unwrap().rewritten, SECRETS);
    assert_all_sealed_with(&store, &keys.new).await;
    assert_eq!(all(&store, &Sealer::with(&keys.new)).await, before);

    let listing = store.list().await.unwrap();
    let again = rekey(&store, &keys.both(), |_| {}).await.unwrap();
    assert_eq!(again, Rekeyed::default());
    assert_eq!(store.list().await.unwrap(), listing, "nothing is written in vain");
}

#[tokio::test]
async fn what_does_not_open_is_named_and_left() {
    let (keys, store, mut canaries) = (Keys::new(), MemoryStore::new(), Canaries::new());
    fill(&store, &keys, &mut canaries).await;
    let foreign = MasterKey::generate().unwrap();
    let mut sealed = document("sk-foreign");
    Sealer::with(&foreign).seal_document(Kind::ProviderKeys, "z", &mut sealed).unwrap();
    put(&store, "provider_keys/z", &sealed).await;
    for key in ["provider_keys/broken", "cats/tom"] {
        store.put(key, Bytes::from_static(b"{"), Expect::Any).await.unwrap();
    }
    let rekeyed = rekey(&store, &keys.both(), |_| {}).await.unwrap();
    assert_eq!(rekeyed.rewritten, SECRETS);
    let names: Vec<_> = rekeyed.unopened.iter().map(|left| left.key.as_str()).collect();
    assert_eq!(names, ["cats/tom", "provider_keys/broken", "provider_keys/z"]);
    assert!(rekeyed.unopened[2].problem.contains(&foreign.id()), "{:?}", rekeyed.unopened[2]);
}

type Meddle = dyn Fn(usize, MemoryStore) -> Result<(), StoreError> + Send + Sync;

/// A store in which something happens before each write.
#[derive(Clone)]
struct Meddled {
    store: MemoryStore,
    writes: Arc<AtomicUsize>,
    before: Arc<Meddle>,
}

impl Meddled {
    fn new(
        store: &MemoryStore,
        before: impl Fn(usize, MemoryStore) -> Result<(), StoreError> + Send + Sync + 'static,
    ) -> Self {
        Self { store: store.clone(), writes: Arc::default(), before: Arc::new(before) }
    }
}

#[async_trait]
impl ConfigSource for Meddled {
    async fn list(&self) -> Result<Listing, StoreError> {
        self.store.list().await
    }

    async fn watch(&self, after: Revision) -> Result<Watch, StoreError> {
        self.store.watch(after).await
    }
}

#[async_trait]
impl ConfigStore for Meddled {
    async fn get(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        self.store.get(key).await
    }

    async fn list_under(&self, prefix: &str) -> Result<Listing, StoreError> {
        self.store.list_under(prefix).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<Written, StoreError> {
        (self.before)(self.writes.fetch_add(1, Ordering::Relaxed), self.store.clone())?;
        self.store.commit(transaction).await
    }

    fn scoped(&self, prefix: &str) -> Arc<dyn ConfigStore> {
        self.store.scoped(prefix)
    }
}

#[tokio::test]
async fn a_store_that_fails_at_any_write_is_left_so_that_everything_opens_and_the_rest_can_be_done()
{
    for fails_at in 0..SECRETS {
        let (keys, store, mut canaries) = (Keys::new(), MemoryStore::new(), Canaries::new());
        fill(&store, &keys, &mut canaries).await;
        let before = all(&store, &keys.both()).await;
        let failing = Meddled::new(&store, move |write, _| match write == fails_at {
            true => Err(StoreError::unavailable("cannot write", std::io::Error::other("full"))),
            false => Ok(()),
        });
        assert!(rekey(&failing, &keys.both(), |_| {}).await.is_err());
        assert_eq!(all(&store, &keys.both()).await, before, "two keys are live");
        let rekeyed = rekey(&store, &keys.both(), |_| {}).await.unwrap();
        assert_eq!(rekeyed.rewritten, SECRETS - fails_at, "what was done stays done");
        assert_all_sealed_with(&store, &keys.new).await;
        assert_eq!(all(&store, &Sealer::with(&keys.new)).await, before);
    }
}

/// Runs something on a store in memory, which never waits.
fn now<T>(work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    match work.as_mut().poll(&mut context) {
        std::task::Poll::Ready(done) => done,
        std::task::Poll::Pending => panic!("a store in memory never waits"),
    }
}

#[tokio::test]
async fn what_administrators_write_meanwhile_is_not_lost() {
    let (keys, store, mut canaries) = (Keys::new(), MemoryStore::new(), Canaries::new());
    fill(&store, &keys, &mut canaries).await;
    let old = Sealer::with(&keys.old);
    // Whichever document is about to be written, somebody else is faster: with the old key, by a new
    // document in place of the old one, or by deleting it.
    let meddled = Meddled::new(&store, move |write, store| {
        match write {
            0 => now(put(&store, "provider_keys/k0", &newer(&old, write))),
            1 => {
                now(store.delete("provider_keys/k0", Expect::Any)).unwrap();
                now(put(&store, "provider_keys/k0", &newer(&old, write)));
            }
            3 => {
                now(store.delete("provider_keys/k1", Expect::Any)).unwrap();
            }
            _ => {}
        }
        Ok(())
    });
    let rekeyed = rekey(&meddled, &keys.both(), |_| {}).await.unwrap();
    assert!(rekeyed.unopened.is_empty() && !rekeyed.unsettled, "{rekeyed:?}");
    assert_all_sealed_with(&store, &keys.new).await;
    let first = store.get("provider_keys/k0").await.unwrap().unwrap();
    let first = opened(&Sealer::with(&keys.new), &first).unwrap();
    assert!(first.contains("sk-newer-1"), "the last writer's secret");
    assert!(store.get("provider_keys/k1").await.unwrap().is_none(), "what is gone stays gone");
}

/// What somebody writes as `k0`.
fn newer(sealer: &Sealer, write: usize) -> Document {
    let mut newer = document(&format!("sk-newer-{write}"));
    sealer.seal_document(Kind::ProviderKeys, "k0", &mut newer).unwrap();
    newer
}

#[tokio::test]
async fn two_at_once_rewrite_each_document_once_between_them() {
    let (keys, store, mut canaries) = (Keys::new(), MemoryStore::new(), Canaries::new());
    fill(&store, &keys, &mut canaries).await;
    // The other one runs to its end in the middle of the first.
    let both = keys.both();
    let inner = Arc::new(AtomicUsize::new(0));
    let done = inner.clone();
    let meddled = Meddled::new(&store, move |write, store| {
        if write == 2 {
            let rekeyed = now(rekey(&store, &both, |_| {})).unwrap();
            done.store(rekeyed.rewritten, Ordering::Relaxed);
        }
        Ok(())
    });
    let rekeyed = rekey(&meddled, &keys.both(), |_| {}).await.unwrap();
    assert_eq!((rekeyed.rewritten, inner.load(Ordering::Relaxed)), (2, SECRETS - 2));
    assert_all_sealed_with(&store, &keys.new).await;
}

fn search(directory: &Path, canaries: &Canaries) {
    for file in std::fs::read_dir(directory).unwrap() {
        let file = file.unwrap().path();
        canaries.assert_absent(&file.display().to_string(), &std::fs::read(&file).unwrap());
    }
}

#[tokio::test]
async fn no_file_of_an_embedded_store_holds_plaintext_or_what_the_old_key_opens() {
    let (directory, keys) = (tempfile::tempdir().unwrap(), Keys::new());
    let (path, mut canaries) = (directory.path().join("store.db"), Canaries::new());
    let store = EmbeddedStore::open(&path).await.unwrap();
    fill(&store, &keys, &mut canaries).await;
    store.close().await;
    let store = EmbeddedStore::open_with_history(&path, 0).await.unwrap();
    rekey(&store, &keys.both(), |_| {}).await.unwrap();
    store.close().await;
    search(directory.path(), &canaries);
    let content = std::fs::read(&path).unwrap();
    let old = format!("aisix-sealed:v1:{}", keys.old.id());
    assert!(!content.windows(old.len()).any(|window| window == old.as_bytes()));
    let store = EmbeddedStore::open(&path).await.unwrap();
    assert_all_sealed_with(&store, &keys.new).await;
}

#[tokio::test]
async fn an_etcd_in_clear_holds_no_plaintext_afterwards() {
    let (etcd, keys, mut canaries) = (Etcd::start().await, Keys::new(), Canaries::new());
    let store = EtcdStore::new(&EtcdOptions::new(vec![etcd.url()], "/aisix")).unwrap();
    fill(&store, &keys, &mut canaries).await;
    let before = all(&store, &keys.both()).await;
    let rekeyed = rekey(&store, &keys.both(), |_| {}).await.unwrap();
    assert_eq!(rekeyed.rewritten, SECRETS);
    assert_all_sealed_with(&store, &keys.new).await;
    assert_eq!(all(&store, &Sealer::with(&keys.new)).await, before);
    for entry in store.list().await.unwrap().entries {
        canaries.assert_absent(&entry.key, &entry.value);
    }
}
