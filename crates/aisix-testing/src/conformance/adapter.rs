//! What every [`Adapter`] keeps of its promises.
//!
//! An adapter's tests describe their family as a [`Setup`] and call [`check`].

mod classifying;
mod granting;
mod preparing;
mod streaming;

use std::fmt;
use std::sync::Arc;

use aisix_adapters::{Adapter, Call, Target};
use aisix_core::error::with_causes;
use aisix_core::snapshot::Stored;
use aisix_core::{Error, ErrorKind, Id, Operation, Secret};
use bytes::Bytes;
use serde_json::Value;

pub use self::granting::TokenEndpoint;
use super::resources;

/// How the suite is to treat one family.
pub struct Setup {
    /// A provider key of the family, valid. The suite replaces its secret and its base.
    pub key: Value,
    /// The base that the key is given; `None` where the family needs none.
    pub base: Option<&'static str>,
    /// The secret that the key is given.
    pub secret: String,
    /// What of it is sent, and may be quoted: at least 16 characters that stand in no other field.
    pub sent: Vec<&'static str>,
    /// What of it is never sent.
    pub kept: Vec<&'static str>,
    /// The token endpoint that it is to be shown to, if there is one.
    pub endpoint: TokenEndpoint,
    /// The upstream's name for the model, where the family goes by it.
    pub model: &'static str,
    /// The operations that the family has.
    pub operations: Vec<Operation>,
    /// The operations that it does not have.
    pub lacks: Vec<Operation>,
    /// The headers that prove who calls; the first is there whatever the secret.
    pub credentials: &'static [&'static str],
    /// What becomes of this body of an operation, streamed or not, before it is sent.
    pub reshaped: fn(&str, Operation, bool) -> String,
    /// The body of a failed answer with this message, as the family writes it.
    pub failure: fn(&str) -> String,
    /// The failed answers that the family documents.
    pub failures: Vec<Failure>,
    /// How the family streams a chat, where the suite is to see it.
    pub streams: Option<Streams>,
}

/// A failed answer, and what callers are told of it.
#[derive(Debug)]
pub struct Failure {
    /// The status of the answer.
    pub status: u16,
    /// The header that names the error, with its value.
    pub named: Option<(&'static str, &'static str)>,
    /// The body of the answer.
    pub body: String,
    /// The status that callers are told.
    pub told: u16,
    /// The code.
    pub code: Option<&'static str>,
    /// The words.
    pub message: &'static str,
}

/// A streamed chat, as a family writes it.
#[derive(Debug)]
pub struct Streams {
    /// The frames of a complete one.
    pub whole: Vec<Vec<u8>>,
    /// A frame that says that it failed, with this message.
    pub failure: fn(&str) -> Vec<u8>,
    /// The upstream's status that such a frame stands for.
    pub status: u16,
}

impl Setup {
    /// A family whose key's secret is sent as it is, in one header; it has chats, in any format.
    #[must_use]
    pub fn of(key: Value, secret: &'static str, failure: fn(&str) -> String) -> Self {
        Self {
            key,
            base: None,
            secret: secret.to_owned(),
            sent: vec![secret],
            kept: Vec::new(),
            endpoint: TokenEndpoint(None),
            model: "upstream-model",
            operations: vec![Operation::Chat, Operation::Messages, Operation::Responses],
            lacks: Vec::new(),
            credentials: &["authorization"],
            reshaped: |body, _, _| body.to_owned(),
            failure,
            failures: Vec::new(),
            streams: None,
        }
    }

    /// A target behind a key with this secret and base.
    fn target(&self, secret: &str, base: Option<&str>) -> Target {
        let mut key = Stored::clone(&resources::provider_key(self.key.clone()));
        // Put in by hand: what administrators cannot write may still come from elsewhere.
        key.spec.secret = Secret::new(secret);
        key.spec.api_base = base.map(ToOwned::to_owned);
        Target {
            model_id: Id::from("model"),
            display_name: "alias".into(),
            upstream_model: self.model.into(),
            provider_key: Arc::new(key),
        }
    }

    fn usable(&self) -> Target {
        self.target(&self.secret, self.base)
    }

    /// What proves who calls, wherever it is quoted.
    fn proofs(&self) -> impl Iterator<Item = &'static str> {
        self.sent.iter().copied().chain(self.endpoint.0)
    }

    /// What an operation is called with; token endpoints grant what they are to grant.
    fn call<'a>(&'a self, target: &'a Target, operation: Operation, body: Bytes) -> Call<'a> {
        Call::new(target, operation, body).transport(&self.endpoint)
    }
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Setup").field("base", &self.base).finish_non_exhaustive()
    }
}

/// Runs the whole suite.
///
/// # Panics
///
/// Where the adapter breaks a promise.
pub async fn check(adapter: &dyn Adapter, setup: &Setup) {
    for proof in setup.proofs() {
        assert!(proof.len() >= 16, "the suite needs a secret that it can find again");
    }
    names_what_it_lacks(adapter, setup);
    preparing::check(adapter, setup).await;
    classifying::check(adapter, setup);
    streaming::check(adapter, setup);
}

/// What a family cannot do is known before any call.
fn names_what_it_lacks(adapter: &dyn Adapter, setup: &Setup) {
    let target = setup.usable();
    for stream in [false, true] {
        for &operation in &setup.operations {
            assert!(adapter.dialect(&target, operation, stream).is_ok(), "it has {operation:?}");
        }
        for &operation in &setup.lacks {
            let Err(error) = adapter.dialect(&target, operation, stream) else {
                panic!("it has no {operation:?}");
            };
            assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
            assert!(error.message().contains(operation.name()), "it is named: {error}");
        }
    }
}

/// Nothing that is shown of an error holds this.
fn assert_silent(error: &Error, secret: &str) {
    let shown = format!("{} {error:?} {:?}", with_causes(error), error.upstream());
    assert!(!shown.contains(secret), "an error quotes the secret: {shown}");
}
