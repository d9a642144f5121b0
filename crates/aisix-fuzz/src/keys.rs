//! Provider keys of every family, for targets that give them odd secrets and names.

use std::sync::LazyLock;

use aisix_adapters::{Adapter, Adapters, Target};
use aisix_core::{Error, Id, Snapshot};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

/// Where every key leads.
pub(crate) const HOST: &str = "upstream.test";

/// How credentials begin in seeds: no message of this product's holds it.
pub(crate) const CANARY: &str = "canary-";

/// Families, and a model of each.
pub(crate) const FAMILIES: [(&str, &str); 5] = [
    ("openai", "m"),
    ("anthropic", "m"),
    ("azure-openai", "m"),
    ("bedrock", "meta.m"),
    ("vertex", "gemini-m"),
];

/// The family's adapter, and a model of this name behind a key with this secret; `None` where no key
/// holds such a secret.
pub(crate) fn target(family: &str, model: &str, secret: &str) -> Option<(Adapters, Target)> {
    target_with(family, model, secret, &json!({}))
}

/// The same with what the key says besides.
pub(crate) fn target_with(
    family: &str,
    model: &str,
    secret: &str,
    more: &Value,
) -> Option<(Adapters, Target)> {
    let mut key = json!({
        "display_name": "k", "provider": family, "adapter": family, "secret": secret,
        "api_base": format!("https://{HOST}"),
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        key[name] = value.clone();
    }
    let (snapshot, _) = Snapshot::of([("provider_keys/k", key.to_string())]);
    let provider_key = snapshot.provider_key("k")?.clone();
    let target = Target {
        model_id: Id::from("m"),
        display_name: "m".into(),
        upstream_model: model.into(),
        provider_key,
    };
    Some((Adapters::builtin(), target))
}

/// The adapter of a target's key.
pub(crate) fn adapter<'a>(adapters: &'a Adapters, target: &Target) -> &'a dyn Adapter {
    &**adapters.of(&target.provider_key.spec).expect("every family is there")
}

/// Nothing of an error shows what begins as credentials of seeds do.
pub(crate) fn is_silent(error: &Error, what: &str) {
    let shown = format!("{error:?} {}", aisix_core::error::with_causes(error));
    assert!(!shown.contains(CANARY), "{what}: a credential is told: {shown}");
}

/// Waits for what nobody has to be waited for.
pub(crate) fn done<T>(work: impl Future<Output = T>) -> T {
    static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
        Builder::new_multi_thread().worker_threads(1).enable_time().build().expect("a thread")
    });
    RUNTIME.block_on(work)
}
