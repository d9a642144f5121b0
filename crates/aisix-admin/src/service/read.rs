//! What the store holds.

use aisix_core::resource::{Invalid, Strictness};
use aisix_core::snapshot::{Revision, Stored};
use aisix_core::{Document, Entry, Id, Kind, Resource};
use aisix_store::{ConfigStore, StoreError};
use http::StatusCode;

use super::Service;
use crate::error::ApiError;

/// A stored document, and what it says. Its secrets are as the store holds them.
pub(crate) struct Held<T> {
    /// Where it stands, and what it says.
    pub(crate) stored: Stored<T>,
    /// As it was written, sealed.
    pub(crate) document: Document,
}

/// What stands at a key, readable or not.
pub(crate) struct Standing<T> {
    /// How often it was written.
    pub(crate) version: u64,
    /// What it says, or why nobody can tell.
    pub(crate) read: Result<Held<T>, Invalid>,
}

/// Every readable document of a kind, at one revision, in the order of creation.
pub(crate) struct Census<T> {
    /// The documents.
    pub(crate) all: Vec<Held<T>>,
    /// The store's revision.
    pub(crate) revision: Revision,
}

impl Service {
    /// All resources of a kind. One that cannot be read is left out and logged.
    pub(crate) async fn list<T: Resource>(&self) -> Result<Census<T>, ApiError> {
        Ok(census(&*self.store).await?)
    }

    /// One resource.
    pub(crate) async fn get<T: Resource>(&self, id: &str) -> Result<Held<T>, ApiError> {
        let standing = find(&*self.store, id).await?.ok_or_else(ApiError::not_found)?;
        standing.read.map_err(|invalid| unreadable::<T>(&invalid))
    }
}

impl<T: Resource> Standing<T> {
    /// What it says.
    pub(crate) fn held(&self) -> Result<&Held<T>, ApiError> {
        self.read.as_ref().map_err(unreadable::<T>)
    }
}

/// The key of a resource's document.
pub(super) fn key_of(kind: Kind, id: &str) -> String {
    format!("{kind}/{id}")
}

/// One document.
pub(super) async fn find<T: Resource>(
    store: &dyn ConfigStore,
    id: &str,
) -> Result<Option<Standing<T>>, StoreError> {
    let entry = store.get(&key_of(T::KIND, id)).await?;
    Ok(entry.map(|entry| Standing { version: entry.version, read: decode(&entry) }))
}

pub(super) async fn census<T: Resource>(store: &dyn ConfigStore) -> Result<Census<T>, StoreError> {
    let mut listing = store.list_under(&key_of(T::KIND, "")).await?;
    listing.entries.sort_by(|a, b| (a.created, &a.key).cmp(&(b.created, &b.key)));
    let all = listing.entries.iter().filter_map(|entry| match decode(entry) {
        Ok(held) => Some(held),
        Err(problem) => {
            tracing::warn!(key = %entry.key, %problem, "a stored document cannot be read");
            None
        }
    });
    Ok(Census { all: all.collect(), revision: listing.revision })
}

/// Reads a stored document as the gateway does, but without opening its secrets.
pub(crate) fn decode<T: Resource>(entry: &Entry) -> Result<Held<T>, Invalid> {
    let document = Document::parse(&entry.value)?;
    let spec = T::decode(&document, Strictness::Lenient)?.resource;
    let id = entry.key.split_once('/').map_or(entry.key.as_str(), |(_, id)| id);
    let stored = Stored {
        id: Id::from(id),
        version: entry.version,
        created: entry.created,
        modified: entry.modified,
        spec,
    };
    Ok(Held { stored, document })
}

fn unreadable<T: Resource>(invalid: &Invalid) -> ApiError {
    let kind = T::KIND.singular();
    let message = format!("the stored document is not a valid {kind}: {invalid}");
    ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, message)
}
