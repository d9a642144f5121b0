//! Passthrough routes.

use std::sync::Arc;

use serde::Deserialize;

use super::validity::{Findings, Problem};
use super::{Kind, Shape};
use crate::id::{Id, ResourceKey};

/// Paths and hosts that are relayed as they are.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PassthroughRoute {
    /// A unique label, which `allowed_routes` refers to; `display_name` means the same.
    #[serde(alias = "display_name")]
    #[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 1))]
    pub name: Arc<str>,
    /// Whether it is served; true unless set.
    #[serde(default = "super::yes")]
    pub enabled: bool,
    /// Where it is mounted; required without `hosts`, and then not below a path of the gateway.
    pub path_prefix: Option<String>,
    /// The inbound hosts that it serves, each exact or beginning with `*.`.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// Where requests go: an http or https URL. Exactly one of it and `preserve_host` is required.
    pub target_url: Option<String>,
    /// Whether requests go to `https://` and their own host.
    #[serde(default)]
    pub preserve_host: bool,
    /// How callers authenticate; `gateway_key` unless set.
    #[serde(default)]
    pub auth_mode: RouteAuth,
    /// The header that holds the key, in lower case; with `header_key` only.
    pub auth_header_name: Option<String>,
    /// The id of the API key that requests run as; with `anonymous` only.
    pub anonymous_key_id: Option<Id>,
    /// Whose credential goes upstream; `inject` unless set.
    #[serde(default)]
    pub credential_mode: RouteCredential,
    /// The id of the provider key; with `inject` only.
    pub provider_key_id: Option<Id>,
    /// The header that names the client; recorded and removed.
    pub identity_header: Option<String>,
    /// Address ranges from which it may be used.
    #[serde(default)]
    pub source_cidrs: Vec<String>,
    /// Deadline of headers and of a body that is no event stream, in milliseconds.
    #[cfg_attr(feature = "openapi", schema(minimum = 1))]
    pub timeout_ms: Option<u64>,
}

/// How the callers of a route authenticate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RouteAuth {
    /// As on every other path.
    #[default]
    GatewayKey,
    /// With a key in a header of the route's own.
    HeaderKey,
    /// Not at all.
    Anonymous,
}

/// Whose credential goes upstream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RouteCredential {
    /// That of a provider key.
    #[default]
    Inject,
    /// The client's own.
    ForwardClient,
}

/// Paths that the gateway serves itself.
const OWN_PATHS: [&str; 7] = ["/v1", "/mcp", "/a2a", "/admin", "/livez", "/readyz", "/metrics"];

/// Headers that mean something else already.
const TAKEN_HEADERS: [&str; 5] =
    ["authorization", "proxy-authorization", "cookie", "set-cookie", "x-api-key"];

impl Shape for PassthroughRoute {
    const KIND: Kind = Kind::PassthroughRoutes;

    fn name(&self) -> Option<&Arc<str>> {
        Some(&self.name)
    }

    fn check(&self) -> Vec<Problem> {
        let mut findings = Findings::default();
        self.check_place(&mut findings);
        self.check_target(&mut findings);
        self.check_callers(&mut findings);
        findings.require(self.timeout_ms != Some(0), "timeout_ms", "must be 1 or more");
        findings.into_problems()
    }

    fn references(&self) -> Vec<(&'static str, ResourceKey)> {
        let key = self.provider_key_id.clone();
        let key = key.map(|id| ("provider_key_id", ResourceKey::new(Kind::ProviderKeys, id)));
        key.into_iter().collect()
    }
}

impl PassthroughRoute {
    fn check_place(&self, findings: &mut Findings) {
        let Some(prefix) = &self.path_prefix else {
            findings.require(!self.hosts.is_empty(), "path_prefix", "is required without hosts");
            return;
        };
        findings.require(prefix.starts_with('/'), "path_prefix", "must begin with '/'");
        let within = |own: &str| {
            prefix.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if let Some(own) =
            OWN_PATHS.iter().find(|own| within(own)).filter(|_| self.hosts.is_empty())
        {
            let message = format!("must not be under {own}, which the gateway serves itself");
            findings.require(false, "path_prefix", message);
        }
    }

    fn check_target(&self, findings: &mut Findings) {
        if let Some(url) = &self.target_url {
            let web = url.starts_with("http://") || url.starts_with("https://");
            findings.require(web, "target_url", "must be an http:// or https:// URL");
        }
        findings.require(
            self.target_url.is_some() != self.preserve_host,
            "target_url",
            "give exactly one of target_url and preserve_host: true",
        );
        findings.require(
            !self.preserve_host || !self.hosts.is_empty(),
            "hosts",
            "is required with preserve_host",
        );
        let injects = self.credential_mode == RouteCredential::Inject;
        findings.require(
            injects == self.provider_key_id.is_some(),
            "provider_key_id",
            if injects { "is required with inject" } else { "does not go with forward_client" },
        );
    }

    fn check_callers(&self, findings: &mut Findings) {
        if self.auth_mode == RouteAuth::HeaderKey {
            let name = self.auth_header_name.as_deref().unwrap_or_default();
            findings.require(
                !name.is_empty() && !name.bytes().any(|b| b.is_ascii_uppercase()),
                "auth_header_name",
                "must be a header's name in lower case with auth_mode header_key",
            );
            findings.require(
                !TAKEN_HEADERS.contains(&name),
                "auth_header_name",
                "must not be a header that holds credentials already",
            );
        }
        if self.auth_mode == RouteAuth::Anonymous {
            findings.require(
                self.anonymous_key_id.is_some(),
                "anonymous_key_id",
                "is required with auth_mode anonymous",
            );
            findings.require(
                !self.source_cidrs.is_empty(),
                "source_cidrs",
                "must name at least one range with auth_mode anonymous",
            );
        }
    }
}
