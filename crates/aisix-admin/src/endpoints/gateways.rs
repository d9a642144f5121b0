//! `/admin/v1/gateways`: who serves what.

use std::sync::Arc;

use aisix_core::snapshot::Revision;
use aisix_store::{Forgotten, Member};
use axum::Json;
use axum::extract::State;
use http::StatusCode;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::HttpMethod;

use super::Endpoint;
use super::answer::Deleted;
use super::collection::EXAMPLE_ID;
use super::request::PathId;
use crate::error::ApiError;
use crate::openapi::Description;
use crate::service::Service;

/// A gateway of this environment, and what it serves.
#[derive(Debug, Serialize, ToSchema)]
struct Gateway {
    /// Made when its process began; no other process ever has it.
    id: String,
    /// The environment whose configuration it serves.
    environment: String,
    /// Whether it reports.
    state: Standing,
    /// Where it listens for callers, as its own machine calls it.
    address: String,
    /// The version of the program.
    version: String,
    /// When its process began.
    #[schema(value_type = Option<String>, format = DateTime)]
    started_at: Option<Timestamp>,
    /// Every write up to this revision of the store is served, or was when it was last heard of.
    /// Null while it does not follow its source.
    applied_revision: Option<Revision>,
    /// The newest write of a resource that any gateway knows of: what it should serve.
    desired_revision: Option<Revision>,
    /// When it applied the revision.
    #[schema(value_type = Option<String>, format = DateTime)]
    applied_at: Option<Timestamp>,
    /// Seconds since then.
    age_seconds: Option<i64>,
    /// How many documents it does not serve as they were last written.
    rejected: usize,
}

/// Whether a gateway reports.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = GatewayState)]
enum Standing {
    /// It does.
    Live,
    /// It did not end in good order, but says nothing: it died, hangs, or is cut off and serves on.
    Lost,
}

impl Gateway {
    fn of(member: Member, desired_revision: Option<Revision>, now: Timestamp) -> Self {
        let (identity, served) = (member.receipt.identity, member.receipt.served);
        Self {
            id: identity.id,
            environment: identity.environment,
            state: if member.live { Standing::Live } else { Standing::Lost },
            address: identity.address,
            version: identity.version,
            started_at: identity.started_at,
            applied_revision: served.applied_revision,
            desired_revision,
            applied_at: served.applied_at,
            age_seconds: served.applied_at.map(|at| now.duration_since(at).as_secs().max(0)),
            rejected: served.rejected,
        }
    }
}

async fn list(State(service): State<Arc<Service>>) -> Result<Json<Vec<Gateway>>, ApiError> {
    let members = service.roster().members().await?;
    let desired = members.iter().filter_map(|member| member.receipt.served.newest_revision).max();
    let now = Timestamp::now();
    let all = members.into_iter().map(|member| Gateway::of(member, desired, now));
    Ok(Json(all.collect()))
}

async fn forget(
    State(service): State<Arc<Service>>,
    PathId(id): PathId,
) -> Result<Json<Deleted>, ApiError> {
    match service.roster().forget(&id).await? {
        Forgotten::Done => {
            tracing::info!(target: "aisix::audit", kind = "gateways", id, action = "forget", "admin write");
            Ok(Json(Deleted { id, deleted: true }))
        }
        Forgotten::Live => {
            let message = "this gateway is live: it leaves by itself when it is stopped";
            Err(ApiError::new(StatusCode::CONFLICT, message))
        }
        Forgotten::Unknown => Err(ApiError::new(StatusCode::NOT_FOUND, "no such gateway")),
    }
}

pub(super) fn endpoints() -> [Endpoint; 2] {
    let list_them = || {
        let example = json!([{
            "id": EXAMPLE_ID,
            "environment": "default",
            "state": "live",
            "address": "0.0.0.0:3000",
            "version": env!("CARGO_PKG_VERSION"),
            "started_at": "2026-01-02T03:04:05Z",
            "applied_revision": 42,
            "desired_revision": 42,
            "applied_at": "2026-01-02T04:05:06Z",
            "age_seconds": 7,
            "rejected": 0,
        }]);
        Description::new("list_gateways", "gateways", "Who serves what")
            .answers_list::<Gateway>("Every gateway of this environment, by id", example)
    };
    let forget_it = || {
        let summary = "Forget a lost gateway: only for one that is known to serve nobody any more, \
                       since writes no longer wait for it";
        let gone = json!({"id": EXAMPLE_ID, "deleted": true});
        Description::new("forget_gateway", "gateways", summary)
            .id()
            .answers::<Deleted>(200, "Forgotten", gone)
            .fails(&[400, 404, 409])
    };
    let one = "/admin/v1/gateways/{id}";
    [
        Endpoint::admin(HttpMethod::Get, "/admin/v1/gateways", list, list_them),
        Endpoint::admin(HttpMethod::Delete, one, forget, forget_it),
    ]
}
