//! Credentials out of the configuration snapshot.

use std::fmt;
use std::sync::Arc;

use aisix_core::{Caller, Error, Snapshot};
use async_trait::async_trait;
use http::Extensions;
use jiff::Timestamp;

use crate::authenticate::CredentialSource;
use crate::credential::Credential;

/// Looks API keys up in memory, in the snapshot that the request carries.
pub struct SnapshotCredentials {
    find: fn(&Extensions) -> Option<&Snapshot>,
}

impl SnapshotCredentials {
    /// A source that finds the request's snapshot among its extensions.
    #[must_use]
    pub fn new(find: fn(&Extensions) -> Option<&Snapshot>) -> Self {
        Self { find }
    }
}

/// A source that finds an `Arc<Snapshot>` among the request's extensions.
impl Default for SnapshotCredentials {
    fn default() -> Self {
        Self::new(|extensions| extensions.get::<Arc<Snapshot>>().map(AsRef::as_ref))
    }
}

#[async_trait]
impl CredentialSource for SnapshotCredentials {
    async fn authenticate(
        &self,
        credential: Credential<'_>,
        extensions: &Extensions,
    ) -> Result<Caller, Error> {
        let snapshot = (self.find)(extensions)
            .ok_or_else(|| Error::internal("the request carries no configuration snapshot"))?;
        snapshot.authenticate(&credential.hash(), Timestamp::now).cloned().map(Caller::of)
    }
}

impl fmt::Debug for SnapshotCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SnapshotCredentials")
    }
}
