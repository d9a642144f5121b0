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
///
/// The description is made only when somebody reads the document: made at start, all of them took
/// most of an idle gateway's heap.
pub(crate) struct Endpoint {
    pub(crate) method: HttpMethod,
    pub(crate) path: String,
    pub(crate) access: Access,
    pub(crate) handler: MethodRouter<Arc<Service>>,
    describe: Box<dyn Fn() -> Description>,
}

impl Endpoint {
    /// An endpoint that needs an admin key.
    pub(crate) fn admin<H, T>(
        method: HttpMethod,
        path: impl Into<String>,
        handler: H,
        describe: impl Fn() -> Description + 'static,
    ) -> Self
    where
        H: Handler<T, Arc<Service>>,
        T: 'static,
    {
        let describe = move || describe().needs_admin_key();
        Self { access: Access::Admin, ..Self::public(method, path, handler, describe) }
    }

    /// An endpoint for everyone.
    pub(crate) fn public<H, T>(
        method: HttpMethod,
        path: impl Into<String>,
        handler: H,
        describe: impl Fn() -> Description + 'static,
    ) -> Self
    where
        H: Handler<T, Arc<Service>>,
        T: 'static,
    {
        let handler = on(filter(&method), handler);
        let describe = Box::new(describe);
        Self { method, path: path.into(), access: Access::Public, handler, describe }
    }

    /// What the document says of it.
    pub(crate) fn description(&self) -> Description {
        (self.describe)()
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
