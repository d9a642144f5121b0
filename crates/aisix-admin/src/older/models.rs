//! Models with a credential of their own.

use std::collections::HashMap;

use aisix_core::id::ResourceKey;
use aisix_core::resource::RateLimit;
use aisix_core::{Document, Id, Kind, Model, ProviderKey, Secret};
use async_trait::async_trait;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::catalogue::{Vendor, vendor};
use super::{Older, amend};
use crate::error::ApiError;
use crate::service::{Held, Plan, Service, Standing, owned_key_of, uses};

/// A model to write.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = OlderModelBody)]
pub(super) struct Body {
    /// The name that callers use.
    #[schema(min_length = 1)]
    name: String,
    /// `<provider>/<the provider's name for the model>`; the provider is one of `openai`,
    /// `gemini`, `anthropic` and `deepseek`.
    #[schema(example = "openai/gpt-4o-mini")]
    model: String,
    /// How the provider is reached.
    provider_config: ProviderConfig,
    /// Limits over all callers.
    #[serde(default)]
    rate_limit: Option<RateLimit>,
}

/// A model as it is shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OlderModel)]
pub(super) struct View {
    /// The name that callers use.
    name: String,
    /// `<provider>/<the provider's name for the model>`; null for a group, which this API only
    /// shows.
    model: Option<String>,
    /// How the provider is reached; null for a group, and where the provider key is gone.
    provider_config: Option<ProviderConfig>,
    /// Limits over all callers.
    #[serde(skip_serializing_if = "Option::is_none")]
    rate_limit: Option<RateLimit>,
}

/// How a provider is reached.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(super) struct ProviderConfig {
    /// The credential. Shown as `***`; `***` in a PUT keeps it.
    #[schema(value_type = String)]
    api_key: Secret,
    /// The base URL; left out, it is the provider's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    api_base: Option<String>,
}

#[async_trait]
impl Older for Model {
    const COLLECTION: &'static str = "models";
    const FIELDS: &'static [(&'static str, &'static str)] = &[
        ("display_name", "name"),
        ("model_name", "model"),
        ("secret", "provider_config.api_key"),
        ("api_base", "provider_config.api_base"),
    ];
    type Body = Body;
    type View = View;

    async fn write(
        plan: &mut Plan<'_>,
        id: &str,
        body: &Body,
        standing: Option<&Standing<Self>>,
    ) -> Result<(), ApiError> {
        let (provider, vendor, model_name) = upstream(&body.model)?;
        if let Some(Ok(held)) = standing.map(|standing| &standing.read) {
            held.stored.spec.writable()?;
            require_own_key(plan, held).await?;
        }
        let key_id = owned_key_of(id);
        write_key(plan, id, &key_id, (provider, vendor), &body.provider_config).await?;
        amend(plan, id, standing, |document| {
            document.set("display_name", &body.name);
            document.set("provider", &provider);
            document.set("model_name", &model_name);
            document.set("provider_key_id", &key_id);
            match body.rate_limit {
                Some(limit) => document.set("rate_limit", &limit),
                None => document.remove("rate_limit"),
            }
        })
        .await
    }

    fn writable(&self) -> Result<(), ApiError> {
        if self.direct().is_some() {
            return Ok(());
        }
        let message = "this model is a group, which is read-only here: use /admin/v1/models";
        Err(ApiError::new(StatusCode::CONFLICT, message))
    }

    async fn view(service: &Service, all: &[Held<Self>]) -> Result<Vec<View>, ApiError> {
        let mut keys = HashMap::new();
        match all {
            [] => {}
            // One model needs one key, not a listing of all.
            [held] => {
                if let Some(direct) = held.stored.spec.direct() {
                    let key = service.get::<ProviderKey>(direct.provider_key_id.as_str()).await;
                    keys.extend(key.ok().map(|key| (key.stored.id, key.stored.spec)));
                }
            }
            _ => {
                let every = service.list::<ProviderKey>().await?.all;
                keys.extend(every.into_iter().map(|key| (key.stored.id, key.stored.spec)));
            }
        }
        Ok(all.iter().map(|held| view(&held.stored.spec, &keys)).collect())
    }

    fn example_body() -> Value {
        json!({
            "name": "openai-gpt4-mini",
            "model": "openai/gpt-4o-mini",
            "provider_config": {"api_key": "YOUR_OPENAI_API_KEY"},
        })
    }

    fn example_view() -> Value {
        json!({
            "name": "openai-gpt4-mini",
            "model": "openai/gpt-4o-mini",
            "provider_config": {"api_key": "***", "api_base": "https://api.openai.com/v1"},
        })
    }
}

/// Takes `<provider>/<model>` apart.
fn upstream(model: &str) -> Result<(&str, &'static Vendor, &str), ApiError> {
    let refuse = |message| ApiError::about(StatusCode::BAD_REQUEST, "model", message);
    let parts = model.split_once('/').filter(|(_, name)| !name.is_empty());
    let (provider, name) = parts
        .ok_or_else(|| refuse("must be <provider>/<model>, for example openai/gpt-4o-mini"))?;
    let vendor = vendor(provider).ok_or_else(|| {
        refuse(
            "the provider must be openai, gemini, anthropic or deepseek; for others create a \
             provider key and a model through /admin/v1",
        )
    })?;
    Ok((provider, vendor, name))
}

/// Refuses to change a credential that other models use too, or that was made elsewhere.
async fn require_own_key(plan: &mut Plan<'_>, held: &Held<Model>) -> Result<(), ApiError> {
    let id = held.stored.id.as_str();
    let own = ResourceKey::new(Kind::ProviderKeys, owned_key_of(id));
    let peers = plan.census::<Model>().await?.all;
    let mut others = peers.iter().filter(|peer| peer.stored.id.as_str() != id);
    if uses(&held.stored.spec, &own) && !others.any(|peer| uses(&peer.stored.spec, &own)) {
        return Ok(());
    }
    let message = "this model uses a shared provider key, which is not changed here: use \
                   /admin/v1/models and /admin/v1/provider_keys";
    Err(ApiError::new(StatusCode::CONFLICT, message))
}

/// Adds the provider key that belongs to the model alone.
async fn write_key(
    plan: &mut Plan<'_>,
    model: &str,
    id: &Id,
    (provider, vendor): (&str, &Vendor),
    config: &ProviderConfig,
) -> Result<(), ApiError> {
    let given = config.api_base.as_deref().filter(|base| !base.trim().is_empty());
    let standing = plan.find::<ProviderKey>(id.as_str()).await?;
    let fill = |document: &mut Document| {
        // No two models share an id, and whoever lists provider keys sees whose this one is.
        document.set("display_name", &format!("models/{model}"));
        document.set("secret", &config.api_key.expose());
        document.set("api_base", &given.unwrap_or(vendor.api_base));
        document.set("provider", &provider);
        document.set("adapter", &vendor.adapter);
    };
    amend(plan, id.as_str(), standing.as_ref(), fill).await
}

fn view(model: &Model, keys: &HashMap<Id, ProviderKey>) -> View {
    let direct = model.direct();
    let key = direct.and_then(|direct| keys.get(&direct.provider_key_id));
    View {
        name: model.display_name.to_string(),
        model: direct.map(|direct| format!("{}/{}", direct.provider, direct.model_name)),
        provider_config: key.map(|key| ProviderConfig {
            api_key: key.secret.clone(),
            api_base: key.api_base.clone(),
        }),
        rate_limit: model.rate_limit,
    }
}
