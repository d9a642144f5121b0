//! Read and written again, the same; streamed or whole, one answer: Google's `generateContent`.

use aisix_core::Carried;
use aisix_core::chat::{ChatRequest, ChatResponse, ResponseOutline, fold, unfold};
use aisix_dialects::sse::{self, SseDecoder};
use aisix_dialects::{
    AnswerContext, CallerDialect as _, Dialect as _, FrameDecoder, GEMINI, UpstreamRequest,
};
use aisix_testing::conformance::dialect::{read_stream, write_stream};
use bytes::{Bytes, BytesMut};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::generate::{fields, object, text, words};

proptest! {
    #[test]
    fn a_request_that_is_written_reads_as_it_was(request in request(), model in words()) {
        let body = request.to_string();
        let mut carried = GEMINI.decode_request(body.into()).expect("it is a request");
        let expected = carried.value_mut().expect("it decodes").clone();
        let upstream = UpstreamRequest { model: &model, stream: expected.stream };
        let written = GEMINI.encode_request(&mut carried, &upstream).expect("it is written");
        prop_assert_eq!(&written.dropped, &[]);
        let mut read = GEMINI.decode_request(written.body).expect("it is a request");
        prop_assert_eq!(read.value().expect("it decodes"), &ChatRequest { model, ..expected });
    }

    #[test]
    fn the_frames_of_an_answer_fold_to_the_answer(
        contents in vec(parts(), 1..4),
        size in 1usize..64,
    ) {
        let frame = |(position, parts): (usize, &Vec<Value>)| {
            let mut frame = answer(parts, position + 1 == contents.len());
            frame["responseId"] = "id".into();
            frame
        };
        let frames: Vec<_> = contents.iter().enumerate().map(frame).collect();
        let all: Vec<_> = contents.iter().flatten().cloned().collect();
        let mut whole = answer(&all, true);
        whole["responseId"] = "id".into();
        let mut whole = GEMINI.decode_response(whole.to_string().into()).expect("it is an answer");

        let events = read_stream(&GEMINI, framing, pieces(&frames, size)).expect("it is a stream");
        prop_assert_eq!(&fold(events), whole.value().expect("it decodes"));
    }

    #[test]
    fn an_answer_that_is_written_or_streamed_reads_as_it_was(
        parts in parts(),
        size in 1usize..64,
    ) {
        let mut answer = answer(&parts, true);
        answer["responseId"] = "id".into();
        answer["modelVersion"] = "m".into();
        let mut read = GEMINI.decode_response(answer.to_string().into()).expect("it is an answer");
        let answer = read.value().expect("it decodes").clone();
        let context = AnswerContext::new("m");
        prop_assert_eq!(&written(&answer, &context), &answer);

        let stream = write_stream(&GEMINI, unfold(answer.clone()), context);
        let pieces = stream.chunks(size).map(Bytes::copy_from_slice);
        let events = read_stream(&GEMINI, framing, pieces).expect("it is a stream");
        prop_assert_eq!(&fold(events), &answer);
    }
}

fn framing() -> Box<dyn FrameDecoder> {
    Box::new(SseDecoder::default())
}

fn written(answer: &ChatResponse, context: &AnswerContext) -> ChatResponse {
    let mut made = Carried::made(GEMINI.id(), ResponseOutline::default(), answer.clone());
    let body = GEMINI.encode_response(&mut made, context).expect("it is written").body;
    let mut read = GEMINI.decode_response(body).expect("it is an answer");
    read.value().expect("it decodes").clone()
}

fn pieces(frames: &[Value], size: usize) -> Vec<Bytes> {
    let mut stream = BytesMut::new();
    for frame in frames {
        sse::write_data(&mut stream, |out| out.extend_from_slice(frame.to_string().as_bytes()));
    }
    stream.chunks(size).map(Bytes::copy_from_slice).collect()
}

