//! What the older API wraps around values.

use aisix_core::snapshot::Revision;
use serde::Serialize;
use utoipa::ToSchema;

use super::Older;
use crate::service::Held;

/// A resource.
#[derive(Debug, Serialize)]
pub(crate) struct Item<V> {
    /// `/<collection>/<id>`.
    key: String,
    /// The resource.
    value: V,
    /// The store's revision at its creation.
    created_index: Revision,
    /// The store's revision at its last write.
    modified_index: Revision,
    /// The id.
    id: String,
}

/// Resources.
#[derive(Debug, Serialize)]
pub(crate) struct Items<V> {
    /// How many there are.
    pub(super) total: usize,
    /// All of them, in the order of their creation.
    pub(super) list: Vec<Item<V>>,
}

/// What is said of a deletion.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Gone {
    /// How many resources were deleted: 1.
    pub(super) deleted: u64,
    /// `/<collection>/<id>`.
    pub(super) key: String,
}

impl<V> Item<V> {
    /// Wraps what is shown of a resource.
    pub(super) fn of<T: Older<View = V>>(held: &Held<T>, value: V) -> Self {
        let stored = &held.stored;
        Self {
            key: key_of::<T>(stored.id.as_str()),
            value,
            created_index: stored.created,
            modified_index: stored.modified,
            id: stored.id.to_string(),
        }
    }
}

/// How the older API names a resource.
pub(super) fn key_of<T: Older>(id: &str) -> String {
    format!("/{}/{id}", T::COLLECTION)
}
