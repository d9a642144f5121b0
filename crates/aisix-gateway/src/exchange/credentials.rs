//! What no upstream may tell a caller.

use std::sync::Arc;

use aisix_adapters::{Target, scrubbed};
use aisix_core::snapshot::Stored;
use aisix_core::{Error, ProviderKey, Secret};
use bytes::Bytes;
use http::{HeaderValue, Request};

/// The credentials that a call carries: its upstream may quote any of them in an error.
#[derive(Debug, Clone)]
pub(super) struct Credentials {
    provider_key: Arc<Stored<ProviderKey>>,
    /// What was made of the key's secret, such as an access token.
    minted: Vec<Secret>,
}

impl Credentials {
    /// Those of a prepared request: adapters mark headers that hold one.
    pub(super) fn of(target: &Target, request: &Request<Bytes>) -> Self {
        let provider_key = target.provider_key.clone();
        let secret = provider_key.spec.secret.expose().trim();
        let marked = request.headers().values().filter(|value| value.is_sensitive());
        let minted = marked
            .filter_map(credential)
            .filter(|credential| *credential != secret)
            .map(Secret::new)
            .collect();
        Self { provider_key, minted }
    }

    /// The same error without any of them.
    pub(super) fn scrub(&self, error: Error) -> Error {
        let error = scrubbed(error, &self.provider_key.spec.secret);
        self.minted.iter().fold(error, scrubbed)
    }
}

/// The credential of a header: what comes after the scheme, where there is one.
fn credential(value: &HeaderValue) -> Option<&str> {
    let text = value.to_str().ok()?.trim();
    Some(text.split_once(' ').map_or(text, |(_scheme, credential)| credential.trim_start()))
}
