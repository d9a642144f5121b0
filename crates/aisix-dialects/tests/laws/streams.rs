//! Streamed or whole, one answer.

use aisix_core::Carried;
use aisix_core::chat::{
    ChatResponse, Choice, FinishReason, Native, Part, Reasoning, ResponseOutline, StreamOptions,
    Text, ToolCall, Usage, fold, unfold,
};
use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{AnswerContext, CallerDialect, Dialect, FrameDecoder, OPENAI_CHAT};
use aisix_testing::conformance::dialect::{read_stream, write_stream};
use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::json;

use crate::generate::{json, text, words};

proptest! {
    #[test]
    fn a_streamed_answer_folds_to_the_whole_one(answer in answer(), size in 1usize..64) {
        let context = AnswerContext::new(&*answer.model)
            .stream_options(Some(StreamOptions { include_usage: true }))
            .minted("minted", 7);
        let outline = ResponseOutline::default();
        let mut made = Carried::made(OPENAI_CHAT.id(), outline, answer.clone());
        let whole = OPENAI_CHAT.encode_response(&mut made, &context).expect("it is written");
        prop_assert_eq!(&whole.dropped, &[]);
        let mut whole = OPENAI_CHAT.decode_response(whole.body).expect("it is an answer");

        let stream = write_stream(&OPENAI_CHAT, unfold(answer), context);
        let pieces = stream.chunks(size).map(Bytes::copy_from_slice);
        let events = read_stream(&OPENAI_CHAT, framing, pieces).expect("it is a stream");
        prop_assert_eq!(&fold(events), whole.value().expect("it decodes"));
    }

    #[test]
    fn an_answer_that_is_written_reads_as_it_was(answer in answer()) {
        let context = AnswerContext::new(&*answer.model).minted("minted", 7);
        let outline = ResponseOutline::default();
        let mut made = Carried::made(OPENAI_CHAT.id(), outline, answer.clone());
        let body = OPENAI_CHAT.encode_response(&mut made, &context).expect("it is written").body;
        let mut read = OPENAI_CHAT.decode_response(body).expect("it is an answer");
        prop_assert_eq!(read.value().expect("it decodes"), &answer);
    }
}

fn framing() -> Box<dyn FrameDecoder> {
    Box::new(SseDecoder::default())
}

/// An answer in the order in which this format holds it: a thought, a text, a refusal, calls, a
/// sound.
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
    let native = option::of(json()).prop_map(|tier| {
        tier.map(|tier| Native::new(OPENAI_CHAT.id(), "service_tier", tier)).into_iter().collect()
    });
    (words(), words(), any::<u32>(), vec(choice(), 1..3), usage, native).prop_map(
        |(id, model, created, choices, usage, native)| ChatResponse {
            id,
            model,
            created: Some(created.into()),
            choices: (0..).zip(choices).map(|(index, choice)| Choice { index, ..choice }).collect(),
            usage: Some(usage),
            native,
        },
    )
}

fn choice() -> impl Strategy<Value = Choice> {
    let finish = prop_oneof![
        Just(FinishReason::Stop),
        Just(FinishReason::Length),
        Just(FinishReason::ToolCalls),
        Just(FinishReason::ContentFilter),
        "(function_call|eos|insufficient_system_resource)".prop_map(FinishReason::Other),
    ];
    let native = |name: &'static str| {
        option::of(json())
            .prop_map(move |value| value.map(|value| Native::new(OPENAI_CHAT.id(), name, value)))
    };
    (parts(), finish, native("logprobs"), native("message.annotations")).prop_map(
        |(parts, finish, logprobs, annotations)| Choice {
            index: 0,
            parts,
            finish: Some(finish),
            native: logprobs.into_iter().chain(annotations).collect(),
        },
    )
}

fn parts() -> impl Strategy<Value = Vec<Part>> {
    let thought =
        words().prop_map(|text| Part::Reasoning(Reasoning { text, ..Reasoning::default() }));
    let said = words().prop_map(|text| Part::Text(Text::new(text)));
    let refusal =
        words().prop_map(|text| Part::Text(Text { text, refusal: true, ..Text::default() }));
    let sound = words().prop_map(|data| {
        let value = json!({"id": "audio_1", "data": data, "transcript": "x", "expires_at": 5});
        Part::Native(Native::new(OPENAI_CHAT.id(), "audio", value))
    });
    (option::of(thought), option::of(said), option::of(refusal), calls(), option::of(sound))
        .prop_map(|(thought, said, refusal, calls, sound)| {
            thought.into_iter().chain(said).chain(refusal).chain(calls).chain(sound).collect()
        })
}

fn calls() -> impl Strategy<Value = Vec<Part>> {
    vec((words(), text(), option::of(json())), 0..3).prop_map(|calls| {
        let call = |(index, (name, arguments, extra)): (usize, (String, String, Option<_>))| {
            let extra = extra.map(|extra| Native::new(OPENAI_CHAT.id(), "extra_content", extra));
            let native = extra.into_iter().collect();
            Part::ToolCall(ToolCall {
                id: format!("call_{index}"),
                name,
                arguments,
                cache: None,
                native,
            })
        };
        calls.into_iter().enumerate().map(call).collect()
    })
}
