//! `/aisix/admin/<collection>`: the same five operations for both kinds.

use std::marker::PhantomData;
use std::sync::Arc;

use aisix_core::{ApiKey, Model};
use async_trait::async_trait;
use axum::Json;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde_json::{Value, json};
use utoipa::openapi::HttpMethod;
use uuid::Uuid;

use super::Older;
use super::envelope::{Gone, Item, Items, key_of};
use crate::endpoints::Endpoint;
use crate::endpoints::answer::written;
use crate::endpoints::collection::EXAMPLE_ID;
use crate::endpoints::request::{JsonObject, PathId, fields};
use crate::error::ApiError;
use crate::openapi::Description;
use crate::service::{Held, Plan, Service, Step, Wait};

/// Writes a resource, new or not.
struct Upsert<T: Older> {
    id: String,
    body: T::Body,
}

/// Deletes a resource, unless the older API only shows it.
struct Remove<T> {
    id: String,
    kind: PhantomData<T>,
}

#[async_trait]
impl<T: Older> Step for Upsert<T> {
    async fn plan(&self, plan: &mut Plan<'_>) -> Result<(), ApiError> {
        let standing = plan.find::<T>(&self.id).await?;
        if standing.is_none() {
            require_plain(&self.id)?;
        }
        let done = T::write(plan, &self.id, &self.body, standing.as_ref()).await;
        done.map_err(|error| error.renaming(T::FIELDS))
    }
}

#[async_trait]
impl<T: Older> Step for Remove<T> {
    async fn plan(&self, plan: &mut Plan<'_>) -> Result<(), ApiError> {
        let standing = plan.find::<T>(&self.id).await?.ok_or_else(ApiError::not_found)?;
        if let Ok(held) = &standing.read {
            held.stored.spec.writable()?;
        }
        plan.delete(&self.id, &standing).await
    }
}

/// New ids stand in keys, paths and logs.
fn require_plain(id: &str) -> Result<(), ApiError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    if (1..=128).contains(&id.len()) && id.bytes().all(plain) && !id.starts_with('.') {
        return Ok(());
    }
    let message = "must be 1 to 128 of a-z, A-Z, 0-9, '-', '_' and '.', and not begin with '.'";
    Err(ApiError::about(StatusCode::BAD_REQUEST, "id", message))
}

async fn create<T: Older>(
    service: State<Arc<Service>>,
    wait: Wait,
    document: JsonObject,
) -> Result<Response, ApiError> {
    let id = PathId(Uuid::new_v4().to_string());
    put::<T>(service, id, wait, document).await
}

async fn put<T: Older>(
    State(service): State<Arc<Service>>,
    PathId(id): PathId,
    wait: Wait,
    JsonObject(document): JsonObject,
) -> Result<Response, ApiError> {
    let body = fields(&document)?;
    let step = Upsert::<T> { id: id.clone(), body };
    let done = service.carry_out(&step, wait).await?;
    let held = done.resource::<T>(&id)?;
    let status = if held.stored.version == 1 { StatusCode::CREATED } else { StatusCode::OK };
    Ok(written(&done, status, item(&service, held).await?))
}

async fn list<T: Older>(
    State(service): State<Arc<Service>>,
) -> Result<Json<Items<T::View>>, ApiError> {
    let all = service.list::<T>().await?.all;
    let views = T::view(&service, &all).await?;
    let list: Vec<_> = all.iter().zip(views).map(|(held, view)| Item::of(held, view)).collect();
    Ok(Json(Items { total: list.len(), list }))
}

async fn get<T: Older>(
    State(service): State<Arc<Service>>,
    PathId(id): PathId,
) -> Result<Json<Item<T::View>>, ApiError> {
    let held = service.get::<T>(&id).await?;
    Ok(Json(item(&service, held).await?))
}

async fn delete<T: Older>(
    State(service): State<Arc<Service>>,
    PathId(id): PathId,
    wait: Wait,
) -> Result<Response, ApiError> {
    let step = Remove::<T> { id, kind: PhantomData };
    let done = service.carry_out(&step, wait).await?;
    let gone = Gone { deleted: 1, key: key_of::<T>(&step.id) };
    Ok(written(&done, StatusCode::OK, gone))
}

async fn item<T: Older>(service: &Service, held: Held<T>) -> Result<Item<T::View>, ApiError> {
    let held = [held];
    let view = T::view(service, &held).await?.pop();
    let view = view.ok_or_else(|| ApiError::internal("internal error", "no view was made"))?;
    let [held] = held;
    Ok(Item::of(&held, view))
}

/// The endpoints of the older API.
pub(crate) fn all() -> Vec<Endpoint> {
    of::<ApiKey>().into_iter().chain(of::<Model>()).collect()
}

fn of<T: Older>() -> [Endpoint; 5] {
    let (name, kind) = (T::COLLECTION, T::KIND.singular());
    let collection = format!("/aisix/admin/{name}");
    let one = format!("{collection}/{{id}}");
    let about = move |verb: &str, summary: String| {
        Description::new(&format!("older_{verb}_{name}"), "older", &summary)
    };
    let body = move |description: Description| description.takes_json::<T::Body>(T::example_body());
    let create_it = move || {
        body(about("create", format!("Create: {kind}")))
            .writes::<Item<T::View>>(201, "Created, and served", example::<T>())
            .fails(&[400, 409, 413, 415])
    };
    let list_it = move || {
        let listing = json!({"total": 1, "list": [example::<T>()]});
        let text = "All of them, in the order of their creation";
        about("list", format!("List all: {kind}")).answers::<Items<T::View>>(200, text, listing)
    };
    let get_it = move || {
        about("get", format!("Read one: {kind}"))
            .id()
            .answers::<Item<T::View>>(200, "The resource", example::<T>())
            .fails(&[400, 404])
    };
    let put_it = move || {
        body(about("put", format!("Write one, new or not: {kind}")).id())
            .writes::<Item<T::View>>(200, "Replaced, and served", example::<T>())
            .answers::<Item<T::View>>(201, "Created, and served", example::<T>())
            .fails(&[400, 409, 413, 415])
    };
    let delete_it = move || {
        let gone = json!({"deleted": 1, "key": key_of::<T>(EXAMPLE_ID)});
        about("delete", format!("Delete one: {kind}"))
            .id()
            .writes::<Gone>(200, "Deleted, and no longer served", gone)
            .fails(&[400, 404, 409])
    };
    [
        Endpoint::admin(HttpMethod::Post, collection.clone(), create::<T>, create_it),
        Endpoint::admin(HttpMethod::Get, collection, list::<T>, list_it),
        Endpoint::admin(HttpMethod::Get, one.clone(), get::<T>, get_it),
        Endpoint::admin(HttpMethod::Put, one.clone(), put::<T>, put_it),
        Endpoint::admin(HttpMethod::Delete, one, delete::<T>, delete_it),
    ]
}

fn example<T: Older>() -> Value {
    json!({
        "key": key_of::<T>(EXAMPLE_ID),
        "value": T::example_view(),
        "created_index": 3,
        "modified_index": 3,
        "id": EXAMPLE_ID,
    })
}
