//! Which of Vertex AI's ways leads to a model, and what is sent along it.

use aisix_core::{Error, ErrorCode};
use aisix_dialects::embed::{EmbedFormat, GEMINI_EMBED, VERTEX_EMBED};
use aisix_dialects::{ANTHROPIC_MESSAGES, Dialect, GEMINI, OPENAI_CHAT, json};
use bytes::Bytes;

/// A way to the models of some makers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rail {
    /// Google's own models.
    Gemini,
    /// Anthropic's.
    Claude,
    /// How many tokens a message would take, for these.
    ClaudeTokens,
    /// Open models, at an endpoint like OpenAI's.
    Open,
    /// Models of a partner who speaks OpenAI's format; the name of the publisher.
    Partner(&'static str),
    /// Models of Google's that embed, before Gemini's second generation.
    Predict,
    /// Models of Gemini's that embed.
    EmbedContent,
}

/// Source: the model pages of Vertex AI's Model Garden. What a model's name begins with says whose
/// it is.
const MAKERS: [(&str, Rail); 13] = [
    ("gemini-", Rail::Gemini),
    ("claude-", Rail::Claude),
    ("meta/", Rail::Open),
    ("llama", Rail::Open),
    ("deepseek", Rail::Open),
    ("qwen", Rail::Open),
    ("openai/gpt-oss", Rail::Open),
    ("minimaxai/", Rail::Open),
    ("moonshotai/", Rail::Open),
    ("zai-org/", Rail::Open),
    ("mistral-", Rail::Partner("mistralai")),
    ("codestral-", Rail::Partner("mistralai")),
    ("jamba-", Rail::Partner("ai21")),
];

/// The version of Anthropic's API, which the body says here. Source: the guide "Use Claude models".
const ANTHROPIC_VERSION: (&str, &str) = ("anthropic_version", r#""vertex-2023-10-16""#);

impl Rail {
    /// The way to a model of this name.
    ///
    /// # Errors
    /// Where no maker's models are called so.
    pub(super) fn of(model: &str) -> Result<Self, Error> {
        let begins = |(start, _): &&(&str, Self)| {
            model.get(..start.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(start))
        };
        let known = MAKERS.iter().find(begins);
        known.map(|(_, rail)| *rail).ok_or_else(|| {
            misconfigured(format_args!("adapter 'vertex' knows no maker of the model '{model}'"))
        })
    }

    /// The way to a model of this name that embeds: they are all Google's here.
    ///
    /// Source: the package `google-genai`, and "Precondition check failed", which is what the newer
    /// ones answer to `predict`.
    pub(super) fn of_embeddings(model: &str) -> Self {
        let generation = model.strip_prefix("gemini-embedding-").unwrap_or("001");
        let predicts = generation.starts_with("001") || generation.starts_with("exp");
        if predicts { Self::Predict } else { Self::EmbedContent }
    }

    /// How a model embeds along this way, where it does.
    pub(super) fn embedding(self) -> Option<&'static dyn EmbedFormat> {
        match self {
            Self::Predict => Some(&VERTEX_EMBED),
            Self::EmbedContent => Some(&GEMINI_EMBED),
            Self::Gemini | Self::Claude | Self::ClaudeTokens => None,
            Self::Open | Self::Partner(_) => None,
        }
    }

    pub(super) fn dialect(self) -> &'static dyn Dialect {
        match self {
            Self::Gemini | Self::Predict | Self::EmbedContent => &GEMINI,
            Self::Claude | Self::ClaudeTokens => &ANTHROPIC_MESSAGES,
            Self::Open | Self::Partner(_) => &OPENAI_CHAT,
        }
    }

    /// The path to a model, below the region.
    pub(super) fn path(self, model: &str, stream: bool) -> String {
        let (publisher, method) = match (self, stream) {
            (Self::Open, _) => return "/endpoints/openapi/chat/completions".to_owned(),
            (Self::ClaudeTokens, _) => {
                return "/publishers/anthropic/models/count-tokens:rawPredict".to_owned();
            }
            (Self::Gemini, false) => ("google", "generateContent"),
            (Self::Gemini, true) => ("google", "streamGenerateContent?alt=sse"),
            (Self::Predict, _) => ("google", "predict"),
            (Self::EmbedContent, _) => ("google", "embedContent"),
            (Self::Claude, false) => ("anthropic", "rawPredict"),
            (Self::Claude, true) => ("anthropic", "streamRawPredict"),
            (Self::Partner(publisher), false) => (publisher, "rawPredict"),
            (Self::Partner(publisher), true) => (publisher, "streamRawPredict"),
        };
        format!("/publishers/{publisher}/models/{model}:{method}")
    }

    /// Whether the model's name stands in the path.
    pub(super) fn names_model(self) -> bool {
        !matches!(self, Self::Open | Self::ClaudeTokens)
    }

    /// The body without what the address says, and with what the way asks for; every other byte is
    /// the dialect's.
    ///
    /// # Errors
    /// Where the body is no JSON object: a hook made it anew.
    pub(super) fn body(self, body: &Bytes, stream: bool) -> Result<Bytes, Error> {
        let reshaped = match self {
            Self::Gemini => json::reshaped(body, &["model", "stream"], &[]),
            // The address names no model.
            Self::ClaudeTokens => json::reshaped(body, &["stream"], &[ANTHROPIC_VERSION]),
            // Whether it streams, Anthropic's server asks of the body as well.
            Self::Claude if stream => json::reshaped(body, &["model"], &[ANTHROPIC_VERSION]),
            Self::Claude => json::reshaped(body, &["model", "stream"], &[ANTHROPIC_VERSION]),
            Self::Open | Self::Partner(_) | Self::Predict | Self::EmbedContent => {
                return Ok(body.clone());
            }
        };
        reshaped.map_err(Error::internal)
    }
}

/// What cannot work until somebody changes the configuration.
pub(super) fn misconfigured(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorCode::UpstreamMisconfigured, format!("bridge is misconfigured: {what}"))
}
