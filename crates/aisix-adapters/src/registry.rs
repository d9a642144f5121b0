//! Which adapters there are.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use aisix_core::{Error, ErrorCode, ProviderKey};

use crate::adapter::Adapter;

/// The adapters that a gateway has, by name.
#[derive(Clone)]
pub struct Adapters(HashMap<&'static str, Arc<dyn Adapter>>);

impl Adapters {
    /// None at all, for whoever picks their own.
    #[must_use]
    pub fn none() -> Self {
        Self(HashMap::new())
    }

    /// Those that this crate brings, as far as its features say: one line each.
    #[must_use]
    pub fn builtin() -> Self {
        let families = Self::none();
        let families = families.with(crate::anthropic::Anthropic);
        #[cfg(feature = "azure")]
        let families = families.with(crate::azure_openai::AzureOpenAi::default());
        #[cfg(feature = "bedrock")]
        let families = families.with(crate::bedrock::Bedrock);
        #[cfg(feature = "vertex")]
        let families = families.with(crate::vertex::Vertex::default());
        families.with(crate::openai::OpenAi)
    }

    /// These and one more; it replaces one of the same name.
    #[must_use]
    pub fn with(mut self, adapter: impl Adapter) -> Self {
        self.0.insert(adapter.name(), Arc::new(adapter));
        self
    }

    /// The adapter that a provider key chooses: the one that it names, or, where it names none, the
    /// one that is called like its provider. That is how keys choose adapters of other crates,
    /// whose names the field `adapter` does not know.
    ///
    /// # Errors
    /// `ProviderUnavailable` where this gateway has no such adapter.
    pub fn of(&self, key: &ProviderKey) -> Result<&Arc<dyn Adapter>, Error> {
        let name = key.adapter.map_or(key.provider.as_str(), |adapter| adapter.as_str());
        self.0.get(name).ok_or_else(|| {
            let message = match key.adapter {
                Some(name) => format!("no adapter '{name}' in this gateway"),
                None => "the provider key names no adapter".to_owned(),
            };
            Error::new(ErrorCode::ProviderUnavailable, message)
        })
    }
}

impl fmt::Debug for Adapters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}
