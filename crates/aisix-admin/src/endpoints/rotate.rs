//! `POST /admin/v1/apikeys/{id}/rotate`.

use std::sync::Arc;

use aisix_core::{ApiKey, KeyHash};
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::HttpMethod;

use super::Endpoint;
use super::answer::{Entry, written};
use super::collection::example_entry;
use super::request::{OptionalJsonObject, PathId, fields};
use crate::error::ApiError;
use crate::openapi::{Description, Documented, reference};
use crate::service::{IfMatch, Rotate, Service, Wait, new_plaintext};

/// How a rotation treats the plaintext that it replaces.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct Rotation {
    /// Seconds for which the replaced plaintext is still accepted; 0 refuses it at once.
    grace_seconds: u32,
}

/// A rotated key.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rotated {
    /// The key, with its new hash.
    #[schema(schema_with = reference::<Entry<ApiKey>>)]
    entry: Entry<ApiKey>,
    /// The new plaintext, shown this once.
    plaintext: String,
}

async fn rotate(
    State(service): State<Arc<Service>>,
    PathId(id): PathId,
    if_match: IfMatch,
    wait: Wait,
    OptionalJsonObject(body): OptionalJsonObject,
) -> Result<Response, ApiError> {
    let rotation: Rotation = body.as_ref().map(fields).transpose()?.unwrap_or_default();
    let plaintext = new_plaintext()?;
    let step = Rotate {
        id: id.clone(),
        key_hash: KeyHash::of(&plaintext),
        grace: SignedDuration::from_secs(rotation.grace_seconds.into()),
        if_match,
    };
    let done = service.carry_out(&step, wait).await?;
    let entry = Entry::from(done.resource::<ApiKey>(&id)?.stored);
    Ok(written(&done, StatusCode::OK, Rotated { entry, plaintext }))
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let of = |name: &&'static str| {
        let name = *name;
        let description = move || {
            let summary =
                "Replace a caller API key's plaintext; everything else about the key stays";
            let served = "Rotated, and served: the plaintext is shown this once";
            let example = json!({"entry": example_entry::<ApiKey>(2), "plaintext": "sk-***"});
            Description::new(&format!("rotate_{name}"), "api_keys", summary)
                .id()
                .if_match()
                .optional_body::<Rotation>(json!({"grace_seconds": 3600}))
                .writes::<Rotated>(200, served, example)
                .fails(&[400, 404, 409, 413, 415])
        };
        let path = format!("/admin/v1/{name}/{{id}}/rotate");
        Endpoint::admin(HttpMethod::Post, path, rotate, description)
    };
    ApiKey::COLLECTIONS.iter().map(of).collect()
}
