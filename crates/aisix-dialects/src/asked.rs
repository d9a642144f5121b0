//! What answers take over from the request that they answer.

use std::sync::Arc;

use serde_json::{Map, Value};

/// What answers take over from the request that they answer, where they are translated: found out
/// by the caller's dialect, for itself. What is relayed holds it already.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Fields of the request that every answer repeats.
    pub(crate) repeated: Option<Arc<Map<String, Value>>>,
    /// A call is told in the form that came before tools, without an id: one in an answer.
    pub(crate) by_function: bool,
}
