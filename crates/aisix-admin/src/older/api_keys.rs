//! Caller API keys, written as plaintext.

use aisix_core::resource::RateLimit;
use aisix_core::secret::MASK;
use aisix_core::{ApiKey, Glob, KeyHash, Secret};
use async_trait::async_trait;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::{Older, amend};
use crate::error::ApiError;
use crate::service::{Held, Plan, Service, Standing};

/// A caller API key.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[schema(as = OlderApiKey)]
pub(super) struct Body {
    /// The plaintext, of which only the hash is kept. Shown as `***`; `***` in a PUT keeps it.
    #[schema(value_type = String)]
    key: Secret,
    /// Names of models, exact or with one `*`; `["*"]` grants all, `[]` none.
    allowed_models: Vec<Glob>,
    /// Limits over all requests of this key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    rate_limit: Option<RateLimit>,
}

#[async_trait]
impl Older for ApiKey {
    const COLLECTION: &'static str = "apikeys";
    const FIELDS: &'static [(&'static str, &'static str)] =
        &[("key_hash", "key"), ("previous_keys", "key")];
    type Body = Body;
    type View = Body;

    async fn write(
        plan: &mut Plan<'_>,
        id: &str,
        body: &Body,
        standing: Option<&Standing<Self>>,
    ) -> Result<(), ApiError> {
        let before = standing.and_then(|standing| standing.read.as_ref().ok());
        let before = before.map(|held| held.stored.spec.key_hash);
        let hash = hash(body.key.expose(), before)?;
        let replaced = before != Some(hash);
        amend(plan, id, standing, |document| {
            document.set("key_hash", &hash);
            document.set("allowed_models", &body.allowed_models);
            match body.rate_limit {
                Some(limit) => document.set("rate_limit", &limit),
                None => document.remove("rate_limit"),
            }
            if replaced {
                document.remove("previous_keys");
            }
        })
        .await
    }

    async fn view(_: &Service, all: &[Held<Self>]) -> Result<Vec<Body>, ApiError> {
        let view = |held: &Held<Self>| Body {
            key: Secret::new(MASK),
            allowed_models: held.stored.spec.allowed_models.clone(),
            rate_limit: held.stored.spec.rate_limit,
        };
        Ok(all.iter().map(view).collect())
    }

    fn example_body() -> Value {
        json!({"key": "my-secret-key", "allowed_models": ["openai-gpt4-mini"]})
    }

    fn example_view() -> Value {
        json!({"key": MASK, "allowed_models": ["openai-gpt4-mini"]})
    }
}

/// The hash to store: of the plaintext, or the one that the mask stands for.
fn hash(plaintext: &str, before: Option<KeyHash>) -> Result<KeyHash, ApiError> {
    let refuse = |message| Err(ApiError::about(StatusCode::BAD_REQUEST, "key", message));
    if plaintext == MASK {
        return before.map_or_else(|| refuse("is the mask '***': write the key"), Ok);
    }
    // What callers could never send in a header would lock them out without a word.
    let printable = plaintext.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if plaintext.is_empty() || !printable || plaintext.trim() != plaintext {
        return refuse("must be printable ASCII, not empty, and without white space at its ends");
    }
    Ok(KeyHash::of(plaintext))
}
