use std::convert::Infallible;

use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use tower::{Layer, Service, service_fn};

use super::{AdminAuthLayer, AdminKeys};

fn admits(headers: &[(&'static str, &'static str)]) -> bool {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    AdminKeys::new(["first-key", "second-key"]).admit(&map)
}

#[test]
fn admits_every_key_as_bearer_in_any_case_and_as_x_api_key() {
    for scheme in ["Bearer second-key", "bearer first-key", "BEARER   first-key "] {
        assert!(admits(&[("authorization", scheme)]), "{scheme}");
    }
    assert!(admits(&[("x-api-key", "second-key")]));
}

#[test]
fn refuses_what_is_not_a_key() {
    for value in
        ["Bearer first-ke", "Bearer first-key-2", "Bearer", "Bearer ", "", "Basic first-key"]
    {
        assert!(!admits(&[("authorization", value)]), "{value}");
    }
    assert!(!admits(&[("authorization", "first-key")]), "a bare key is a caller's habit");
    assert!(!admits(&[("x-api-key", "")]));
    assert!(!admits(&[]));
}

#[test]
fn an_authorization_header_is_not_mended_by_x_api_key() {
    assert!(!admits(&[("authorization", "Basic abc"), ("x-api-key", "first-key")]));
    assert!(!admits(&[("authorization", ""), ("x-api-key", "first-key")]));
}

#[test]
fn two_credentials_that_could_disagree_count_as_none() {
    let twice = [("authorization", "Bearer first-key"), ("authorization", "Bearer second-key")];
    assert!(!admits(&twice));
    assert!(!admits(&[("x-api-key", "first-key"), ("x-api-key", "first-key")]));
}

#[test]
fn an_empty_configured_key_opens_nothing() {
    let mut headers = HeaderMap::new();
    headers.insert("x-api-key", HeaderValue::from_static(""));
    assert!(!AdminKeys::new([""]).admit(&headers));
    headers.insert("authorization", HeaderValue::from_static("Bearer "));
    assert!(!AdminKeys::new([""]).admit(&headers));
}

#[test]
fn debug_shows_no_key() {
    let keys = AdminKeys::new(["first-key"]);
    assert_eq!(format!("{keys:?}"), "AdminKeys(1)");
}

#[test]
fn a_refused_request_never_reaches_the_inner_service() {
    let inner = service_fn(|_: Request<()>| async { Ok::<_, Infallible>(Response::new("inside")) });
    let layer = AdminAuthLayer::new(AdminKeys::new(["first-key"]), || Response::new("refused"));
    let mut service = layer.layer(inner);
    let answer = |request| {
        let mut ready = std::pin::pin!(service.call(request));
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        match ready.as_mut().poll(&mut context) {
            std::task::Poll::Ready(Ok(response)) => response.into_body(),
            _ => "pending",
        }
    };
    let mut answer = answer;
    assert_eq!(answer(Request::new(())), "refused");
    let request = Request::builder().header("x-api-key", "first-key").body(()).unwrap();
    assert_eq!(answer(request), "inside");
}