fn answer(parts: &[Value], ends: bool) -> Value {
    let mut candidate = json!({"content": {"role": "model", "parts": parts}, "index": 0});
    let mut usage = json!({"promptTokenCount": 5});
    if ends {
        candidate["finishReason"] = "STOP".into();
        usage["candidatesTokenCount"] = 3.into();
    }
    json!({"candidates": [candidate], "usageMetadata": usage})
}

/// The parts of an answer, as models write them: a seal stands on calls and texts.
fn parts() -> impl Strategy<Value = Vec<Value>> {
    vec(
        prop_oneof![
            3 => text().prop_map(|text| json!({ "text": text })),
            1 => words().prop_map(|text| json!({"text": text, "thought": true})),
            1 => (words(), "[a-z]{4,8}").prop_map(|(text, seal)| {
                json!({"text": text, "thoughtSignature": seal})
            }),
            2 => call(),
            1 => Just(json!({"inlineData": {"mimeType": "image/png", "data": "aGk="}})),
            1 => Just(json!({"executableCode": {"language": "PYTHON", "code": "1"}})),
        ],
        0..5,
    )
}

fn call() -> impl Strategy<Value = Value> {
    let args = object("[a-z]{1,4}", text().prop_map(Value::from)).prop_map(Value::Object);
    ("[a-z]{1,8}", option::of("[a-z0-9]{2,6}"), args, option::of("[a-z]{4,8}")).prop_map(
        |(name, id, args, seal)| {
            let mut part = json!({"functionCall": {"name": name, "args": args}});
            if let Some(id) = id {
                part["functionCall"]["id"] = id.into();
            }
            if let Some(seal) = seal {
                part["thoughtSignature"] = seal.into();
            }
            part
        },
    )
}

fn request() -> impl Strategy<Value = Value> {
    let said = vec(
        prop_oneof![
            2 => words().prop_map(|text| json!({ "text": text })),
            1 => call(),
            1 => ("[a-z]{1,8}", option::of("[a-z0-9]{2,6}"), text()).prop_map(|(name, id, text)| {
                let mut result = json!({"name": name, "response": {"output": text}});
                if let Some(id) = id {
                    result["id"] = id.into();
                }
                json!({ "functionResponse": result })
            }),
            1 => Just(json!({"fileData": {"mimeType": "image/png", "fileUri": "gs://b/i"}})),
        ],
        1..4,
    );
    let content =
        ("(user|model)", said).prop_map(|(role, parts)| json!({"role": role, "parts": parts}));
    let config = fields(vec![
        ("temperature", (0..16).prop_map(|eighths| json!(f64::from(eighths) / 8.0)).boxed()),
        ("topK", (1..50).prop_map(|k| json!(k)).boxed()),
        ("maxOutputTokens", (1..9999).prop_map(|count| json!(count)).boxed()),
        ("candidateCount", (1..4).prop_map(|n| json!(n)).boxed()),
        ("stopSequences", vec(words(), 1..3).prop_map(|stop| json!(stop)).boxed()),
        ("responseModalities", Just(json!(["TEXT"])).boxed()),
        ("thinkingConfig", thinking().boxed()),
    ]);
    let more = fields(vec![
        ("generationConfig", config.prop_map(Value::Object).boxed()),
        ("systemInstruction", words().prop_map(|text| json!({"parts": [{"text": text}]})).boxed()),
        ("safetySettings", Just(json!([{"category": "c", "threshold": "t"}])).boxed()),
        ("stream", any::<bool>().prop_map(Value::from).boxed()),
    ]);
    (vec(content, 1..5), more).prop_map(|(contents, more)| {
        let mut request = Map::from_iter([("model".to_owned(), json!("m"))]);
        request.insert("contents".to_owned(), contents.into());
        request.extend(more);
        Value::Object(request)
    })
}

fn thinking() -> impl Strategy<Value = Value> {
    prop_oneof![
        (-1..4096).prop_map(|budget| json!({ "thinkingBudget": budget })),
        "(LOW|HIGH)".prop_map(|level| json!({"thinkingLevel": level, "includeThoughts": false})),
        Just(json!({"thinkingLevel": "LOW", "later": 1})),
    ]
}
