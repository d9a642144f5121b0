//! What the document says of kinds whose resources are kept as they are written.

use aisix_core::resource::{
    A2aAgent, CachePolicy, ClaimMapping, Guardrail, GuardrailAttachment, Kept, McpAuthSetting,
    McpPolicy, McpServer, ObservabilityExporter, OidcProvider, PassthroughRoute, RateLimitPolicy,
    Shape, Strictness,
};
use aisix_core::{Document, Resource};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::Documented;
use crate::endpoints::collection::EXAMPLE_ID;

/// An example for each kind.
trait Example: Shape + ToSchema {
    /// The name of its collection in paths.
    const COLLECTION: &'static str;

    /// Whether documents may hold fields that are not described.
    const OPEN: bool;

    /// What an administrator writes.
    fn example() -> Value;
}

impl<S: Example> Documented for Kept<S> {
    const COLLECTIONS: &'static [&'static str] = &[S::COLLECTION];
    const OPEN: bool = S::OPEN;

    fn example_body() -> Value {
        S::example()
    }

    /// What is shown of the example, by the code that shows resources.
    fn example_value() -> Value {
        let example = Document::parse(S::example().to_string().as_bytes());
        let shown = example.and_then(|document| Self::decode(&document, Strictness::Strict));
        let shown = shown.map(|checked| serde_json::to_value(checked.resource));
        // Tests create every example, so none is invalid.
        shown.ok().and_then(Result::ok).unwrap_or_default()
    }
}

macro_rules! examples {
    ($($type:ty, $collection:literal, $open:literal, $example:tt;)*) => {
        $(impl Example for $type {
            const COLLECTION: &'static str = $collection;
            const OPEN: bool = $open;

            fn example() -> Value {
                json!($example)
            }
        })*
    };
}

examples! {
    RateLimitPolicy, "rate_limit_policies", false, {
        "name": "interns",
        "limits": {"rpm": 60, "tpm": 20000},
        "conditions": [{"dimension": "team", "operator": "==", "value": "interns"}],
        "group_by": ["member"],
    };
    CachePolicy, "cache_policies", false, {
        "name": "faq",
        "applies_to": "model:gpt-4o-prod",
        "ttl_seconds": 600,
    };
    Guardrail, "guardrails", true, {
        "name": "no-secrets",
        "kind": "openai_moderation",
        "hook_point": "input",
        "api_key": "YOUR_OPENAI_API_KEY",
    };
    GuardrailAttachment, "guardrail_attachments", false, {
        "guardrail_id": EXAMPLE_ID,
        "scope_type": "env",
        "priority": 10,
    };
    ObservabilityExporter, "observability_exporters", true, {
        "name": "traces",
        "kind": "otlp_http",
        "endpoint": "https://otel.example.com/v1/traces",
        "headers": {"authorization": "Bearer YOUR_TOKEN"},
    };
    OidcProvider, "oidc_providers", false, {
        "name": "workforce",
        "issuer": "https://login.example.com",
        "audiences": ["aisix"],
    };
    ClaimMapping, "claim_mappings", false, {
        "name": "engineers",
        "jwt_provider": "workforce",
        "match": [{"claim": "groups", "op": "contains", "values": ["engineering"]}],
        "resolve": {"api_key_id": EXAMPLE_ID},
    };
    PassthroughRoute, "passthrough_routes", false, {
        "name": "search",
        "path_prefix": "/search",
        "target_url": "https://search.example.com",
        "credential_mode": "forward_client",
    };
    McpServer, "mcp_servers", true, {
        "name": "tickets",
        "url": "https://tickets.example.com/mcp",
        "secret": "YOUR_TOKEN",
    };
    McpPolicy, "mcp_policies", true, {"name": "read-only"};
    McpAuthSetting, "mcp_auth_settings", true, {"name": "default"};
    A2aAgent, "a2a_agents", true, {
        "name": "travel",
        "url": "https://travel.example.com",
        "secret": "YOUR_TOKEN",
    };
}
