//! Resources for tests: a snapshot out of documents, as a store would list them.

use std::sync::Arc;

use aisix_core::snapshot::Stored;
use aisix_core::{Caller, ProviderKey, Snapshot};
use serde_json::{Value, json};

/// The snapshot of these documents, each under its key `<kind>/<id>`.
///
/// # Panics
/// Where one of them is not valid.
#[must_use]
pub fn snapshot<'a>(documents: impl IntoIterator<Item = (&'a str, Value)>) -> Arc<Snapshot> {
    let documents = documents.into_iter().map(|(key, document)| (key, document.to_string()));
    let (snapshot, diagnostics) = Snapshot::of(documents);
    assert_eq!(diagnostics, [], "every document is valid");
    Arc::new(snapshot)
}

/// A provider key, as the snapshot holds it.
///
/// # Panics
/// Where the document is not valid.
#[must_use]
pub fn provider_key(document: Value) -> Arc<Stored<ProviderKey>> {
    let snapshot = snapshot([("provider_keys/key", document)]);
    snapshot.provider_key("key").expect("the document is a provider key").clone()
}

/// A caller that may use these models.
///
/// # Panics
/// Never: the document is valid.
#[must_use]
pub fn caller(allowed_models: &[&str]) -> Caller {
    let document = json!({"key_hash": "0".repeat(64), "allowed_models": allowed_models});
    let snapshot = snapshot([("api_keys/key", document)]);
    Caller::of(snapshot.api_key("key").expect("the document is an API key").clone())
}
