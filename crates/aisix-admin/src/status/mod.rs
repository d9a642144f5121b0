//! What monitoring reads, on a listener of its own and without a credential: metrics, and what the
//! gateway says of itself. Nothing here holds a secret, and nothing can be changed.

mod config;
mod metrics;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aisix_gateway::{GatewayHandle, probe};
use aisix_store::{Applied, ConfigStatus};
use aisix_telemetry::{CONTENT_TYPE, Exposition, Metrics};
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
    requests: Arc<Metrics>,
    /// What the configuration's source is called.
    source: &'static str,
    hashes: Arc<Mutex<metrics::Hashes>>,
}

impl StatusApi {
    /// The metrics at this path and `/status/*`, of this gateway, what counts its requests and what
    /// follows its source; `source` is what kind of source that is, such as `embedded`.
    pub fn router(
        metrics_path: &str,
        gateway: Arc<dyn GatewayHandle>,
        requests: Arc<Metrics>,
        applied: Applied,
        source: &'static str,
    ) -> Router {
        let sources = Sources { gateway, applied, requests, source, hashes: Arc::default() };
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
    async fn configuration(&self) -> Result<ConfigStatus, ApiError> {
        let applied = self.applied.clone();
        aside(move || applied.status()).await
    }

    /// All metrics; of many label sets they are a long text.
    async fn metrics(&self) -> Result<String, ApiError> {
        let (applied, requests) = (self.applied.clone(), self.requests.clone());
        let hashes = self.hashes.clone();
        let written = move || {
            let mut text = Exposition::default();
            let mut hashes = hashes.lock().unwrap_or_else(PoisonError::into_inner);
            metrics::write(&mut text, &applied.status(), &mut hashes);
            requests.write(&mut text);
            text.into_text()
        };
        aside(written).await
    }
}

/// Work that is not for a thread that serves.
#[expect(clippy::disallowed_methods, reason = "it ends by itself, and holds nothing but data")]
async fn aside<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|stopped| ApiError::internal("internal error", stopped))
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
    let text = sources.metrics().await?;
    Ok(([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response())
}

impl fmt::Debug for StatusApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StatusApi")
    }
}
