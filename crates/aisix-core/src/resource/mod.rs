//! What administrators write: one JSON document per resource, parsed once, valid ever after.

mod api_key;
mod document;
mod instant;
mod model;
mod provider_key;
mod rate_limit;
mod validity;
mod wording;

#[cfg(test)]
mod tests;

use std::fmt;
use std::hash::Hash;

use serde::Serialize;

pub use api_key::{ApiKey, PreviousKey};
pub use document::{Document, PlainSecrets, SecretField, SecretProblem, SecretResolver};
pub use model::{
    BackgroundCheck, Cooldown, Cost, Direct, Embedding, HashSource, Model, ModelKind,
    PromptCaching, Routing, RoutingTarget, Strategy, Ttl, WhenAllUnavailable,
};
pub use provider_key::{
    AdapterName, BodyField, DoneMarker, ProviderKey, RequestQuirks, ResponseQuirks, TelemetryTags,
    TemperatureRange, UpstreamTls,
};
pub use rate_limit::RateLimit;
pub use validity::{Checked, Invalid, Problem, Strictness};

/// The kinds of resources; each is a collection of documents with ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Upstream credentials and endpoints.
    ProviderKeys,
    /// The names that callers use, and where they lead.
    Models,
    /// Caller API keys.
    ApiKeys,
}

impl Kind {
    /// Every kind, in the order of their dependence.
    pub const ALL: [Self; 3] = [Self::ProviderKeys, Self::Models, Self::ApiKeys];

    /// The plural name: the segment of store keys, admin paths and reports.
    #[must_use]
    pub fn plural(self) -> &'static str {
        match self {
            Self::ProviderKeys => "provider_keys",
            Self::Models => "models",
            Self::ApiKeys => "api_keys",
        }
    }

    /// What one of them is called in a sentence.
    #[must_use]
    pub fn singular(self) -> &'static str {
        match self {
            Self::ProviderKeys => "provider key",
            Self::Models => "model",
            Self::ApiKeys => "API key",
        }
    }

    /// The kind with this plural name.
    #[must_use]
    pub fn from_plural(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.plural() == name)
    }

    /// Where a document of this kind holds credentials, as paths of keys; `*` stands for every key
    /// of an object. Only string values are secret.
    #[must_use]
    pub fn secret_paths(self) -> &'static [&'static [&'static str]] {
        match self {
            Self::ProviderKeys => &[
                &["secret"],
                &["api_key"],
                &["request", "default_headers", "*"],
                &["request", "default_body_fields", "*"],
            ],
            Self::Models | Self::ApiKeys => &[],
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.plural())
    }
}

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

    /// What makes this one unique among its kind.
    fn identity(&self) -> Self::Identity;

    /// The name of the field that holds [`Resource::identity`].
    const IDENTITY_FIELD: &'static str;
}
