//! What is counted, and how much of it.

use aisix_core::chat::{
    ChatRequest, ChatResponse, Choice, Media, MediaKind, MediaSource, Part, Role, Text, Tool,
    ToolCall, ToolResult, Turn, Usage,
};
use aisix_core::{DialectId, EmbedInput};
use aisix_tokens::{Answered, Asked, COUNTED, estimate, fill};
use serde_json::json;

/// Nine words, a full stop and, in this encoding, ten tokens.
const FOX: &str = "The quick brown fox jumps over the lazy dog.";

fn text(text: &str) -> Part {
    Part::Text(Text::new(text))
}

fn turn(parts: Vec<Part>) -> Turn {
    Turn { role: Role::User, name: None, parts, native: Vec::new() }
}

fn asked(turns: Vec<Turn>) -> u64 {
    let request = ChatRequest { turns, ..ChatRequest::default() };
    estimate(Asked::Chat(&request), Answered::Nothing).input
}

fn answered(parts: Vec<Part>) -> u64 {
    let choices = vec![Choice { parts, ..Choice::default() }];
    let response = ChatResponse { choices, ..ChatResponse::default() };
    estimate(Asked::Nothing, Answered::Chat(&response)).output
}

fn counted(text: &str) -> u64 {
    estimate(Asked::Nothing, Answered::Text(text)).output
}

#[test]
fn texts_count_as_the_tokenizer_divides_them() {
    for (text, tokens) in [("", 0), ("hi", 1), (FOX, 10), ("<|endoftext|>", 7)] {
        assert_eq!(counted(text), tokens, "{text}");
    }
    assert_eq!(answered(vec![text(FOX), text("hi")]), 11);
}

#[test]
fn a_turn_is_framed_and_a_speaker_named() {
    assert_eq!(asked(vec![]), 3);
    assert_eq!(asked(vec![turn(vec![text(FOX)])]), 3 + 3 + 10);
    let named = Turn { name: Some("hi".into()), ..turn(vec![text(FOX)]) };
    assert_eq!(asked(vec![named]), 3 + 3 + 10 + 2);
}

#[test]
fn calls_results_and_tools_count_as_what_they_say() {
    let arguments = r#"{"city":"Paris"}"#;
    let call =
        ToolCall { name: "weather".into(), arguments: arguments.into(), ..Default::default() };
    let said = counted("weather") + counted(arguments);
    assert_eq!(answered(vec![Part::ToolCall(call)]), said);
    let result = ToolResult { content: vec![text(FOX)], ..ToolResult::default() };
    assert_eq!(asked(vec![turn(vec![Part::ToolResult(result)])]), 3 + 3 + 10);
    let tool = Tool::Function {
        name: "weather".into(),
        description: Some(FOX.into()),
        parameters: Some(arguments.into()),
        strict: None,
        cache: None,
        native: Vec::new(),
    };
    let request = ChatRequest { tools: vec![tool], ..ChatRequest::default() };
    let input = estimate(Asked::Chat(&request), Answered::Nothing).input;
    assert_eq!(input, 3 + said + 10);
    let native = aisix_core::chat::Native::new(DialectId("d"), "t", json!({"type": "search"}));
    assert_eq!(answered(vec![Part::Native(native)]), counted(r#"{"type":"search"}"#));
}

#[test]
fn an_image_has_a_fixed_price_and_other_media_count_where_they_are_text() {
    let media = |kind, source| Media::new(kind, source);
    let base64 = || MediaSource::Base64("AAAA".repeat(1000));
    let image = media(MediaKind::Image, base64());
    let coarse = Media { detail: Some("low".into()), ..image.clone() };
    let plain = media(MediaKind::Document, MediaSource::Text(FOX.into()));
    for (media, tokens) in
        [(image, 765), (coarse, 85), (plain, 10), (media(MediaKind::Document, base64()), 0)]
    {
        assert_eq!(asked(vec![turn(vec![Part::Media(media)])]), 3 + 3 + tokens);
    }
}

#[test]
fn inputs_count_as_texts_or_as_the_tokens_that_they_are() {
    let inputs = [EmbedInput::Text(FOX.into()), EmbedInput::Tokens(vec![1, 2, 3])];
    assert_eq!(estimate(Asked::Texts(&inputs), Answered::Nothing).input, 13);
}

#[test]
fn what_goes_beyond_the_limit_is_taken_to_be_like_the_rest() {
    let within = format!("{FOX} ").repeat(COUNTED / 45);
    let whole = counted(&within);
    let more = counted(&within.repeat(40));
    let expected = whole * 40;
    assert!(more.abs_diff(expected) * 1000 < expected, "{more} is close to {expected}");
    // The same in many parts, of which one goes beyond the limit within a character.
    let parts: Vec<_> = within.repeat(40).split_inclusive('.').map(text).collect();
    let parted = answered(parts);
    assert!(parted.abs_diff(expected) * 50 < expected, "{parted} is close to {expected}");
    assert!(counted(&"ä".repeat(COUNTED)) > counted(&"ä".repeat(COUNTED / 2)));
}

/// A run without a break is the hardest there is to divide: it must neither overflow nor take
/// forever.
#[test]
fn texts_without_any_break_are_counted() {
    for run in ["a", " ", "^", "\n", "\u{301}", "你"] {
        assert!(counted(&run.repeat(COUNTED)) > 1000, "{run:?}");
    }
}

#[test]
fn an_estimate_stands_in_for_what_is_missing_and_for_nothing_else() {
    let usage = |input, output| Usage { input, output, ..Usage::default() };
    let estimate = usage(7, 9);
    for (counted, complete, expected, estimated) in [
        (None, true, Some(usage(7, 9)), true),
        (Some(usage(0, 0)), true, Some(usage(7, 9)), true),
        (Some(usage(5, 0)), true, Some(usage(5, 9)), true),
        (Some(usage(0, 5)), true, Some(usage(7, 5)), true),
        (Some(usage(5, 5)), true, Some(usage(5, 5)), false),
        // Before the end, what was counted is the least that it took.
        (Some(usage(5, 1)), false, Some(usage(5, 9)), true),
        (Some(usage(5, 20)), false, Some(usage(5, 20)), false),
    ] {
        assert_eq!(fill(counted, estimate, complete), (expected, estimated), "{counted:?}");
    }
    assert_eq!(fill(None, usage(0, 0), true), (None, false));
    let cached = Usage { cache_read: 3, reasoning: 2, ..usage(5, 0) };
    assert_eq!(fill(Some(cached), estimate, true).0, Some(Usage { output: 9, ..cached }));
}
