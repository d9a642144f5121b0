//! `/livez` and `/readyz`, for orchestrators.

use std::sync::Arc;

use aisix_gateway::{Readiness, probe};
use axum::extract::{RawQuery, State};
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use utoipa::openapi::HttpMethod;

use super::Endpoint;
use crate::openapi::Description;
use crate::service::Service;

async fn livez(State(service): State<Arc<Service>>, RawQuery(query): RawQuery) -> Response {
    answer(probe::livez, &service, query.as_deref())
}

async fn readyz(State(service): State<Arc<Service>>, RawQuery(query): RawQuery) -> Response {
    answer(probe::readyz, &service, query.as_deref())
}

fn answer(
    probe: fn(Readiness, bool) -> (StatusCode, String),
    service: &Service,
    query: Option<&str>,
) -> Response {
    let (status, text) = probe(service.gateway().readiness(), probe::is_verbose(query));
    let headers =
        [(header::CONTENT_TYPE, probe::CONTENT_TYPE), (header::X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (status, headers, text).into_response()
}

pub(super) fn endpoints() -> [Endpoint; 2] {
    let describe = |id, summary| {
        Description::new(id, "status", summary)
            .verbose()
            .text(200, "It does", "text/plain", "ok")
            .text(503, "It does not: the failing check is named", "text/plain", "")
    };
    let live = move || describe("livez", "Whether the process lives and is not shutting down");
    let ready = move || describe("readyz", "Whether the gateway serves a configuration");
    [
        Endpoint::public(HttpMethod::Get, "/livez", livez, live),
        Endpoint::public(HttpMethod::Get, "/readyz", readyz, ready),
    ]
}
