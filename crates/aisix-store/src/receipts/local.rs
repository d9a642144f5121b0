//! Receipts of a gateway that is alone with its store.

use std::time::Duration;

use async_trait::async_trait;

use super::receipt::Receipt;
use super::{ReceiptSink, Roster, membership};
use crate::memory::MemoryStore;
use crate::source::{ConfigStore as _, StoreError, Transaction};

/// How many reports are remembered one by one, for those who wait.
const HISTORY: u64 = 64;

/// The record of a gateway that shares its configuration with nobody: in memory, and gone with the
/// process.
#[derive(Debug, Clone)]
pub struct LocalReceipts {
    store: MemoryStore,
    id: String,
}

impl LocalReceipts {
    /// A record that nobody has reported to yet, for the gateway with this id.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self { store: MemoryStore::with_history(HISTORY), id: id.into() }
    }

    /// What is recorded.
    #[must_use]
    pub fn roster(&self) -> Roster {
        Roster::new(self.store.scoped(""))
    }
}

#[async_trait]
impl ReceiptSink for LocalReceipts {
    async fn report(&self, receipt: &Receipt) -> Result<(), StoreError> {
        let bytes = receipt.to_bytes();
        let both = Transaction::new().put(&self.id, bytes.clone()).put(membership(&self.id), bytes);
        self.store.commit(both).await?;
        Ok(())
    }

    /// The process is here as long as its memory is.
    fn ttl(&self) -> Duration {
        Duration::MAX
    }

    async fn withdraw(&self) -> Result<(), StoreError> {
        let both = Transaction::new().delete(&self.id).delete(membership(&self.id));
        self.store.commit(both).await?;
        Ok(())
    }
}
