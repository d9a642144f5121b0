//! What is counted of requests, sample by sample.

use std::sync::Arc;

use aisix_gateway::Settings;
use aisix_hooks::{Access, Hook, HookFactory, Interest, RequestInfo};
use aisix_telemetry::names;
use aisix_testing::fixtures::openai::{self, PROMPT_TOKENS};
use aisix_testing::{Gate, Reply, ScriptedUpstream, wait};
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _};
use http::Request;
use http_body_util::Full;
use serde_json::json;

use crate::common::world::{chat, post, streamed, whole};
use crate::common::*;

/// The labels of a request that the standard model served to the standard caller.
const SERVED: [(&str, &str); 6] = [
    ("provider", "openai"),
    ("model", MODEL),
    ("upstream_model", UPSTREAM_MODEL),
    ("provider_key_id", "pk"),
    ("provider_key_name", "pk"),
    ("api_key_id", "k"),
];

/// The same, and these.
fn served<'a>(more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    [&SERVED, more].concat()
}

fn authorized(mut request: Request<Full<Bytes>>, key: &str) -> Request<Full<Bytes>> {
    let value = format!("Bearer {key}").parse().expect("a header value");
    request.headers_mut().insert("authorization", value);
    request
}

fn get(method: &str, path: &str) -> Request<Full<Bytes>> {
    let request = Request::builder().method(method).uri(path);
    request.body(Full::new(Bytes::new())).expect("a request")
}

#[tokio::test]
async fn a_whole_answer_is_counted_with_all_that_is_known_of_it() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::json(200, openai::chat_completion("one two three")));
    let mut all = documents::standard(&upstream.base_url());
    all[1].1["cost"] = json!({"input_per_1k": 0.5, "output_per_1k": 2.0});
    all[2].1["team_id"] = json!("red");
    all[2].1["user_id"] = json!("u-1");
    all[2].1["user_name"] = json!("");
    let mut settings = Settings::default();
    settings.metrics.env_id = "prod".into();
    let world = World::with(settings, &all);
    let mut request = chat(whole("hi"));
    let user_agent = "OpenAI/Python 1.99.0".parse().expect("a value");
    request.headers_mut().insert("user-agent", user_agent);
    assert_eq!(world.send(request).await.status, 200);

    let labels = served(&[("team_id", "red"), ("user_id", "u-1")]);
    let model = [("provider", "openai"), ("model", MODEL)];
    for metric in [
        &names::PROXY_REQUESTS,
        &names::PROXY_REQUEST_DURATION,
        &names::LLM_REQUESTS,
        &names::LLM_REQUEST_DURATION,
    ] {
        world.assert_counted(metric, &[(&labels, 1.0)]);
    }
    world.assert_counted(&names::REQUESTS, &[(&model, 1.0)]);
    world.assert_counted(&names::REQUEST_DURATION, &[(&model, 1.0)]);
    let latency = [("provider", "openai"), ("model", MODEL), ("env_id", "prod")];
    world.assert_counted(&names::REQUEST_E2E_LATENCY, &[(&latency, 1.0)]);
    let (input, output) = (PROMPT_TOKENS as f64, 3.0);
    world.assert_counted(&names::LLM_INPUT_TOKENS, &[(&labels, input)]);
    world.assert_counted(&names::LLM_OUTPUT_TOKENS, &[(&labels, output)]);
    world.assert_counted(&names::LLM_TOTAL_TOKENS, &[(&labels, input + output)]);
    world.assert_counted(&names::TOKENS_CONSUMED, &[(&model, input + output)]);
    let spend = input * 500.0 + output * 2000.0;
    world.assert_counted(&names::LLM_SPEND, &[(&labels, spend)]);
    let client = |kind| [("client_type", "openai-python"), ("model", MODEL), ("token_type", kind)];
    world.assert_counted(
        &names::LLM_TOKENS_BY_CLIENT,
        &[
            (&client("input"), input),
            (&client("output"), output),
            (&client("total"), input + output),
        ],
    );
    let allowed = [("method", "api_key"), ("result", "allowed"), ("reason", "none")];
    world.assert_counted(&names::AUTH_DECISIONS, &[(&allowed, 1.0)]);
    world.assert_counted(&names::PROXY_IN_FLIGHT, &[(&[], 0.0)]);
    for absent in [
        &names::PROXY_FAILED_REQUESTS,
        &names::PROXY_CLIENT_CANCELLED,
        &names::LLM_TIME_TO_FIRST_TOKEN,
        &names::REQUEST_TTFT,
        &names::DEPLOYMENT_REQUESTS,
        &names::SUCCESSFUL_FALLBACKS,
    ] {
        world.assert_counted(absent, &[]);
    }
}

