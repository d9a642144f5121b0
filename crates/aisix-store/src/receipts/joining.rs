//! A source that a gateway reads only once it is on record.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use aisix_core::snapshot::Revision;
use async_trait::async_trait;
use futures_util::future::{Either, select};

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
        // Side by side, so that a source that hangs is lost after the patience for one request. What
        // was listed before the gateway was on record is of no use once it is.
        let listing = match select(pin!(self.join()), self.source.list()).await {
            Either::Left((Ok(()), early)) => {
                drop(early);
                return self.source.list().await;
            }
            Either::Left((Err(_), listing)) => listing.await?,
            Either::Right((listing, joining)) => {
                let listing = listing?;
                if joining.await.is_ok() {
                    return self.source.list().await;
                }
                listing
            }
        };
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
