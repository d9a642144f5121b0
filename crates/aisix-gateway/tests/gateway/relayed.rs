//! What is passed on and not translated: older completions, embeddings, counts of tokens.

use std::sync::Arc;

use aisix_core::chat::ChatEvents;
use aisix_core::{Carried, Error};
use aisix_gateway::Settings;
use aisix_hooks::{Access, Flow, Hook, HookFactory, HookRequest, Interest, Payload, RequestInfo};
use aisix_telemetry::names;
use aisix_testing::{Gate, Reply, ScriptedUpstream};
use async_trait::async_trait;
use serde_json::{Value, json};

use crate::common::spoken::{ANTHROPIC, Family, OPENAI, asked, error_in, group_of, in_front_of};
use crate::common::*;

/// An endpoint whose requests are passed on.
struct Relayed {
    path: &'static str,
    protocol: &'static str,
    /// Who has it, and who has not.
    family: Family,
    other: Family,
    /// Where it is called.
    upstream_path: &'static str,
    /// A request, strange but valid.
    body: &'static str,
    /// An answer, strange but valid.
    answer: &'static str,
    /// Tokens of prompt and answer that it names.
    usage: Option<(u64, u64)>,
    /// The status for a family without it.
    lacking: u16,
}

const COMPLETIONS: Relayed = Relayed {
    path: "/v1/completions",
    protocol: "openai",
    family: OPENAI,
    other: ANTHROPIC,
    upstream_path: "/completions",
    body: r#"{ "prompt" : ["\u0041", [1,2]],"x":1e400, "model" : "my-gpt" } "#,
    answer: r#"{ "model":"gpt-3.5-turbo-instruct","choices":[{"text":"\u0042","index":0,"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8}} "#,
    usage: Some((3, 5)),
    lacking: 501,
};

const EMBEDDINGS: Relayed = Relayed {
    path: "/v1/embeddings",
    protocol: "openai",
    family: OPENAI,
    other: ANTHROPIC,
    upstream_path: "/embeddings",
    body: r#"{"input" : ["\u0041", "b"],"encoding_format":"base64","dimensions":2,"user":"u","model":"my-gpt"}"#,
    answer: r#"{"object":"list","model":"text-embedding-3-small","data":[{"object":"embedding","index":0,"embedding":"AAAA"}],"usage":{"prompt_tokens":3,"total_tokens":3}}"#,
    usage: Some((3, 0)),
    lacking: 501,
};

const COUNT_TOKENS: Relayed = Relayed {
    path: "/v1/messages/count_tokens",
    protocol: "anthropic",
    family: ANTHROPIC,
    other: OPENAI,
    upstream_path: "/v1/messages/count_tokens",
    body: r#"{ "messages":[{"role":"user","content":"\u0041"}], "model":"my-gpt" }"#,
    answer: r#"{ "input_tokens" : 14 }"#,
    usage: None,
    lacking: 400,
};

const ALL: [Relayed; 3] = [COMPLETIONS, EMBEDDINGS, COUNT_TOKENS];

impl Relayed {
    /// The request for this model.
    fn body(&self, model: &str) -> String {
        self.body.replace(MODEL, model)
    }
}

#[tokio::test]
async fn every_byte_but_the_model_of_the_request_passes_in_both_directions() {
    for relayed in &ALL {
        let upstream = ScriptedUpstream::start();
        let world = in_front_of(&relayed.family, &upstream);
        upstream.enqueue(Reply::json(200, relayed.answer));
        let answer = world.send(asked(relayed.path, relayed.body)).await;
        assert_answer(&answer, 200, relayed.answer);
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert!(answer.header("x-aisix-dropped").is_none());
        let received = upstream.next_request().await;
        assert_eq!(received.path_and_query, relayed.upstream_path);
        assert_eq!(received.text(), relayed.body(UPSTREAM_MODEL));
        let (header, value) = relayed.family.credential;
        assert_eq!(received.header(header), Some(value));
        assert!(!format!("{:?}", received.headers).contains(CALLER));
    }
}

