//! Resources, as a store would hold them.

use aisix_core::resource::PlainSecrets;
use aisix_core::snapshot::{Diagnostic, Entry};
use aisix_core::{KeyHash, Snapshot};
use serde_json::{Value, json};

/// The caller's key of the standard configuration.
pub const CALLER: &str = "sk-caller-7c1f0e5d9a2b4c68";
/// The provider key's secret in the standard configuration.
pub const SECRET: &str = "sk-upstream-51d0b6a84e9f4f7a";
/// The name that callers use for the model of the standard configuration.
pub const MODEL: &str = "my-gpt";
/// The upstream's name for it.
pub const UPSTREAM_MODEL: &str = "gpt-4o-mini";

/// Documents by `<kind>/<id>`.
pub type Documents = Vec<(String, Value)>;

/// One provider key, one model and one caller that may use everything.
pub fn standard(base: &str) -> Documents {
    documents([
        ("provider_keys/pk", provider_key("pk", base)),
        ("models/m", direct(MODEL, UPSTREAM_MODEL, "pk")),
        ("api_keys/k", api_key(CALLER, &["*"])),
    ])
}

/// Documents out of pairs.
pub fn documents<'a>(pairs: impl IntoIterator<Item = (&'a str, Value)>) -> Documents {
    pairs.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

/// A provider key of adapter `openai` for this base.
pub fn provider_key(name: &str, base: &str) -> Value {
    json!({
        "display_name": name, "provider": "openai", "adapter": "openai",
        "secret": SECRET, "api_base": base,
    })
}

/// A model with one target.
pub fn direct(name: &str, upstream_model: &str, provider_key_id: &str) -> Value {
    json!({
        "display_name": name, "provider": "openai", "model_name": upstream_model,
        "provider_key_id": provider_key_id,
    })
}

/// A model that fails over from the first target to the last.
pub fn group(name: &str, targets: &[&str]) -> Value {
    let targets: Vec<_> = targets.iter().map(|model| json!({"model": model})).collect();
    json!({"display_name": name, "routing": {"strategy": "failover", "targets": targets}})
}

/// A model that asks another one and lets it judge.
pub fn ensemble(name: &str, model: &str) -> Value {
    let panel = [json!({"model": model})];
    json!({"display_name": name, "ensemble": {"panel": panel, "judge": {"model": model}}})
}

/// A model that leads to another one by likeness.
pub fn semantic(name: &str, model: &str) -> Value {
    let route = json!({"name": "code", "examples": ["fix it"], "target": model});
    json!({
        "display_name": name,
        "semantic": {
            "embedding_model": model, "default": model, "routes": [route],
            "match": {"threshold": 0.5},
        },
    })
}

/// A caller's key that grants these models.
pub fn api_key(plaintext: &str, allowed_models: &[&str]) -> Value {
    json!({"key_hash": KeyHash::of(plaintext).to_string(), "allowed_models": allowed_models})
}

/// The snapshot of these documents, at this revision; all of them have to be valid.
pub fn snapshot(documents: &Documents, revision: u64) -> Snapshot {
    let (snapshot, diagnostics) = build(documents, revision);
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    snapshot
}

/// The snapshot of these documents, and what is wrong with them.
pub fn build(documents: &Documents, revision: u64) -> (Snapshot, Vec<Diagnostic>) {
    let entries = documents.iter().zip(1..).map(|((key, value), created)| Entry {
        key: key.clone(),
        value: value.to_string().into(),
        version: 1,
        created,
        modified: created,
    });
    Snapshot::build(entries, revision, &PlainSecrets)
}
