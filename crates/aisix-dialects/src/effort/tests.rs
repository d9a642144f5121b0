//! What a word is made of.

use aisix_core::DialectId;
use aisix_core::chat::{ChatRequest, Thinking};

use super::word;
use crate::sink::Sink;

#[track_caller]
fn check(effort: Option<&str>, thinking: Thinking, expected: Option<&str>, lost: &[&str]) {
    let effort = effort.map(ToOwned::to_owned);
    let request = ChatRequest { effort, thinking: Some(thinking), ..ChatRequest::default() };
    let mut sink = Sink::new(DialectId("one"), DialectId("another"));
    assert_eq!(word(&request, &mut sink), expected, "for {request:?}");
    let dropped: Vec<_> = sink.dropped().iter().map(|dropped| dropped.field.as_str()).collect();
    assert_eq!(dropped, lost, "for {request:?}");
}

#[test]
fn whoever_wants_no_thinking_is_not_given_more_of_it() {
    check(Some("high"), Thinking::Off, None, &["thinking", "reasoning_effort"]);
    check(Some("none"), Thinking::Off, Some("none"), &[]);
    check(None, Thinking::Off, None, &["thinking"]);
}

#[test]
fn a_word_stands_for_a_number_and_wins_over_one() {
    for (tokens, expected) in [(1000, "minimal"), (1024, "low"), (2048, "medium"), (4096, "high")] {
        check(None, Thinking::Budget(tokens), Some(expected), &[]);
    }
    check(Some("low"), Thinking::Budget(4096), Some("low"), &["thinking.budget_tokens"]);
    check(Some("low"), Thinking::Adaptive, Some("low"), &[]);
    check(None, Thinking::Adaptive, Some("medium"), &[]);
}