#[tokio::test]
async fn a_stream_is_counted_at_its_end() {
    let upstream = ScriptedUpstream::start();
    let gate = Gate::new();
    let frames = openai::chat_stream_with_usage(["a", "b"]);
    let (first, rest) = frames.split_at(1);
    let reply = Reply::open_sse().chunks(first.to_vec()).wait_for(&gate);
    upstream.enqueue(reply.chunks(rest.to_vec()).end());
    let world = World::of(&upstream);
    let mut answer = world.stream(chat(streamed("hi"))).await;
    assert!(answer.frame().await.is_some());
    world.assert_counted(&names::PROXY_REQUESTS, &[]);
    world.assert_counted(&names::PROXY_IN_FLIGHT, &[(&[], 1.0)]);
    gate.open();
    assert!(answer.rest().await.ends_with(openai::DONE));
    drop(answer);

    let labels = served(&[("stream", "true")]);
    world.assert_counted(&names::PROXY_REQUESTS, &[(&labels, 1.0)]);
    world.assert_counted(&names::LLM_REQUESTS, &[(&labels, 1.0)]);
    world.assert_counted(&names::LLM_TIME_TO_FIRST_TOKEN, &[(&SERVED, 1.0)]);
    let latency = [("provider", "openai"), ("model", MODEL), ("streaming", "true")];
    world.assert_counted(&names::REQUEST_TTFT, &[(&latency, 1.0)]);
    world.assert_counted(&names::REQUEST_E2E_LATENCY, &[(&latency, 1.0)]);
    world.assert_counted(&names::LLM_INPUT_TOKENS, &[(&SERVED, PROMPT_TOKENS as f64)]);
    world.assert_counted(&names::LLM_OUTPUT_TOKENS, &[(&SERVED, 2.0)]);
    world.assert_counted(&names::LLM_SPEND, &[]);
    world.assert_counted(&names::PROXY_IN_FLIGHT, &[(&[], 0.0)]);
}

#[tokio::test]
async fn a_credential_that_is_refused_is_counted_with_the_reason() {
    let upstream = ScriptedUpstream::start();
    let mut all = documents::standard(&upstream.base_url());
    let mut disabled = api_key("sk-disabled", &["*"]);
    disabled["disabled"] = json!(true);
    let mut expired = api_key("sk-expired", &["*"]);
    expired["expires_at"] = json!("2020-01-01T00:00:00Z");
    all.extend(documents::documents([("api_keys/d", disabled), ("api_keys/e", expired)]));
    let world = World::with(Settings::default(), &all);
    let ask = || post("/v1/chat/completions", whole("hi"));
    assert_eq!(world.send(ask()).await.status, 401);
    for key in ["", "sk-nobody", "sk-disabled", "sk-expired"] {
        assert_eq!(world.send(authorized(ask(), key)).await.status, 401, "{key}");
    }
    let denied = |method, reason| [("method", method), ("result", "denied"), ("reason", reason)];
    world.assert_counted(
        &names::AUTH_DECISIONS,
        &[
            (&denied("none", "missing_credentials"), 2.0),
            (&denied("api_key", "unknown_key"), 1.0),
            (&denied("api_key", "key_disabled"), 1.0),
            (&denied("api_key", "key_expired"), 1.0),
        ],
    );
    let refused = [("status", "401"), ("outcome", "client_error")];
    for metric in [&names::PROXY_REQUESTS, &names::PROXY_FAILED_REQUESTS, &names::LLM_REQUESTS] {
        world.assert_counted(metric, &[(&refused, 5.0)]);
    }
    world.assert_counted(&names::REQUEST_E2E_LATENCY, &[(&[("status_class", "4xx")], 5.0)]);
    world.assert_counted(&names::PROXY_IN_FLIGHT, &[(&[], 0.0)]);
}

