//! `/admin/v1/<collection>`: the same five operations for every kind.

use std::marker::PhantomData;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use utoipa::openapi::HttpMethod;
use uuid::Uuid;

use super::Endpoint;
use super::answer::{Deleted, Entry, written};
use super::request::{JsonObject, PathId};
use crate::error::ApiError;
use crate::openapi::{Description, Documented};
use crate::service::{Create, Delete, IfMatch, Managed, Replace, Service, Wait};

type Answer = Result<Response, ApiError>;

async fn create<T: Managed>(
    State(service): State<Arc<Service>>,
    wait: Wait,
    JsonObject(document): JsonObject,
) -> Answer {
    let id = Uuid::new_v4().to_string();
    let step = Create::<T> { id: id.clone(), document, kind: PhantomData };
    let done = service.carry_out(&step, wait).await?;
    let stored = done.resource::<T>(&id)?.stored;
    Ok(written(&done, StatusCode::CREATED, Entry::from(stored)))
}

async fn list<T: Managed>(
    State(service): State<Arc<Service>>,
) -> Result<Json<Vec<Entry<T>>>, ApiError> {
    let census = service.list::<T>().await?;
    Ok(Json(census.all.into_iter().map(|held| held.stored.into()).collect()))
}

async fn get<T: Managed>(
    State(service): State<Arc<Service>>,
    PathId(id): PathId,
) -> Result<Json<Entry<T>>, ApiError> {
    Ok(Json(service.get::<T>(&id).await?.stored.into()))
}

async fn replace<T: Managed>(
    State(service): State<Arc<Service>>,
    PathId(id): PathId,
    if_match: IfMatch,
    wait: Wait,
    JsonObject(document): JsonObject,
) -> Answer {
    let step = Replace::<T> { id: id.clone(), document, if_match, kind: PhantomData };
    let done = service.carry_out(&step, wait).await?;
    let stored = done.resource::<T>(&id)?.stored;
    Ok(written(&done, StatusCode::OK, Entry::from(stored)))
}

async fn delete<T: Managed>(
    State(service): State<Arc<Service>>,
    PathId(id): PathId,
    if_match: IfMatch,
    wait: Wait,
) -> Answer {
    let step = Delete::<T> { id: id.clone(), if_match, kind: PhantomData };
    let done = service.carry_out(&step, wait).await?;
    Ok(written(&done, StatusCode::OK, Deleted { id, deleted: true }))
}

/// The endpoints of a kind, under each of its names.
pub(crate) fn endpoints<T: Managed + Documented>() -> Vec<Endpoint> {
    T::COLLECTIONS.iter().flat_map(|name| of::<T>(name)).collect()
}

fn of<T: Managed + Documented>(name: &'static str) -> [Endpoint; 5] {
    let kind = T::KIND.singular();
    let collection = format!("/admin/v1/{name}");
    let one = format!("{collection}/{{id}}");
    let about = move |verb: &str, summary: String| {
        Description::new(&format!("{verb}_{name}"), T::KIND.plural(), &summary)
    };
    let create_it = move || {
        about("create", format!("Create {} {kind}", article(kind)))
            .body(T::body(), T::example_body())
            .writes::<Entry<T>>(201, "Created, and served", example_entry::<T>(1))
            .fails(&[400, 409, 413, 415])
    };
    let list_it = move || {
        about("list", format!("List every {kind}, in the order of creation"))
            .answers_list::<Entry<T>>("All of them", json!([example_entry::<T>(1)]))
    };
    let get_it = move || {
        about("get", format!("Read one {kind}"))
            .id()
            .answers::<Entry<T>>(200, "The resource, secrets masked", example_entry::<T>(1))
            .fails(&[400, 404])
    };
    let replace_it = move || {
        about("replace", format!("Replace one {kind} as a whole"))
            .id()
            .if_match()
            .body(T::body(), T::example_body())
            .writes::<Entry<T>>(200, "Replaced, and served", example_entry::<T>(2))
            .fails(&[400, 404, 409, 413, 415])
    };
    let delete_it = move || {
        let gone = json!({"id": EXAMPLE_ID, "deleted": true});
        about("delete", format!("Delete one {kind}"))
            .id()
            .if_match()
            .writes::<Deleted>(200, "Deleted, and no longer served", gone)
            .fails(&[400, 404, 409])
    };
    [
        Endpoint::admin(HttpMethod::Post, collection.clone(), create::<T>, create_it),
        Endpoint::admin(HttpMethod::Get, collection, list::<T>, list_it),
        Endpoint::admin(HttpMethod::Get, one.clone(), get::<T>, get_it),
        Endpoint::admin(HttpMethod::Put, one.clone(), replace::<T>, replace_it),
        Endpoint::admin(HttpMethod::Delete, one, delete::<T>, delete_it),
    ]
}

/// The article that goes before a word.
fn article(word: &str) -> &'static str {
    if word.starts_with(['A', 'O', 'o']) || word.starts_with("MCP") { "an" } else { "a" }
}

/// The id in every example.
pub(crate) const EXAMPLE_ID: &str = "db8613ea-2ecd-40e4-91aa-08197119f766";

/// A resource as the examples show it.
pub(crate) fn example_entry<T: Documented>(revision: u64) -> Value {
    json!({"id": EXAMPLE_ID, "value": T::example_value(), "revision": revision})
}
