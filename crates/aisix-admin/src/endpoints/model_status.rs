//! `GET /admin/v1/models/status`, and the same for monitoring.

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
use super::health::UNHEALTHY;
use crate::openapi::Description;
use crate::service::Service;

/// Whether one model can be counted on.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ModelStatus {
    /// The model's id.
    #[schema(value_type = String)]
    id: Id,
    /// The name that callers use.
    display_name: String,
    /// What the name leads to.
    kind: FormOfModel,
    /// The verdict.
    status: Verdict,
    /// Why it is not healthy.
    #[serde(skip_serializing_if = "Option::is_none")]
    status_reason: Option<&'static str>,
}

/// What a model's name leads to.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum FormOfModel {
    /// One upstream model.
    Direct,
    /// A group of models.
    Routing,
}

/// Whether a model can be counted on.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    /// Nothing is known against it.
    Healthy,
    /// It has failed eight times in a row.
    Unhealthy,
    /// It has no upstream of its own.
    NotApplicable,
}

impl From<ModelHealth> for ModelStatus {
    fn from(model: ModelHealth) -> Self {
        let (kind, status, status_reason) = match (model.direct, model.consecutive_failures) {
            (false, _) => (FormOfModel::Routing, Verdict::NotApplicable, None),
            (true, UNHEALTHY..) => {
                (FormOfModel::Direct, Verdict::Unhealthy, Some("consecutive_failures"))
            }
            (true, _) => (FormOfModel::Direct, Verdict::Healthy, None),
        };
        Self { id: model.id, display_name: model.name, kind, status, status_reason }
    }
}

/// Every model, by name.
pub(crate) fn all(gateway: &dyn GatewayHandle) -> Vec<ModelStatus> {
    let mut models = gateway.models();
    models.sort_by(|a, b| (&a.name, &a.id).cmp(&(&b.name, &b.id)));
    models.into_iter().map(Into::into).collect()
}

async fn model_status(State(service): State<Arc<Service>>) -> Json<Vec<ModelStatus>> {
    Json(all(service.gateway()))
}

pub(super) fn endpoints() -> [Endpoint; 1] {
    let description = || {
        let example = json!([{
            "id": super::collection::EXAMPLE_ID,
            "display_name": "gpt-4o-prod",
            "kind": "direct",
            "status": "healthy",
        }]);
        Description::new("model_status", "status", "Whether models can be counted on")
            .answers_list::<ModelStatus>("Every model, by name", example)
    };
    [Endpoint::admin(HttpMethod::Get, "/admin/v1/models/status", model_status, description)]
}
