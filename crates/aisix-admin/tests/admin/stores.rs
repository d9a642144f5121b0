//! Stores that misbehave in one way.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use aisix_core::Entry;
use aisix_store::{
    ConfigSource, ConfigStore, Listing, MemoryStore, StoreError, Transaction, Watch, Written,
};
use async_trait::async_trait;

/// What happens before a commit.
type Interlude = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A store in memory that lets something happen right before the next commit, or fails.
#[derive(Clone, Default)]
pub(crate) struct Meddled {
    pub(crate) inner: MemoryStore,
    before_commit: Arc<Mutex<Option<Interlude>>>,
    broken: Arc<Mutex<Option<String>>>,
}

impl Meddled {
    /// Something that happens between the next write's decision and its commit.
    pub(crate) fn before_commit(&self, interlude: impl Future<Output = ()> + Send + 'static) {
        *self.before_commit.lock().unwrap() = Some(Box::pin(interlude));
    }

    /// From now on nothing can be read or written, for this reason.
    pub(crate) fn break_down(&self, why: &str) {
        *self.broken.lock().unwrap() = Some(why.to_owned());
    }

    fn works(&self) -> Result<(), StoreError> {
        match &*self.broken.lock().unwrap() {
            None => Ok(()),
            Some(why) => Err(StoreError::Unavailable {
                context: "cannot reach the disk".to_owned(),
                source: why.clone().into(),
            }),
        }
    }
}

#[async_trait]
impl ConfigSource for Meddled {
    async fn list(&self) -> Result<Listing, StoreError> {
        self.works()?;
        self.inner.list().await
    }

    async fn watch(&self, after: u64) -> Result<Watch, StoreError> {
        self.inner.watch(after).await
    }
}

#[async_trait]
impl ConfigStore for Meddled {
    async fn get(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        self.works()?;
        self.inner.get(key).await
    }

    async fn list_under(&self, prefix: &str) -> Result<Listing, StoreError> {
        self.works()?;
        let listing = self.inner.list_under(prefix).await;
        // Whoever else is ready gets its chance between what was read and what follows from it.
        tokio::task::yield_now().await;
        listing
    }

    async fn commit(&self, transaction: Transaction) -> Result<Written, StoreError> {
        self.works()?;
        let interlude = self.before_commit.lock().unwrap().take();
        if let Some(interlude) = interlude {
            interlude.await;
        }
        self.inner.commit(transaction).await
    }

    fn scoped(&self, prefix: &str) -> Arc<dyn ConfigStore> {
        self.inner.scoped(prefix)
    }
}
