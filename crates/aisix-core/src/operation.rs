//! What a caller asks for, whatever the wire format.

/// The operation behind an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// A conversation turn: chat completions and its relatives.
    Chat,
    /// The list of models that a caller may use.
    ListModels,
}

impl Operation {
    /// The name used in logs and metrics.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::ListModels => "list_models",
        }
    }
}
