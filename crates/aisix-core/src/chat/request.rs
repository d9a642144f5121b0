//! What a caller asks of a model.

use std::ops::Range;

use super::{CacheMark, Native, Part};
use crate::carried::Carry;

/// A conversation up to now, and how the next turn is to be made.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatRequest {
    /// The model's name, as the caller sent it.
    pub model: String,
    /// The turns, in order; instructions are turns of [`Role::System`] or [`Role::Developer`].
    pub turns: Vec<Turn>,
    /// The tools that the model may call.
    pub tools: Vec<Tool>,
    /// Whether it must.
    pub tool_choice: Option<ToolChoice>,
    /// Whether it may call several at once.
    pub parallel_tool_calls: Option<bool>,
    /// How tokens are drawn.
    pub sampling: Sampling,
    /// The form of the answer.
    pub response_format: Option<ResponseFormat>,
    /// How hard the model is to work, in a word such as `low` or `high`.
    pub effort: Option<String>,
    /// Whether, and how long, it is to think.
    pub thinking: Option<Thinking>,
    /// The end user, as the caller names them.
    pub user: Option<String>,
    /// What the caller notes of the request for itself: names and values, in order.
    pub metadata: Vec<(String, String)>,
    /// Whether the answer is streamed.
    pub stream: bool,
    /// What the stream is to hold beside content.
    pub stream_options: StreamOptions,
    /// Fields that only the caller's dialect understands.
    pub native: Vec<Native>,
}

/// What is known of a request without decoding it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RequestOutline {
    /// The model's name, as the caller sent it; `None` where it is absent, null or empty.
    pub model: Option<String>,
    /// Where the model's value stands, quotes included.
    pub model_span: Span,
    /// Whether the answer is to be streamed.
    pub stream: bool,
    /// What the stream is to hold beside content; `None` where the caller does not say.
    pub stream_options: Option<StreamOptions>,
    /// Where the caller wrote null instead of saying it.
    pub stream_options_null: Option<Span>,
    /// Where a further top-level field may be inserted, followed by a comma.
    pub insert_at: usize,
    /// What else is wrong with the request, if anything: said only after the checks on the model,
    /// which go first.
    pub complaint: Option<String>,
}

impl Carry for ChatRequest {
    type Outline = RequestOutline;
}

/// A range of bytes in the original.
pub type Span = Range<usize>;

/// What a stream holds beside content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StreamOptions {
    /// Whether a frame with the usage is wanted at the end.
    pub include_usage: bool,
}

/// One turn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// Who speaks.
    pub role: Role,
    /// The speaker's name, where there is one.
    pub name: Option<String>,
    /// What is said.
    pub parts: Vec<Part>,
    /// What only the caller's dialect understands of this turn.
    pub native: Vec<Native>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Instructions.
    System,
    /// Instructions, as newer OpenAI models name them.
    Developer,
    /// The person.
    User,
    /// The model.
    Assistant,
    /// A tool.
    Tool,
}

/// A tool that the model may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tool {
    /// A function of the caller's.
    Function {
        /// Its name.
        name: String,
        /// What it is for.
        description: Option<String>,
        /// JSON Schema of its arguments, as JSON text.
        parameters: Option<String>,
        /// Whether arguments must follow the schema exactly.
        strict: Option<bool>,
        /// Whether the prompt up to here is to be cached.
        cache: Option<CacheMark>,
        /// What only one dialect understands of it.
        native: Vec<Native>,
    },
    /// A tool that only one family offers.
    Native(Native),
}

/// Whether the model must call a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToolChoice {
    /// As it likes.
    Auto,
    /// It must not.
    None,
    /// It must call one.
    Required,
    /// It must call this one.
    Function(String),
    /// A rule that only one family knows.
    Native(Native),
}

/// How tokens are drawn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sampling {
    /// Sampling temperature.
    pub temperature: Option<f64>,
    /// Nucleus sampling.
    pub top_p: Option<f64>,
    /// Sampling among the k likeliest.
    pub top_k: Option<u64>,
    /// The most tokens to produce, thinking included.
    pub max_tokens: Option<u64>,
    /// Texts at which to stop.
    pub stop: Vec<String>,
    /// Seed for repeatable answers.
    pub seed: Option<i64>,
    /// How many answers.
    pub n: Option<u32>,
    /// Penalty for what has occurred at all.
    pub presence_penalty: Option<f64>,
    /// Penalty for what has occurred often.
    pub frequency_penalty: Option<f64>,
    /// Whether log probabilities are wanted.
    pub logprobs: Option<bool>,
    /// How many alternatives to report with them.
    pub top_logprobs: Option<u32>,
}

/// The form of the answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ResponseFormat {
    /// Text.
    Text,
    /// Any JSON object.
    JsonObject,
    /// JSON by a schema.
    JsonSchema {
        /// The schema's name, where it has one.
        name: Option<String>,
        /// What it is for.
        description: Option<String>,
        /// The schema, as JSON text.
        schema: Option<String>,
        /// Whether the answer must follow it exactly.
        strict: Option<bool>,
    },
}

/// Whether the model is to think, and how long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Thinking {
    /// Up to so many tokens.
    Budget(u64),
    /// As long as it sees fit.
    Adaptive,
    /// Not at all.
    Off,
}
