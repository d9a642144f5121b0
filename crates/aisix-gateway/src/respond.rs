//! Where answers get their common form.

use aisix_core::Error;
use aisix_dialects::CallerDialect;
use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, RETRY_AFTER, SERVER, X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Method, Response, StatusCode};

use crate::body::AnswerBody;
use crate::request_id;

/// The value of `Server`, on every answer.
const SERVER_NAME: HeaderValue =
    HeaderValue::from_static(concat!("AISIX/", env!("CARGO_PKG_VERSION")));
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
const TEXT: HeaderValue = HeaderValue::from_static(crate::probe::CONTENT_TYPE);
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
const CLOSE: HeaderValue = HeaderValue::from_static("close");

/// An error, in the dialect of the endpoint: the only place where errors become answers.
pub(crate) fn error(dialect: &dyn CallerDialect, error: &Error) -> Response<AnswerBody> {
    let mut response = json(dialect.encode_error(error));
    *response.status_mut() =
        StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if let Some(wait) = error.retry_after() {
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs()));
    }
    response
}

/// A JSON answer.
pub(crate) fn json(body: Bytes) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::whole(body));
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    response
}

/// A streamed answer.
pub(crate) fn events<B>(body: B) -> Response<B> {
    let mut response = Response::new(body);
    response.headers_mut().insert(CONTENT_TYPE, EVENTS);
    response.headers_mut().insert(CACHE_CONTROL, NO_CACHE);
    response
}

/// A probe's answer.
pub(crate) fn probe((status, body): (StatusCode, String)) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::whole(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, TEXT);
    response.headers_mut().insert(X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    response
}

/// No such path.
pub(crate) fn not_found() -> Response<AnswerBody> {
    empty(StatusCode::NOT_FOUND)
}

/// The path exists, with other methods.
pub(crate) fn method_not_allowed(allowed: &[&Method]) -> Response<AnswerBody> {
    let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
    let names: Vec<_> = allowed.iter().map(|method| method.as_str()).collect();
    if let Ok(value) = HeaderValue::from_str(&names.join(", ")) {
        response.headers_mut().insert(ALLOW, value);
    }
    response
}

fn empty(status: StatusCode) -> Response<AnswerBody> {
    let mut response = Response::new(AnswerBody::whole(Bytes::new()));
    *response.status_mut() = status;
    response
}

/// What every answer carries.
pub(crate) fn finish(response: &mut Response<AnswerBody>, request_id: &str, draining: bool) {
    let headers = response.headers_mut();
    headers.insert(SERVER, SERVER_NAME);
    if let Ok(id) = HeaderValue::from_str(request_id) {
        headers.insert(request_id::HEADER, id);
    }
    if draining {
        headers.insert(CONNECTION, CLOSE);
    }
}
