//! What the document says of each kind.

use aisix_core::{ApiKey, Model, ProviderKey, Secret};
use serde_json::{Value, json};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Object, Schema};

use utoipa::{PartialSchema, ToSchema};

use super::wrapper::{Schemas, collect, reference};
use crate::endpoints::collection::EXAMPLE_ID;

/// The schema of a body: its name, and what it refers to.
pub(crate) struct BodySchema {
    pub(super) name: String,
    pub(super) schemas: Schemas,
}

impl BodySchema {
    /// The schema of a type.
    pub(super) fn of<T: ToSchema>() -> Self {
        let mut schemas = Schemas::new();
        collect::<T>(&mut schemas);
        Self { name: T::name().into_owned(), schemas }
    }
}

/// A kind that the document speaks of.
pub(crate) trait Documented: ToSchema + Sized {
    /// The names of its collection in paths, the first one first.
    const COLLECTIONS: &'static [&'static str];

    /// Whether documents may hold fields that are not described.
    const OPEN: bool = false;

    /// What an administrator writes.
    fn example_body() -> Value;

    /// What is shown of it.
    fn example_value() -> Value;

    /// The schema of what is written, where it differs from what is shown.
    fn body() -> BodySchema {
        BodySchema::of::<Self>()
    }
}

impl Documented for ProviderKey {
    const COLLECTIONS: &'static [&'static str] = &["provider_keys"];

    fn example_body() -> Value {
        json!({
            "display_name": "openai-prod",
            "provider": "openai",
            "adapter": "openai",
            "secret": "YOUR_OPENAI_API_KEY",
            "api_base": "https://api.openai.com/v1",
        })
    }

    fn example_value() -> Value {
        json!({
            "display_name": "openai-prod",
            "secret": "***",
            "api_base": "https://api.openai.com/v1",
            "provider": "openai",
            "adapter": "openai",
            "telemetry_tags": {"featured": false},
            "strip_headers": ["authorization", "cookie", "set-cookie", "x-api-key"],
        })
    }

    fn body() -> BodySchema {
        let mut body = BodySchema::of::<Self>();
        PROVIDER_KEY_BODY.clone_into(&mut body.name);
        body.schemas.push((body.name.clone(), Schema::Object(provider_key_body()).into()));
        body
    }
}

const PROVIDER_KEY_BODY: &str = "ProviderKeyBody";

/// A provider key as it is written: the secret has a second spelling, and needs one of the two.
fn provider_key_body() -> Object {
    let RefOr::T(Schema::Object(mut object)) = ProviderKey::schema() else {
        return Object::new();
    };
    object.required.retain(|field| field != "secret");
    object.properties.insert("api_key".to_owned(), reference::<Secret>().into());
    object.description =
        Some("Exactly one of `secret` and `api_key`, which mean the same, is required.".to_owned());
    object
}

impl Documented for Model {
    const COLLECTIONS: &'static [&'static str] = &["models"];

    fn example_body() -> Value {
        Self::example_value()
    }

    fn example_value() -> Value {
        json!({
            "display_name": "gpt-4o-prod",
            "provider": "openai",
            "model_name": "gpt-4o",
            "provider_key_id": EXAMPLE_ID,
        })
    }
}

impl Documented for ApiKey {
    const COLLECTIONS: &'static [&'static str] = &["api_keys", "apikeys"];

    fn example_body() -> Value {
        Self::example_value()
    }

    fn example_value() -> Value {
        json!({
            "key_hash": "43d758e3b4aa2aacdb4b49c09c26435fb5083148fda6cfc9c5e38078915c6bdb",
            "allowed_models": ["gpt-4o-prod"],
        })
    }
}
