//! A store in etcd, 3.4 or later: the engine for many gateways.
//!
//! **Keys.** A document's key is `<prefix>/<kind>/<id>`. One key beside the prefix,
//! `<prefix>_meta/deleted`, is written with every deletion, because etcd's own conditions cannot see
//! that something is gone (see [`commit`]). Who serves what stands beside it as well, below
//! `<prefix>_meta/gateways/<environment>/` (see [`receipts`](mod@receipts)).
//!
//! **Revisions** are those of the whole etcd, `version` is etcd's.
//!
//! **Lazy.** A store is made without a connection; each member of the cluster is connected to when
//! it is first asked, and again when the connection is lost. A member that does not answer is left
//! for the next one.

mod client;
mod commit;
mod options;
mod read;
mod receipts;
mod watch;
mod wire;

use std::fmt;
use std::sync::Arc;

use aisix_core::Entry;
use aisix_core::snapshot::Revision;
use async_trait::async_trait;

use client::Client;
pub use options::{EtcdLogin, EtcdOptions, EtcdTls};
pub use receipts::EtcdReceipts;

use crate::source::{ConfigSource, ConfigStore, Listing, StoreError, Transaction, Watch, Written};

/// A handle on the documents below a prefix in etcd. Clones share the connections.
#[derive(Clone)]
pub struct EtcdStore {
    client: Arc<Client>,
    /// What every key begins with, as bytes of text: `/aisix/`, or more in a scope.
    prefix: Arc<str>,
    /// What the keys begin with that stand beside the documents: `/aisix_meta/`.
    meta: Arc<str>,
    /// The key that is written with every deletion.
    deleted: Arc<str>,
}

impl EtcdStore {
    /// A store that connects when it is first asked.
    ///
    /// Must be called inside a tokio runtime, which then drives the connections.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] where there is no endpoint, one is no URL, or the certificates or
    /// the key are none.
    pub fn new(options: &EtcdOptions) -> Result<Self, StoreError> {
        let root = options.prefix.trim_end_matches('/');
        Ok(Self {
            client: Arc::new(Client::new(options)?),
            prefix: format!("{root}/").into(),
            meta: format!("{root}_meta/").into(),
            deleted: format!("{root}_meta/deleted").into(),
        })
    }
}

impl fmt::Debug for EtcdStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EtcdStore")
            .field("client", &self.client)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl ConfigSource for EtcdStore {
    async fn list(&self) -> Result<Listing, StoreError> {
        read::list(&self.client, &self.prefix, "").await
    }

    async fn watch(&self, after: Revision) -> Result<Watch, StoreError> {
        watch::start(&self.client, &self.prefix, after).await
    }
}

#[async_trait]
impl ConfigStore for EtcdStore {
    async fn get(&self, key: &str) -> Result<Option<Entry>, StoreError> {
        read::get(&self.client, &self.prefix, key).await
    }

    async fn list_under(&self, prefix: &str) -> Result<Listing, StoreError> {
        read::list(&self.client, &self.prefix, prefix).await
    }

    async fn commit(&self, transaction: Transaction) -> Result<Written, StoreError> {
        commit::commit(self, transaction).await
    }

    fn scoped(&self, prefix: &str) -> Arc<dyn ConfigStore> {
        Arc::new(Self { prefix: format!("{}{prefix}", self.prefix).into(), ..self.clone() })
    }
}