#[tokio::test]
async fn a_model_that_is_not_served_is_counted_by_what_the_configuration_calls_it() {
    let upstream = ScriptedUpstream::start();
    let mut all = documents::standard(&upstream.base_url());
    all[2].1["allowed_models"] = json!(["other", "gpt-x*"]);
    all.push(("models/w".to_owned(), direct("gpt-*", "gpt-*", "pk")));
    let world = World::with(Settings::default(), &all);
    for (body, status) in [
        (openai::chat_request(MODEL, "hi"), 403),
        (openai::chat_request("gpt-secret", "hi"), 403),
        (openai::chat_request("other", "hi"), 404),
        (r#"{"messages": []}"#.to_owned(), 400),
        ("{".to_owned(), 400),
        (r#"{"model": "gpt-x", "messages": 1}"#.to_owned(), 400),
    ] {
        assert_eq!(world.chat(body).await.status, status);
    }
    let of = |model, status| {
        [("model", model), ("status", status), ("outcome", "client_error"), ("api_key_id", "k")]
    };
    let expected: [(&[_], f64); 5] = [
        (&of(MODEL, "403"), 1.0),
        (&of("gpt-*", "403"), 1.0),
        (&of("unresolved", "404"), 1.0),
        (&of("unknown", "400"), 2.0),
        (&of("gpt-*", "400"), 1.0),
    ];
    world.assert_counted(&names::PROXY_REQUESTS, &expected);
    world.assert_counted(&names::LLM_REQUESTS, &expected);
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn traffic_of_a_pattern_is_counted_as_the_pattern() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("ok")));
    let mut all = documents::standard(&upstream.base_url());
    all.push(("models/w".to_owned(), direct("gpt-*", "vendor/gpt-*-latest", "pk")));
    let world = World::with(Settings::default(), &all);
    for name in ["gpt-a", "gpt-b"] {
        assert_eq!(world.chat(openai::chat_request(name, "hi")).await.status, 200);
    }
    let mut labels = served(&[]);
    labels[1].1 = "gpt-*";
    labels[2].1 = "vendor/gpt-*-latest";
    world.assert_counted(&names::PROXY_REQUESTS, &[(&labels, 2.0)]);
}

#[tokio::test]
async fn a_body_that_is_too_large_is_counted_by_how_much_of_it_was_read() {
    let upstream = ScriptedUpstream::start();
    let settings = Settings { body_limit: Some(10), ..Settings::default() };
    let world = World::set(&upstream, settings);
    let declared = |length: &str| {
        let mut request = post("/v1/chat/completions", "12345678901");
        request.headers_mut().insert("content-length", length.parse().expect("a value"));
        request
    };
    assert_eq!(world.send(declared("11")).await.status, 413);
    assert_eq!(world.chat("12345678901").await.status, 413);
    let broken = http_body_util::StreamBody::new(futures_util::stream::iter([
        Ok(http_body::Frame::data(Bytes::from_static(b"12345678901"))),
        Err(std::io::Error::other("gone")),
    ]));
    let request = Request::post("/v1/chat/completions").header("authorization", CALLER);
    assert_eq!(world.send(request.body(broken).expect("a request")).await.status, 413);
    world.assert_counted(
        &names::PROXY_BODY_LIMIT_REJECTIONS,
        &[(&[("outcome", "completed")], 2.0), (&[("outcome", "incomplete")], 1.0)],
    );
    let refused = [("status", "413"), ("outcome", "client_error")];
    let known = [refused[0], refused[1], ("api_key_id", "k")];
    world.assert_counted(&names::PROXY_REQUESTS, &[(&refused, 1.0), (&known, 2.0)]);
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn what_an_upstream_refuses_or_breaks_is_counted_by_what_the_caller_saw() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::json(429, openai::error(429)));
    upstream.enqueue(Reply::json(500, openai::error(500)));
    upstream.enqueue(Reply::json(499, "{}"));
    let frames = openai::chat_stream(["a"]);
    upstream.enqueue(Reply::open_sse().chunks(frames[..2].to_vec()).reset());
    let world = World::of(&upstream);
    for status in [429, 502, 499] {
        assert_eq!(world.chat(whole("hi")).await.status, status);
    }
    let text = world.stream(chat(streamed("hi"))).await.rest().await;
    assert!(text.contains("event: error"), "{text}");
    wait::until("the request to be over", || world.shared.in_flight() == 0).await;
    let of = |status, outcome| served(&[("status", status), ("outcome", outcome)]);
    let (limited, broken) = (of("429", "rate_limited"), of("502", "upstream_error"));
    let (odd, aborted) = (of("499", "client_error"), served(&[("stream", "true")]));
    let failed: [(&[_], f64); 3] = [(&limited, 1.0), (&broken, 1.0), (&odd, 1.0)];
    world.assert_counted(&names::PROXY_FAILED_REQUESTS, &failed);
    world.assert_counted(
        &names::PROXY_REQUESTS,
        &[failed[0], failed[1], failed[2], (&aborted, 1.0)],
    );
    // Nobody left, whatever the upstream's status looks like.
    world.assert_counted(&names::PROXY_CLIENT_CANCELLED, &[]);
}

