//! What is read of a request, and how it is refused.

use std::time::Duration;

use aisix_core::Document;
use aisix_core::resource::Strictness;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, EXPECT, IF_MATCH};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use serde::de::DeserializeOwned;

use super::body;
use crate::error::ApiError;
use crate::service::{IfMatch, Wait};

/// How long a write waits for every gateway, where it does not say.
const PATIENCE: Duration = Duration::from_secs(10);

/// The longest that it may say.
const LONGEST: Duration = Duration::from_secs(60);

/// The id in the path.
pub(crate) struct PathId(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PathId {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let id = Path::<String>::from_request_parts(parts, state).await;
        let undecodable = "the id in the path is not percent-encoded UTF-8";
        let Path(id) = id.map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, undecodable))?;
        Ok(Self(id))
    }
}

/// A JSON object as body.
pub(crate) struct JsonObject(pub(crate) Document);

impl<S: Send + Sync> FromRequest<S> for JsonObject {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        require_json(request.headers())?;
        let body = read(request).await?;
        Document::parse(&body).map(Self).map_err(ApiError::body)
    }
}

/// A JSON object as body, or no body at all.
pub(crate) struct OptionalJsonObject(pub(crate) Option<Document>);

impl<S: Send + Sync> FromRequest<S> for OptionalJsonObject {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let headers = request.headers().clone();
        let body = read(request).await?;
        if body.is_empty() {
            return Ok(Self(None));
        }
        require_json(&headers)?;
        Document::parse(&body).map(|document| Self(Some(document))).map_err(ApiError::body)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let mut values = parts.headers.get_all(IF_MATCH).iter();
        let Some(value) = values.next() else { return Ok(Self::Any) };
        let tag = value.to_str().ok().filter(|_| values.next().is_none()).map(str::trim);
        match tag.and_then(revision) {
            Some(revision) => Ok(revision),
            None => Err(ApiError::new(
                StatusCode::BAD_REQUEST,
                "If-Match: must be one revision in quotation marks, for example \"3\"",
            )),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Wait {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = Query::<Vec<(String, String)>>::from_request_parts(parts, state).await;
        // What is no query that we know is no wait either.
        let query = query.map(|Query(pairs)| pairs).unwrap_or_default();
        let wait = one(&query, "wait")?;
        let timeout = one(&query, "timeout_ms")?;
        match (wait, timeout) {
            (None, None) => Ok(Self::Here),
            (Some("applied"), None) => Ok(Self::Everyone(PATIENCE)),
            (Some("applied"), Some(timeout)) => {
                let range = 1..=LONGEST.as_millis();
                let number =
                    timeout.parse().ok().filter(|number| range.contains(&u128::from(*number)));
                let message = format!("must be a number from 1 to {}", LONGEST.as_millis());
                let number = number.ok_or_else(|| in_query("timeout_ms", &message))?;
                Ok(Self::Everyone(Duration::from_millis(number)))
            }
            (Some(_), _) => Err(in_query("wait", "must be 'applied'")),
            (None, Some(_)) => Err(in_query("timeout_ms", "needs wait=applied beside it")),
        }
    }
}

/// The value of a query parameter that may be given once.
fn one<'a>(query: &'a [(String, String)], name: &str) -> Result<Option<&'a str>, ApiError> {
    let mut values = query.iter().filter(|(key, _)| key == name).map(|(_, value)| &**value);
    let first = values.next();
    if values.next().is_some() {
        return Err(in_query(name, "is given more than once"));
    }
    Ok(first)
}

fn in_query(name: &str, message: &str) -> ApiError {
    ApiError::about(StatusCode::BAD_REQUEST, name, message)
}

fn revision(tag: &str) -> Option<IfMatch> {
    if tag == "*" {
        return Some(IfMatch::Any);
    }
    let number = tag.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(tag);
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| number.parse().ok().map(IfMatch::Revision)).flatten()
}

/// Reads a body's fields into a type, strictly.
pub(crate) fn fields<T: DeserializeOwned>(document: &Document) -> Result<T, ApiError> {
    Ok(document.read(Strictness::Strict)?.resource)
}

async fn read(request: Request) -> Result<Bytes, ApiError> {
    let waits = request.headers().contains_key(EXPECT);
    body::read(request.into_body(), waits).await
}

fn require_json(headers: &HeaderMap) -> Result<(), ApiError> {
    let media_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let essence = media_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let essence = essence.to_ascii_lowercase();
    let suffix = essence.strip_prefix("application/").is_some_and(|kind| kind.ends_with("+json"));
    if essence == "application/json" || suffix {
        return Ok(());
    }
    let message = "must be application/json";
    Err(ApiError::about(StatusCode::UNSUPPORTED_MEDIA_TYPE, "Content-Type", message))
}
