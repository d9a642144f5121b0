//! Requests that adapters prepare.

use aisix_adapters::{Adapter, Call, Framing};
use aisix_core::{Error, Operation};
use bytes::Bytes;
use http::Request;
use http::header::{ACCEPT, CONTENT_TYPE, USER_AGENT};
use memchr::memmem;

use super::{Setup, assert_silent};

const REQUEST_ID: &str = "request-1";

pub(super) async fn check(adapter: &dyn Adapter, setup: &Setup) {
    for &operation in &setup.operations {
        for stream in [false, true] {
            wraps_the_body(adapter, setup, operation, stream).await;
        }
        refuses_secrets_that_cannot_be_sent(adapter, setup, operation).await;
        refuses_bases_that_lead_nowhere(adapter, setup, operation).await;
    }
    for &operation in &setup.lacks {
        let target = setup.usable();
        let refused = adapter.prepare(setup.call(&target, operation, Bytes::new())).await;
        assert!(refused.is_err(), "a call of {operation:?} cannot be prepared");
    }
}

async fn wraps_the_body(adapter: &dyn Adapter, setup: &Setup, operation: Operation, stream: bool) {
    let target = setup.usable();
    let body = format!(r#"{{"model":"m", "the": "body","stream":{stream} }}"#);
    let reshaped = (setup.reshaped)(&body, operation, stream);
    let body = Bytes::from(body);
    let call = setup.call(&target, operation, body.clone()).stream(stream).request_id(REQUEST_ID);
    let request = adapter.prepare(call).await.expect("the key is usable");
    assert_eq!(request.body(), &reshaped, "the body is the dialect's");
    let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    assert_eq!(header(CONTENT_TYPE), Some("application/json"));
    assert!(header(USER_AGENT).is_some_and(|agent| agent.starts_with("aisix/")));
    let framing = match adapter.framing(&target, operation) {
        Framing::EventStream => "application/vnd.amazon.eventstream",
        _ => "text/event-stream",
    };
    assert_eq!(header(ACCEPT), stream.then_some(framing));
    let is_absolute = request.uri().scheme().is_some() && request.uri().authority().is_some();
    assert!(is_absolute, "the address is whole: {}", request.uri());
    if let (Some(base), Some(host)) = (setup.base, request.uri().host()) {
        assert!(base.contains(host), "the address is the configured one, not {}", request.uri());
    }
    holds_the_credential_in_one_place(setup, &request);

    let call = setup.call(&target, operation, body).stream(stream);
    let request = adapter.prepare(call).await.expect("a call needs no request id");
    let empty = request.headers().iter().find(|(_, value)| value.is_empty());
    assert_eq!(empty, None, "no header is sent without a value");
}

fn holds_the_credential_in_one_place(setup: &Setup, request: &Request<Bytes>) {
    let finds = |text: &[u8], secret: &str| memmem::find(text, secret.as_bytes()).is_some();
    let holds = |text: &[u8]| setup.proofs().any(|proof| finds(text, proof));
    assert!(!holds(request.uri().to_string().as_bytes()), "an address is no place for a secret");
    assert!(!holds(request.body()), "a body is no place for a secret");
    for (name, value) in request.headers() {
        let expected = setup.credentials.contains(&name.as_str());
        assert!(expected || !holds(value.as_bytes()), "{name} is no place for a secret");
        assert_eq!(value.is_sensitive(), expected, "only a credential is marked: {name}");
        for kept in &setup.kept {
            assert!(!finds(value.as_bytes(), kept), "{name} holds what is never sent");
        }
    }
    for name in setup.credentials {
        let sent = request.headers().get_all(*name).iter().count();
        assert_eq!(sent, 1, "the credential is sent once: {name}");
    }
    let shown = format!("{request:?}");
    assert!(!holds(shown.as_bytes()), "a credential is marked as not to be shown");
}

async fn refuses_secrets_that_cannot_be_sent(
    adapter: &dyn Adapter,
    setup: &Setup,
    operation: Operation,
) {
    let secret = &setup.secret;
    for unsafe_secret in [
        "   ".to_owned(),
        format!("{secret}\r\nx-injected: 1"),
        format!("{secret}\0"),
        format!("{secret}é"),
    ] {
        let target = setup.target(&unsafe_secret, setup.base);
        let error = refused(adapter, setup.call(&target, operation, Bytes::new())).await;
        assert_eq!(error.status(), 401, "for {unsafe_secret:?}: {error}");
        let form = "invalid upstream credentials: ";
        assert!(error.message().starts_with(form), "for {unsafe_secret:?}: {error}");
        assert_tells_nothing(&error, setup);
    }
}

async fn refuses_bases_that_lead_nowhere(
    adapter: &dyn Adapter,
    setup: &Setup,
    operation: Operation,
) {
    let lead_nowhere = ["not a url", "host.example/v1", "ftp://host.example", "https://"];
    let nowhere = lead_nowhere.into_iter().map(Some);
    let missing = setup.base.map(|_| [None, Some("  ")]).into_iter().flatten();
    for base in nowhere.chain(missing) {
        let target = setup.target(&setup.secret, base);
        let error = refused(adapter, setup.call(&target, operation, Bytes::new())).await;
        assert_eq!(error.status(), 400, "for {base:?}: {error}");
        let form = "invalid upstream configuration: ";
        assert!(error.message().starts_with(form), "for {base:?}: {error}");
        assert_tells_nothing(&error, setup);
    }
}

fn assert_tells_nothing(error: &Error, setup: &Setup) {
    for secret in setup.proofs().chain(setup.kept.iter().copied()) {
        assert_silent(error, secret);
    }
}

async fn refused(adapter: &dyn Adapter, call: Call<'_>) -> Error {
    let key = &call.target.provider_key.spec;
    let described = format!("a key with {:?} and {:?}", key.api_base, key.secret.expose());
    adapter.prepare(call).await.expect_err(&described)
}
