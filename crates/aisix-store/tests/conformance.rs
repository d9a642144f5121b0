//! Every store keeps the same promises.
#![expect(clippy::unwrap_used, reason = "a test may say: this must hold")]

use std::sync::Arc;

use aisix_store::{ConfigStore, EmbeddedStore, MemoryStore};
use aisix_testing::conformance::store::{Fixture, run};
use async_trait::async_trait;
use bytes::Bytes;
use tempfile::TempDir;

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
