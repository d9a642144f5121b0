//! Groups: who is tried, in which order, and which failures lead to the next.

use aisix_gateway::Settings;
use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, ScriptedUpstream};
use serde_json::{Value, json};

use crate::common::world::chat;
use crate::common::*;

/// Three upstreams behind a group `g` of the models `first`, `second` and `third`.
struct Group {
    upstreams: [ScriptedUpstream; 3],
    world: World,
}

impl Group {
    fn new(routing: Value) -> Self {
        Self::changed(routing, |_| {})
    }

    fn changed(routing: Value, change: impl FnOnce(&mut documents::Documents)) -> Self {
        let upstreams = [(); 3].map(|()| ScriptedUpstream::start());
        let mut model = group("g", &["first", "second", "third"]);
        let more = routing.as_object().expect("an object").clone();
        model["routing"].as_object_mut().expect("an object").extend(more);
        let mut all =
            documents::documents([("models/g", model), ("api_keys/k", api_key(CALLER, &["g"]))]);
        for (name, upstream) in ["first", "second", "third"].iter().zip(&upstreams) {
            all.push((format!("provider_keys/{name}"), provider_key(name, &upstream.base_url())));
            all.push((format!("models/{name}"), direct(name, &format!("{name}-up"), name)));
        }
        change(&mut all);
        Self { world: World::with(Settings::default(), &all), upstreams }
    }

    async fn ask(&self) -> aisix_testing::Response {
        self.world.chat(openai::chat_request("g", "hi")).await
    }

    /// How many requests each upstream got.
    fn calls(&self) -> [usize; 3] {
        [0, 1, 2].map(|index| self.upstreams[index].requests().len())
    }

    fn succeed(&self, index: usize) {
        self.upstreams[index].enqueue(Reply::json(200, openai::chat_completion("ok")));
    }
}

#[track_caller]
fn assert_served_by(answer: &aisix_testing::Response, name: &str) {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-aisix-served-by"), Some(name));
    assert_eq!(answer.json::<Value>()["model"], "g");
}

#[tokio::test]
async fn the_first_target_serves_under_the_name_that_the_caller_sent() {
    let group = Group::new(json!({}));
    group.succeed(0);
    let answer = group.ask().await;
    assert_served_by(&answer, "first");
    assert_eq!(group.calls(), [1, 0, 0]);
    let id = answer.header("x-aisix-request-id").expect("a request id");
    let outcome = group.world.recorder.outcome(id).await;
    assert_eq!(outcome.served_by.as_deref(), Some("first"));
    assert!(logs::access_line(id).await.contains("served_by_model=\"first\""));
    let sent: Value = group.upstreams[0].next_request().await.json();
    assert_eq!(sent["model"], "first-up");
}

#[tokio::test]
async fn a_direct_model_does_not_say_who_served() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
    let answer = World::of(&upstream).chat(world::whole("hi")).await;
    assert!(answer.header("x-aisix-served-by").is_none());
}

#[tokio::test]
async fn targets_are_tried_by_priority_and_then_as_declared() {
    let targets = json!([
        {"model": "first", "priority": -1},
        {"model": "second"},
        {"model": "third", "priority": 5},
    ]);
    let group = Group::new(json!({"targets": targets}));
    group.upstreams[2].enqueue(Reply::json(500, "{}"));
    group.upstreams[1].enqueue(Reply::json(500, "{}"));
    group.succeed(0);
    assert_served_by(&group.ask().await, "first");
    assert_eq!(group.calls(), [1, 1, 1]);
}

