//! The laws, of OpenAI's Responses.

use aisix_core::Carried;
use aisix_core::chat::{
    ChatResponse, Choice, FinishReason, Native, Part, Reasoning, ResponseOutline, Text, ToolCall,
    Usage, fold, unfold,
};
use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{
    AnswerContext, CallerDialect, Depth, Dialect, Frame, FrameDecoder, OPENAI_CHAT,
    OPENAI_RESPONSES,
};
use aisix_testing::conformance::dialect::{read_stream, write_stream};
use bytes::Bytes;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::generate::{fields, json, text, words};

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

    #[test]
    fn any_bytes_are_a_request_or_an_error(body in body()) {
        if let Ok(mut request) = OPENAI_RESPONSES.decode_request(body) {
            let _ = request.value();
        }
    }

    #[test]
    fn any_bytes_are_an_answer_or_an_error(body in body()) {
        if let Ok(mut answer) = OPENAI_RESPONSES.decode_response(body) {
            let _ = answer.value();
        }
    }

    #[test]
    fn any_bytes_are_events_or_an_error(events in vec(body(), 0..4)) {
        for depth in [Depth::Outline, Depth::Full] {
            let mut decoder = OPENAI_RESPONSES.event_decoder(depth);
            let mut encoder = OPENAI_RESPONSES.event_encoder(context());
            let mut out = bytes::BytesMut::new();
            for data in &events {
                match decoder.push(Frame { event: None, data: data.clone(), failed: false }) {
                    Ok(Some(mut frame)) => drop(encoder.push(&mut frame, &mut out)),
                    Ok(None) => {}
                    Err(_) => break,
                }
            }
            let _ = decoder.finish();
            encoder.finish(&mut out);
        }
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
    let thought = (text(), option::of(words())).prop_map(|(text, signature)| {
        Part::Reasoning(Reasoning { text, signature, ..Reasoning::default() })
    });
    let call = (words(), words(), text()).prop_map(|(id, name, arguments)| {
        let native = vec![native_of("status", "completed".into())];
        Part::ToolCall(ToolCall { id, name, arguments, cache: None, native })
    });
    prop_oneof![said, thought, call]
}

/// Bytes; JSON; and JSON in which the names that are looked for hold anything.
fn body() -> impl Strategy<Value = Bytes> {
    let bytes = vec(any::<u8>(), 0..64).prop_map(Bytes::from);
    let any_json = json().prop_map(|value| Bytes::from(value.to_string()));
    prop_oneof![1 => bytes, 1 => any_json, 6 => known().prop_map(|it| it.to_string().into())]
}

fn known() -> impl Strategy<Value = Value> {
    let part = object(vec![
        ("type", word("(input_text|output_text|refusal|input_image|input_file|summary_text)")),
        ("text", json().boxed()),
        ("image_url", json().boxed()),
        ("file_data", json().boxed()),
        ("annotations", json().boxed()),
    ]);
    let parts = prop_oneof![vec(part.clone(), 0..3).prop_map(Value::from), json()].boxed();
    let item = object(vec![
        ("type", word("(message|function_call|function_call_output|reasoning|web_search_call)")),
        ("id", json().boxed()),
        ("role", word("(user|assistant|system|developer)")),
        ("content", parts.clone()),
        ("summary", parts),
        ("call_id", json().boxed()),
        ("name", json().boxed()),
        ("arguments", json().boxed()),
        ("output", json().boxed()),
    ]);
    let items = prop_oneof![vec(item.clone(), 0..3).prop_map(Value::from), json()].boxed();
    let response = object(vec![
        ("id", json().boxed()),
        ("status", word("(completed|incomplete|failed|queued)")),
        ("output", items.clone()),
        ("usage", json().boxed()),
        ("error", json().boxed()),
        ("incomplete_details", json().boxed()),
    ]);
    let kinds = "response\\.(created|completed|incomplete|failed|output_item\\.added|\
                 output_item\\.done|content_part\\.added|content_part\\.done|output_text\\.delta|\
                 output_text\\.done|refusal\\.delta|function_call_arguments\\.delta|\
                 function_call_arguments\\.done|reasoning_summary_text\\.delta|\
                 reasoning_summary_part\\.added|reasoning_text\\.delta|new\\.event)";
    object(vec![
        ("type", word(kinds)),
        ("model", json().boxed()),
        ("input", items.clone()),
        ("output", items),
        ("instructions", json().boxed()),
        ("tools", json().boxed()),
        ("text", json().boxed()),
        ("reasoning", json().boxed()),
        ("response", prop_oneof![response.boxed(), json().boxed()].boxed()),
        ("item", item.boxed()),
        ("part", part.boxed()),
        ("delta", text().prop_map(Value::from).boxed()),
        ("output_index", (0..3u32).prop_map(Value::from).boxed()),
        ("content_index", prop_oneof![(0..3u32).prop_map(Value::from), json()].boxed()),
        ("usage", json().boxed()),
        ("error", json().boxed()),
        ("message", json().boxed()),
    ])
}

fn object(
    known: Vec<(&'static str, BoxedStrategy<Value>)>,
) -> impl Strategy<Value = Value> + Clone {
    fields(known).prop_map(Value::Object).boxed()
}

fn word(pattern: &'static str) -> BoxedStrategy<Value> {
    prop_oneof![4 => pattern.prop_map(Value::from), 1 => Just(json!(null))].boxed()
}
