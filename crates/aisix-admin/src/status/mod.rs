//! What monitoring reads, on a listener of its own and without a credential: metrics, and what the
//! gateway says of itself. Nothing here holds a secret, and nothing can be changed.

mod config;
mod metrics;

use std::fmt;
use std::sync::{Arc, Mutex};

use aisix_gateway::{GatewayHandle, probe};
use aisix_store::{Applied, ConfigStatus};
use aisix_telemetry::CONTENT_TYPE;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{StatusCode, header};

use crate::endpoints::model_status::{self, ModelStatus};
use crate::error::ApiError;

/// Metrics and status, as a service to be put behind a listener.
pub struct StatusApi;

/// What the answers are made of.
struct Sources {
    gateway: Arc<dyn GatewayHandle>,
    applied: Applied,
    /// What the configuration's source is called.
    source: &'static str,
    hashes: Mutex<metrics::Hashes>,
}

impl StatusApi {
    /// The metrics at this path and `/status/*`, of this gateway and what follows its source;
    /// `source` is what kind of source that is, such as `embedded`.
    pub fn router(
        metrics_path: &str,
        gateway: Arc<dyn GatewayHandle>,
        applied: Applied,
        source: &'static str,
    ) -> Router {
        let sources = Sources { gateway, applied, source, hashes: Mutex::default() };
        Router::new()
            .route(metrics_path, get(metrics))
            .route("/status/ready", get(ready))
            .route("/status/config", get(config))
            .route("/status/models", get(models))
            .fallback(async || ApiError::new(StatusCode::NOT_FOUND, "no such path"))
            .with_state(Arc::new(sources))
    }
}

impl Sources {
    /// Hashes every document after a change, which is not for a thread that serves.
    #[expect(clippy::disallowed_methods, reason = "it ends by itself, and holds nothing but data")]
    async fn configuration(&self) -> Result<ConfigStatus, ApiError> {
        let applied = self.applied.clone();
        let status = tokio::task::spawn_blocking(move || applied.status()).await;
        status.map_err(|stopped| ApiError::internal("internal error", stopped))
    }
}

async fn ready(State(sources): State<Arc<Sources>>) -> Response {
    let (status, text) = if sources.gateway.readiness().configured {
        (StatusCode::OK, "ok")
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "no configuration available")
    };
    (status, [(header::CONTENT_TYPE, probe::CONTENT_TYPE)], text).into_response()
}

async fn config(State(sources): State<Arc<Sources>>) -> Result<Json<config::Report>, ApiError> {
    let status = sources.configuration().await?;
    Ok(Json(config::Report::of(sources.source, &status)))
}

async fn models(State(sources): State<Arc<Sources>>) -> Json<Vec<ModelStatus>> {
    Json(model_status::all(&*sources.gateway))
}

async fn metrics(State(sources): State<Arc<Sources>>) -> Result<Response, ApiError> {
    let status = sources.configuration().await?;
    let mut hashes = sources.hashes.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let text = metrics::of(&status, &mut hashes);
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}

impl fmt::Debug for StatusApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StatusApi")
    }
}
