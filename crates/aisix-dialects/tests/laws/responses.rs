//! The laws, of OpenAI's Responses.

use aisix_core::Carried;
use aisix_core::chat::{
    ChatResponse, Choice, FinishReason, Native, Part, Reasoning, ResponseOutline, Text, ToolCall,
    Usage, fold, unfold,
};
use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{
    AnswerContext, CallerDialect, Dialect, FrameDecoder, OPENAI_CHAT, OPENAI_RESPONSES,
};
use aisix_testing::conformance::dialect::{read_stream, write_stream};
use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::Value;

use crate::generate::{json, seal, text, words};

proptest! {
    #[test]
    fn a_streamed_answer_folds_to_the_whole_one(answer in answer(), size in 1usize..64) {
        let whole = written(&answer, &OPENAI_RESPONSES);
        let mut whole = OPENAI_RESPONSES.decode_response(whole).expect("it is an answer");
        let whole = whole.value().expect("it decodes");
        prop_assert_eq!(whole, &answer);

        let stream = write_stream(&OPENAI_RESPONSES, unfold(answer), context());
        let pieces = stream.chunks(size).map(Bytes::copy_from_slice);
        let events = read_stream(&OPENAI_RESPONSES, framing, pieces).expect("it is a stream");
        prop_assert_eq!(&fold(events), whole);
    }

    /// What another format's caller reads says the same words, be it streamed or whole.
    #[test]
    fn a_translated_stream_says_what_the_translated_answer_says(answer in answer()) {
        let whole = written(&answer, &OPENAI_CHAT);
        let mut whole = OPENAI_CHAT.decode_response(whole).expect("it is an answer");
        let mut out = bytes::BytesMut::new();
        let mut encoder = OPENAI_CHAT.event_encoder(context());
        let outline = aisix_core::chat::FrameOutline::default();
        let mut frame = Carried::made(OPENAI_RESPONSES.id(), outline, unfold(answer));
        encoder.push(&mut frame, &mut out).expect("it is written");
        encoder.finish(&mut out);
        let events = read_stream(&OPENAI_CHAT, framing, [out.freeze()]).expect("it is a stream");
        let streamed = fold(events);
        let whole = whole.value().expect("it decodes");
        prop_assert_eq!(said(&streamed), said(whole));
        prop_assert_eq!(&streamed.choices[0].finish, &whole.choices[0].finish);
    }
}

fn framing() -> Box<dyn FrameDecoder> {
    Box::new(SseDecoder::default())
}

fn context() -> AnswerContext {
    let options = aisix_core::chat::StreamOptions { include_usage: true };
    AnswerContext::new("m").stream_options(Some(options)).minted("minted", 7)
}

fn written(answer: &ChatResponse, dialect: &dyn CallerDialect) -> Bytes {
    let outline = ResponseOutline::default();
    let mut made = Carried::made(OPENAI_RESPONSES.id(), outline, answer.clone());
    dialect.encode_response(&mut made, &context()).expect("it is written").body
}

/// What an answer says, each kind of it in its order: flat formats keep no order between kinds.
#[derive(Debug, Default, PartialEq)]
struct Said {
    words: String,
    refusal: String,
    thought: String,
    calls: Vec<(String, String, String)>,
}

fn said(answer: &ChatResponse) -> Said {
    let mut said = Said::default();
    for part in answer.choices.iter().flat_map(|choice| &choice.parts) {
        match part {
            Part::Text(text) if text.refusal => said.refusal.push_str(&text.text),
            Part::Text(text) => said.words.push_str(&text.text),
            Part::Reasoning(thought) => said.thought.push_str(&thought.text),
            Part::ToolCall(call) => {
                said.calls.push((call.id.clone(), call.name.clone(), call.arguments.clone()));
            }
            _ => {}
        }
    }
    said
}

/// An answer as OpenAI gives it: items with ids, in any order.
fn answer() -> impl Strategy<Value = ChatResponse> {
    let usage = (0..1000u64, 0..1000u64, 0..100u64, 0..100u64).prop_map(
        |(input, output, cache_read, reasoning)| Usage {
            input,
            output,
            cache_read,
            reasoning,
            ..Usage::default()
        },
    );
    let native = option::of(json().prop_filter("is said", |value| !value.is_null()));
    (words(), any::<u32>(), vec(part(), 0..5), any::<bool>(), usage, native).prop_map(
        |(id, created, parts, cut, usage, tier)| {
            let parts: Vec<_> = parts.into_iter().enumerate().map(with_id).collect();
            let calls = parts.iter().any(|part| matches!(part, Part::ToolCall(_)));
            let finish = match (cut, calls) {
                (true, _) => FinishReason::Length,
                (false, true) => FinishReason::ToolCalls,
                (false, false) => FinishReason::Stop,
            };
            let choice = Choice { index: 0, parts, finish: Some(finish), native: Vec::new() };
            ChatResponse {
                id,
                model: "m".to_owned(),
                created: Some(created.into()),
                choices: vec![choice],
                usage: Some(usage),
                native: tier.map(|tier| native_of("service_tier", tier)).into_iter().collect(),
            }
        },
    )
}

fn native_of(name: &str, value: Value) -> Native {
    Native::new(OPENAI_RESPONSES.id(), name, value)
}

fn with_id((index, part): (usize, Part)) -> Part {
    match part {
        Part::Text(mut text) => {
            text.native.insert(0, native_of("message.id", format!("msg_{index}").into()));
            Part::Text(text)
        }
        Part::Reasoning(mut thought) => {
            thought.native.insert(0, native_of("id", format!("rs_{index}").into()));
            Part::Reasoning(thought)
        }
        Part::ToolCall(mut call) => {
            call.native.insert(0, native_of("id", format!("fc_{index}").into()));
            Part::ToolCall(call)
        }
        other => other,
    }
}

fn part() -> impl Strategy<Value = Part> {
    let said = (words(), any::<bool>())
        .prop_map(|(text, refusal)| Part::Text(Text { text, refusal, ..Text::default() }));
    let thought =
        (text(), option::of(seal(OPENAI_RESPONSES.id()))).prop_map(|(text, signature)| {
            Part::Reasoning(Reasoning { text, signature, ..Reasoning::default() })
        });
    let call = (words(), words(), text()).prop_map(|(id, name, arguments)| {
        let native = vec![native_of("status", "completed".into())];
        Part::ToolCall(ToolCall { id, name, arguments, cache: None, native })
    });
    prop_oneof![said, thought, call]
}
