//! What Gemini receives is of the types that Google publishes: every reviewed request of every
//! format that callers speak, translated.

use std::fs;
use std::path::{Path, PathBuf};

use aisix_dialects::{
    ANTHROPIC_MESSAGES, CallerDialect, Dialect as _, GEMINI, OPENAI_CHAT, OPENAI_RESPONSES,
    UpstreamRequest,
};
use aisix_testing::fixtures::google;
use aisix_testing::{Claim, PublishedTypes};
use serde_json::Value;

/// One of each generation: they think in different words.
const MODELS: [&str; 2] = ["gemini-2.5-flash", "gemini-3-pro-preview"];

fn golden(dialect: &str, end: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../aisix-dialects/golden");
    let files = fs::read_dir(folder.join(dialect)).expect("the folder is readable");
    let files = files.map(|file| file.expect("the folder is readable").path());
    let found: Vec<_> = files.filter(|file| file.to_string_lossy().ends_with(end)).collect();
    assert!(!found.is_empty(), "there are golden files of {dialect}");
    found
}

#[test]
fn what_gemini_receives_is_of_the_types_that_google_publishes() {
    let judge = PublishedTypes::start();
    let mut claims = Vec::new();
    let callers: [&dyn CallerDialect; 3] = [&OPENAI_CHAT, &ANTHROPIC_MESSAGES, &OPENAI_RESPONSES];
    for caller in callers {
        for file in golden(caller.id().0, ".request.json") {
            let body = fs::read(&file).expect("the file is readable");
            for model in MODELS {
                let mut request = caller.decode_request(body.clone().into()).expect("a request");
                let upstream = UpstreamRequest { model, stream: false };
                // What the format cannot say is refused, and nobody receives it.
                if let Ok(written) = GEMINI.encode_request(&mut request, &upstream) {
                    let what = format!("{} for {model}", file.display());
                    claim(&what, &written.body, &mut claims);
                }
            }
        }
    }
    assert!(claims.len() > 100, "{} claims", claims.len());
    judge.assert(&claims);
}

fn claim(what: &str, body: &[u8], claims: &mut Vec<Claim>) {
    let mut body: Value = serde_json::from_slice(body).expect("it is JSON");
    let fields = body.as_object_mut().expect("it is an object");
    for said_by_the_address in ["model", "stream"] {
        assert!(fields.remove(said_by_the_address).is_some());
    }
    claims.extend(Claim::of_fields(what, &body, &google::REQUEST));
}

#[test]
fn what_gemini_answers_in_fixtures_is_of_the_type_that_google_publishes() {
    let judge = PublishedTypes::start();
    let mut claims = Vec::new();
    for end in [".response.json", ".stream.sse"] {
        for file in golden("gemini", end) {
            let what = file.display().to_string();
            let text = fs::read_to_string(&file).expect("the file is readable");
            let frames = text.lines().filter_map(|line| line.strip_prefix("data: "));
            let all = if end == ".stream.sse" { frames.collect() } else { vec![&*text] };
            for json in all {
                let mut answer: Value = serde_json::from_str(json).expect("it is JSON");
                let fields = answer.as_object_mut().expect("it is an object");
                // A time is a text on the wire only.
                fields.remove("createTime");
                if !fields.contains_key("error") {
                    let json = answer.to_string();
                    claims.push(Claim {
                        what: what.clone(),
                        r#type: google::ANSWER,
                        each: false,
                        json,
                    });
                }
            }
        }
    }
    judge.assert(&claims);
}
