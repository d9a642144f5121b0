//! What every [`Adapter`] keeps of its promises.
//!
//! An adapter's tests describe their family as a [`Setup`] and call [`check`].

mod classifying;
mod preparing;

use std::fmt;
use std::sync::Arc;

use aisix_adapters::{Adapter, Target};
use aisix_core::snapshot::Stored;
use aisix_core::{Error, ErrorKind, Id, Operation, Secret};
use serde_json::Value;

use super::resources;

/// How the suite is to treat one family.
pub struct Setup {
    /// A provider key of the family, valid. The suite replaces its secret and its base.
    pub key: Value,
    /// The base that the key is given; `None` where the family needs none.
    pub base: Option<&'static str>,
    /// The secret that the key is given: at least 16 characters that stand in no other field.
    pub secret: &'static str,
    /// The upstream's name for the model, where the family goes by it.
    pub model: &'static str,
    /// The operations that the family has.
    pub operations: Vec<Operation>,
    /// The operations that it does not have.
    pub lacks: Vec<Operation>,
    /// The header that proves who calls.
    pub credential: &'static str,
    /// The body of a failed answer with this message, as the family writes it.
    pub failure: fn(&str) -> String,
}

impl Setup {
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
        self.target(self.secret, self.base)
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
    assert!(setup.secret.len() >= 16, "the suite needs a secret that it can find again");
    names_what_it_lacks(adapter, setup);
    preparing::check(adapter, setup).await;
    classifying::check(adapter, setup);
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

/// Nothing that is shown of an error holds the secret.
fn assert_silent(error: &Error, secret: &str) {
    let shown = format!("{error} {error:?} {:?}", error.upstream());
    assert!(!shown.contains(secret), "an error quotes the secret");
}
