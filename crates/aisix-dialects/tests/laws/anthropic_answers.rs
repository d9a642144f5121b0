//! Streamed or whole, one answer: Anthropic's Messages.

use aisix_core::Carried;
use aisix_core::chat::{
    ChatResponse, Choice, Citation, FinishReason, Native, Part, Reasoning, ResponseOutline, Text,
    ToolCall, Usage, fold, unfold,
};
use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{
    ANTHROPIC_MESSAGES, AnswerContext, CallerDialect, Depth, Dialect, Frame, FrameDecoder,
};
use aisix_testing::conformance::dialect::{read_stream, write_stream};
use bytes::{Bytes, BytesMut};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::generate::{json, object, seal, text, words};

proptest! {
    #[test]
    fn a_streamed_message_folds_to_the_whole_one(answer in answer(), size in 1usize..64) {
        let context = AnswerContext::new(&*answer.model).minted("minted", 7);
        let made = ResponseOutline::default();
        let mut made = Carried::made(ANTHROPIC_MESSAGES.id(), made, answer.clone());
        let whole = ANTHROPIC_MESSAGES.encode_response(&mut made, &context).expect("it is written");
        prop_assert_eq!(&whole.dropped, &[]);
        let mut whole = ANTHROPIC_MESSAGES.decode_response(whole.body).expect("it is an answer");

        let stream = write_stream(&ANTHROPIC_MESSAGES, unfold(answer), context);
        let pieces = stream.chunks(size).map(Bytes::copy_from_slice);
        let events = read_stream(&ANTHROPIC_MESSAGES, framing, pieces).expect("it is a stream");
        prop_assert_eq!(&fold(events), whole.value().expect("it decodes"));
    }

    #[test]
    fn a_message_that_is_written_reads_as_it_was(answer in answer()) {
        let context = AnswerContext::new(&*answer.model).minted("minted", 7);
        let outline = ResponseOutline::default();
        let mut made = Carried::made(ANTHROPIC_MESSAGES.id(), outline, answer.clone());
        let body = ANTHROPIC_MESSAGES.encode_response(&mut made, &context).expect("written").body;
        let mut read = ANTHROPIC_MESSAGES.decode_response(body).expect("it is an answer");
        prop_assert_eq!(read.value().expect("it decodes"), &answer);
    }

    #[test]
    fn a_relayed_first_event_differs_in_its_model_only(
        before in object("[a-z]{1,4}", json()),
        model in words(),
        caller in words(),
    ) {
        let mut message = before;
        message.insert("model".to_owned(), model.into());
        let data = |message: &Value| json!({"type": "message_start", "message": message});
        let mut decoder = ANTHROPIC_MESSAGES.event_decoder(Depth::Outline);
        let mut message = Value::Object(message);
        let frame = Frame { event: None, data: data(&message).to_string().into(), failed: false };
        let mut frame = decoder.push(frame).expect("it is an event").expect("it says something");
        let mut out = BytesMut::new();
        let mut encoder = ANTHROPIC_MESSAGES.event_encoder(AnswerContext::new(&*caller));
        encoder.push(&mut frame, &mut out).expect("it is relayed");
        message["model"] = caller.into();
        let relayed = out.strip_prefix(b"event: message_start\ndata: ").expect("it has its name");
        let relayed: Value = serde_json::from_slice(relayed).expect("it is one line of JSON");
        prop_assert_eq!(relayed, data(&message));
    }
}

fn framing() -> Box<dyn FrameDecoder> {
    Box::new(SseDecoder::default())
}

fn own(name: &str, value: Value) -> Native {
    Native::new(ANTHROPIC_MESSAGES.id(), name, value)
}

/// An answer with blocks in any order.
fn answer() -> impl Strategy<Value = ChatResponse> {
    let native = option::of(json()).prop_map(|value| {
        value.map(|value| own("diagnostics", value)).into_iter().collect::<Vec<_>>()
    });
    (words(), words(), choice(), usage(), native).prop_map(|(id, model, choice, usage, native)| {
        ChatResponse { id, model, created: None, choices: vec![choice], usage: Some(usage), native }
    })
}

fn usage() -> impl Strategy<Value = Usage> {
    (0..1000u64, 0..1000u64, 0..100u64, 0..100u64, 0..100u64, 0..100u64).prop_map(
        |(uncached, output, cache_read, five_minutes, hour, reasoning)| Usage {
            input: uncached + cache_read + five_minutes + hour,
            output,
            cache_read,
            cache_write: five_minutes + hour,
            cache_write_1h: hour,
            reasoning,
            cache_beside: true,
        },
    )
}

fn choice() -> impl Strategy<Value = Choice> {
    let finish = prop_oneof![
        Just(FinishReason::Stop),
        Just(FinishReason::StopText),
        Just(FinishReason::Length),
        Just(FinishReason::ContextFull),
        Just(FinishReason::ToolCalls),
        Just(FinishReason::Refusal),
        Just(FinishReason::Paused),
        "(compaction|later)".prop_map(FinishReason::Other),
    ];
    let native = option::of(words())
        .prop_map(|text| text.map(|text| own("stop_sequence", text.into())).into_iter().collect());
    (vec(part(), 0..4), finish, native).prop_map(|(parts, finish, native)| Choice {
        index: 0,
        parts,
        finish: Some(finish),
        native,
    })
}

fn part() -> impl Strategy<Value = Part> {
    let said = (text(), vec(citation(), 0..3))
        .prop_map(|(text, citations)| Part::Text(Text { text, citations, ..Text::default() }));
    let thought =
        (text(), option::of(seal(ANTHROPIC_MESSAGES.id()))).prop_map(|(text, signature)| {
            Part::Reasoning(Reasoning { text, signature, ..Reasoning::default() })
        });
    let redacted = seal(ANTHROPIC_MESSAGES.id()).prop_map(|data| {
        Part::Reasoning(Reasoning { redacted: Some(data), ..Reasoning::default() })
    });
    let call = (words(), words(), object("[a-z]{1,4}", json()), option::of(words())).prop_map(
        |(id, name, input, caller)| {
            let native = caller.map(|caller| own("caller", json!({"type": caller})));
            let arguments = Value::Object(input).to_string();
            let native = native.into_iter().collect();
            Part::ToolCall(ToolCall { id, name, arguments, cache: None, native })
        },
    );
    let native = (words(), object("[a-z]{1,4}", json())).prop_map(|(id, input)| {
        let value = json!({"type": "server_tool_use", "id": id, "name": "x", "input": input});
        Part::Native(own("content", value))
    });
    prop_oneof![said, thought, redacted, call, native]
}

fn citation() -> impl Strategy<Value = Citation> {
    (option::of(words()), option::of(words()), words(), 0..9u32).prop_map(
        |(url, title, quote, index)| {
            let rest = json!({"type": "char_location", "document_index": index});
            let native = vec![own("citation", rest)];
            Citation { url, title, quote: Some(quote), native }
        },
    )
}
