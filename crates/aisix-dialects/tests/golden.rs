//! Reviewed fixtures: what arrives, what it is read as, and what is written for it.
//!
//! `golden/<dialect>/<case>.<kind>` is an input; what comes of it stands beside it under a longer
//! name. With `UPDATE_GOLDEN=1` the outputs are written anew: review the difference.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails with the reason")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use aisix_core::Error;
use aisix_core::chat::{StreamOptions, fold};
use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{
    ANTHROPIC_MESSAGES, AnswerContext, CallerDialect, Depth, FrameDecoder, GEMINI, OPENAI_CHAT,
    OPENAI_RESPONSES, ProviderError, UpstreamRequest,
};
use bytes::{Bytes, BytesMut};

type Outputs = BTreeMap<String, String>;

const INPUTS: [&str; 4] = [".request.json", ".response.json", ".stream.sse", ".error.json"];

#[test]
fn anthropic_messages_reads_and_writes_what_was_reviewed() {
    check(&ANTHROPIC_MESSAGES);
}

#[test]
fn gemini_reads_and_writes_what_was_reviewed() {
    check(&GEMINI);
}

#[test]
fn openai_chat_reads_and_writes_what_was_reviewed() {
    check(&OPENAI_CHAT);
}

#[test]
fn openai_responses_reads_and_writes_what_was_reviewed() {
    check(&OPENAI_RESPONSES);
}

fn check(dialect: &dyn CallerDialect) {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("golden").join(dialect.id().to_string());
    let mut found = Outputs::new();
    let mut expected = Outputs::new();
    for file in fs::read_dir(&folder).expect("the golden folder exists") {
        let path = file.expect("the golden folder is readable").path();
        let name = path.file_name().expect("it is a file").to_string_lossy().into_owned();
        let content = fs::read(&path).expect("the golden file is readable");
        match INPUTS.iter().find(|kind| name.ends_with(**kind)) {
            Some(kind) => {
                let case = name.trim_end_matches(kind);
                made(dialect, case, kind, Bytes::from(content), &mut expected);
            }
            None => drop(found.insert(name, String::from_utf8_lossy(&content).into_owned())),
        }
    }
    if option_env!("UPDATE_GOLDEN").is_some() {
        update(&folder, &found, &expected);
        return;
    }
    let names = |outputs: &Outputs| outputs.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected), "run with UPDATE_GOLDEN=1 and review");
    for (name, content) in &expected {
        assert_eq!(&found[name], content, "{name} differs");
    }
}

fn update(folder: &Path, found: &Outputs, expected: &Outputs) {
    for stale in found.keys().filter(|name| !expected.contains_key(*name)) {
        fs::remove_file(folder.join(stale)).expect("the stale file can be removed");
    }
    for (name, content) in expected {
        fs::write(folder.join(name), content).expect("the golden file can be written");
    }
}

fn made(dialect: &dyn CallerDialect, case: &str, kind: &str, input: Bytes, outputs: &mut Outputs) {
    let mut put = |name: &str, content: String| {
        outputs.insert(format!("{case}.{name}"), content);
    };
    match kind {
        ".request.json" => {
            let (decoded, encoded) = request(dialect, input);
            put("request.decoded.txt", decoded);
            put("request.encoded.txt", encoded);
        }
        ".response.json" => match response(dialect, input) {
            Ok((decoded, encoded)) => {
                put("response.decoded.txt", decoded);
                put("response.encoded.txt", encoded);
            }
            Err(error) => put("response.decoded.txt", failure(&error)),
        },
        ".stream.sse" => {
            let (events, encoded) = stream(dialect, input);
            put("stream.events.txt", events);
            put("stream.encoded.txt", encoded);
        }
        _ => put("error.decoded.txt", provider_error(&dialect.decode_error(&input))),
    }
}

fn request(dialect: &dyn CallerDialect, body: Bytes) -> (String, String) {
    let mut carried = dialect.decode_request(body).expect("the fixture is a request");
    let request = carried.value_mut().expect("the fixture decodes");
    let decoded = format!("{request:#?}\n");
    let stream = request.stream;
    let upstream = UpstreamRequest { model: "upstream-model", stream };
    let encoded = dialect.encode_request(&mut carried, &upstream).expect("it can be written");
    assert_eq!(encoded.dropped, [], "its own dialect drops nothing");
    (decoded, pretty(&encoded.body))
}

fn response(dialect: &dyn CallerDialect, body: Bytes) -> Result<(String, String), Error> {
    let mut carried = dialect.decode_response(body)?;
    let decoded = format!("{:#?}\n", carried.value_mut()?);
    let encoded = dialect.encode_response(&mut carried, &context())?;
    assert_eq!(encoded.dropped, [], "its own dialect drops nothing");
    Ok((decoded, pretty(&encoded.body)))
}

/// The events line by line, a blank line after each frame; and every frame made anew.
fn stream(dialect: &dyn CallerDialect, bytes: Bytes) -> (String, String) {
    let mut framing = SseDecoder::default();
    let mut frames = Vec::new();
    framing.push(bytes, &mut frames).expect("the fixture is a stream");
    framing.finish(&mut frames).expect("the fixture is a stream");
    let mut decoder = dialect.event_decoder(Depth::Full);
    let mut encoder = dialect.event_encoder(context());
    let (mut text, mut all, mut out) = (String::new(), Vec::new(), BytesMut::new());
    for frame in frames {
        match decoder.push(frame) {
            Ok(None) => {}
            Ok(Some(mut frame)) => {
                let events = frame.value_mut().expect("a frame read in full is decoded");
                events.iter().for_each(|event| writeln!(text, "{event:?}").unwrap());
                text.push('\n');
                all.extend(events.iter().cloned());
                encoder.push(&mut frame, &mut out).expect("it can be written");
            }
            Err(error) => {
                text.push_str(&failure(&error));
                encoder.fail(&error, &mut out);
                return (text, String::from_utf8_lossy(&out).into_owned());
            }
        }
    }
    decoder.finish().expect("the fixture is complete");
    encoder.finish(&mut out);
    writeln!(text, "{:#?}", fold(all)).unwrap();
    (text, String::from_utf8_lossy(&out).into_owned())
}

fn context() -> AnswerContext {
    AnswerContext::new("caller-model")
        .stream_options(Some(StreamOptions { include_usage: true }))
        .minted("minted", 1_700_000_000)
}

fn failure(error: &Error) -> String {
    format!("{:?}: {}\n{:?}\n", error.code(), error.message(), error.upstream())
}

fn provider_error(error: &ProviderError) -> String {
    format!("{error:#?}\n")
}

fn pretty(body: &[u8]) -> String {
    let value: serde_json::Value = serde_json::from_slice(body).expect("it is JSON");
    format!("{value:#}\n")
}
