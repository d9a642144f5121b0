//! A conversation, in the union of what the wire formats mean.
//!
//! Everything is block-structured: a turn is a list of [`Part`]s, and a streamed answer opens,
//! fills and closes parts. Flat formats lift into blocks by a small state machine; the reverse
//! would lose their order. What only one family understands travels as [`Native`] and is written
//! again only for that family.

mod cache;
mod citation;
mod event;
mod native;
mod part;
mod request;
mod response;
mod seal;
mod unfold;
mod usage;

#[cfg(test)]
mod tests;

pub use cache::CacheMark;
pub use citation::Citation;
pub use event::{ChatEvent, ChatEvents, Delta, FrameKind, FrameOutline, PartStart, fold};
pub use native::Native;
pub use part::{Media, MediaKind, MediaSource, Part, Reasoning, Text, ToolCall, ToolResult};
pub use request::{
    ChatRequest, RequestOutline, ResponseFormat, Role, Sampling, Span, StreamOptions, Thinking,
    Tool, ToolChoice, Turn,
};
pub use response::{ChatResponse, Choice, FinishReason, ResponseOutline};
pub use seal::Seal;
pub use unfold::unfold;
pub use usage::Usage;
