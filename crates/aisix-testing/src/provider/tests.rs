use aisix_core::chat::{ChatResponse, fold};
use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{
    ANTHROPIC_MESSAGES, Depth, Dialect, FrameDecoder, OPENAI_CHAT, OPENAI_RESPONSES,
};
use bytes::Bytes;
use serde_json::{Value, json};

use super::{Asked, FORMATS, Saying, THOUGHT, Tool};

const DIALECTS: [&dyn Dialect; 3] = [&OPENAI_CHAT, &OPENAI_RESPONSES, &ANTHROPIC_MESSAGES];

fn streamed(dialect: &dyn Dialect, frames: &[String]) -> ChatResponse {
    let mut decoder = dialect.event_decoder(Depth::Full);
    let (mut framing, mut found) = (SseDecoder::default(), Vec::new());
    framing.push(Bytes::from(frames.concat()), &mut found).expect("frames");
    framing.finish(&mut found).expect("frames");
    let mut events = Vec::new();
    for frame in found {
        if let Some(mut said) = decoder.push(frame).expect("events") {
            events.extend(said.value().expect("events").iter().cloned());
        }
    }
    fold(events)
}

#[test]
fn every_format_says_the_same_whole_and_streamed() {
    let asked = Asked {
        tools: vec![Tool::new(&"get_weather".into(), &json!({}))],
        several: true,
        thoughts: true,
        ..Asked::default()
    };
    let saying = Saying::of(&asked);
    for (format, dialect) in FORMATS.iter().zip(DIALECTS) {
        let whole = (format.whole)(&saying).to_string();
        let mut whole = dialect.decode_response(whole.into()).expect("an answer");
        let whole = whole.value().expect("an answer");
        assert!(format!("{whole:?}").contains(THOUGHT), "{}", format.path);
        let body = json!({"stream_options": {"include_usage": true}});
        let streamed = streamed(dialect, &(format.frames)(&saying, &body));
        assert_eq!(streamed.choices[0].parts, whole.choices[0].parts, "{}", format.path);
        assert_eq!(streamed.choices[0].finish, whole.choices[0].finish, "{}", format.path);
        assert_eq!(streamed.usage, whole.usage, "{}", format.path);
    }
}

#[test]
fn a_result_that_no_call_asked_for_is_refused_in_every_format() {
    let bodies: [Value; 3] = [
        json!({"messages": [{"role": "tool", "tool_call_id": "call_9", "content": "2"}]}),
        json!({"input": [{"type": "function_call_output", "call_id": "call_9", "output": "2"}]}),
        json!({"max_tokens": 1, "messages": [{"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "call_9", "content": "2"},
        ]}]}),
    ];
    for (format, body) in FORMATS.iter().zip(bodies) {
        let refused = (format.read)(&body).expect_err("nobody called");
        assert!(refused.contains("call_9"), "{refused}");
    }
}
