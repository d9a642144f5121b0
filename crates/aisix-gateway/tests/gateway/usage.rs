//! What is accounted for where the provider does not count, or not to the end.

use std::sync::atomic::{AtomicU32, Ordering};

use aisix_core::chat::Usage;
use aisix_gateway::Settings;
use aisix_hooks::Outcome;
use aisix_telemetry::names;
use aisix_testing::fixtures::openai::{self, PROMPT_TOKENS};
use aisix_testing::{Reply, ScriptedUpstream, wait};
use bytes::Bytes;
use http::Request;
use http_body_util::Full;
use serde_json::{Value, json};

use crate::common::spoken::{
    ANTHROPIC, CHAT, FAMILIES, FORMATS, Family, MESSAGES, OPENAI, RESPONSES, Spoken, asked,
    in_front_of,
};
use crate::common::*;

/// What is asked: one token, in a turn that is framed by three, and an answer that is begun by as
/// many.
const ASKED: (&str, u64) = ("hi", 1 + 3 + 3);
/// What is answered, and its tokens.
const ANSWERED: (&str, u64) = ("The quick brown fox jumps over the lazy dog.", 10);

/// The same JSON without any usage.
fn uncounted(json: &str) -> String {
    fn strip(value: &mut Value) {
        match value {
            Value::Object(fields) => {
                fields.remove("usage");
                fields.values_mut().for_each(strip);
            }
            Value::Array(list) => list.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut value = serde_json::from_str(json).expect("JSON");
    strip(&mut value);
    value.to_string()
}

/// The same frames without any usage.
fn uncounted_stream(frames: Vec<String>) -> Vec<String> {
    let line = |line: &str| match line.strip_prefix("data: ") {
        Some(data) if data.starts_with('{') => format!("data: {}\n", uncounted(data)),
        _ => format!("{line}\n"),
    };
    let frames = frames.into_iter().filter(|frame| !frame.contains("\"choices\":[]"));
    frames.map(|frame| frame.lines().map(line).collect()).collect()
}

fn pieces() -> Vec<&'static str> {
    ANSWERED.0.split_inclusive(' ').collect()
}

fn named<B>(id: &str, mut request: Request<B>) -> Request<B> {
    request.headers_mut().insert("x-aisix-request-id", id.parse().expect("a value"));
    request
}

/// How a request ended, with what the log and the metrics must say of its usage.
async fn ended(world: &World, id: &str) -> Outcome {
    let outcome = world.recorder.outcome(id).await;
    wait::until("the request to be over", || world.shared.in_flight() == 0).await;
    let line = logs::access_line(id).await;
    assert_eq!(line.contains("usage_estimated=true"), outcome.usage_estimated, "{line}");
    let usage = outcome.usage;
    assert_eq!(line.contains("total_tokens="), usage.is_some(), "{line}");
    if let Some(usage) = usage {
        assert!(line.contains(&format!("prompt_tokens={}", usage.input)), "{line}");
        assert!(line.contains(&format!("completion_tokens={}", usage.output)), "{line}");
    }
    let metrics = world.metrics();
    let sum = |metric: &aisix_telemetry::Metric| -> f64 {
        metrics.of(metric.name).map(|sample| sample.value).sum()
    };
    assert_eq!(sum(&names::LLM_USAGE_ESTIMATED), f64::from(u8::from(outcome.usage_estimated)));
    assert_eq!(sum(&names::LLM_INPUT_TOKENS), usage.map_or(0, |usage| usage.input) as f64);
    assert_eq!(sum(&names::LLM_OUTPUT_TOKENS), usage.map_or(0, |usage| usage.output) as f64);
    outcome
}

fn counts(outcome: &Outcome) -> Option<(u64, u64)> {
    outcome.usage.map(|usage| (usage.input, usage.output))
}

/// A request in this format, under an id of its own.
fn ask(spoken: &Spoken, stream: bool) -> (String, Request<Full<Bytes>>) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let id = format!("estimate-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    (id.clone(), named(&id, spoken.request(spoken.body(MODEL, ASKED.0, stream))))
}

#[tokio::test]
async fn a_whole_answer_that_nobody_counted_is_estimated_and_says_no_more_than_it_said() {
    for spoken in &FORMATS {
        for family in &FAMILIES {
            let upstream = ScriptedUpstream::start();
            let world = in_front_of(family, &upstream);
            let body = uncounted(&family.whole_body(spoken, ANSWERED.0));
            upstream.enqueue(Reply::json(200, body.clone()));
            let (id, request) = ask(spoken, false);
            let answer = world.send(request).await;
            assert_eq!(spoken.text(&answer), ANSWERED.0);
            let shown = &answer.json::<Value>()["usage"];
            let is_none = |shown: &Value| match shown {
                Value::Object(counts) => {
                    counts.values().all(|count| *count == 0 || count.is_object())
                }
                nothing => nothing.is_null(),
            };
            assert!(is_none(shown), "{shown}");
            let outcome = ended(&world, &id).await;
            assert_eq!(counts(&outcome), Some((ASKED.1, ANSWERED.1)), "{id}");
            assert!(outcome.usage_estimated);
        }
    }
}

#[tokio::test]
async fn a_stream_that_nobody_counted_is_estimated() {
    for spoken in &FORMATS {
        for family in &FAMILIES {
            let upstream = ScriptedUpstream::start();
            let world = in_front_of(family, &upstream);
            upstream.enqueue(Reply::sse(uncounted_stream(family.stream(spoken, &pieces()))));
            let (id, request) = ask(spoken, true);
            let mut answer = world.stream(request).await;
            let text = answer.rest().await;
            assert_eq!(spoken.streamed_text(&text), ANSWERED.0);
            assert!(text.contains(spoken.last), "{text}");
            drop(answer);
            let outcome = ended(&world, &id).await;
            assert_eq!(counts(&outcome), Some((ASKED.1, ANSWERED.1)), "{id}");
            assert!(outcome.usage_estimated && !outcome.cancelled);
        }
    }
}

#[tokio::test]
async fn what_the_provider_counts_is_not_estimated() {
    for spoken in &FORMATS {
        for family in &FAMILIES {
            let upstream = ScriptedUpstream::start();
            let world = in_front_of(family, &upstream);
            upstream.enqueue(Reply::sse(family.stream(spoken, &["a", "b"])));
            let (id, request) = ask(spoken, true);
            world.stream(request).await.rest().await;
            let outcome = ended(&world, &id).await;
            assert_eq!(counts(&outcome), Some((PROMPT_TOKENS, 2)));
            assert!(!outcome.usage_estimated);
        }
    }
}

/// The caller leaves, or the upstream breaks off, when this much of the answer has passed; what was
/// counted by then.
async fn broken_off(spoken: &Spoken, family: &Family, frames: usize, leaves: bool) -> Outcome {
    let upstream = ScriptedUpstream::start();
    let world = in_front_of(family, &upstream);
    let said = family.stream(spoken, &pieces());
    let reply = Reply::open_sse().chunks(said[..frames].to_vec());
    upstream.enqueue(if leaves { reply.hang() } else { reply.reset() });
    let (id, request) = ask(spoken, true);
    let mut answer = world.stream(request).await;
    if leaves {
        let mut heard = String::new();
        while !spoken.streamed_text(&heard).contains("fox ") {
            heard.push_str(&answer.frame().await.expect("more"));
        }
    } else {
        answer.rest().await;
    }
    drop(answer);
    let outcome = ended(&world, &id).await;
    assert_eq!(outcome.cancelled, leaves);
    outcome
}

#[tokio::test]
async fn what_was_produced_before_the_end_is_estimated() {
    for leaves in [true, false] {
        // The first events open the answer: what follows are four of its pieces, a token each, and
        // a space at the end.
        for (spoken, family, frames, prompt) in [
            (&CHAT, &OPENAI, 1 + 4, ASKED.1),
            (&MESSAGES, &OPENAI, 1 + 4, ASKED.1),
            (&RESPONSES, &OPENAI, 3 + 4, ASKED.1),
            // This family counts prompts when answers begin, and one token with them.
            (&CHAT, &ANTHROPIC, 2 + 4, PROMPT_TOKENS),
            (&MESSAGES, &ANTHROPIC, 2 + 4, PROMPT_TOKENS),
        ] {
            let outcome = broken_off(spoken, family, frames, leaves).await;
            let what = (spoken.path, family.name, leaves);
            assert_eq!(counts(&outcome), Some((prompt, 5)), "{what:?}");
            assert!(outcome.usage_estimated, "{what:?}");
        }
    }
}

#[tokio::test]
async fn a_long_stream_is_estimated_by_its_beginning() {
    let upstream = ScriptedUpstream::start();
    let world = World::of(&upstream);
    let pieces = vec![" fox"; 2000];
    upstream.enqueue(Reply::sse(openai::chat_stream(pieces)));
    let (id, request) = ask(&CHAT, true);
    world.stream(request).await.rest().await;
    let outcome = ended(&world, &id).await;
    let output = outcome.usage.expect("usage").output;
    assert!(output.abs_diff(2000) < 60, "{output}");
    assert!(outcome.usage_estimated);
}

#[tokio::test]
async fn what_is_passed_on_is_estimated_where_tokens_are_spent() {
    let prompt = json!({"model": MODEL, "prompt": [ANSWERED.0, [1, 2, 3]]});
    let embed = json!({"model": MODEL, "input": ANSWERED.0});
    let text = json!({"choices": [{"index": 0, "text": ANSWERED.0, "finish_reason": "stop"}]});
    let vector = json!({"data": [{"index": 0, "embedding": [1]}]});
    for (path, body, answer, expected) in [
        ("/v1/completions", &prompt, &text, (13, 10)),
        ("/v1/embeddings", &embed, &vector, (10, 0)),
    ] {
        let upstream = ScriptedUpstream::start();
        let world = in_front_of(&OPENAI, &upstream);
        upstream.enqueue(Reply::json(200, answer.to_string()));
        let id = format!("estimate-passed-{}", path.replace('/', "-"));
        assert_eq!(world.send(named(&id, asked(path, body))).await.status, 200);
        let outcome = ended(&world, &id).await;
        assert_eq!((counts(&outcome), outcome.usage_estimated), (Some(expected), true), "{path}");
    }
    let upstream = ScriptedUpstream::start();
    let world = in_front_of(&OPENAI, &upstream);
    let frames = pieces().into_iter().map(|text| {
        let reason = text.ends_with('.').then_some("stop");
        json!({"choices": [{"index": 0, "text": text, "finish_reason": reason}]})
    });
    let frames: Vec<_> = frames.map(|frame| format!("data: {frame}\n\n")).collect();
    upstream.enqueue(Reply::sse([frames.concat(), openai::DONE.to_owned()]));
    let mut body = prompt.clone();
    body["stream"] = json!(true);
    let request = named("estimate-passed-stream", asked("/v1/completions", body));
    assert_eq!(world.stream(request).await.rest().await, frames.concat() + openai::DONE);
    let outcome = ended(&world, "estimate-passed-stream").await;
    assert_eq!((counts(&outcome), outcome.usage_estimated), (Some((13, 10)), true));
}

#[tokio::test]
async fn counting_tokens_spends_none() {
    let upstream = ScriptedUpstream::start();
    let world = in_front_of(&ANTHROPIC, &upstream);
    upstream.enqueue(Reply::json(200, r#"{"input_tokens":14}"#));
    let request = asked("/v1/messages/count_tokens", MESSAGES.body(MODEL, ASKED.0, false));
    assert_eq!(world.send(named("estimate-none", request)).await.status, 200);
    let outcome = ended(&world, "estimate-none").await;
    assert_eq!((counts(&outcome), outcome.usage_estimated), (None, false));
}

#[tokio::test]
async fn an_estimate_has_a_price() {
    let upstream = ScriptedUpstream::start();
    let mut all = documents::standard(&upstream.base_url());
    all[1].1["cost"] = json!({"input_per_1k": 0.5, "output_per_1k": 2.0});
    let world = World::with(Settings::default(), &all);
    upstream.enqueue(Reply::json(200, uncounted(&openai::chat_completion(ANSWERED.0))));
    let (id, request) = ask(&CHAT, false);
    assert_eq!(world.send(request).await.status, 200);
    let outcome = ended(&world, &id).await;
    let usage = Usage { input: ASKED.1, output: ANSWERED.1, ..Usage::default() };
    assert_eq!(outcome.usage, Some(usage));
    let spend: f64 = world.metrics().of(names::LLM_SPEND.name).map(|sample| sample.value).sum();
    assert_eq!(spend, ASKED.1 as f64 * 500.0 + ANSWERED.1 as f64 * 2000.0);
}
