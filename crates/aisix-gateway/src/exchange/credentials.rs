//! What no upstream may tell a caller.

use std::sync::Arc;

use aisix_adapters::{Target, scrubbed, scrubbed_of_key};
use aisix_core::snapshot::Stored;
use aisix_core::{Error, Id, ProviderKey, Secret};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};

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
        // What the key itself adds is known from the key.
        let added = |name: &HeaderName| {
            let quirks = provider_key.spec.request.iter();
            let mut names = quirks.flat_map(|quirks| quirks.default_headers.keys());
            names.any(|added| added.eq_ignore_ascii_case(name.as_str()))
        };
        let marked = request.headers().iter().filter(|(_, value)| value.is_sensitive());
        let minted = marked
            .filter(|(name, _)| !added(name))
            .filter_map(|(_, value)| credential(value))
            .filter(|credential| *credential != secret)
            .map(Secret::new)
            .collect();
        Self { provider_key, minted }
    }

    /// Whose they are.
    pub(super) fn provider_key_id(&self) -> &Id {
        &self.provider_key.id
    }

    /// What was made of the key's secret for this call.
    pub(super) fn minted(&self) -> impl Iterator<Item = &Secret> {
        self.minted.iter()
    }

    /// The same error without any of them.
    pub(super) fn scrub(&self, error: Error) -> Error {
        let error = scrubbed_of_key(error, &self.provider_key.spec);
        self.minted.iter().fold(error, scrubbed)
    }
}

/// The credential of a header: what comes after the scheme, where there is one.
fn credential(value: &HeaderValue) -> Option<&str> {
    let text = value.to_str().ok()?.trim();
    Some(text.split_once(' ').map_or(text, |(_scheme, credential)| credential.trim_start()))
}