#[tokio::test]
async fn attempts_of_a_group_are_counted_one_by_one() {
    let (first, second) = (ScriptedUpstream::start(), ScriptedUpstream::start());
    let mut all = documents::standard(&first.base_url());
    all.extend(documents::documents([
        ("provider_keys/second", provider_key("second", &second.base_url())),
        ("models/second", direct("backup", "x", "second")),
        ("models/g", group("g", &[MODEL, "backup"])),
    ]));
    let world = World::with(Settings::default(), &all);
    let ask = || world.chat(openai::chat_request("g", "hi"));
    first.enqueue(Reply::json(200, openai::chat_completion("ok")));
    assert_eq!(ask().await.status, 200);
    first.enqueue(Reply::json(500, "{}"));
    second.enqueue(Reply::json(200, openai::chat_completion("ok")));
    assert_eq!(ask().await.status, 200);
    first.enqueue(Reply::json(500, "{}"));
    second.enqueue(Reply::json(500, "{}"));
    assert_eq!(ask().await.status, 502);
    // A direct call is no attempt of a group.
    first.enqueue(Reply::json(200, openai::chat_completion("ok")));
    assert_eq!(world.chat(whole("hi")).await.status, 200);

    let target = [SERVED[0], SERVED[1], SERVED[2], SERVED[3]];
    let backup = [
        ("provider", "openai"),
        ("model", "backup"),
        ("upstream_model", "x"),
        ("provider_key_id", "second"),
    ];
    world.assert_counted(&names::DEPLOYMENT_REQUESTS, &[(&target, 3.0), (&backup, 2.0)]);
    world.assert_counted(&names::DEPLOYMENT_SUCCESSES, &[(&target, 1.0), (&backup, 1.0)]);
    world.assert_counted(&names::DEPLOYMENT_FAILURES, &[(&target, 2.0), (&backup, 1.0)]);
    let fallback = [("model", "g"), ("fallback_model", "backup")];
    world.assert_counted(&names::SUCCESSFUL_FALLBACKS, &[(&fallback, 1.0)]);
    world.assert_counted(&names::FAILED_FALLBACKS, &[(&fallback, 1.0)]);

    let mut by_first = served(&[]);
    by_first[1].1 = "g";
    let by_second = |more: &[(&'static str, &'static str)]| {
        let key = [("provider_key_id", "second"), ("provider_key_name", "second")];
        let rest = [("model", "g"), ("upstream_model", "x"), ("is_fallback", "true")];
        [&SERVED[..1], &SERVED[5..], &key, &rest, more].concat()
    };
    let failed = [("status", "502"), ("outcome", "upstream_error")];
    world.assert_counted(
        &names::PROXY_REQUESTS,
        &[(&by_first, 1.0), (&by_second(&[]), 1.0), (&by_second(&failed), 1.0), (&SERVED, 1.0)],
    );
}

#[tokio::test]
async fn a_target_that_cannot_do_what_is_asked_is_not_counted_as_called() {
    let (first, second) = (ScriptedUpstream::start(), ScriptedUpstream::start());
    let mut unable = provider_key("unable", &second.base_url());
    (unable["provider"], unable["adapter"]) = ("anthropic".into(), "anthropic".into());
    let mut all = documents::standard(&first.base_url());
    all.extend(documents::documents([
        ("provider_keys/unable", unable),
        ("models/unable", direct("unable", "x", "unable")),
        ("models/g", group("g", &["unable", MODEL])),
        ("models/h", group("h", &["unable"])),
    ]));
    let world = World::with(Settings::default(), &all);
    let embed = |model: &str| {
        let body = json!({"model": model, "input": "hi"}).to_string();
        authorized(post("/v1/embeddings", body), CALLER)
    };
    let list = json!({"object": "list", "model": "x", "data": [
        {"object": "embedding", "index": 0, "embedding": [0.5]}
    ], "usage": {"prompt_tokens": 1, "total_tokens": 1}});
    first.enqueue(Reply::json(200, list.to_string()));
    assert_eq!(world.send(embed("g")).await.status, 200);
    assert_eq!(world.send(embed("h")).await.status, 501);
    assert!(second.requests().is_empty());

    let target = [SERVED[0], SERVED[1], SERVED[2], SERVED[3]];
    world.assert_counted(&names::DEPLOYMENT_REQUESTS, &[(&target, 1.0)]);
    world.assert_counted(&names::DEPLOYMENT_SUCCESSES, &[(&target, 1.0)]);
    world.assert_counted(&names::DEPLOYMENT_FAILURES, &[]);
}

