use serde_json::{Value, json};

use super::{
    ChatEvent, ChatResponse, Choice, Citation, Delta, FinishReason, Media, MediaKind, MediaSource,
    Native, Part, PartStart, Reasoning, Seal, Text, ToolCall, Usage, fold, unfold,
};
use crate::carried::DialectId;

const DIALECT: DialectId = DialectId("test");

fn native(name: &str, value: Value) -> Native {
    Native::new(DIALECT, name, value)
}

fn answer() -> ChatResponse {
    let thought = Reasoning {
        text: "Hm.".to_owned(),
        signature: Some(Seal::made_in(DIALECT, "seal")),
        redacted: Some(Seal::made_in(DIALECT, "blob")),
        native: vec![native("mark", json!("x"))],
    };
    let call = ToolCall {
        id: "call_1".to_owned(),
        name: "weather".to_owned(),
        arguments: "{}".to_owned(),
        cache: None,
        native: vec![native("extra", json!({"a": ["b"]}))],
    };
    let cited = Text {
        text: "So it is.".to_owned(),
        citations: vec![Citation { quote: Some("it is".to_owned()), ..Citation::default() }],
        ..Text::default()
    };
    let image = MediaSource::Base64("AAAA".to_owned());
    let choice = Choice {
        index: 0,
        parts: vec![
            Part::Reasoning(thought),
            Part::Text(Text::new("Hello")),
            Part::Text(Text { refusal: true, ..Text::default() }),
            Part::Text(cited),
            Part::ToolCall(call),
            Part::Media(Media::new(MediaKind::Image, image)),
            Part::Native(native("audio", json!({"data": "AAAA"}))),
        ],
        finish: Some(FinishReason::ToolCalls),
        native: vec![native("logprobs", json!({"content": [1, 2]}))],
    };
    let other =
        Choice { index: 3, parts: vec![Part::Text(Text::new("Hi"))], finish: None, native: vec![] };
    ChatResponse {
        id: "answer".to_owned(),
        model: "m".to_owned(),
        created: Some(1),
        choices: vec![choice, other],
        usage: Some(Usage { input: 5, output: 3, ..Usage::default() }),
        native: vec![native("tier", json!("default"))],
    }
}

#[test]
fn an_answer_taken_apart_and_folded_is_the_same_answer() {
    assert_eq!(fold(unfold(answer())), answer());
}

#[test]
fn choices_are_ordered_by_their_number_whichever_begins_first() {
    let finish = |choice| ChatEvent::Finish { choice, reason: FinishReason::Stop };
    let indexes: Vec<_> =
        fold([finish(2), finish(0), finish(1)]).choices.iter().map(|choice| choice.index).collect();
    assert_eq!(indexes, [0, 1, 2]);
}

#[test]
fn counts_of_tokens_never_shrink() {
    let usage = |input, output| ChatEvent::Usage(Usage { input, output, ..Usage::default() });
    let folded = fold([usage(7, 1), usage(0, 4)]);
    assert_eq!(folded.usage.map(|usage| (usage.input, usage.output)), Some((7, 4)));
}

#[test]
fn growth_of_a_part_that_never_opened_is_ignored() {
    let folded =
        fold([ChatEvent::PartDelta { choice: 0, part: 4, delta: Delta::Text("lost".to_owned()) }]);
    assert_eq!(folded.choices[0].parts, []);
}

#[test]
fn a_field_of_the_answer_that_is_repeated_is_replaced() {
    let event = |value| ChatEvent::Native { choice: None, native: native("citations", value) };
    let folded = fold([event(json!(["a"])), event(json!(["a", "b"]))]);
    assert_eq!(folded.native, [native("citations", json!(["a", "b"]))]);
}

#[test]
fn a_field_of_a_choice_goes_on_from_frame_to_frame() {
    let event = |value| ChatEvent::Native { choice: Some(0), native: native("logprobs", value) };
    let folded = fold([
        event(json!({"content": [1], "refusal": null, "kind": "a"})),
        event(json!({"content": [2], "refusal": [3], "kind": "b"})),
        event(json!(null)),
    ]);
    let joined = json!({"content": [1, 2], "refusal": [3], "kind": "b"});
    assert_eq!(folded.choices[0].native, [native("logprobs", joined)]);
}

#[test]
fn a_native_part_grows_by_its_texts() {
    let start =
        PartStart::Whole(Box::new(Part::Native(native("audio", json!({"id": "a", "data": "AA"})))));
    let folded = fold([
        ChatEvent::PartStart { choice: 0, part: 0, start },
        ChatEvent::PartDelta {
            choice: 0,
            part: 0,
            delta: Delta::Native(native("audio", json!({"data": "BB", "expires_at": 1}))),
        },
    ]);
    let whole = json!({"id": "a", "data": "AABB", "expires_at": 1});
    assert_eq!(folded.choices[0].parts, [Part::Native(native("audio", whole))]);
}

#[test]
fn a_seal_is_marked_where_it_was_not_made() {
    let other = DialectId("other");
    let seal = Seal::made_in(DIALECT, "EqQB==");
    assert_eq!(seal.written(DIALECT), "EqQB==");
    assert_eq!(seal.written(other), "aisix-seal:test:EqQB==");
    for (dialect, written) in [(DIALECT, "EqQB=="), (other, "aisix-seal:test:EqQB==")] {
        let read = Seal::read(dialect, written.to_owned());
        assert_eq!(read, seal);
        assert!(read.is_of(DIALECT) && !read.is_of(other));
    }
    assert_eq!(Seal::read(other, "aisix-seal:".to_owned()).written(other), "aisix-seal:");
}

#[test]
fn a_seal_that_came_in_pieces_is_one_however_its_pieces_were_joined() {
    let piece = |text: &str| Seal::made_in(DIALECT, text);
    let other = DialectId("other");
    let joined = piece("Eq").written(other).into_owned() + &piece("QB").written(other);
    let mut pieces = piece("Eq");
    pieces.extend(&piece("QB"));
    assert_eq!(Seal::read(other, joined), pieces);
    assert_eq!(pieces, piece("EqQB"));
}
