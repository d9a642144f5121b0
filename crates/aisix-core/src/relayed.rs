//! Requests that are passed on, not translated.

use bytes::Bytes;

use crate::carried::DialectId;
use crate::chat::RequestOutline;

/// A request of which the gateway looks at no more than the outline: it goes to upstreams that
/// speak the caller's dialect, and to no other.
#[derive(Debug, Clone)]
pub struct Relayed {
    dialect: DialectId,
    bytes: Bytes,
    outline: RequestOutline,
}

impl Relayed {
    /// A request that arrived as these bytes.
    #[must_use]
    pub fn new(dialect: DialectId, bytes: Bytes, outline: RequestOutline) -> Self {
        Self { dialect, bytes, outline }
    }

    /// The dialect that it belongs to.
    #[must_use]
    pub fn dialect(&self) -> DialectId {
        self.dialect
    }

    /// The body, as the caller sent it: JSON.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// What is known of it.
    #[must_use]
    pub fn outline(&self) -> &RequestOutline {
        &self.outline
    }
}