#[tokio::test]
async fn what_the_target_is_to_blame_for_leads_to_the_next() {
    for failure in [
        Reply::json(500, openai::error(500)),
        Reply::json(503, "not json"),
        Reply::json(302, "moved"),
        Reply::text(200, "<html>"),
        Reply::json(200, "{}"),
        Reply::json(200, r#"{"error":{"message":"overloaded"}}"#),
        Reply::json(200, r#"{"error":{"message":"overloaded","code":503}}"#),
        Reply::raw("nonsense\r\n\r\n").close(),
        Reply::new().close(),
        Reply::new().reset(),
        Reply::open(200, "application/json").chunk("{\"choices\":").close(),
        Reply::open(200, "application/json").chunk("{\"choices\":").reset(),
    ] {
        let group = Group::new(json!({}));
        let shown = format!("{failure:?}");
        group.upstreams[0].enqueue(failure);
        group.succeed(1);
        let answer = group.ask().await;
        assert_eq!(answer.header("x-aisix-served-by"), Some("second"), "after {shown}");
        assert_eq!(group.calls(), [1, 1, 0], "after {shown}");
    }
}

#[tokio::test]
async fn a_timeout_leads_to_the_next() {
    let group = Group::changed(json!({}), |all| {
        let first = all.iter_mut().find(|(key, _)| key == "models/first").expect("it is there");
        first.1["timeout"] = json!(20);
    });
    group.upstreams[0].enqueue(Reply::new().hang());
    group.succeed(1);
    assert_served_by(&group.ask().await, "second");
    group.upstreams[0].wait_disconnected().await;
}

#[tokio::test]
async fn what_the_request_is_to_blame_for_is_answered_at_once() {
    for status in [400, 401, 403, 404, 429] {
        let group = Group::new(json!({}));
        group.upstreams[0].enqueue(Reply::json(status, openai::error(status)));
        let answer = group.ask().await;
        assert_eq!(answer.status, status);
        assert_eq!(group.calls(), [1, 0, 0], "after {status}");
        assert!(answer.header("x-aisix-served-by").is_none());
    }
}

#[tokio::test]
async fn an_error_inside_an_answer_counts_as_the_status_that_it_names() {
    let group = Group::new(json!({}));
    let refused = r#"{"error":{"message":"no credit","code":402}}"#;
    group.upstreams[0].enqueue(Reply::json(200, refused));
    let answer = group.ask().await;
    assert_eq!(group.calls(), [1, 0, 0]);
    assert_eq!(answer.status, 402);
    assert_eq!(error_of(&answer)["type"], "upstream_in_band_error");
}

#[tokio::test]
async fn a_group_may_list_further_failures() {
    let group = Group::new(json!({"retry_on_429": true, "fallback_on_statuses": [401, 404]}));
    group.upstreams[0].enqueue(Reply::json(429, openai::error(429)));
    group.upstreams[1].enqueue(Reply::json(401, openai::error(401)));
    group.succeed(2);
    assert_served_by(&group.ask().await, "third");
    group.upstreams[0].enqueue(Reply::json(404, openai::error(404)));
    group.upstreams[1].enqueue(Reply::json(403, openai::error(403)));
    assert_eq!(group.ask().await.status, 403);
    assert_eq!(group.calls(), [2, 2, 1]);
}

#[tokio::test]
async fn when_all_fail_the_last_error_is_the_answer() {
    let group = Group::new(json!({"retry_on_429": true}));
    group.upstreams[0].enqueue(Reply::json(500, openai::error(500)));
    group.upstreams[1].enqueue(Reply::new().close());
    let limited = Reply::json(429, openai::error(429)).header("retry-after", "20");
    group.upstreams[2].enqueue(limited);
    let answer = group.ask().await;
    assert_eq!((answer.status, answer.header("retry-after")), (429, Some("20")));
    assert_eq!(group.calls(), [1, 1, 1]);
}

#[tokio::test]
async fn no_more_targets_are_tried_than_the_group_allows() {
    for (most, calls) in [(0, [1, 0, 0]), (1, [1, 1, 0]), (2, [1, 1, 1]), (9, [1, 1, 1])] {
        let group = Group::new(json!({"max_fallbacks": most}));
        for upstream in &group.upstreams {
            upstream.enqueue(Reply::json(500, "{}"));
        }
        assert_eq!(group.ask().await.status, 502);
        assert_eq!(group.calls(), calls, "for max_fallbacks {most}");
    }
}

#[tokio::test]
async fn targets_that_cannot_be_called_are_passed_over() {
    let targets = json!([
        {"model": "nothing"},
        {"model": "g"},
        {"model": "no-key"},
        {"model": "no-base"},
        {"model": "no-adapter"},
        {"model": "wild-*"},
        {"model": "wild"},
        {"model": "third"},
    ]);
    let group = Group::changed(json!({"targets": targets}), |all| {
        let mut no_base = provider_key("no-base", "");
        no_base.as_object_mut().expect("an object").remove("api_base");
        let mut no_adapter = provider_key("no-adapter", "http://127.0.0.1:9");
        no_adapter["adapter"] = json!("bedrock");
        all.extend(documents::documents([
            ("models/no-key", direct("no-key", "x", "gone")),
            ("models/no-base", direct("no-base", "x", "no-base")),
            ("models/no-adapter", direct("no-adapter", "x", "no-adapter")),
            ("models/wild-pattern", direct("wild-*", "x-*", "second")),
            ("models/wild", direct("wild", "x-*", "second")),
            ("provider_keys/no-base", no_base),
            ("provider_keys/no-adapter", no_adapter),
        ]));
    });
    group.succeed(2);
    assert_served_by(&group.ask().await, "third");
    assert_eq!(group.calls(), [0, 0, 1]);
}

#[tokio::test]
async fn a_direct_model_that_cannot_be_called_says_why() {
    let upstream = ScriptedUpstream::start();
    let mut no_base = provider_key("no-base", "");
    no_base["api_base"] = json!("   ");
    let mut no_vendor = provider_key("no-vendor", "http://127.0.0.1:9");
    no_vendor["adapter"] = json!("bedrock");
    let bad_base = provider_key("bad-base", "ftp://example.com");
    let mut all = documents::standard(&upstream.base_url());
    all.extend(documents::documents([
        ("models/no-key", direct("no-key", "x", "gone")),
        ("models/no-base", direct("no-base", "x", "no-base")),
        ("models/no-vendor", direct("no-vendor", "x", "no-vendor")),
        ("models/bad-base", direct("bad-base", "x", "bad-base")),
        ("models/empty-group", group("empty-group", &["nothing", "no-key"])),
        ("provider_keys/no-base", no_base),
        ("provider_keys/no-vendor", no_vendor),
        ("provider_keys/bad-base", bad_base),
    ]));
    let world = World::with(Settings::default(), &all);
    for (name, status, kind, message) in [
        (
            "no-key",
            503,
            "provider_unavailable",
            "the provider key of model 'no-key' does not exist",
        ),
        (
            "no-vendor",
            500,
            "config_error",
            "invalid upstream configuration: model_name 'x' names no vendor that Bedrock hosts",
        ),
        (
            "empty-group",
            503,
            "provider_unavailable",
            "the provider key of model 'no-key' does not exist",
        ),
    ] {
        let answer = world.chat(openai::chat_request(name, "hi")).await;
        let expected = json!({"message": message, "type": kind});
        assert_eq!((answer.status, error_of(&answer)), (status, expected), "for {name}");
    }
    for name in ["no-base", "bad-base"] {
        let answer = world.chat(openai::chat_request(name, "hi")).await;
        assert_eq!(answer.status, 400, "for {name}");
        let error = error_of(&answer);
        assert_eq!(error["type"], "invalid_request_error", "for {name}");
        let message = error["message"].as_str().expect("a message");
        assert!(message.starts_with("invalid upstream configuration: "), "{message}");
    }
}

#[tokio::test]
async fn a_stream_that_does_not_begin_leads_to_the_next() {
    for failure in [
        Reply::json(500, openai::error(500)),
        Reply::open_sse().end(),
        Reply::open_sse().close(),
        Reply::open_sse().reset(),
        Reply::sse(["data: nonsense\n\n"]),
        Reply::sse(["data: {\"error\":{\"message\":\"overloaded\"}}\n\n"]),
        Reply::sse([": hello\n\n"]),
        Reply::json(200, "{}"),
    ] {
        let group = Group::new(json!({}));
        let shown = format!("{failure:?}");
        group.upstreams[0].enqueue(failure);
        group.upstreams[1].enqueue(Reply::sse(openai::chat_stream(["from the second"])));
        let request = openai::chat_stream_request("g", "hi");
        let mut answer = group.world.stream(chat(request)).await;
        assert_eq!(answer.head.headers["x-aisix-served-by"], "second", "after {shown}");
        let text = answer.rest().await;
        assert!(text.contains("from the second") && text.ends_with(openai::DONE), "{text}");
    }
}

#[tokio::test]
async fn nobody_else_speaks_once_a_stream_has_begun() {
    let group = Group::new(json!({}));
    let frames = openai::chat_stream(["one"]);
    group.upstreams[0].enqueue(Reply::open_sse().chunks(frames[..2].to_vec()).reset());
    let mut answer = group.world.stream(chat(openai::chat_stream_request("g", "hi"))).await;
    assert_eq!(answer.head.headers["x-aisix-served-by"], "first");
    let text = answer.rest().await;
    assert!(text.contains("event: error\n"), "{text}");
    assert_eq!(group.calls(), [1, 0, 0]);
}

#[tokio::test]
async fn a_name_that_is_no_header_value_is_not_said() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
    let mut all = documents::standard(&upstream.base_url());
    all[1].1 = direct("mod\u{e8}le\n", "x", "pk");
    all.push(("models/g".to_owned(), group("g", &["mod\u{e8}le\n"])));
    let world = World::with(Settings::default(), &all);
    let answer = world.chat(openai::chat_request("g", "hi")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.headers.get("x-aisix-served-by").is_none());
}
