//! A route together with its description.

use std::sync::Arc;

use axum::handler::Handler;
use axum::routing::{MethodFilter, MethodRouter, on};
use utoipa::openapi::HttpMethod;

use crate::openapi::Description;
use crate::service::Service;

/// Who may call an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Whoever holds an admin key.
    Admin,
    /// Everyone.
    Public,
}

/// A method on a path: how it is served, and how it is described.
pub(crate) struct Endpoint {
    pub(crate) method: HttpMethod,
    pub(crate) path: String,
    pub(crate) access: Access,
    pub(crate) handler: MethodRouter<Arc<Service>>,
    pub(crate) description: Description,
}

impl Endpoint {
    /// An endpoint that needs an admin key.
    pub(crate) fn admin<H, T>(
        method: HttpMethod,
        path: impl Into<String>,
        handler: H,
        description: Description,
    ) -> Self
    where
        H: Handler<T, Arc<Service>>,
        T: 'static,
    {
        let handler = on(filter(&method), handler);
        let description = description.needs_admin_key();
        Self { method, path: path.into(), access: Access::Admin, handler, description }
    }

    /// An endpoint for everyone.
    pub(crate) fn public<H, T>(
        method: HttpMethod,
        path: impl Into<String>,
        handler: H,
        description: Description,
    ) -> Self
    where
        H: Handler<T, Arc<Service>>,
        T: 'static,
    {
        let handler = on(filter(&method), handler);
        Self { method, path: path.into(), access: Access::Public, handler, description }
    }
}

fn filter(method: &HttpMethod) -> MethodFilter {
    match method {
        HttpMethod::Get => MethodFilter::GET,
        HttpMethod::Post => MethodFilter::POST,
        HttpMethod::Put => MethodFilter::PUT,
        HttpMethod::Delete => MethodFilter::DELETE,
        HttpMethod::Options => MethodFilter::OPTIONS,
        HttpMethod::Head => MethodFilter::HEAD,
        HttpMethod::Patch => MethodFilter::PATCH,
        HttpMethod::Trace => MethodFilter::TRACE,
    }
}