#[tokio::test]
async fn they_are_logged_and_counted_as_all_requests_are() {
    for relayed in &ALL {
        let upstream = ScriptedUpstream::start();
        let world = in_front_of(&relayed.family, &upstream);
        upstream.enqueue(Reply::json(200, relayed.answer));
        let answer = world.send(asked(relayed.path, relayed.body)).await;
        let id = answer.header("x-aisix-request-id").expect("an id");
        let outcome = world.recorder.outcome(id).await;
        assert_eq!(outcome.usage.map(|usage| (usage.input, usage.output)), relayed.usage);
        let labels = [
            ("endpoint", relayed.path),
            ("inbound_protocol", relayed.protocol),
            ("provider", relayed.family.name),
            ("model", MODEL),
            ("upstream_model", UPSTREAM_MODEL),
            ("provider_key_id", "pk"),
            ("provider_key_name", relayed.family.name),
            ("api_key_id", "k"),
        ];
        world.assert_counted(&names::LLM_REQUESTS, &[(&labels, 1.0)]);
        let input = relayed.usage.map(|(input, _)| (&labels[..], input as f64));
        world.assert_counted(&names::LLM_INPUT_TOKENS, input.as_slice());
        let line = logs::access_line(id).await;
        assert!(line.contains(&format!("path=\"{}\"", relayed.path)), "{line}");
        assert_eq!(line.contains("prompt_tokens=3"), relayed.usage.is_some(), "{line}");
    }
}

