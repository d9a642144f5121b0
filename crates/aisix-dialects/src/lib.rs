//! Wire formats of language-model APIs, to and from the nouns of [`aisix_core::chat`].
//!
//! **Purpose.** A [`Dialect`] is one format, as an upstream is spoken to; a [`CallerDialect`] is one
//! in both directions: the same code serves an inbound endpoint and an upstream that speaks the
//! format. So N formats reach M families through N + M translations.
//!
//! **Invariants.**
//! - Bytes in, bytes out: decoders and encoders are synchronous and keep no reference to anything
//!   outside.
//! - A streamed answer, folded, is the unary answer.
//! - However a stream's bytes are split, the same events come out.
//! - A value that nobody changed is written for its own dialect with its original bytes, the
//!   patches spliced in, every byte outside them unchanged.
//! - What an encoder cannot express it reports ([`Encoded::dropped`], [`EventEncoder::dropped`]) or
//!   refuses (`Unsupported`); it drops nothing silently.
//!
//! **Not here.** How an upstream is reached, and which of its answers are failures, is the
//! adapters' business. Dialects never name one another.

pub mod anthropic_messages;
mod asked;
mod cache;
mod claude;
pub mod converse;
mod count;
mod data_url;
mod dialect;
mod effort;
pub mod embed;
pub mod eventstream;
mod failure;
mod fields;
mod format;
mod frame;
pub mod gemini;
pub mod json;
mod json_schema;
mod metadata;
mod mold;
pub mod openai_chat;
mod openai_error;
pub mod openai_responses;
mod relay;
mod relayed;
mod sampling;
mod scan;
mod seal;
mod sink;
pub mod sse;
mod unanswered;

pub use anthropic_messages::ANTHROPIC_MESSAGES;
pub use asked::Asked;
pub use converse::{CONVERSE, CONVERSE_CLAUDE};
pub use dialect::{
    AnswerContext, CallerDialect, Depth, Dialect, Dropped, Encoded, EventDecoder, EventEncoder,
    UpstreamRequest,
};
pub use failure::ProviderError;
pub use frame::{Frame, FrameDecoder};
pub use gemini::GEMINI;
pub use openai_chat::OPENAI_CHAT;
pub use openai_responses::OPENAI_RESPONSES;
pub use relayed::{
    ANTHROPIC_COUNT_TOKENS, OPENAI_COMPLETIONS, OPENAI_EMBEDDINGS, RelayFormat, RelayedAnswer,
};
