//! Every store keeps the same promises.
#![expect(clippy::unwrap_used, reason = "a test may say: this must hold")]

use std::sync::Arc;

use aisix_store::{ConfigStore, EmbeddedStore, EtcdOptions, EtcdStore, MemoryStore};
use aisix_testing::Etcd;
use aisix_testing::conformance::store::{Fixture, run};
use async_trait::async_trait;
use bytes::Bytes;
use tempfile::TempDir;
use tokio::sync::Mutex;

/// Long enough for the suite to watch from, short enough to be forgotten.
const HISTORY: u64 = 1000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_in_memory_conforms() {
    run(async || InMemory(MemoryStore::with_history(HISTORY))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_store_conforms() {
    run(Embedded::create).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_in_etcd_conforms() {
    let etcd = Arc::new(Mutex::new(Etcd::start().await));
    let mut cases = 0;
    run(async || {
        cases += 1;
        InEtcd { etcd: etcd.clone(), prefix: format!("/case-{cases}") }
    })
    .await;
}

struct InMemory(MemoryStore);

#[async_trait]
impl Fixture for InMemory {
    fn store(&self) -> Arc<dyn ConfigStore> {
        Arc::new(self.0.clone())
    }

    async fn forget(&mut self) {
        make_history(&self.0).await;
    }

    async fn restart(&mut self) -> bool {
        false
    }
}

struct Embedded {
    store: EmbeddedStore,
    _directory: TempDir,
}

impl Embedded {
    async fn create() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("data/store.db");
        Self {
            store: EmbeddedStore::open_with_history(path, HISTORY).await.unwrap(),
            _directory: directory,
        }
    }
}

#[async_trait]
impl Fixture for Embedded {
    fn store(&self) -> Arc<dyn ConfigStore> {
        Arc::new(self.store.clone())
    }

    async fn forget(&mut self) {
        make_history(&self.store).await;
    }

    async fn restart(&mut self) -> bool {
        self.store.close().await;
        let path = self.store.path().to_owned();
        self.store = EmbeddedStore::open_with_history(path, HISTORY).await.unwrap();
        true
    }
}

/// Writes until all that came before is forgotten.
async fn make_history(store: &impl ConfigStore) {
    let filler = store.scoped("filler/");
    for _ in 0..HISTORY {
        let written = filler.put("x", Bytes::new(), aisix_store::Expect::Any);
        written.await.unwrap();
    }
}

/// A prefix of its own, in an etcd that all cases share.
struct InEtcd {
    etcd: Arc<Mutex<Etcd>>,
    prefix: String,
}

#[async_trait]
impl Fixture for InEtcd {
    fn store(&self) -> Arc<dyn ConfigStore> {
        let url = self.etcd.try_lock().unwrap().url();
        let options = EtcdOptions::new(vec![url], &*self.prefix);
        Arc::new(EtcdStore::new(&options).unwrap())
    }

    async fn forget(&mut self) {
        self.store().put("filler", Bytes::new(), aisix_store::Expect::Any).await.unwrap();
        self.etcd.lock().await.compact().await;
    }

    async fn restart(&mut self) -> bool {
        let mut etcd = self.etcd.lock().await;
        etcd.kill().await;
        etcd.start_again().await;
        true
    }
}
