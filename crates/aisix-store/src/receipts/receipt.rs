//! What a gateway says of itself.

use aisix_core::snapshot::Revision;
use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a gateway says of itself, as it is recorded: JSON. Fields that another version adds are
/// passed over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// Which gateway it is.
    #[serde(flatten)]
    pub identity: Identity,
    /// What it serves.
    #[serde(flatten)]
    pub served: Served,
}

/// Which gateway it is. None of it changes while its process runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Identity {
    /// Its own alone, also among those that have ended.
    pub id: String,
    /// The environment whose configuration it serves.
    pub environment: String,
    /// The version of the program.
    pub version: String,
    /// Where it listens for callers, as it bound it.
    pub address: String,
    /// When its process began.
    pub started_at: Option<Timestamp>,
}

/// What a gateway serves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Served {
    /// Every write up to this revision of the store is served, or rejected. `None` while it follows no source, so
    /// that nobody knows whether the revision it came to is still of this store.
    pub applied_revision: Option<Revision>,
    /// The newest write of a resource that it knows of.
    pub newest_revision: Option<Revision>,
    /// When the revision was applied.
    pub applied_at: Option<Timestamp>,
    /// How many documents do not serve as they were last written.
    pub rejected: usize,
    /// The revisions of their last writes, newest first, the first 100 of them.
    pub rejected_revisions: Vec<Revision>,
}

impl Receipt {
    /// As it is recorded.
    pub(crate) fn to_bytes(&self) -> Bytes {
        // Maps with text keys, texts and numbers.
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    /// Reads what is recorded for a gateway. What cannot be read says that the gateway exists, and
    /// nothing else of it.
    pub(crate) fn read(id: &str, bytes: &[u8]) -> Self {
        let mut receipt: Self = serde_json::from_slice(bytes).unwrap_or_default();
        id.clone_into(&mut receipt.identity.id);
        receipt
    }
}
