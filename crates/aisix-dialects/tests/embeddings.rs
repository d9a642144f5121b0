//! Reviewed fixtures of embeddings: a request and the answers to its calls, which calls it becomes,
//! and what its caller is told.
//!
//! `golden/embeddings/<format>.<case>.exchange.json` is an input; what comes of it stands beside it as
//! `….calls.json` and `….told.json`. With `UPDATE_GOLDEN=1` the outputs are written anew: review the
//! difference.
#![expect(clippy::expect_used, reason = "a test fails with the reason")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use aisix_core::Error;
use aisix_dialects::embed::{
    self, COHERE_EMBED, EmbedCalls, EmbedFormat, EmbedPart, GEMINI_EMBED, TITAN_EMBED, VERTEX_EMBED,
};
use aisix_dialects::{Dropped, UpstreamRequest};
use serde_json::{Value, json};

const INPUT: &str = ".exchange.json";

#[test]
fn requests_become_the_calls_and_answers_that_were_reviewed() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden/embeddings");
    let mut found = BTreeMap::new();
    let mut expected = BTreeMap::new();
    for file in fs::read_dir(&folder).expect("the golden folder exists") {
        let path = file.expect("the golden folder is readable").path();
        let name = path.file_name().expect("it is a file").to_string_lossy().into_owned();
        let content = fs::read_to_string(&path).expect("the golden file is readable");
        match name.strip_suffix(INPUT) {
            Some(case) => {
                let exchange = serde_json::from_str(&content).expect("an exchange is JSON");
                let (calls, told) = outcome(&exchange);
                expected.insert(format!("{case}.calls.json"), pretty(&calls));
                expected.insert(format!("{case}.told.json"), pretty(&told));
            }
            None => drop(found.insert(name, content)),
        }
    }
    if option_env!("UPDATE_GOLDEN").is_some() {
        for stale in found.keys().filter(|name| !expected.contains_key(*name)) {
            fs::remove_file(folder.join(stale)).expect("the stale file can be removed");
        }
        for (name, content) in &expected {
            fs::write(folder.join(name), content).expect("the golden file can be written");
        }
        return;
    }
    assert_eq!(found, expected, "run with UPDATE_GOLDEN=1 and review");
}

/// The calls, and what the caller is told.
fn outcome(exchange: &Value) -> (Value, Value) {
    let format: &'static dyn EmbedFormat = match exchange["format"].as_str() {
        Some("cohere") => &COHERE_EMBED,
        Some("gemini") => &GEMINI_EMBED,
        Some("titan") => &TITAN_EMBED,
        Some("vertex") => &VERTEX_EMBED,
        other => panic!("there is no format {other:?}"),
    };
    let model = exchange["model"].as_str().expect("a model is a text");
    let upstream = UpstreamRequest { model, stream: false };
    let request = exchange["request"].to_string();
    let mut request = embed::decode(request.into()).expect("it is a request");
    assert_eq!(request.outline().complaint, None);
    let calls = match EmbedCalls::of(format, &mut request, &upstream) {
        Ok(calls) => calls,
        Err(error) => return (json!([]), shown(&error)),
    };
    let bodies = calls.bodies().map(|body| serde_json::from_slice(&body).expect("it is JSON"));
    let dropped: Vec<_> = calls.dropped().iter().map(|Dropped { field }| field).collect();
    let written = json!({"calls": bodies.collect::<Vec<Value>>(), "dropped": dropped});
    let told = read(&calls, exchange["answers"].as_array().expect("answers are a list"));
    (written, told.unwrap_or_else(|error| shown(&error)))
}

fn read(calls: &EmbedCalls, answers: &[Value]) -> Result<Value, Error> {
    assert_eq!(answers.len(), calls.bodies().count(), "one answer for each call");
    let part = |(call, answer): (usize, &Value)| {
        let body = answer["body"].to_string();
        calls.read(call, body.as_bytes(), answer["counted"].as_u64())
    };
    let mut parts: Vec<EmbedPart> =
        answers.iter().enumerate().map(part).collect::<Result<_, _>>()?;
    // They come in any order.
    parts.reverse();
    let told = calls.join(parts)?;
    let usage = told.usage.map(|usage| usage.input);
    let body: Value = serde_json::from_slice(&told.body).expect("it is JSON");
    Ok(json!({"body": body, "usage": usage}))
}

fn shown(error: &Error) -> Value {
    let because = std::error::Error::source(error).map(ToString::to_string);
    json!({
        "error": error.message(), "code": format!("{:?}", error.code()), "because": because,
    })
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}