#[tokio::test]
async fn a_caller_that_leaves_is_counted_once() {
    let upstream = ScriptedUpstream::start();
    let gate = Gate::new();
    upstream.enqueue(Reply::new().wait_for(&gate).hang());
    let world = World::of(&upstream);
    tokio::select! {
        answer = world.stream(chat(whole("hi"))) => panic!("an answer: {}", answer.status()),
        () = gate.reached() => {}
    }
    let left = served(&[("status", "499"), ("outcome", "client_error")]);
    world.assert_counted(&names::PROXY_REQUESTS, &[(&left, 1.0)]);
    let cancelled = [SERVED[1], SERVED[3], SERVED[4]];
    world.assert_counted(&names::PROXY_CLIENT_CANCELLED, &[(&cancelled, 1.0)]);

    let later = Gate::new();
    let frames = openai::chat_stream(["a", "b"]);
    upstream.enqueue(Reply::open_sse().chunks(frames[..2].to_vec()).wait_for(&later).hang());
    let mut answer = world.stream(chat(streamed("hi"))).await;
    assert!(answer.frame().await.is_some());
    drop(answer);
    wait::until("the request to be over", || world.shared.in_flight() == 0).await;
    // It saw the beginning of an answer.
    let begun = served(&[("stream", "true")]);
    world.assert_counted(&names::PROXY_REQUESTS, &[(&left, 1.0), (&begun, 1.0)]);
    world.assert_counted(&names::PROXY_CLIENT_CANCELLED, &[(&cancelled, 1.0)]);
    world.assert_counted(&names::LLM_TIME_TO_FIRST_TOKEN, &[(&SERVED, 1.0)]);
    world.assert_counted(&names::PROXY_IN_FLIGHT, &[(&[], 0.0)]);
}

#[tokio::test]
async fn what_is_for_no_model_is_counted_as_a_request_and_probes_are_not() {
    let upstream = ScriptedUpstream::start();
    let world = World::of(&upstream);
    for (method, path, status) in [
        ("GET", "/v1/models", 200),
        ("HEAD", "/v1/models", 200),
        ("PUT", "/v1/models", 405),
        ("GET", "/no/where/sk-secret", 404),
        ("GET", "/livez", 200),
        ("GET", "/readyz", 200),
    ] {
        assert_eq!(world.send(authorized(get(method, path), CALLER)).await.status, status);
    }
    let list = [("endpoint", "/v1/models"), ("api_key_id", "k")];
    let refused = |endpoint, protocol, status| {
        let where_ = [("endpoint", endpoint), ("inbound_protocol", protocol)];
        [where_[0], where_[1], ("status", status), ("outcome", "client_error")]
    };
    world.assert_counted(
        &names::PROXY_REQUESTS,
        &[
            (&list, 2.0),
            (&refused("/v1/models", "openai", "405"), 1.0),
            (&refused("unknown", "unknown", "404"), 1.0),
        ],
    );
    world.assert_counted(&names::LLM_REQUESTS, &[]);
    world.assert_counted(&names::PROXY_IN_FLIGHT, &[(&list[..1], 0.0)]);
}

#[tokio::test]
async fn before_the_first_configuration_requests_are_counted_too() {
    let shared =
        aisix_gateway::Shared::new(Settings::default(), aisix_adapters::Adapters::builtin());
    let client = aisix_gateway::Client::new(&shared.settings().upstream, world::trust());
    let gateway = aisix_gateway::Gateway::new(shared.clone(), client);
    let Ok(answer) = tower::ServiceExt::oneshot(gateway, chat(whole("hi"))).await;
    assert_eq!(answer.status(), 503);
    let mut text = aisix_telemetry::Exposition::default();
    shared.metrics().write(&mut text);
    let sample = "aisix_requests_total{provider=\"unknown\",model=\"unknown\",status=\"503\",\
                  outcome=\"upstream_error\"} 1\n";
    assert!(text.into_text().contains(sample));
}

