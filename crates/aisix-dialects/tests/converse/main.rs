//! Bedrock's Converse: what is read of its answers, and what others say in it and are told of it.
//!
//! `golden/converse/<case>.<kind>` is what a provider says; streams are written as lines, one event
//! each. `golden/translation/<caller>.converse` holds what is written for the requests of another
//! format, `golden/translation/converse.<caller>` what its callers are told. With `UPDATE_GOLDEN=1`
//! outputs are written anew: review the difference.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails with the reason")]

mod folder;
mod requests;
mod seals;

use std::fmt::Write;
use std::fs;

use aisix_core::Error;
use aisix_core::chat::{StreamOptions, fold};
use aisix_dialects::eventstream::EventStreamDecoder;
use aisix_dialects::{
    ANTHROPIC_MESSAGES, AnswerContext, CONVERSE, CallerDialect, Depth, Dialect as _, Dropped,
    Encoded, Frame, FrameDecoder as _, OPENAI_CHAT, OPENAI_RESPONSES, UpstreamRequest, converse,
};
use aisix_testing::conformance::dialect::{self, Samples};
use aisix_testing::eventstream;
use bytes::{Bytes, BytesMut};

use crate::folder::{files, golden};

/// Answers that are there whole and streamed.
const PAIRS: [&str; 7] =
    ["text", "parallel_tools", "reasoning", "redacted", "cached", "citations", "guardrail"];

#[test]
fn keeps_every_promise() {
    let file = |name: String| fs::read(golden("converse").join(name)).expect("it is readable");
    let stream = |case: &str| {
        let lines = String::from_utf8(file(format!("{case}.stream.jsonl"))).expect("it is text");
        eventstream::stream(&lines)
    };
    let mut samples = Samples::new(|| Box::new(EventStreamDecoder::default()));
    for case in PAIRS {
        samples = samples.pair(file(format!("{case}.response.json")), stream(case));
    }
    for case in ["length", "context_full", "malformed", "native_blocks", "image"] {
        samples = samples.answer(file(format!("{case}.response.json")));
    }
    for case in ["unknown_event", "interleaved"] {
        samples = samples.stream(stream(case));
    }
    dialect::check_upstream(&CONVERSE, &samples);
}

#[test]
fn reads_what_was_reviewed() {
    folder::check(
        "converse",
        &[".response.json", ".stream.jsonl", ".error.json"],
        |name, input| {
            let decoded = if name.ends_with(".response.json") {
                let read = CONVERSE.decode_response(input);
                read.and_then(|mut answer| Ok(format!("{:#?}\n", answer.value()?)))
                    .unwrap_or_else(|error| failure(&error))
            } else if name.ends_with(".stream.jsonl") {
                events(&input)
            } else {
                format!("{:#?}\n", CONVERSE.decode_error(&input))
            };
            let (stem, _) = name.rsplit_once('.').expect("it has an ending");
            vec![(format!("{stem}.decoded.txt"), decoded)]
        },
    );
}

#[test]
fn openai_chat_is_told_what_was_reviewed() {
    check_answers(&OPENAI_CHAT);
}

#[test]
fn anthropic_messages_is_told_what_was_reviewed() {
    check_answers(&ANTHROPIC_MESSAGES);
}

#[test]
fn openai_responses_is_told_what_was_reviewed() {
    check_answers(&OPENAI_RESPONSES);
}

#[test]
fn openai_chat_says_what_was_reviewed() {
    check_requests(&OPENAI_CHAT);
}

#[test]
fn anthropic_messages_says_what_was_reviewed() {
    check_requests(&ANTHROPIC_MESSAGES);
}

#[test]
fn openai_responses_says_what_was_reviewed() {
    check_requests(&OPENAI_RESPONSES);
}

fn check_answers(to: &dyn CallerDialect) {
    let expected = files(&golden("converse")).filter_map(|(name, input)| {
        let (case, kind) = name.split_once('.')?;
        let told = match kind {
            "response.json" => whole(to, input),
            "stream.jsonl" => streamed(to, &input),
            _ => return None,
        };
        let kind = kind.split('.').next()?;
        Some((format!("{case}.{kind}.txt"), told))
    });
    folder::compare(&golden(&format!("translation/converse.{}", to.id())), expected.collect());
}

