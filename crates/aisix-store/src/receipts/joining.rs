//! A source that a gateway reads only once it is on record.

use std::fmt;
use std::sync::Arc;

use aisix_core::snapshot::Revision;
use async_trait::async_trait;

use super::receipt::Served;
use super::registration::Registration;
use crate::source::{ConfigSource, Listing, StoreError, Watch};
use crate::supervisor::Loads;

/// A source that puts the gateway on record before each listing.
///
/// Somebody who reads the record after a write finds this gateway there, or it lists after that
/// write: either way it cannot serve what was before without being waited for.
pub struct Joining {
    source: Arc<dyn ConfigSource>,
    registration: Arc<Registration>,
}

impl Joining {
    /// This source, for this gateway.
    #[must_use]
    pub fn new(source: Arc<dyn ConfigSource>, registration: Arc<Registration>) -> Self {
        Self { source, registration }
    }

    /// What is served now may be of another history than the one that is about to be listed.
    async fn join(&self) -> Result<(), StoreError> {
        self.registration.report(Served::default).await
    }
}

#[async_trait]
impl ConfigSource for Joining {
    async fn list(&self) -> Result<Listing, StoreError> {
        let joined = self.join().await;
        let listing = self.source.list().await?;
        if joined.is_ok() {
            return Ok(listing);
        }
        // Either the source came back between the two, or it takes no receipts. A gateway is there
        // to serve, so that the latter does not keep it from it.
        match self.join().await {
            Ok(()) => self.source.list().await,
            Err(error) => {
                self.registration.complain(&error);
                Ok(listing)
            }
        }
    }

    async fn watch(&self, after: Revision) -> Result<Watch, StoreError> {
        self.source.watch(after).await
    }

    fn loads(&self) -> Option<Loads> {
        self.source.loads()
    }
}

impl fmt::Debug for Joining {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Joining").field("registration", &self.registration).finish_non_exhaustive()
    }
}
