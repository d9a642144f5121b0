//! Every format of conversations reaches every family of upstreams.

use aisix_core::ErrorCode;
use aisix_gateway::Settings;
use aisix_telemetry::names;
use aisix_testing::fixtures::openai::PROMPT_TOKENS;
use aisix_testing::{Gate, Reply, ScriptedUpstream, wait};
use serde_json::{Value, json};

use crate::common::spoken::{
    ANTHROPIC, CHAT, FAMILIES, FORMATS, Family, MESSAGES, OPENAI, Spoken, error_in, group_of,
    in_front_of,
};
use crate::common::*;

/// Runs for each format in front of each family.
async fn for_every_pair(check: impl AsyncFn(&Spoken, &Family, &ScriptedUpstream, World)) {
    for spoken in &FORMATS {
        for family in &FAMILIES {
            let upstream = ScriptedUpstream::start();
            let world = in_front_of(family, &upstream);
            check(spoken, family, &upstream, world).await;
        }
    }
}

#[tokio::test]
async fn a_whole_answer_comes_in_the_format_and_under_the_name_that_was_asked_for() {
    for_every_pair(async |spoken, family, upstream, world| {
        upstream.enqueue(family.whole(spoken, "one two three"));
        let answer = world.send(spoken.request(spoken.body(MODEL, "hi", false))).await;
        let pair = format!("{} over {}", spoken.path, family.name);
        assert_eq!(answer.status, 200, "{pair}: {}", answer.text());
        assert_eq!(answer.header("content-type"), Some("application/json"), "{pair}");
        assert_eq!(spoken.text(&answer), "one two three", "{pair}");
        assert_eq!(answer.json::<Value>()["model"], MODEL, "{pair}");
        let received = upstream.next_request().await;
        assert_eq!(received.path_and_query, (family.path)(spoken), "{pair}");
        let (header, value) = family.credential;
        assert_eq!(received.header(header), Some(value), "{pair}");
        assert_eq!(received.json::<Value>()["model"], UPSTREAM_MODEL, "{pair}");
        let sent = format!("{:?} {}", received.headers, received.text());
        assert!(!sent.contains(CALLER), "{pair}: {sent}");
    })
    .await;
}

#[tokio::test]
async fn a_streamed_answer_comes_in_the_format_that_was_asked_for_and_ends_as_there() {
    for_every_pair(async |spoken, family, upstream, world| {
        upstream.enqueue(Reply::sse(family.stream(spoken, &["Hel", "lo"])));
        let mut answer = world.stream(spoken.request(spoken.body(MODEL, "hi", true))).await;
        let pair = format!("{} over {}", spoken.path, family.name);
        assert_eq!(answer.status(), 200, "{pair}");
        assert_eq!(answer.head.headers["content-type"], "text/event-stream", "{pair}");
        assert_eq!(answer.head.headers["cache-control"], "no-cache", "{pair}");
        let text = answer.rest().await;
        assert_eq!(spoken.streamed_text(&text), "Hello", "{pair}: {text}");
        let last = text.trim_end().rsplit("\n\n").next().expect("a frame");
        assert!(last.starts_with(spoken.last.trim_end()), "{pair}: {text}");
        assert!(text.contains(MODEL) && !text.contains("claude-opus"), "{pair}: {text}");
        let id = answer.head.headers["x-aisix-request-id"].to_str().expect("text").to_owned();
        drop(answer);
        let usage = world.recorder.outcome(&id).await.usage.expect("usage");
        assert_eq!((usage.input, usage.output), (PROMPT_TOKENS, 2), "{pair}");
    })
    .await;
}

#[tokio::test]
async fn refusals_come_in_the_format_of_the_endpoint() {
    let upstream = ScriptedUpstream::start();
    let mut all = documents::standard(&upstream.base_url());
    all[2].1 = api_key(CALLER, &[MODEL, "ghost"]);
    all.push(("models/other".to_owned(), direct("other", UPSTREAM_MODEL, "pk")));
    let settings = Settings { body_limit: Some(500), ..Settings::default() };
    let world = World::with(settings, &all);
    for spoken in &FORMATS {
        let mut nameless = spoken.body("", "hi", false);
        nameless["model"].take();
        for (body, status, kind, message) in [
            (nameless, 400, "invalid_request_error", "Missing field 'model' in request"),
            (spoken.body("ghost", "", false), 404, "not_found_error", "Model 'ghost' not found"),
            (
                spoken.body("other", "", false),
                403,
                "permission_error",
                "Access to model 'other' is forbidden",
            ),
            (json!([]), 400, "invalid_request_error", "invalid JSON request body"),
            (
                spoken.body(MODEL, &"x".repeat(500), false),
                413,
                "request_too_large",
                "request body exceeds the limit of 500 bytes",
            ),
        ] {
            let answer = world.send(spoken.request(&body)).await;
            assert_eq!(answer.status, status, "{} {body}", spoken.path);
            let (found, said, _) = error_in(spoken.protocol, &answer.json());
            assert_eq!(said, message);
            // OpenAI's types say less.
            let kind = if spoken.protocol == "anthropic" { kind } else { "invalid_request_error" };
            assert_eq!(found, kind);
        }
        let body = spoken.body(MODEL, "hi", false).to_string();
        let answer = world.send(post(spoken.path, body)).await;
        assert_eq!(answer.status, 401);
        let (kind, message, _) = error_in(spoken.protocol, &answer.json());
        let anthropic = spoken.protocol == "anthropic";
        assert_eq!(kind, if anthropic { "authentication_error" } else { "invalid_api_key" });
        assert_eq!(message, "Missing API key in request");
    }
}

