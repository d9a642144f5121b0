//! `/admin/openapi.json` and the page that shows it.

use std::sync::LazyLock;

use axum::response::{IntoResponse, Response};
use http::header;
use utoipa::openapi::HttpMethod;

use super::Endpoint;
use crate::openapi::{self, Description, page};

/// Nothing is loaded from anywhere, nothing runs, nobody frames it.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

static DOCUMENT: LazyLock<String> = LazyLock::new(openapi::json);
static PAGE: LazyLock<String> = LazyLock::new(|| page::render(&openapi::document()));

async fn document() -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json")];
    (headers, DOCUMENT.as_str()).into_response()
}

async fn reference() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, PAGE.as_str()).into_response()
}

pub(super) fn endpoints() -> [Endpoint; 2] {
    let json = || {
        let description = Description::new("openapi", "reference", "This document");
        description.text(200, "OpenAPI 3.1", "application/json", "")
    };
    let html = || {
        let description =
            Description::new("openapi_page", "reference", "This document, for people");
        description.text(200, "A page that loads nothing else", "text/html", "")
    };
    [
        Endpoint::public(HttpMethod::Get, "/admin/openapi.json", document, json),
        Endpoint::public(HttpMethod::Get, "/admin/openapi-scalar", reference, html),
    ]
}
