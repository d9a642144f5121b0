//! Everything that one request is served from, as of one moment.

use std::sync::Arc;

use aisix_core::Snapshot;
use aisix_hooks::{AddressRangesHook, HookFactory, Pipeline, ValidateBodyHook, ValidateModelHook};

/// A configuration in service: published whole, so that no request sees two versions.
#[derive(Debug)]
pub(crate) struct Generation {
    /// The resources.
    pub(crate) snapshot: Arc<Snapshot>,
    /// The hooks of conversations.
    pub(crate) pipeline: Pipeline,
}

impl Generation {
    /// Puts a snapshot into service, with the hooks that an embedder added.
    pub(crate) fn new(snapshot: Arc<Snapshot>, added: &[Arc<dyn HookFactory>]) -> Self {
        Self { snapshot, pipeline: added.iter().cloned().fold(gates(), Pipeline::then) }
    }
}

/// The gates, in their order: a request that fails at several is refused by the first. An
/// embedder's hooks come after them, and see only requests that may be served.
fn gates() -> Pipeline {
    Pipeline::new().then(ValidateModelHook).then(AddressRangesHook).then(ValidateBodyHook)
}
