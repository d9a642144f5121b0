//! What is particular to provider keys.

use aisix_core::{Document, ProviderKey};

use super::managed::Managed;

impl Managed for ProviderKey {
    fn normalise(document: &mut Document) {
        document.rename("api_key", "secret");
    }
}
