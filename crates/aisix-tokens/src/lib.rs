//! How many tokens an exchange took, where its provider does not say.
//!
//! **Purpose.** One function, [`estimate`], for everything that has to be accounted for although
//! nobody counted it: answers without usage, and streams that ended before their provider had
//! counted. [`fill`] puts the estimate in the place of the counts that are missing, and says
//! whether it did.
//!
//! **Invariants.**
//! - Tokens are counted by a tokenizer: OpenAI's `o200k_base`, whoever the provider is. Others
//!   divide texts in ways of their own, so that their counts are met to within a fifth or so.
//! - The tokenizer's table (25 MiB of memory) is loaded when something is counted for the first
//!   time; a process that never estimates anything never holds it.
//! - Of either side [`COUNTED`] bytes of text are counted, and the rest is taken to be like them:
//!   a prompt of any size takes no more than some milliseconds.
//!
//! **Not here.** When to estimate, and on which thread, is the caller's business: a first call
//! takes tens of milliseconds. What providers themselves count is read by dialects.

mod fill;
mod measure;
mod tally;

use aisix_core::EmbedInput;
use aisix_core::chat::{ChatRequest, ChatResponse, Usage};

pub use fill::fill;
pub use tally::COUNTED;

use self::tally::Tally;

/// What was asked.
#[derive(Debug, Clone, Copy)]
pub enum Asked<'a> {
    /// Nothing that counts.
    Nothing,
    /// The next turn of a conversation.
    Chat(&'a ChatRequest),
    /// Something about texts: their continuation, or their meaning as numbers.
    Texts(&'a [EmbedInput]),
}

/// What was answered.
#[derive(Debug, Clone, Copy)]
pub enum Answered<'a> {
    /// Nothing that counts.
    Nothing,
    /// A turn of a conversation, be it the beginning of one.
    Chat(&'a ChatResponse),
    /// A text.
    Text(&'a str),
}

/// How many tokens this takes by a tokenizer.
///
/// A turn is three tokens and what it says, and a named speaker one more; tools and schemas count
/// as their JSON. An image counts as 765 tokens, or as 85 where the caller wants it looked at
/// coarsely: what OpenAI charges for 1024 × 1024 pixels. Of other media only plain text counts,
/// because nothing else says how long they are without being opened.
#[must_use]
pub fn estimate(asked: Asked<'_>, answered: Answered<'_>) -> Usage {
    let (mut input, mut output) = (Tally::default(), Tally::default());
    match asked {
        Asked::Nothing => {}
        Asked::Chat(request) => measure::request(request, &mut input),
        Asked::Texts(texts) => texts.iter().for_each(|text| measure::input(text, &mut input)),
    }
    match answered {
        Answered::Nothing => {}
        Answered::Chat(response) => measure::response(response, &mut output),
        Answered::Text(text) => output.text(text),
    }
    Usage { input: input.tokens(), output: output.tokens(), ..Usage::default() }
}
