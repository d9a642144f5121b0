//! A store as a part of the keys of an engine that lives somewhere.

use std::sync::Arc;

use aisix_core::Entry;
use aisix_core::snapshot::Revision;
use async_trait::async_trait;

use super::{Engine, Records};
use crate::source::{
    Condition, ConfigSource, ConfigStore, Listing, StoreError, Transaction, Watch, Write, Written,
};

/// Where an engine lives, and the prefix under which this handle sees its keys: all that one store
/// has to say, to be a [`ConfigStore`].
pub trait Hosted: Clone + Send + Sync + 'static {
    /// What keeps the records.
    type Records: Records;

    /// What every key of this handle begins with.
    fn prefix(&self) -> &str;

    /// A handle with another prefix on the same engine.
    fn at(&self, prefix: String) -> Self;

    /// Runs a job on the engine, after all that came before it.
    fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce(&mut Engine<Self::Records>) -> Result<T, StoreError> + Send + 'static,
    ) -> impl Future<Output = Result<T, StoreError>> + Send;
}

#[async_trait]
impl<H: Hosted> ConfigSource for H {
    async fn list(&self) -> Result<Listing, StoreError> {
        self.list_under("").await
    }

    async fn watch(&self, after: Revision) -> Result<Watch, StoreError> {
        let prefix = self.prefix().to_owned();
        self.run(move |engine| engine.watch(&prefix, after)).await
    }
}

#[async_trait]
impl<H: Hosted> ConfigStore for H {
    async fn get(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        let whole = whole(self, key);
        let found = self.run(move |engine| engine.get(&whole)).await?;
        Ok(found.map(|entry| relative(self, entry)))
    }

    async fn list_under(&self, prefix: &str) -> Result<Listing, StoreError> {
        let prefix = whole(self, prefix);
        let mut listing = self.run(move |engine| engine.list(&prefix)).await?;
        listing.entries = relative_all(self, listing.entries);
        Ok(listing)
    }

    async fn commit(&self, mut transaction: Transaction) -> Result<Written, StoreError> {
        for condition in &mut transaction.conditions {
            let (Condition::Document { key, .. } | Condition::Unchanged { prefix: key, .. }) =
                condition;
            *key = whole(self, key);
        }
        for write in &mut transaction.writes {
            let (Write::Put { key, .. } | Write::Delete { key }) = write;
            *key = whole(self, key);
        }
        let mut written = self.run(move |engine| engine.commit(transaction)).await?;
        written.entries = relative_all(self, written.entries);
        Ok(written)
    }

    fn scoped(&self, prefix: &str) -> Arc<dyn ConfigStore> {
        Arc::new(self.at(whole(self, prefix)))
    }
}

fn whole(hosted: &impl Hosted, key: &str) -> String {
    format!("{}{key}", hosted.prefix())
}

fn relative(hosted: &impl Hosted, mut entry: Entry) -> Entry {
    entry.key.drain(..hosted.prefix().len());
    entry
}

fn relative_all(hosted: &impl Hosted, entries: Vec<Entry>) -> Vec<Entry> {
    if hosted.prefix().is_empty() {
        return entries;
    }
    let entries = entries.into_iter();
    entries.map(|entry| relative(hosted, entry)).collect()
}
