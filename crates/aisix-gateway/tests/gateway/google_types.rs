//! What Gemini receives is of the types that Google publishes: every reviewed request of every
//! format that callers speak, translated.

use std::fs;

use aisix_dialects::GEMINI;
use aisix_testing::fixtures::google;
use aisix_testing::{Claim, PublishedTypes};
use serde_json::Value;

use crate::common::reviewed;

/// One of each generation: they think in different words.
const MODELS: [&str; 2] = ["gemini-2.5-flash", "gemini-3-pro-preview"];

#[test]
fn what_gemini_receives_is_of_the_types_that_google_publishes() {
    let judge = PublishedTypes::start();
    let mut claims = Vec::new();
    for one in reviewed::received(&GEMINI, &MODELS) {
        claim(&format!("{} for {}", one.of.display(), one.model), &one.body, &mut claims);
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
        for file in reviewed::golden("gemini", end) {
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
