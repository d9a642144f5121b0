mod bodies;
mod properties;
mod reasoning;

use std::sync::Arc;

use aisix_core::ProviderKey;
use aisix_core::snapshot::Stored;
use aisix_testing::conformance::resources;
use serde_json::{Value, json};

/// A provider key with these quirks.
fn key(request: Value, response: Value) -> Arc<Stored<ProviderKey>> {
    resources::provider_key(json!({
        "display_name": "key", "provider": "p", "adapter": "openai", "secret": "sk-0123456789",
        "api_base": "https://h/v1", "request": request, "response": response,
    }))
}
