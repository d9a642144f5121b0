//! What is said of a resource, and of a write.

use aisix_core::Id;
use aisix_core::snapshot::Stored;
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::service::Done;

/// The store's revision of a write.
pub(crate) const CONFIG_REVISION: HeaderName = HeaderName::from_static("x-aisix-config-revision");

/// A resource as it is shown: secrets masked.
#[derive(Debug, Serialize)]
pub(crate) struct Entry<T> {
    /// Assigned at creation.
    pub(crate) id: Id,
    /// The resource.
    pub(crate) value: T,
    /// How often the resource was written: 1, 2, …
    pub(crate) revision: u64,
}

/// What is said of a deletion.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Deleted {
    /// The id of what is gone.
    pub(crate) id: String,
    /// Always true.
    pub(crate) deleted: bool,
}

impl<T> From<Stored<T>> for Entry<T> {
    fn from(stored: Stored<T>) -> Self {
        Self { id: stored.id, value: stored.spec, revision: stored.version }
    }
}

/// The answer to a write: with `status` where the gateway serves it already, otherwise with 202.
pub(crate) fn written(done: &Done, status: StatusCode, body: impl Serialize) -> Response {
    let status = if done.served { status } else { StatusCode::ACCEPTED };
    let revision = [(CONFIG_REVISION, done.revision.to_string())];
    (status, revision, Json(body)).into_response()
}