#[tokio::test]
async fn refusals_come_in_the_format_of_the_endpoint() {
    let upstream = ScriptedUpstream::start();
    let mut all = documents::standard(&upstream.base_url());
    all[2].1 = api_key(CALLER, &[MODEL, "ghost"]);
    all.push(("models/other".to_owned(), direct("other", UPSTREAM_MODEL, "pk")));
    let world = World::with(Settings::default(), &all);
    for relayed in &ALL {
        for (body, status, message) in [
            (relayed.body(""), 400, "Missing field 'model' in request"),
            (relayed.body("ghost"), 404, "Model 'ghost' not found"),
            (relayed.body("other"), 403, "Access to model 'other' is forbidden"),
            ("[".to_owned(), 400, "invalid JSON request body"),
            (
                relayed.body(MODEL).replacen('{', r#"{"model":"x","#, 1),
                400,
                "request payload is invalid: duplicate field 'model'",
            ),
        ] {
            let answer = world.send(asked(relayed.path, &body)).await;
            assert_eq!(answer.status, status, "{} {body}", relayed.path);
            assert_eq!(error_in(relayed.protocol, &answer.json()).1, message);
        }
        let answer = world.send(post(relayed.path, relayed.body)).await;
        assert_eq!(answer.status, 401);
        error_in(relayed.protocol, &answer.json());
    }
}

#[tokio::test]
async fn what_an_upstream_refuses_comes_without_the_credential_it_quotes() {
    for relayed in &ALL {
        let upstream = ScriptedUpstream::start();
        let world = in_front_of(&relayed.family, &upstream);
        let said = format!("no model for {SECRET} here");
        let failure = (relayed.family.failure)(&said);
        upstream.enqueue(Reply::json(404, failure.clone()));
        let answer = world.send(asked(relayed.path, relayed.body)).await;
        assert_eq!(answer.status, 404, "{}", answer.text());
        let message = error_in(relayed.protocol, &answer.json()).1;
        assert_eq!(message, "no model for *** here");
        // An error inside what looks like a success is none.
        upstream.enqueue(Reply::json(200, failure));
        let answer = world.send(asked(relayed.path, relayed.body)).await;
        assert!(answer.status >= 400 && !answer.text().contains(SECRET), "{}", answer.text());
        for nonsense in ["{}", "<html>", "{\"choices\":"] {
            upstream.enqueue(Reply::json(200, nonsense));
            let answer = world.send(asked(relayed.path, relayed.body)).await;
            assert_eq!(answer.status, 502, "{}", answer.text());
        }
    }
}

#[tokio::test]
async fn a_family_without_the_endpoint_is_not_called() {
    for relayed in &ALL {
        let upstream = ScriptedUpstream::start();
        let world = in_front_of(&relayed.other, &upstream);
        let answer = world.send(asked(relayed.path, relayed.body)).await;
        assert_eq!(answer.status, relayed.lacking, "{}", answer.text());
        let message = error_in(relayed.protocol, &answer.json()).1;
        assert!(message.contains(relayed.path.rsplit('/').next().expect("a word")), "{message}");
        assert!(upstream.requests().is_empty());
    }
}

#[tokio::test]
async fn a_group_passes_over_families_without_the_endpoint() {
    for relayed in &ALL {
        let (world, upstreams) = group_of([&relayed.other, &relayed.family]);
        upstreams[1].enqueue(Reply::json(200, relayed.answer));
        let answer = world.send(asked(relayed.path, relayed.body("g"))).await;
        assert_answer(&answer, 200, relayed.answer);
        assert_eq!(answer.header("x-aisix-served-by"), Some("second"));
        assert!(upstreams[0].requests().is_empty());
    }
}

#[tokio::test]
async fn a_group_says_how_who_was_asked_failed_rather_than_who_could_not_be_asked() {
    for relayed in &ALL {
        let (world, upstreams) = group_of([&relayed.family, &relayed.other]);
        upstreams[0].enqueue(Reply::json(503, "{}"));
        let answer = world.send(asked(relayed.path, relayed.body("g"))).await;
        assert_eq!(answer.status, 502, "{}", answer.text());
        assert_eq!(error_in(relayed.protocol, &answer.json()).1, "upstream returned 503");
    }
}

#[tokio::test]
async fn a_caller_that_leaves_takes_the_upstream_call_with_it() {
    for relayed in &ALL {
        let upstream = ScriptedUpstream::start();
        let world = in_front_of(&relayed.family, &upstream);
        let gate = Gate::new();
        upstream.enqueue(Reply::new().wait_for(&gate).hang());
        tokio::select! {
            answer = world.stream(asked(relayed.path, relayed.body)) => {
                panic!("an answer: {}", answer.status())
            }
            () = gate.reached() => {}
        }
        gate.open();
        upstream.wait_disconnected().await;
        assert_eq!(world.shared.in_flight(), 0);
    }
}

/// The frames of a streamed completion, the one with the usage and the marker last.
fn completion_frames() -> Vec<String> {
    let choice = |text: &str, finish: Value| json!({"text": text, "index": 0, "logprobs": null, "finish_reason": finish});
    let chunk = |choices: Value, usage: Value| {
        let chunk = json!({"id": "cmpl-1", "model": "gpt-3.5", "choices": choices, "usage": usage});
        format!("data: {chunk}\n\n")
    };
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5});
    vec![
        chunk(json!([choice("Hel", Value::Null)]), Value::Null),
        chunk(json!([choice("lo", json!("stop"))]), Value::Null),
        chunk(json!([]), usage),
        "data: [DONE]\n\n".to_owned(),
    ]
}

const STREAM: &str = r#"{"prompt":"hi","stream":true,"model":"my-gpt"}"#;

#[tokio::test]
async fn a_streamed_completion_passes_frame_by_frame_and_its_usage_is_counted() {
    let upstream = ScriptedUpstream::start();
    let world = in_front_of(&OPENAI, &upstream);
    let frames = completion_frames();
    upstream.enqueue(Reply::sse(frames.clone()));
    let mut answer = world.stream(asked("/v1/completions", STREAM)).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.head.headers["content-type"], "text/event-stream");
    // Nobody asked for the frame with the usage but the gateway.
    assert_eq!(answer.rest().await, [&frames[..2], &frames[3..]].concat().concat());
    let id = answer.head.headers["x-aisix-request-id"].to_str().expect("text").to_owned();
    drop(answer);
    let usage = world.recorder.outcome(&id).await.usage.expect("usage");
    assert_eq!((usage.input, usage.output), (3, 2));
    let received = upstream.next_request().await;
    assert_eq!(received.json::<Value>()["stream_options"], json!({"include_usage": true}));
    assert_eq!(received.header("accept"), Some("text/event-stream"));

    let body = STREAM.replacen('{', r#"{"stream_options":{"include_usage":true},"#, 1);
    upstream.enqueue(Reply::sse(frames.clone()));
    let mut answer = world.stream(asked("/v1/completions", body)).await;
    assert_eq!(answer.rest().await, frames.concat());
}