fn check_requests(from: &dyn CallerDialect) {
    let expected = files(&golden(&from.id().to_string())).filter_map(|(name, input)| {
        let case = name.strip_suffix(".request.json")?;
        let mut carried = from.decode_request(input.into()).expect("the fixture is a request");
        let upstream =
            UpstreamRequest { model: "anthropic.claude-x", stream: carried.outline().stream };
        let encoded = converse::of_model(upstream.model).encode_request(&mut carried, &upstream);
        Some((format!("{case}.request.txt"), told(encoded)))
    });
    folder::compare(&golden(&format!("translation/{}.converse", from.id())), expected.collect());
}

fn whole(to: &dyn CallerDialect, body: Vec<u8>) -> String {
    let answer = CONVERSE.decode_response(body.into());
    told(answer.and_then(|mut answer| to.encode_response(&mut answer, &context())))
}

fn told(encoded: Result<Encoded, Error>) -> String {
    match encoded {
        Ok(encoded) => {
            let value: serde_json::Value =
                serde_json::from_slice(&encoded.body).expect("it is JSON");
            format!("{value:#}\n{}", left_out(&encoded.dropped))
        }
        Err(error) => format!("{} {:?}: {}\n", error.status(), error.code(), error.message()),
    }
}

fn left_out(dropped: &[Dropped]) -> String {
    dropped.iter().fold(String::new(), |mut text, dropped| {
        writeln!(text, "left out: {}", dropped.field).unwrap();
        text
    })
}

fn streamed(to: &dyn CallerDialect, lines: &[u8]) -> String {
    let mut decoder = CONVERSE.event_decoder(Depth::Full);
    let mut encoder = to.event_encoder(context());
    let mut out = BytesMut::new();
    let ended = frames(lines).into_iter().try_for_each(|frame| {
        let said = decoder.push(frame)?;
        said.map_or(Ok(()), |mut events| encoder.push(&mut events, &mut out))
    });
    match ended.and_then(|()| decoder.finish()) {
        Ok(()) => encoder.finish(&mut out),
        Err(error) => encoder.fail(&error, &mut out),
    }
    String::from_utf8_lossy(&out).into_owned() + &left_out(encoder.dropped())
}

/// The events line by line, a blank line after each frame.
fn events(lines: &[u8]) -> String {
    let mut decoder = CONVERSE.event_decoder(Depth::Full);
    let (mut text, mut all) = (String::new(), Vec::new());
    for frame in frames(lines) {
        match decoder.push(frame) {
            Ok(None) => {}
            Ok(Some(mut frame)) => {
                let events = frame.value().expect("a frame read in full is decoded");
                events.iter().for_each(|event| writeln!(text, "{event:?}").unwrap());
                text.push('\n');
                all.extend(events.iter().cloned());
            }
            Err(error) => return text + &failure(&error),
        }
    }
    decoder.finish().expect("the fixture is complete");
    writeln!(text, "{:#?}", fold(all)).unwrap();
    text
}

fn frames(lines: &[u8]) -> Vec<Frame> {
    let lines = std::str::from_utf8(lines).expect("it is text");
    let mut frames = Vec::new();
    let mut framing = EventStreamDecoder::default();
    framing.push(Bytes::from(eventstream::stream(lines)), &mut frames).expect("it is a stream");
    framing.finish(&mut frames).expect("it is a stream");
    frames
}

fn context() -> AnswerContext {
    AnswerContext::new("caller-model")
        .stream_options(Some(StreamOptions { include_usage: true }))
        .minted("0b54e0a6-9d4c-4f0e-a7a1-3a9d0d1f2c3b", 1_700_000_000)
}

fn failure(error: &Error) -> String {
    format!("{:?}: {}\n{:?}\n", error.code(), error.message(), error.upstream())
}
