//! What administrators write: one JSON document per resource, parsed once, valid ever after.

mod api_key;
pub mod api_version;
mod cache_policy;
mod document;
mod guardrail;
mod instant;
mod kept;
mod kind;
mod mcp;
mod model;
mod observability_exporter;
mod oidc;
mod passthrough_route;
mod provider_key;
mod rate_limit;
mod rate_limit_policy;
mod upstream_tls;
mod validity;
mod wording;

#[cfg(test)]
mod tests;

use std::fmt;
use std::hash::Hash;

use serde::Serialize;

pub use api_key::{ApiKey, McpAccess, McpRateLimit, PreviousKey};
pub use cache_policy::{CacheBackend, CachePolicy, CacheScope, SemanticCache};
pub use document::{Document, PlainSecrets, SecretField, SecretProblem, SecretResolver};
pub use guardrail::{
    AttachmentScope, CustomPattern, Detector, DetectorType, EnforcementMode, Guardrail,
    GuardrailAttachment, GuardrailKind, HookPoint, KeywordPattern, OnBufferExceeded, PatternKind,
    PiiAction,
};
pub use kept::{Kept, Shape};
pub use kind::Kind;
pub(crate) use kind::every_kind;
pub use mcp::{A2aAgent, McpAuthSetting, McpPolicy, McpServer};
pub use model::{
    Aggregation, BackgroundCheck, Cooldown, Cost, Direct, DistanceMetric, Embedding, Ensemble,
    HashSource, Judge, Model, ModelKind, OnEmbeddingFailure, Panelist, PromptCaching, Routing,
    RoutingTarget, Semantic, SemanticMatch, SemanticRoute, Strategy, Ttl, WhenAllUnavailable,
};
pub use observability_exporter::{ContentMode, ExporterKind, ObservabilityExporter};
pub use oidc::{ClaimCondition, ClaimMapping, ClaimOperator, ClaimValues, OidcProvider, Resolved};
pub use passthrough_route::{PassthroughRoute, RouteAuth, RouteCredential};
pub use provider_key::{
    AdapterName, BodyField, DoneMarker, HeaderPattern, HeaderTemplate, HeaderVariable, ProviderKey,
    RequestQuirks, ResponseQuirks, TelemetryTags, TemperatureRange, header_name,
};
pub use rate_limit::RateLimit;
pub use rate_limit_policy::{
    ConditionDimension, ConditionLogic, ConditionNode, ConditionOperator, ConditionValue,
    DayOfWeek, GroupDimension, PolicyAction, PolicyScope, PolicyWindow, RateLimitPolicy, Schedule,
};
pub use upstream_tls::{CaCert, NotACaCert, UpstreamTls};
pub use validity::{Checked, Invalid, Problem, Strictness};

/// A kind of resource as a Rust type: a value of it is valid.
///
/// `Serialize` writes what an administrator may see, secrets masked.
pub trait Resource: Serialize + fmt::Debug + Send + Sync + Sized + 'static {
    /// Which kind this is.
    const KIND: Kind;
    /// What no two resources of this kind may share.
    type Identity: Clone + Eq + Hash + fmt::Display + Send + Sync;

    /// Parses a document whose secrets are in clear.
    ///
    /// # Errors
    /// [`Invalid`] lists what is wrong, field by field, never with a field's value. With
    /// [`Strictness::Strict`] that includes fields that this version does not know.
    fn decode(document: &Document, strictness: Strictness) -> Result<Checked<Self>, Invalid>;

    /// What makes this one unique among its kind; `None` where only its id does.
    fn identity(&self) -> Option<Self::Identity>;

    /// The name of the field that holds [`Resource::identity`].
    const IDENTITY_FIELD: &'static str;
}

/// The default of switches that are on.
fn yes() -> bool {
    true
}
