//! Who is asking.

use std::sync::Arc;

use crate::resource::ApiKey;
use crate::snapshot::Stored;

/// An authenticated identity: the API key that a request runs as.
///
/// Only authentication makes one; to hold a `Caller` is to know that the key was valid.
#[derive(Debug, Clone)]
pub struct Caller {
    api_key: Arc<Stored<ApiKey>>,
}

impl Caller {
    /// The caller that was proven to hold this key.
    #[must_use]
    pub fn of(api_key: Arc<Stored<ApiKey>>) -> Self {
        Self { api_key }
    }

    /// The key that the request runs as.
    #[must_use]
    pub fn api_key(&self) -> &Stored<ApiKey> {
        &self.api_key
    }

    /// Whether the key's `allowed_models` grants this name.
    #[must_use]
    pub fn may_use(&self, model: &str) -> bool {
        self.api_key.spec.allowed_models.iter().any(|allowed| allowed.matches(model))
    }
}
