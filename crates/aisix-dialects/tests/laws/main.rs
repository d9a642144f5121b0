//! What holds for every input, not only for recorded ones.
#![expect(clippy::expect_used, reason = "a test fails with the reason")]

mod anthropic_answers;
mod anthropic_requests;
mod eventstream;
mod gemini;
mod generate;
mod outlines;
mod requests;
mod responses;
mod splicing;
mod sse;
mod streams;
mod total;
