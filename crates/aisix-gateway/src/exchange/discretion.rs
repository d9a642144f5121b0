//! What callers may be told of what an upstream says.

use std::sync::Arc;

use aisix_adapters::{Adapter, Target, in_band, scrubbed, scrubbed_of_key};
use aisix_core::{Error, Id, Secret};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request};

/// Who is called, and with what: an upstream may quote any credential in an error, and some families
/// write of the operator's accounts.
#[derive(Clone)]
pub(super) struct Discretion {
    family: Arc<dyn Adapter>,
    target: Target,
    /// What was made of the provider key's secret for the call, such as an access token.
    minted: Vec<Secret>,
}

impl Discretion {
    /// About a prepared request: adapters mark headers that hold a credential.
    pub(super) fn about(
        request: &Request<Bytes>,
        family: &Arc<dyn Adapter>,
        target: &Target,
    ) -> Self {
        let provider_key = &target.provider_key;
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
        Self { family: family.clone(), target: target.clone(), minted }
    }

    /// Whose credentials they are.
    pub(super) fn provider_key_id(&self) -> &Id {
        &self.target.provider_key.id
    }

    /// An error of the call, as callers may be told of it.
    pub(super) fn told(&self, error: Error) -> Error {
        let error = in_band(&*self.family, &self.target, error);
        let error = scrubbed_of_key(error, &self.target.provider_key.spec);
        self.minted.iter().fold(error, scrubbed)
    }

    /// The upstream took the call for nobody's: what was made for it is good no more.
    pub(super) fn refused(&self) {
        self.minted.iter().for_each(|minted| self.family.refused(&self.target, minted));
    }
}

/// The credential of a header: what comes after the scheme, where there is one.
fn credential(value: &HeaderValue) -> Option<&str> {
    let text = value.to_str().ok()?.trim();
    Some(text.split_once(' ').map_or(text, |(_scheme, credential)| credential.trim_start()))
}
