//! What Claude signs is good wherever Claude is spoken to: a caller who streams one turn, which is
//! Converse, and not the next, which is Anthropic's own format, keeps its thoughts.

use aisix_dialects::{
    ANTHROPIC_MESSAGES, AnswerContext, CONVERSE, CONVERSE_CLAUDE, CallerDialect, Depth, Dialect,
    Frame, OPENAI_CHAT, UpstreamRequest, converse,
};
use bytes::BytesMut;
use serde_json::{Value, json};

const SEAL: &str = "EqMBCkYICxIM";

/// An answer of Converse's in which a thought is signed.
fn signed() -> String {
    let thought = json!({"text": "Hm.", "signature": SEAL});
    let content = json!([{"reasoningContent": {"reasoningText": thought}}, {"text": "Yes"}]);
    let message = json!({"role": "assistant", "content": content});
    json!({"output": {"message": message}, "stopReason": "end_turn"}).to_string()
}

/// What an upstream of this dialect receives of a thought that a caller of Anthropic's format sends
/// back with this seal, and what is lost.
fn returned(dialect: &dyn Dialect, model: &str, seal: &str) -> (String, usize) {
    let thought = json!({"type": "thinking", "thinking": "Hm.", "signature": seal});
    let messages = json!([
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "content": [thought, {"type": "text", "text": "Yes"}]},
        {"role": "user", "content": "Go on"},
    ]);
    let body = json!({"model": "m", "max_tokens": 9, "messages": messages}).to_string();
    let mut request = ANTHROPIC_MESSAGES.decode_request(body.into()).expect("it is a request");
    let upstream = UpstreamRequest { model, stream: false };
    let written = dialect.encode_request(&mut request, &upstream).expect("it is written");
    (String::from_utf8_lossy(&written.body).into_owned(), written.dropped.len())
}

#[test]
fn a_signature_of_claude_crosses_from_converse_to_messages_and_back() {
    let mut answer = CONVERSE_CLAUDE.decode_response(signed().into()).expect("it is an answer");
    let context = AnswerContext::new("m").minted("id", 1);
    let told = ANTHROPIC_MESSAGES.encode_response(&mut answer, &context).expect("it is written");
    let told: Value = serde_json::from_slice(&told.body).expect("it is JSON");
    assert_eq!(told["content"][0]["signature"], SEAL, "it is Claude's own");

    for (dialect, model) in [
        (&ANTHROPIC_MESSAGES as &dyn Dialect, "claude-opus-4-6"),
        (&CONVERSE_CLAUDE, "anthropic.claude-opus-4-6-v1"),
    ] {
        let (body, lost) = returned(dialect, model, SEAL);
        assert!(body.contains(SEAL) && !body.contains("aisix-seal"), "{body}");
        assert_eq!(lost, 0);
    }
    // Nor does it matter which format the caller speaks.
    let mut answer = CONVERSE_CLAUDE.decode_response(signed().into()).expect("it is an answer");
    let told = OPENAI_CHAT.encode_response(&mut answer, &context).expect("it is written");
    let told = String::from_utf8_lossy(&told.body).into_owned();
    assert!(told.contains(&format!("aisix-seal:anthropic_messages:{SEAL}")), "{told}");
}

#[test]
fn a_streamed_signature_of_claude_is_claudes_too() {
    let mut decoder = CONVERSE_CLAUDE.event_decoder(Depth::Full);
    let mut encoder = ANTHROPIC_MESSAGES.event_encoder(AnswerContext::new("m").minted("id", 1));
    let mut out = BytesMut::new();
    let delta = |said: Value| json!({"contentBlockIndex": 0, "delta": {"reasoningContent": said}});
    for (event, data) in [
        ("messageStart", json!({"role": "assistant"})),
        ("contentBlockDelta", delta(json!({"text": "Hm."}))),
        ("contentBlockDelta", delta(json!({"signature": SEAL}))),
        ("contentBlockStop", json!({"contentBlockIndex": 0})),
        ("messageStop", json!({"stopReason": "end_turn"})),
    ] {
        let frame =
            Frame { event: Some(event.into()), data: data.to_string().into(), failed: false };
        if let Some(mut events) = decoder.push(frame).expect("it is an event") {
            encoder.push(&mut events, &mut out).expect("it is written");
        }
    }
    let told = String::from_utf8_lossy(&out).into_owned();
    assert!(told.contains(&format!(r#""signature":"{SEAL}""#)), "{told}");
}

#[test]
fn what_other_models_of_bedrocks_seal_is_theirs() {
    for model in ["us.amazon.nova-2-pro-v1:0", "arn:aws:bedrock:eu-west-1:1:imported-model/x"] {
        let dialect = converse::of_model(model);
        let mut answer = dialect.decode_response(signed().into()).expect("it is an answer");
        let context = AnswerContext::new("m").minted("id", 1);
        let told = ANTHROPIC_MESSAGES.encode_response(&mut answer, &context).expect("written");
        let told: Value = serde_json::from_slice(&told.body).expect("it is JSON");
        let seal = format!("aisix-seal:converse:{SEAL}");
        assert_eq!(told["content"][0]["signature"], seal);
        let (body, lost) = returned(dialect, model, &seal);
        assert!(body.contains(SEAL) && lost == 0, "{body}");
        for claude in [&ANTHROPIC_MESSAGES as &dyn Dialect, &CONVERSE_CLAUDE] {
            let (body, lost) = returned(claude, "anthropic.claude-opus-4-6-v1", &seal);
            assert!(!body.contains(SEAL) && lost == 1, "{body}");
        }
    }
    let (body, lost) = returned(&CONVERSE, "us.amazon.nova-2-pro-v1:0", SEAL);
    assert!(!body.contains(SEAL) && lost == 1, "{body}");
}
