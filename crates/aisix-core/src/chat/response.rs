//! What a model answers.

use super::{Native, Part, Span, Usage};
use crate::carried::Carry;

/// A whole answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatResponse {
    /// The provider's id of the answer; empty where it gives none.
    pub id: String,
    /// The model, as the provider names it.
    pub model: String,
    /// When it was made, in Unix seconds.
    pub created: Option<i64>,
    /// The answers; one, unless more were asked for.
    pub choices: Vec<Choice>,
    /// What it took.
    pub usage: Option<Usage>,
    /// What only the provider's dialect understands.
    pub native: Vec<Native>,
}

/// One of the answers.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Choice {
    /// Its number, from 0.
    pub index: u32,
    /// What it says, in order.
    pub parts: Vec<Part>,
    /// Why it ended, where that is known.
    pub finish: Option<FinishReason>,
    /// What only the provider's dialect understands of it.
    pub native: Vec<Native>,
}

/// Why an answer ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FinishReason {
    /// The model was done, or came to a stop text where the provider does not tell these apart.
    Stop,
    /// It came to a stop text.
    StopText,
    /// The limit of tokens was reached.
    Length,
    /// There was no more room in what the model can look at.
    ContextFull,
    /// It wants a tool called.
    ToolCalls,
    /// A filter intervened.
    ContentFilter,
    /// The model declined.
    Refusal,
    /// The provider paused a long turn; sent back as it is, it goes on.
    Paused,
    /// A reason that only its provider knows, in the provider's word.
    Other(String),
}

/// What is known of an answer without decoding it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ResponseOutline {
    /// Where the model's value stands, quotes included; `None` where the answer has none.
    pub model_span: Option<Span>,
    /// What it took.
    pub usage: Option<Usage>,
}

impl Carry for ChatResponse {
    type Outline = ResponseOutline;
}
