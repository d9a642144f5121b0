//! What a gateway needs before it can answer, made through its admin API.

use aisix_core::{KeyHash, Secret};
use anyhow::{Context as _, anyhow};
use http::Method;
use serde_json::{Value, json};

use super::client::Client;

/// By this name the quickstart finds what it made before.
const NAME: &str = "quickstart";

/// The name that callers use for the model.
pub(super) const ALIAS: &str = "quickstart-chat";

/// Where the provider is and what it is asked for.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) provider: &'static str,
    pub(super) api_base: String,
    pub(super) secret: Secret,
    pub(super) model: String,
}

/// One resource after it was made or updated.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) id: String,
    /// The call that made it, such as `POST /admin/v1/models`.
    pub(super) call: String,
    /// What was sent, as the gateway shows it.
    pub(super) value: Value,
}

/// Everything that one request needs.
#[derive(Debug)]
pub(super) struct Setup {
    pub(super) provider_key: Made,
    pub(super) model: Made,
    pub(super) caller_key: Made,
    /// What the caller sends.
    pub(super) plaintext: Secret,
}

impl Setup {
    /// Makes the three resources, or updates those of an earlier start.
    ///
    /// # Errors
    /// Where the admin API refuses.
    pub(super) async fn make(admin: &Client, upstream: &Upstream) -> anyhow::Result<Self> {
        let provider_key = ensure(
            admin,
            "provider_keys",
            NAME,
            json!({
                "display_name": NAME,
                "provider": upstream.provider,
                "adapter": "openai",
                "secret": upstream.secret.expose(),
                "api_base": upstream.api_base,
            }),
        );
        let provider_key = provider_key.await?;
        let model = ensure(
            admin,
            "models",
            ALIAS,
            json!({
                "display_name": ALIAS,
                "provider": upstream.provider,
                "model_name": upstream.model,
                "provider_key_id": provider_key.id,
            }),
        );
        let model = model.await?;
        // The gateway keeps only the hash, so each start makes a new key in the same place.
        let plaintext = Secret::new(format!("sk-{}", random_hex::<16>()?));
        let caller_key = ensure(
            admin,
            "apikeys",
            NAME,
            json!({
                "key_hash": KeyHash::of(plaintext.expose()).to_string(),
                "allowed_models": [ALIAS],
                "display_name": NAME,
            }),
        );
        let caller_key = caller_key.await?;
        Ok(Self { provider_key, model, caller_key, plaintext })
    }
}

/// Creates the object of this name, or replaces the one that exists.
async fn ensure(admin: &Client, kind: &str, name: &str, body: Value) -> anyhow::Result<Made> {
    let path = format!("/admin/v1/{kind}");
    let existing = admin.call(Method::GET, &path, None).await?;
    let existing = existing.as_array().into_iter().flatten();
    let id = existing
        .filter(|entry| entry["value"]["display_name"] == name)
        .find_map(|entry| entry["id"].as_str());
    let (method, path) = match id {
        Some(id) => (Method::PUT, format!("{path}/{id}")),
        None => (Method::POST, path),
    };
    let entry = admin.call(method.clone(), &path, Some(&body)).await?;
    let id = entry["id"].as_str().context("the admin API answered without an id")?;
    let call = format!("{method} {path}");
    Ok(Made { id: id.to_owned(), call, value: shown(&entry["value"], &body) })
}

/// The fields that were sent, as they came back: a secret is masked then.
fn shown(value: &Value, sent: &Value) -> Value {
    let fields = value.as_object().into_iter().flatten();
    let known = fields.filter(|(name, _)| sent.get(name).is_some());
    Value::Object(known.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// A random credential, as two digits a byte.
///
/// # Errors
/// Where the system gives no random numbers.
pub(super) fn random_hex<const BYTES: usize>() -> anyhow::Result<String> {
    let mut bytes = [0; BYTES];
    getrandom::fill(&mut bytes).map_err(|_| anyhow!("the system gives no random numbers"))?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
