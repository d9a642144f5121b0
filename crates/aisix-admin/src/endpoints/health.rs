//! `GET /admin/v1/health`.

use std::sync::Arc;

use aisix_core::Id;
use aisix_gateway::{GatewayHandle, ModelHealth};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::HttpMethod;

use super::Endpoint;
use crate::openapi::Description;
use crate::service::Service;

/// Consecutive upstream failures from which on a model is degraded.
const DEGRADED: u32 = 4;
/// Consecutive upstream failures from which on a model is unhealthy.
pub(super) const UNHEALTHY: u32 = 8;

/// How the gateway fares.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    /// The worst of what is below.
    status: HealthStatus,
    /// Every model that is served.
    models: Vec<HealthOfModel>,
    /// The configuration that is served; absent where a file is its source, which has no revision.
    #[serde(skip_serializing_if = "Option::is_none")]
    config: Option<ServedConfiguration>,
}

/// A verdict.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum HealthStatus {
    /// Nothing is wrong.
    Ok,
    /// A model fails, or no configuration was ever applied.
    Degraded,
    /// A model fails persistently.
    Unhealthy,
}

/// How one model fares.
#[derive(Debug, Serialize, ToSchema)]
struct HealthOfModel {
    /// The model's id.
    #[schema(value_type = String)]
    id: Id,
    /// The name that callers use.
    name: String,
    /// 0 is fine; 1 after 4, 2 after 8 upstream failures in a row.
    #[schema(maximum = 2)]
    health: u8,
}

/// Which configuration is served.
#[derive(Debug, Serialize, ToSchema)]
struct ServedConfiguration {
    /// The store's revision; 0 before the first.
    snapshot_revision: u64,
    /// How long ago it was applied; null before the first.
    snapshot_age_seconds: Option<u64>,
}

impl From<ModelHealth> for HealthOfModel {
    fn from(model: ModelHealth) -> Self {
        let health = match model.consecutive_failures {
            UNHEALTHY.. => 2,
            DEGRADED.. => 1,
            _ => 0,
        };
        Self { id: model.id, name: model.name, health }
    }
}

impl Health {
    fn of(gateway: &dyn GatewayHandle, whole: bool) -> Self {
        let configuration = gateway.configuration();
        let mut models: Vec<HealthOfModel> = gateway.models().into_iter().map(Into::into).collect();
        models.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
        let status = match models.iter().map(|model| model.health).max() {
            Some(2) => HealthStatus::Unhealthy,
            Some(1) => HealthStatus::Degraded,
            _ if configuration.age.is_none() => HealthStatus::Degraded,
            _ => HealthStatus::Ok,
        };
        let config = ServedConfiguration {
            snapshot_revision: configuration.revision,
            snapshot_age_seconds: configuration.age.map(|age| age.as_secs()),
        };
        Self { status, models, config: (!whole).then_some(config) }
    }
}

async fn health(State(service): State<Arc<Service>>) -> Json<Health> {
    Json(Health::of(service.gateway(), service.is_whole()))
}

pub(super) fn endpoints() -> [Endpoint; 1] {
    let description = || {
        let example = json!({
            "status": "ok",
            "models": [{"id": super::collection::EXAMPLE_ID, "name": "gpt-4o-prod", "health": 0}],
            "config": {"snapshot_revision": 12, "snapshot_age_seconds": 34},
        });
        Description::new("health", "status", "How the gateway fares").answers::<Health>(
            200,
            "Always, whatever the verdict",
            example,
        )
    };
    [Endpoint::admin(HttpMethod::Get, "/admin/v1/health", health, description)]
}
