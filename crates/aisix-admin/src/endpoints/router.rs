//! The list of endpoints as a service.

use std::any::Any;
use std::sync::Arc;

use aisix_auth::{AdminAuthLayer, AdminKeys};
use axum::Router;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use tower_http::catch_panic::CatchPanicLayer;

use super::{Access, Endpoint};
use crate::error::ApiError;
use crate::service::Service;

/// Routes every endpoint, those for administrators behind the keys.
///
/// Paths that nobody serves are 404, methods that a path does not know 405, before anyone asks for
/// a key.
pub(crate) fn router(service: Arc<Service>, keys: AdminKeys, endpoints: Vec<Endpoint>) -> Router {
    let (admin, public) =
        endpoints.into_iter().partition::<Vec<_>, _>(|endpoint| endpoint.access == Access::Admin);
    routes(admin)
        .route_layer(AdminAuthLayer::new(keys, unauthorized))
        .merge(routes(public))
        .fallback(async || ApiError::new(StatusCode::NOT_FOUND, "no such path"))
        .method_not_allowed_fallback(wrong_method)
        .layer(CatchPanicLayer::custom(panicked))
        .with_state(service)
}

fn routes(endpoints: Vec<Endpoint>) -> Router<Arc<Service>> {
    endpoints
        .into_iter()
        .fold(Router::new(), |router, endpoint| router.route(&endpoint.path, endpoint.handler))
}

fn unauthorized() -> Response {
    let message = "missing or malformed admin authorization";
    let mut response = ApiError::new(StatusCode::UNAUTHORIZED, message).into_response();
    let scheme = HeaderValue::from_static("Bearer");
    response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
    response
}

async fn wrong_method() -> ApiError {
    let message = "this path does not know that method: the Allow header says which it knows";
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, message)
}

/// The panic's own words are on standard error; they may quote anything, so nobody repeats them.
fn panicked(_: Box<dyn Any + Send>) -> Response {
    ApiError::internal("internal error", "the handler panicked").into_response()
}
