//! The kinds of resources, in one list.

use std::fmt;

use super::{Document, Invalid, Resource, Strictness};

/// Hands the list of kinds to a macro, one row for each: its variant, its plural name, its type,
/// what one of them is called in a sentence, and what it is.
macro_rules! every_kind {
    ($then:ident) => {
        $then! {
            ProviderKeys, provider_keys, $crate::resource::ProviderKey, "provider key",
                "Upstream credentials and endpoints.";
            Models, models, $crate::resource::Model, "model",
                "The names that callers use, and where they lead.";
            ApiKeys, api_keys, $crate::resource::ApiKey, "API key",
                "Caller API keys.";
            RateLimitPolicies, rate_limit_policies,
                $crate::resource::Kept<$crate::resource::RateLimitPolicy>, "rate limit policy",
                "Limits over many keys or models.";
            CachePolicies, cache_policies,
                $crate::resource::Kept<$crate::resource::CachePolicy>, "cache policy",
                "Which answers are kept for whom, and for how long.";
            Guardrails, guardrails,
                $crate::resource::Kept<$crate::resource::Guardrail>, "guardrail",
                "What must not pass in requests and answers.";
            GuardrailAttachments, guardrail_attachments,
                $crate::resource::Kept<$crate::resource::GuardrailAttachment>,
                "guardrail attachment",
                "What a guardrail applies to.";
            ObservabilityExporters, observability_exporters,
                $crate::resource::Kept<$crate::resource::ObservabilityExporter>,
                "observability exporter",
                "Where traces and events are sent.";
            OidcProviders, oidc_providers,
                $crate::resource::Kept<$crate::resource::OidcProvider>, "OIDC provider",
                "Whose tokens are accepted in place of API keys.";
            ClaimMappings, claim_mappings,
                $crate::resource::Kept<$crate::resource::ClaimMapping>, "claim mapping",
                "As which API key a token runs.";
            PassthroughRoutes, passthrough_routes,
                $crate::resource::Kept<$crate::resource::PassthroughRoute>, "passthrough route",
                "Paths and hosts that are relayed as they are.";
            McpServers, mcp_servers,
                $crate::resource::Kept<$crate::resource::McpServer>, "MCP server",
                "Servers of tools.";
            McpPolicies, mcp_policies,
                $crate::resource::Kept<$crate::resource::McpPolicy>, "MCP policy",
                "Who may use which tools.";
            McpAuthSettings, mcp_auth_settings,
                $crate::resource::Kept<$crate::resource::McpAuthSetting>, "MCP auth setting",
                "How callers of tools authenticate.";
            A2aAgents, a2a_agents,
                $crate::resource::Kept<$crate::resource::A2aAgent>, "A2A agent",
                "Agents that callers may talk to.";
        }
    };
}

macro_rules! define_kind {
    ($($variant:ident, $plural:ident, $type:ty, $singular:literal, $about:literal;)*) => {
        /// The kinds of resources; each is a collection of documents with ids.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Kind {
            $(#[doc = $about] $variant,)*
        }

        impl Kind {
            /// Every kind, in the order of their dependence.
            pub const ALL: [Self; [$($singular),*].len()] = [$(Self::$variant),*];

            /// The plural name: the segment of store keys, admin paths and reports.
            #[must_use]
            pub fn plural(self) -> &'static str {
                match self { $(Self::$variant => stringify!($plural),)* }
            }

            /// What one of them is called in a sentence.
            #[must_use]
            pub fn singular(self) -> &'static str {
                match self { $(Self::$variant => $singular,)* }
            }

            /// What its resources are, in a sentence.
            #[must_use]
            pub fn about(self) -> &'static str {
                match self { $(Self::$variant => $about,)* }
            }

            /// Judges a document of this kind whose secrets are in clear, and keeps nothing of it.
            ///
            /// # Errors
            /// [`Invalid`] as for [`Resource::decode`].
            pub fn judge(self, document: &Document, strictness: Strictness) -> Result<(), Invalid> {
                match self {
                    $(Self::$variant => <$type>::decode(document, strictness).map(drop),)*
                }
            }
        }
    };
}

every_kind!(define_kind);
pub(crate) use every_kind;

impl Kind {
    /// The kind with this plural name.
    #[must_use]
    pub fn from_plural(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.plural() == name)
    }

    /// The top-level fields that may be written in two ways, each with its other spelling.
    #[must_use]
    pub fn spellings(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::ProviderKeys => &[("secret", "api_key")],
            Self::PassthroughRoutes | Self::McpServers | Self::A2aAgents => {
                &[("name", "display_name")]
            }
            _ => &[],
        }
    }

    /// Where a document of this kind holds credentials, as paths of keys. `*` stands for every key
    /// of an object, `**` for any depth of objects and lists. Only string values are secret.
    #[must_use]
    pub fn secret_paths(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::ProviderKeys => &[
                &["secret"],
                &["api_key"],
                &["request", "default_headers", "*"],
                &["request", "default_body_fields", "*"],
            ],
            Self::Guardrails => &[
                &["**", "api_key"],
                &["**", "access_key_secret"],
                &["**", "secret_access_key"],
                &["**", "session_token"],
            ],
            Self::ObservabilityExporters => &[&["headers", "*"]],
            Self::McpServers | Self::McpPolicies | Self::McpAuthSettings | Self::A2aAgents => {
                &[&["**", "secret"], &["**", "client_secret"]]
            }
            Self::Models
            | Self::ApiKeys
            | Self::RateLimitPolicies
            | Self::CachePolicies
            | Self::GuardrailAttachments
            | Self::OidcProviders
            | Self::ClaimMappings
            | Self::PassthroughRoutes => &[],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.plural())
    }
}
