//! Every dialect keeps the promises of all.
#![expect(clippy::expect_used, reason = "a test fails with the reason")]

use std::fs;
use std::path::Path;

use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{ANTHROPIC_MESSAGES, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES};
use aisix_testing::conformance::dialect::{self, Samples};

/// A golden file of a dialect's.
fn golden(dialect: &str, name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(dialect);
    fs::read(folder.join(name)).expect("the golden file is readable")
}

#[test]
fn anthropic_messages_keeps_every_promise() {
    let file = |name: &str| golden("anthropic_messages", name);
    let request = |case: &str| file(&format!("{case}.request.json"));
    let answer = |case: &str| file(&format!("{case}.response.json"));
    let stream = |case: &str| file(&format!("{case}.stream.sse"));
    let mut samples = Samples::new(|| Box::new(SseDecoder::default()));
    for case in [
        "text",
        "system_blocks",
        "tools",
        "parallel_tools",
        "image",
        "document",
        "structured",
        "thinking",
        "adaptive",
        "between_tools",
        "media",
    ] {
        samples = samples.request(request(case));
    }
    for case in ["text", "parallel_tools", "thinking", "server_tools", "refusal"] {
        samples = samples.pair(answer(case), stream(case));
    }
    samples = samples.stream(stream("lines_and_unknown"));
    dialect::check(&ANTHROPIC_MESSAGES, &samples);
}

#[test]
fn gemini_keeps_every_promise() {
    let file = |name: &str| golden("gemini", name);
    let mut samples = Samples::new(|| Box::new(SseDecoder::default()));
    for case in [
        "text",
        "tools",
        "parallel_tools",
        "thinking",
        "thinking_level",
        "thinking_off",
        "image",
        "document",
        "media",
        "structured",
        "enumerated",
        "server_tools",
        "two_candidates",
    ] {
        samples = samples.request(file(&format!("{case}.request.json")));
    }
    for case in [
        "text",
        "tools",
        "parallel_tools",
        "thinking",
        "image",
        "server_tools",
        "filtered",
        "blocked",
        "two_candidates",
    ] {
        let whole = file(&format!("{case}.response.json"));
        samples = samples.pair(whole, file(&format!("{case}.stream.sse")));
    }
    for case in ["malformed_call", "length"] {
        samples = samples.answer(file(&format!("{case}.response.json")));
    }
    dialect::check(&GEMINI, &samples);
}

#[test]
fn openai_chat_keeps_every_promise() {
    let file = |name: &str| golden("openai_chat", name);
    let request = |case: &str| file(&format!("{case}.request.json"));
    let answer = |case: &str| file(&format!("{case}.response.json"));
    let stream = |case: &str| file(&format!("{case}.stream.sse"));
    let mut samples = Samples::new(|| Box::new(SseDecoder::default()));
    for case in [
        "text",
        "tools",
        "parallel_tools",
        "image",
        "audio",
        "structured",
        "reasoning",
        "refusal",
        "two_choices",
        "legacy_function",
        "media",
        "sealed_thoughts",
    ] {
        samples = samples.request(request(case));
    }
    for case in [
        "text",
        "tools",
        "parallel_tools",
        "audio",
        "content_parts",
        "reasoning",
        "refusal",
        "two_choices",
        "legacy_function",
    ] {
        samples = samples.pair(answer(case), stream(case));
    }
    for case in ["structured", "usage_details"] {
        samples = samples.answer(answer(case));
    }
    for case in ["azure_filters", "comments_and_lines", "calls_without_index"] {
        samples = samples.stream(stream(case));
    }
    dialect::check(&OPENAI_CHAT, &samples);
}

#[test]
fn openai_responses_keeps_every_promise() {
    let file = |name: String| golden("openai_responses", &name);
    let mut samples = Samples::new(|| Box::new(SseDecoder::default()));
    for case in ["text", "instructions", "tools", "image", "structured", "stored"] {
        samples = samples.request(file(format!("{case}.request.json")));
    }
    for case in [
        "text",
        "tools",
        "parallel_tools",
        "reasoning",
        "reasoning_sealed",
        "reasoning_open",
        "refusal",
        "incomplete",
        "filtered",
        "web_search",
        "two_messages",
    ] {
        let whole = file(format!("{case}.response.json"));
        samples = samples.pair(whole, file(format!("{case}.stream.sse")));
    }
    dialect::check(&OPENAI_RESPONSES, &samples.answer(file("minimal.response.json".to_owned())));
}
