//! What a caller asks for, whatever the wire format.

/// The operation behind an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// A conversation turn, asked for as a chat completion.
    Chat,
    /// A conversation turn, asked for as a message.
    Messages,
    /// A conversation turn, asked for as a response.
    Responses,
    /// How many tokens a message would take.
    CountTokens,
    /// The continuation of a text, in OpenAI's older format.
    Completions,
    /// What texts mean, as numbers.
    Embeddings,
    /// The list of models that a caller may use.
    ListModels,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 7] = [
        Self::Chat,
        Self::Messages,
        Self::Responses,
        Self::CountTokens,
        Self::Completions,
        Self::Embeddings,
        Self::ListModels,
    ];

    /// The name used in logs and messages.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Messages => "messages",
            Self::Responses => "responses",
            Self::CountTokens => "count_tokens",
            Self::Completions => "completions",
            Self::Embeddings => "embeddings",
            Self::ListModels => "list_models",
        }
    }

    /// Whether a model reads and writes tokens for it, which somebody pays for.
    #[must_use]
    pub fn spends_tokens(self) -> bool {
        !matches!(self, Self::CountTokens | Self::ListModels)
    }

    /// Whether it is a conversation turn: one that is asked for in one format may be answered by
    /// an upstream that speaks another. An adapter chooses the format by the one that was asked
    /// for where its family has several.
    #[must_use]
    pub fn is_conversation(self) -> bool {
        matches!(self, Self::Chat | Self::Messages | Self::Responses)
    }
}