#[tokio::test]
async fn what_an_upstream_refuses_comes_without_the_credential_it_quotes() {
    for_every_pair(async |spoken, family, upstream, world| {
        let said = format!("no model for {SECRET} here");
        upstream.enqueue(Reply::json(400, (family.failure)(&said)));
        let answer = world.send(spoken.request(spoken.body(MODEL, "hi", false))).await;
        assert_eq!(answer.status, 400, "{}", answer.text());
        let (_, message, _) = error_in(spoken.protocol, &answer.json());
        assert_eq!(message, family.canned.unwrap_or("no model for *** here"));
        assert!(!logs::text().contains(&said));

        upstream.enqueue(Reply::json(500, (family.failure)(&said)));
        let answer = world.send(spoken.request(spoken.body(MODEL, "hi", true))).await;
        assert_eq!(answer.status, 502, "{}", answer.text());
        assert_eq!(error_in(spoken.protocol, &answer.json()).1, "upstream returned 500");

        let wait = Reply::json(429, (family.failure)("slow down")).header("retry-after", "7");
        upstream.enqueue(wait);
        let answer = world.send(spoken.request(spoken.body(MODEL, "hi", false))).await;
        assert_eq!((answer.status, answer.header("retry-after")), (429, Some("7")));
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_fails_says_so_in_the_format_of_the_caller_and_does_not_end_as_complete() {
    for_every_pair(async |spoken, family, upstream, world| {
        let frames = family.stream(spoken, &["Hel", "lo"]);
        let said = format!("tired of {SECRET}");
        let gate = Gate::new();
        let broken = Reply::open_sse().chunks(frames[..3].to_vec()).wait_for(&gate);
        upstream.enqueue(broken.chunk((family.failed_event)(&said)).end());
        let mut answer = world.stream(spoken.request(spoken.body(MODEL, "hi", true))).await;
        gate.open();
        let text = answer.rest().await;
        let pair = format!("{} over {}", spoken.path, family.name);
        assert!(text.contains("event: error\ndata: "), "{pair}: {text}");
        // What Azure says may be about its customer: callers read a sentence of this product's.
        let told = match family.name {
            "azure-openai" => "upstream reported an error",
            _ => "tired of ***",
        };
        assert!(text.contains(told) && !text.contains(SECRET), "{pair}: {text}");
        assert!(!text.contains(spoken.last), "{pair}: {text}");
        drop(answer);

        // So does one that just stops.
        upstream.enqueue(Reply::open_sse().chunks(frames[..3].to_vec()).end());
        let mut answer = world.stream(spoken.request(spoken.body(MODEL, "hi", true))).await;
        let text = answer.rest().await;
        assert!(text.contains("ended before it was complete"), "{pair}: {text}");
        assert!(!text.contains(spoken.last), "{pair}: {text}");
    })
    .await;
}

#[tokio::test]
async fn a_caller_that_leaves_a_translated_stream_takes_the_upstream_call_with_it() {
    for_every_pair(async |spoken, family, upstream, world| {
        let frames = family.stream(spoken, &["Hel", "lo"]);
        upstream.enqueue(Reply::open_sse().chunks(frames[..3].to_vec()).hang());
        let mut answer = world.stream(spoken.request(spoken.body(MODEL, "hi", true))).await;
        assert!(answer.frame().await.is_some());
        drop(answer);
        upstream.wait_disconnected().await;
        wait::until("the request to be over", || world.shared.in_flight() == 0).await;
    })
    .await;
}

#[tokio::test]
async fn a_group_fails_over_from_one_family_to_the_other() {
    for spoken in &FORMATS {
        for (first, second) in [(&OPENAI, &ANTHROPIC), (&ANTHROPIC, &OPENAI)] {
            let (world, upstreams) = group_of([first, second]);
            upstreams[0].enqueue(Reply::json(500, (first.failure)("down")));
            upstreams[1].enqueue(second.whole(spoken, "ok"));
            let answer = world.send(spoken.request(spoken.body("g", "hi", false))).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            assert_eq!(spoken.text(&answer), "ok");
            assert_eq!(answer.header("x-aisix-served-by"), Some("second"));
            assert_eq!(answer.json::<Value>()["model"], "g");

            upstreams[0].enqueue(Reply::sse([(first.failed_event)("down")]));
            upstreams[1].enqueue(Reply::sse(second.stream(spoken, &["o", "k"])));
            let mut answer = world.stream(spoken.request(spoken.body("g", "hi", true))).await;
            assert_eq!(answer.status(), 200);
            assert_eq!(spoken.streamed_text(&answer.rest().await), "ok");
            assert_eq!(answer.head.headers["x-aisix-served-by"], "second");
        }
    }
}

/// A question about an image that only Anthropic has.
fn about_a_file(model: &str) -> Value {
    let image = json!({"type": "image", "source": {"type": "file", "file_id": "file_1"}});
    let mut body = MESSAGES.body(model, "", false);
    body["messages"][0]["content"] = json!([image]);
    body
}

#[tokio::test]
async fn what_a_family_cannot_express_is_refused_before_it_is_called() {
    let upstream = ScriptedUpstream::start();
    let world = in_front_of(&OPENAI, &upstream);
    let answer = world.send(MESSAGES.request(about_a_file(MODEL))).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    let (kind, message, _) = error_in(MESSAGES.protocol, &answer.json());
    assert_eq!(kind, "invalid_request_error");
    assert!(message.starts_with("unsupported: "), "{message}");
    let id = answer.header("x-aisix-request-id").expect("an id");
    let outcome = world.recorder.outcome(id).await;
    assert_eq!(outcome.error, Some(ErrorCode::Unsupported));
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn what_one_family_cannot_express_goes_to_the_other_one_of_the_group() {
    let (world, upstreams) = group_of([&OPENAI, &ANTHROPIC]);
    upstreams[1].enqueue(ANTHROPIC.whole(&MESSAGES, "a cat"));
    let answer = world.send(MESSAGES.request(about_a_file("g"))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(MESSAGES.text(&answer), "a cat");
    assert!(upstreams[0].requests().is_empty());
    assert!(answer.header("x-aisix-dropped").is_none());
}

#[tokio::test]
async fn what_a_translation_leaves_out_is_told() {
    let upstream = ScriptedUpstream::start();
    for (spoken, family, field, all, of_answer) in [
        (CHAT, ANTHROPIC, "seed", "seed", 0.0),
        (MESSAGES, OPENAI, "top_k", "top_k, service_tier, system_fingerprint", 2.0),
    ] {
        let world = in_front_of(&family, &upstream);
        upstream.enqueue(family.whole(&spoken, "ok"));
        let mut body = spoken.body(MODEL, "hi", false);
        body[field] = json!(7);
        let answer = world.send(spoken.request(body)).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        assert_eq!(answer.header("x-aisix-dropped"), Some(all));
        let labels = |direction| {
            let known = [("provider", family.name), ("model", MODEL), ("direction", direction)];
            [&[("endpoint", spoken.path), ("inbound_protocol", spoken.protocol)], &known[..]]
                .concat()
        };
        let (request, answer) = (labels("request"), labels("answer"));
        let mut expected = vec![(&request[..], 1.0)];
        expected.extend((of_answer > 0.0).then_some((&answer[..], of_answer)));
        world.assert_counted(&names::DROPPED_FIELDS, &expected);
    }
}

#[tokio::test]
async fn metrics_say_what_was_spoken() {
    for_every_pair(async |spoken, family, upstream, world| {
        upstream.enqueue(family.whole(spoken, "one two three"));
        let answer = world.send(spoken.request(spoken.body(MODEL, "hi", false))).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let labels = [
            ("endpoint", spoken.path),
            ("inbound_protocol", spoken.protocol),
            ("provider", family.name),
            ("model", MODEL),
            ("upstream_model", UPSTREAM_MODEL),
            ("provider_key_id", "pk"),
            ("provider_key_name", family.name),
            ("api_key_id", "k"),
        ];
        world.assert_counted(&names::LLM_REQUESTS, &[(&labels, 1.0)]);
        world.assert_counted(&names::LLM_INPUT_TOKENS, &[(&labels, PROMPT_TOKENS as f64)]);
        world.assert_counted(&names::LLM_OUTPUT_TOKENS, &[(&labels, 3.0)]);
    })
    .await;
}
