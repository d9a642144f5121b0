//! What is said of a resource, and of a write.

use aisix_core::Id;
use aisix_core::snapshot::{Revision, Stored};
use aisix_store::{Convergence, Member};
use axum::Json;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use crate::service::{Done, Serving};

/// The store's revision of a write.
pub(crate) const CONFIG_REVISION: HeaderName = HeaderName::from_static("x-aisix-config-revision");

/// What the receipts of all gateways come to, where a write waited for them: `applied`, `pending` or
/// `unknown`, with parameters.
pub(crate) const RECEIPT: HeaderName = HeaderName::from_static("x-aisix-receipt");

/// The gateways that may not serve a write, as a list of strings with parameters.
pub(crate) const BEHIND: HeaderName = HeaderName::from_static("x-aisix-behind");

/// How many of them are named: what clients read of headers is limited.
const NAMED: usize = 50;

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

/// The answer to a write: with `status` where those serve it already that were waited for, otherwise
/// with 202.
pub(crate) fn written(done: &Done, status: StatusCode, body: impl Serialize) -> Response {
    let (served, receipt) = match &done.serving {
        Serving::Here => (true, None),
        Serving::NotHere => (false, None),
        Serving::Known(found) => (found.is_complete(), Some(said_of(found, done.revision))),
        Serving::Unknown => (false, Some(("unknown".to_owned(), String::new()))),
    };
    let status = if served { status } else { StatusCode::ACCEPTED };
    let revision = [(CONFIG_REVISION, done.revision.to_string())];
    let mut response = (status, revision, Json(body)).into_response();
    let (receipt, behind) = receipt.unwrap_or_default();
    for (name, value) in [(RECEIPT, receipt), (BEHIND, behind)] {
        // Names were made of plain characters.
        if let (false, Ok(value)) = (value.is_empty(), HeaderValue::try_from(value)) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// The two headers: the verdict, and those that are behind.
fn said_of(found: &Convergence, revision: Revision) -> (String, String) {
    let (gateways, behind) = (found.gateways, found.behind.len());
    if found.is_complete() {
        return (format!("applied;gateways={gateways}"), String::new());
    }
    let named: Vec<_> =
        found.behind.iter().take(NAMED).map(|member| named(member, revision)).collect();
    (format!("pending;gateways={gateways};behind={behind}"), named.join(", "))
}

/// A gateway that is behind. What stands in the store may be anything.
fn named(member: &Member, revision: Revision) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let id = &member.receipt.identity.id;
    let id: String = id.chars().map(|c| if plain(c) { c } else { '?' }).collect();
    let state = if member.live { "live" } else { "lost" };
    let applied = member.receipt.served.applied_revision;
    let applied = applied.map(|revision| format!(";applied={revision}")).unwrap_or_default();
    let rejected = if member.rejects(revision) { ";rejected" } else { "" };
    format!("\"{id}\";state={state}{applied}{rejected}")
}
