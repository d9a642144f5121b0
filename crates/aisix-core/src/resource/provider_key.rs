//! Upstream credentials and endpoints.

pub mod header_name;
mod header_template;
mod quirks;

#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use self::header_name::HeaderPattern;
pub use self::header_template::{HeaderTemplate, HeaderVariable};
pub use self::quirks::{BodyField, DoneMarker, RequestQuirks, ResponseQuirks, TemperatureRange};
use super::validity::{Findings, read};
use super::{
    CaCert, Checked, Document, Invalid, Kind, Resource, Strictness, UpstreamTls, api_version,
};
use crate::base_url;
use crate::secret::Secret;

/// The protocol families that this product can encode.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum AdapterName {
    /// OpenAI's HTTP API, by whichever vendor.
    #[serde(rename = "openai")]
    OpenAi,
    /// Anthropic's Messages API.
    Anthropic,
    /// Amazon Bedrock's runtime.
    Bedrock,
    /// Google Vertex AI.
    Vertex,
    /// Azure's OpenAI service.
    #[serde(rename = "azure-openai")]
    AzureOpenAi,
}

impl AdapterName {
    /// The name as it is written in documents.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OpenAi => "openai",
            Self::Anthropic => "anthropic",
            Self::Bedrock => "bedrock",
            Self::Vertex => "vertex",
            Self::AzureOpenAi => "azure-openai",
        }
    }

    /// An example of the base URL that this family expects; `None` where it may be left unset.
    #[must_use]
    pub fn base_url_example(self) -> Option<&'static str> {
        match self {
            Self::OpenAi => Some("https://api.openai.com/v1"),
            Self::Anthropic => Some("https://api.anthropic.com"),
            Self::Bedrock => None,
            Self::Vertex => Some("https://<region>-aiplatform.googleapis.com"),
            Self::AzureOpenAi => Some("https://<resource>.openai.azure.com"),
        }
    }
}

impl fmt::Display for AdapterName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The upstream identity that models reference: a credential, a place, and a protocol family.
///
/// Serialised in the order that the documentation prints, the secret masked.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ProviderKey {
    /// A unique label.
    #[cfg_attr(feature = "openapi", schema(value_type = String, min_length = 1))]
    pub display_name: Arc<str>,
    /// The upstream credential; shown as `***`.
    pub secret: Secret,
    /// Base URL, as configured.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_base: Option<String>,
    /// The vendor: any word; a label only.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub provider: String,
    /// The protocol family; absent only in documents that an older writer left behind, for vendors
    /// that this product does not know.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter: Option<AdapterName>,
    /// Copied to usage events.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub telemetry_tags: TelemetryTags,
    /// Inbound headers that are removed on passthrough.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub strip_headers: Vec<String>,
    /// The version of the API that Azure is asked for; `2024-10-21` where it is absent, and none where
    /// `api_base` ends with `/openai/v1`. Only for adapter `azure-openai`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub api_version: Option<String>,
    /// Trust for this key's endpoint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls: Option<UpstreamTls>,
    /// How requests to this vendor differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<RequestQuirks>,
    /// How answers of this vendor differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub response: Option<ResponseQuirks>,
}

/// Labels that usage events carry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TelemetryTags {
    /// `catalog` or `byo`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Whether the vendor is a featured one.
    #[serde(default)]
    pub featured: bool,
    /// The vendor's name as a brand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub branded_provider: Option<String>,
    /// Label of a bring-your-own endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub byo_label: Option<String>,
    /// Label of the provider key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pk_label: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    display_name: Arc<str>,
    secret: Option<Secret>,
    api_key: Option<Secret>,
    api_base: Option<String>,
    #[serde(default)]
    provider: String,
    adapter: Option<AdapterName>,
    #[serde(default)]
    telemetry_tags: TelemetryTags,
    #[serde(default = "stripped_by_default")]
    strip_headers: Vec<String>,
    api_version: Option<String>,
    tls: Option<UpstreamTls>,
    request: Option<RequestQuirks>,
    response: Option<ResponseQuirks>,
}

fn stripped_by_default() -> Vec<String> {
    ["authorization", "cookie", "set-cookie", "x-api-key"].map(str::to_owned).into()
}

impl Resource for ProviderKey {
    const KIND: Kind = Kind::ProviderKeys;
    const IDENTITY_FIELD: &'static str = "display_name";
    type Identity = Arc<str>;