#[tokio::test]
async fn a_streamed_completion_that_breaks_off_says_so() {
    let upstream = ScriptedUpstream::start();
    let world = in_front_of(&OPENAI, &upstream);
    for reply in [
        Reply::open_sse().chunk(completion_frames()[0].clone()).end(),
        Reply::open_sse().chunk(completion_frames()[0].clone()).reset(),
    ] {
        upstream.enqueue(reply);
        let mut answer = world.stream(asked("/v1/completions", STREAM)).await;
        let text = answer.rest().await;
        assert!(text.contains("event: error\ndata: {\"error\":"), "{text}");
        assert!(!text.contains("[DONE]"), "{text}");
    }
}

#[tokio::test]
async fn every_form_of_input_is_passed_on() {
    let upstream = ScriptedUpstream::start();
    let world = in_front_of(&OPENAI, &upstream);
    for input in [r#""a""#, r#"["a","b"]"#, "[1,2,3]", "[[1,2],[3]]"] {
        upstream.enqueue(Reply::json(200, EMBEDDINGS.answer));
        let body = format!(r#"{{"model":"my-gpt","input":{input}}}"#);
        let answer = world.send(asked("/v1/embeddings", &body)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(upstream.next_request().await.text(), body.replace(MODEL, UPSTREAM_MODEL));
    }
    let answer = world.send(asked("/v1/embeddings", r#"{"model":"my-gpt"}"#)).await;
    assert_eq!(answer.status, 400);
    let message = error_in("openai", &answer.json()).1;
    assert_eq!(message, "request payload is invalid: missing field 'input'");
}

/// Wants to hold answers back, and changes what is to be embedded.
#[derive(Clone, Copy)]
struct Guard;

#[async_trait]
impl Hook for Guard {
    async fn on_request(&mut self, request: &mut HookRequest) -> Result<Flow, Error> {
        if let Payload::Embed(embed) = &mut request.payload {
            embed.value_mut()?.inputs.truncate(1);
        }
        Ok(Flow::Continue)
    }

    fn on_event(&mut self, _: &mut Carried<ChatEvents>) -> Result<(), Error> {
        panic!("what is passed on is no conversation")
    }
}

impl HookFactory for Guard {
    fn name(&self) -> &'static str {
        "guard"
    }

    fn interest(&self) -> Interest {
        Interest { request: Access::Write, response: Access::Hold }
    }

    fn start(&self, _: &Arc<RequestInfo>) -> Option<Box<dyn Hook>> {
        Some(Box::new(*self))
    }
}

#[tokio::test]
async fn hooks_see_what_is_asked_and_leave_what_is_passed_on_alone() {
    let upstream = ScriptedUpstream::start();
    let all = documents::standard(&upstream.base_url());
    let world = World::hooked(Settings::default(), &all, vec![Arc::new(Guard)]);
    upstream.enqueue(Reply::json(200, EMBEDDINGS.answer));
    let answer = world.send(asked(EMBEDDINGS.path, EMBEDDINGS.body)).await;
    assert_answer(&answer, 200, EMBEDDINGS.answer);
    let sent: Value = upstream.next_request().await.json();
    let expected = json!({
        "model": UPSTREAM_MODEL, "input": ["A"], "encoding_format": "base64", "dimensions": 2,
        "user": "u",
    });
    assert_eq!(sent, expected);

    let frames = completion_frames();
    upstream.enqueue(Reply::open_sse().chunk(frames[0].clone()).hang());
    let mut answer = world.stream(asked("/v1/completions", STREAM)).await;
    assert_eq!(answer.frame().await, Some(frames[0].clone()), "nothing is held back");
}
