//! Reviewed translations: every fixture of one dialect, as the other dialect says it.
//!
//! `golden/translation/<from>.<to>/<case>.<kind>.txt` holds what is written for the fixture
//! `golden/<from>/<case>.<kind>`, and what of it is left out or refused. With `UPDATE_GOLDEN=1` the
//! files are written anew: review the difference.
#![expect(clippy::expect_used, clippy::unwrap_used, reason = "a test fails with the reason")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use aisix_core::Error;
use aisix_core::chat::StreamOptions;
use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{
    ANTHROPIC_MESSAGES, AnswerContext, Asked, CallerDialect, Depth, Dialect as _, Dropped, Encoded,
    FrameDecoder, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES, UpstreamRequest,
};
use bytes::{Bytes, BytesMut};

#[test]
fn openai_chat_becomes_anthropic_messages_as_reviewed() {
    check(&OPENAI_CHAT, &ANTHROPIC_MESSAGES);
}

#[test]
fn anthropic_messages_becomes_openai_chat_as_reviewed() {
    check(&ANTHROPIC_MESSAGES, &OPENAI_CHAT);
}

#[test]
fn openai_responses_becomes_openai_chat_as_reviewed() {
    check(&OPENAI_RESPONSES, &OPENAI_CHAT);
}

#[test]
fn openai_chat_becomes_openai_responses_as_reviewed() {
    check(&OPENAI_CHAT, &OPENAI_RESPONSES);
}

#[test]
fn openai_responses_becomes_anthropic_messages_as_reviewed() {
    check(&OPENAI_RESPONSES, &ANTHROPIC_MESSAGES);
}

#[test]
fn anthropic_messages_becomes_openai_responses_as_reviewed() {
    check(&ANTHROPIC_MESSAGES, &OPENAI_RESPONSES);
}

#[test]
fn openai_chat_becomes_gemini_as_reviewed() {
    check(&OPENAI_CHAT, &GEMINI);
}

#[test]
fn anthropic_messages_becomes_gemini_as_reviewed() {
    check(&ANTHROPIC_MESSAGES, &GEMINI);
}

#[test]
fn openai_responses_becomes_gemini_as_reviewed() {
    check(&OPENAI_RESPONSES, &GEMINI);
}

#[test]
fn gemini_becomes_openai_chat_as_reviewed() {
    check(&GEMINI, &OPENAI_CHAT);
}

#[test]
fn gemini_becomes_anthropic_messages_as_reviewed() {
    check(&GEMINI, &ANTHROPIC_MESSAGES);
}

#[test]
fn gemini_becomes_openai_responses_as_reviewed() {
    check(&GEMINI, &OPENAI_RESPONSES);
}

fn check(from: &dyn CallerDialect, to: &dyn CallerDialect) {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut expected = BTreeMap::new();
    for (name, content) in files(&golden.join(from.id().to_string())) {
        let input = Bytes::from(content);
        let translated = match name.rsplit_once('.').map(|(case, _)| case) {
            Some(case) if name.ends_with(".request.json") => Some((case, request(from, to, input))),
            Some(case) if name.ends_with(".response.json") => {
                Some((case, response(from, to, input)))
            }
            Some(case) if name.ends_with(".stream.sse") => Some((case, stream(from, to, input))),
            _ => None,
        };
        if let Some((case, text)) = translated {
            expected.insert(format!("{case}.txt"), text);
        }
    }
    let folder = golden.join("translation").join(format!("{}.{}", from.id(), to.id()));
    if option_env!("UPDATE_GOLDEN").is_some() {
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("the golden folder can be made");
        for (name, content) in &expected {
            fs::write(folder.join(name), content).expect("the golden file can be written");
        }
        return;
    }
    let found: BTreeMap<_, _> = files(&folder)
        .map(|(name, content)| (name, String::from_utf8(content).expect("it is text")))
        .collect();
    let names = |outputs: &BTreeMap<String, String>| outputs.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected), "run with UPDATE_GOLDEN=1 and review");
    for (name, content) in &expected {
        assert_eq!(&found[name], content, "{name} differs");
    }
}

fn files(folder: &Path) -> impl Iterator<Item = (String, Vec<u8>)> {
    fs::read_dir(folder).expect("the golden folder exists").map(|file| {
        let path = file.expect("the golden folder is readable").path();
        let name = path.file_name().expect("it is a file").to_string_lossy().into_owned();
        (name, fs::read(&path).expect("the golden file is readable"))
    })
}

fn request(from: &dyn CallerDialect, to: &dyn CallerDialect, body: Bytes) -> String {
    let mut carried = from.decode_request(body).expect("the fixture is a request");
    let stream = carried.outline().stream;
    told(to.encode_request(&mut carried, &UpstreamRequest { model: "upstream-model", stream }))
}

fn response(from: &dyn CallerDialect, to: &dyn CallerDialect, body: Bytes) -> String {
    told(
        from.decode_response(body)
            .and_then(|mut carried| to.encode_response(&mut carried, &context(to))),
    )
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

fn stream(from: &dyn CallerDialect, to: &dyn CallerDialect, bytes: Bytes) -> String {
    let mut framing = SseDecoder::default();
    let mut frames = Vec::new();
    framing.push(bytes, &mut frames).expect("the fixture is a stream");
    framing.finish(&mut frames).expect("the fixture is a stream");
    let mut decoder = from.event_decoder(Depth::Full);
    let mut encoder = to.event_encoder(context(to));
    let mut out = BytesMut::new();
    let mut ended = Ok(());
    for frame in frames {
        ended = decoder.push(frame).and_then(|frame| match frame {
            Some(mut frame) => encoder.push(&mut frame, &mut out),
            None => Ok(()),
        });
        if ended.is_err() {
            break;
        }
    }
    match ended.and_then(|()| decoder.finish()) {
        Ok(()) => encoder.finish(&mut out),
        Err(error) => encoder.fail(&error, &mut out),
    }
    String::from_utf8_lossy(&out).into_owned() + &left_out(encoder.dropped())
}

/// Answers repeat what was asked with: of one request, whatever they answer.
fn context(to: &dyn CallerDialect) -> AnswerContext {
    let asked = include_bytes!("../golden/openai_responses/tools.request.json");
    let asked = if to.id() == OPENAI_RESPONSES.id() {
        let mut request = to.decode_request(Bytes::from_static(asked)).expect("it is a request");
        to.asked(request.value().expect("it is a request"))
    } else {
        Asked::default()
    };
    AnswerContext::new("caller-model")
        .asked(asked)
        .stream_options(Some(StreamOptions { include_usage: true }))
        .minted("0b54e0a6-9d4c-4f0e-a7a1-3a9d0d1f2c3b", 1_700_000_000)
}
