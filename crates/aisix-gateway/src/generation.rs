//! Everything that one request is served from, as of one moment.

use std::sync::Arc;

use aisix_core::Snapshot;
use aisix_hooks::{Pipeline, ValidateBodyHook, ValidateModelHook};

/// A configuration in service: published whole, so that no request sees two versions.
#[derive(Debug)]
pub(crate) struct Generation {
    /// The resources.
    pub(crate) snapshot: Arc<Snapshot>,
    /// The hooks of conversations.
    pub(crate) pipeline: Pipeline,
}

impl Generation {
    /// Puts a snapshot into service.
    pub(crate) fn new(snapshot: Arc<Snapshot>) -> Self {
        Self { snapshot, pipeline: gates() }
    }
}

/// The gates, in their order: a request that fails at several is refused by the first.
fn gates() -> Pipeline {
    Pipeline::new().then(ValidateModelHook).then(ValidateBodyHook)
}