#[tokio::test]
async fn nothing_that_a_caller_sends_becomes_a_label() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("ok")));
    let mut all = documents::standard(&upstream.base_url());
    all.push(("models/w".to_owned(), direct("gpt-*", "gpt-*", "pk")));
    let world = World::with(Settings::default(), &all);
    let planted = "planted-by-a-caller";
    for name in [format!("gpt-{planted}"), planted.to_owned()] {
        for header in ["user-agent", "x-aisix-request-id", "x-forwarded-for", "host"] {
            let mut request = chat(openai::chat_request(&name, planted));
            request.headers_mut().insert(header, planted.parse().expect("a value"));
            world.send(request).await;
        }
    }
    world.send(authorized(post("/v1/chat/completions", whole("hi")), planted)).await;
    world.send(get("GET", &format!("/{planted}"))).await;
    world.send(get("PLANTED-BY-A-CALLER", "/v1/models")).await;
    let text = world.metrics_text();
    assert!(text.contains("gpt-*") && !text.to_lowercase().contains(planted), "{text}");
    for secret in [CALLER, SECRET, &aisix_core::KeyHash::of(CALLER).to_string()] {
        assert!(!text.contains(secret), "{text}");
    }
}

/// Bytes, then nothing, and no end.
fn unfinished(
    bytes: &'static [u8],
) -> impl http_body::Body<Data = Bytes, Error = std::io::Error> + Unpin {
    let beginning =
        futures_util::stream::iter([Ok(http_body::Frame::data(Bytes::from_static(bytes)))]);
    http_body_util::StreamBody::new(beginning.chain(futures_util::stream::pending()))
}

#[tokio::test]
async fn a_caller_that_leaves_while_it_sends_is_counted_by_what_it_was_told() {
    let upstream = ScriptedUpstream::start();
    let settings = Settings { body_limit: Some(10), ..Settings::default() };
    let world = World::set(&upstream, settings);
    let begin = || Request::post("/v1/chat/completions").header("authorization", CALLER);
    let small = begin().body(unfinished(b"{")).expect("a request");
    assert!(world.send(small).now_or_never().is_none());
    let left = [("status", "499"), ("outcome", "client_error"), ("api_key_id", "k")];
    world.assert_counted(&names::PROXY_REQUESTS, &[(&left, 1.0)]);
    world.assert_counted(&names::PROXY_CLIENT_CANCELLED, &[(&[], 1.0)]);
    world.assert_counted(&names::PROXY_BODY_LIMIT_REJECTIONS, &[]);

    let large = begin().header("content-length", "11").body(unfinished(b"{")).expect("a request");
    assert!(world.send(large).now_or_never().is_none());
    let refused = [("status", "413"), ("outcome", "client_error")];
    world.assert_counted(&names::PROXY_REQUESTS, &[(&left, 1.0), (&refused, 1.0)]);
    world.assert_counted(
        &names::PROXY_BODY_LIMIT_REJECTIONS,
        &[(&[("outcome", "incomplete")], 1.0)],
    );
    world.assert_counted(&names::PROXY_IN_FLIGHT, &[(&[], 0.0)]);
}

/// Sees answers whole before anything of them passes.
struct Holds;

impl HookFactory for Holds {
    fn name(&self) -> &'static str {
        "holds"
    }

    fn interest(&self) -> Interest {
        Interest { response: Access::Hold, ..Interest::default() }
    }

    fn start(&self, _: &Arc<RequestInfo>) -> Option<Box<dyn Hook>> {
        None
    }
}

#[tokio::test]
async fn a_stream_that_is_held_back_begins_when_it_is_released() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::sse(openai::chat_stream_with_usage(["a", "b"])));
    let all = documents::standard(&upstream.base_url());
    let world = World::hooked(Settings::default(), &all, vec![Arc::new(Holds)]);
    assert_eq!(world.send(chat(streamed("hi"))).await.status, 200);
    let labels = served(&[("stream", "true")]);
    world.assert_counted(&names::PROXY_REQUESTS, &[(&labels, 1.0)]);
    world.assert_counted(&names::LLM_TIME_TO_FIRST_TOKEN, &[(&SERVED, 1.0)]);
    world.assert_counted(&names::LLM_OUTPUT_TOKENS, &[(&SERVED, 2.0)]);
}
