//! What every [`HookFactory`] and its hooks keep of their promises.
//!
//! A hook's tests call [`check`]; what it is driven with ([`request`], [`frames`]) serves other
//! tests of hooks as well.

#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use aisix_core::chat::ChatEvents;
use aisix_core::{Caller, Carried, Id, Operation, Snapshot};
use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{CallerDialect, Depth, Dialect, FrameDecoder, OPENAI_CHAT};
use aisix_hooks::{
    Access, AttemptInfo, Hook, HookFactory, HookRequest, Outcome, Payload, RequestInfo,
};
use bytes::Bytes;
use http::HeaderMap;
use serde_json::json;

use super::resources;
use crate::fixtures::openai;

/// Runs the whole suite: on a caller that may use the model that it asks for.
///
/// # Panics
///
/// Where the factory or one of its hooks breaks a promise.
pub async fn check(factory: &dyn HookFactory) {
    describes_itself_always_alike(factory);
    passes_through_every_phase(factory).await;
    ends_wherever_the_exchange_ends(factory).await;
    survives_a_caller_that_leaves_while_it_waits(factory);
}

/// A request for `model` by a caller that may use `allowed_models`, over a configuration with one
/// model of the name `existing`.
#[must_use]
pub fn request(model: &str, allowed_models: &[&str], existing: &str) -> HookRequest {
    let body = openai::chat_request(model, "Hi");
    request_with(&body, resources::caller(allowed_models), configuration(existing))
}

/// A request with this body.
///
/// # Panics
/// Where the body is no request.
#[must_use]
pub fn request_with(body: &str, caller: Caller, snapshot: Arc<Snapshot>) -> HookRequest {
    let body = Bytes::copy_from_slice(body.as_bytes());
    let payload = OPENAI_CHAT.decode_request(body).expect("the body is a request");
    let info = RequestInfo {
        request_id: "request-1".into(),
        operation: Operation::Chat,
        caller,
        snapshot,
        client_ip: None,
    };
    HookRequest { info: Arc::new(info), payload: Payload::Chat(payload), model: None }
}

/// A configuration with one model of this name.
#[must_use]
pub fn configuration(model: &str) -> Arc<Snapshot> {
    let key = json!({
        "display_name": "key", "provider": "openai", "adapter": "openai", "secret": "sk-x",
        "api_base": "https://api.example.com/v1",
    });
    let model = json!({
        "display_name": model, "provider": "openai", "model_name": "upstream-model",
        "provider_key_id": "key",
    });
    resources::snapshot([("provider_keys/key", key), ("models/model", model)])
}

/// The frames of a short answer, read as closely as a hook that wants this asks for.
///
/// # Panics
/// Never: the fixture is a stream.
#[must_use]
pub fn frames(response: Access) -> Vec<Carried<ChatEvents>> {
    let depth = if response == Access::None { Depth::Outline } else { Depth::Full };
    let stream = openai::chat_stream_with_usage(["Hello", " there."]).concat();
    let mut found = Vec::new();
    SseDecoder::default().push(stream.into(), &mut found).expect("the fixture is a stream");
    let mut decoder = OPENAI_CHAT.event_decoder(depth);
    found
        .into_iter()
        .filter_map(|frame| decoder.push(frame).expect("the fixture is a stream"))
        .collect()
}

fn attempt(index: u32) -> AttemptInfo {
    AttemptInfo {
        index,
        model_id: Id::from("model"),
        display_name: "m".into(),
        provider_key_id: Id::from("key"),
    }
}

fn allowed() -> HookRequest {
    request("m", &["*"], "m")
}

fn started(factory: &dyn HookFactory, request: &HookRequest) -> Option<Box<dyn Hook>> {
    factory.start(&request.info)
}

/// A pipeline asks once, for every request to come.
fn describes_itself_always_alike(factory: &dyn HookFactory) {
    assert!(!factory.name().is_empty(), "a hook has a name");
    let described = (factory.name(), factory.interest());
    let _ = started(factory, &allowed());
    assert_eq!((factory.name(), factory.interest()), described, "a factory does not change");
}

/// Every phase in its order, with nothing touched that the hook did not ask for.
async fn passes_through_every_phase(factory: &dyn HookFactory) {
    let interest = factory.interest();
    let mut request = allowed();
    let Some(mut hook) = started(factory, &request) else {
        return;
    };
    hook.on_request(&mut request).await.expect("nothing speaks against the request");
    let Payload::Chat(chat) = &request.payload else {
        panic!("a hook changes what a payload says, not its kind");
    };
    let kept = (chat.decoded().is_none(), chat.verbatim(OPENAI_CHAT.id()).is_some());
    check_access("request", interest.request, kept);
    hook.on_attempt(&attempt(0)).await;
    hook.on_attempt(&attempt(1)).await;
    hook.on_head(&mut HeaderMap::new());
    let mut frames = frames(interest.response);
    for frame in &mut frames {
        let undecoded = frame.decoded().is_none();
        hook.on_event(frame).expect("nothing speaks against the answer");
        let kept =
            (undecoded == frame.decoded().is_none(), frame.verbatim(OPENAI_CHAT.id()).is_some());
        check_access("response", interest.response, kept);
    }
    if interest.response == Access::Hold {
        hook.on_release(&mut frames).await.expect("nothing speaks against the answer");
    }
    let outcome = Outcome { status: 200, attempts: 2, ..Outcome::default() };
    hook.on_complete(&outcome);
}

fn check_access(body: &str, access: Access, (undecoded, untouched): (bool, bool)) {
    if access < Access::Read {
        assert!(undecoded, "a hook without interest in the {body} does not look inside");
    }
    if access < Access::Write {
        assert!(untouched, "a hook that does not write leaves the {body} as it is");
    }
}

/// An exchange may end after any phase: refused by another hook, failed, or abandoned.
async fn ends_wherever_the_exchange_ends(factory: &dyn HookFactory) {
    let cancelled = Outcome { status: 499, cancelled: true, ..Outcome::default() };
    for phases in 0..5 {
        let mut request = allowed();
        let Some(mut hook) = started(factory, &request) else {
            return;
        };
        if phases > 0 {
            let _ = hook.on_request(&mut request).await;
        }
        if phases > 1 {
            hook.on_attempt(&attempt(0)).await;
        }
        if phases > 2 {
            hook.on_head(&mut HeaderMap::new());
        }
        if phases > 3 {
            let first = frames(factory.interest().response).into_iter().next();
            let _ = hook.on_event(&mut first.expect("the answer has a frame"));
        }
        hook.on_complete(&cancelled);
    }
}

/// A future that is dropped where it waits leaves a hook that can be completed.
fn survives_a_caller_that_leaves_while_it_waits(factory: &dyn HookFactory) {
    let cancelled = Outcome { status: 499, cancelled: true, ..Outcome::default() };
    let mut request = allowed();
    let Some(mut hook) = started(factory, &request) else {
        return;
    };
    let _ = begin(hook.on_request(&mut request));
    let _ = begin(hook.on_attempt(&attempt(0)));
    hook.on_complete(&cancelled);
}

/// Polls a future once and drops it.
fn begin<F: Future>(future: F) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(Waker::noop()))
}