    fn decode(document: &Document, strictness: Strictness) -> Result<Checked<Self>, Invalid> {
        let Checked { resource: mut wire, mut ignored } = read::<Wire>(document, strictness)?;
        document.one_spelling(Self::KIND)?;
        let secret = wire.secret.or(wire.api_key);
        let secret = secret.ok_or_else(|| Invalid::one("secret", "is required"))?;
        let adapter = wire.adapter.or(match wire.provider.as_str() {
            "openai" => Some(AdapterName::OpenAi),
            "anthropic" => Some(AdapterName::Anthropic),
            _ => None,
        });
        let mut findings = Findings::default();
        findings.not_empty(&wire.display_name, "display_name");
        findings.not_empty(secret.expose(), "secret");
        if strictness == Strictness::Strict {
            check_reachable(&mut findings, adapter, wire.api_base.as_deref());
            check_sendable(&mut findings, adapter, &secret);
            check_version(&mut findings, adapter, wire.api_version.as_deref());
            check_trust(&mut findings, wire.tls.as_ref());
        }
        if let Some(request) = &mut wire.request {
            quirks::judge_request(request, strictness, &mut findings, &mut ignored);
        }
        if let Some(response) = &mut wire.response {
            quirks::judge_response(response, strictness, &mut findings, &mut ignored);
        }
        findings.into_result(Checked {
            resource: Self {
                display_name: wire.display_name,
                secret,
                api_base: wire.api_base,
                provider: wire.provider,
                adapter,
                telemetry_tags: wire.telemetry_tags,
                strip_headers: wire.strip_headers,
                api_version: wire.api_version,
                tls: wire.tls,
                request: wire.request,
                response: wire.response,
            },
            ignored,
        })
    }

    fn identity(&self) -> Option<Arc<str>> {
        Some(self.display_name.clone())
    }
}

/// No base is guessed, so whoever writes a key hears at once where it could not be reached.
fn check_reachable(findings: &mut Findings, adapter: Option<AdapterName>, base: Option<&str>) {
    let Some(adapter) = adapter else {
        findings.require(
            false,
            "adapter",
            "is required: one of openai, anthropic, bedrock, vertex, azure-openai",
        );
        return;
    };
    let base = base.map(str::trim).filter(|base| !base.is_empty());
    match (base, adapter.base_url_example()) {
        (None, Some(example)) => {
            let message = format!("is required for adapter {adapter}, for example {example}");
            findings.require(false, "api_base", message);
        }
        (Some(base), _) => {
            // Azure also documents the bare name of a resource.
            let bare_resource = adapter == AdapterName::AzureOpenAi && base_url::is_word(base);
            if let (false, Err(problem)) = (bare_resource, base_url::check(base)) {
                findings.require(false, "api_base", problem.to_string());
            }
        }
        (None, None) => {}
    }
}

/// Whoever writes a key hears at once that no header could carry it. A secret in JSON is not sent
/// as it is.
fn check_sendable(findings: &mut Findings, adapter: Option<AdapterName>, secret: &Secret) {
    let opaque = match adapter {
        Some(AdapterName::OpenAi | AdapterName::Anthropic) => true,
        Some(AdapterName::AzureOpenAi) => !secret.expose().trim_start().starts_with('{'),
        Some(AdapterName::Bedrock | AdapterName::Vertex) | None => false,
    };
    // An empty one was found already.
    if opaque && !secret.expose().is_empty() {
        findings.require(
            secret.fits_a_header(),
            "secret",
            "must be printable ASCII and not blank: it is sent in a header, which holds no line \
             breaks and no other control characters",
        );
    }
}

/// Whoever writes a key hears at once that nobody reads the version, or that no URL holds it.
fn check_version(findings: &mut Findings, adapter: Option<AdapterName>, version: Option<&str>) {
    let Some(version) = version else {
        return;
    };
    if let Err(problem) = api_version::check(version) {
        findings.require(false, "api_version", problem.to_string());
    } else {
        let is_azure = adapter == Some(AdapterName::AzureOpenAi);
        findings.require(is_azure, "api_version", "is only for adapter azure-openai");
    }
}

/// Whoever writes a key hears at once that nothing can be trusted on the word of its authority.
fn check_trust(findings: &mut Findings, tls: Option<&UpstreamTls>) {
    let authority = tls.and_then(|tls| tls.ca_cert.as_ref());
    if let Some(Err(problem)) = authority.map(CaCert::authorities) {
        findings.require(false, "tls.ca_cert", problem.to_string());
    }
}
