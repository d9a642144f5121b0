//! How a vendor differs from its family is data on the provider key.

use aisix_gateway::Settings;
use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, ScriptedUpstream};
use serde_json::{Value, json};

use crate::common::spoken::{
    ANTHROPIC, CHAT, FAMILIES, FORMATS, Family, MESSAGES, OPENAI, RESPONSES, asked,
};
use crate::common::world::{chat, streamed, whole};
use crate::common::*;

/// A gateway whose provider key, of this family, has these quirks.
fn world(family: &Family, upstream: &ScriptedUpstream, request: Value, response: Value) -> World {
    let mut all = documents::standard(&upstream.base_url());
    all[0].1 = family.key(&upstream.base_url());
    all[0].1["request"] = request;
    all[0].1["response"] = response;
    World::with(Settings::default(), &all)
}

/// The body of the request that went up.
async fn sent(upstream: &ScriptedUpstream) -> Value {
    upstream.next_request().await.json()
}

#[tokio::test]
async fn the_body_of_every_pair_goes_up_as_the_provider_key_wants_it() {
    let quirks = json!({
        "param_renames": {"model": "engine"}, "param_constraints": {"temperature_max": 0.5},
        "default_body_fields": {"tier": {"level": [1, "x"]}, "stream": "never"},
    });
    for spoken in &FORMATS {
        for family in &FAMILIES {
            for stream in [false, true] {
                let upstream = ScriptedUpstream::start();
                let world = world(family, &upstream, quirks.clone(), Value::Null);
                upstream.enqueue(match stream {
                    false => family.whole(spoken, "one"),
                    true => Reply::sse(family.stream(spoken, &["one"])),
                });
                let mut body = spoken.body(MODEL, "hi", stream);
                body["stream"] = json!(stream);
                body["temperature"] = json!(1);
                let mut answer = world.stream(spoken.request(body)).await;
                let pair = format!("{} over {}, {stream}", spoken.path, family.name);
                assert_eq!(answer.status(), 200, "{pair}: {}", answer.rest().await);
                let sent = sent(&upstream).await;
                assert_eq!(sent["engine"], UPSTREAM_MODEL, "{pair}: {sent}");
                assert_eq!(sent.get("model"), None, "{pair}: {sent}");
                assert_eq!(sent["temperature"].as_f64(), Some(0.5), "{pair}: {sent}");
                assert_eq!(sent["tier"], json!({"level": [1, "x"]}), "{pair}: {sent}");
                assert_eq!(sent["stream"], stream, "{pair}: {sent}");
            }
        }
    }
}

#[tokio::test]
async fn what_no_quirk_names_goes_up_byte_for_byte() {
    let upstream = ScriptedUpstream::start();
    let quirks = json!({
        "param_renames": {"max_tokens": "max_output"},
        "param_constraints": {"temperature_max": 1}, "default_body_fields": {"a": 1},
    });
    let world = world(&OPENAI, &upstream, quirks, Value::Null);
    upstream.always(Reply::json(200, openai::chat_completion("ok")));
    let body = concat!(
        r#" {"messages" : [{"role":"user","content":"\u0068i","max_tokens":1}],"max_output":7,"#,
        r#""temperature": 1.50 , "model":"my-gpt", "max_tokens" : 5  ,"top_p":0.10} "#,
    );
    assert_eq!(world.chat(body).await.status, 200);
    let expected = concat!(
        r#" {"a":1,"messages" : [{"role":"user","content":"\u0068i","max_tokens":1}],"#,
        r#""temperature": 1 , "model":"gpt-4o-mini", "max_output" : 5  ,"top_p":0.10} "#,
    );
    assert_eq!(upstream.next_request().await.text(), expected);
}

#[tokio::test]
async fn what_is_only_passed_on_has_the_quirks_of_its_key_too() {
    let quirks = || {
        json!({
            "param_renames": {"user": "who"}, "default_body_fields": {"tier": "flex"},
            "param_constraints": {"temperature_min": 0.25},
        })
    };
    let counted = json!({"input_tokens": 3});
    let completion = json!({"choices": [{"text": "x"}], "usage": null});
    let embedding = json!({"data": [], "usage": {"prompt_tokens": 1, "total_tokens": 1}});
    for (family, path, field, answer) in [
        (&ANTHROPIC, "/v1/messages/count_tokens", "messages", counted),
        (&OPENAI, "/v1/completions", "prompt", completion),
        (&OPENAI, "/v1/embeddings", "input", embedding),
    ] {
        let upstream = ScriptedUpstream::start();
        let world = world(family, &upstream, quirks(), Value::Null);
        upstream.enqueue(Reply::json(200, answer.to_string()));
        let body = json!({"model": MODEL, "user": "me", field: ["x"], "temperature": 0});
        let answer = world.send(asked(path, body)).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let expected = json!({
            "tier": "flex", "model": UPSTREAM_MODEL, "who": "me", field: ["x"],
            "temperature": 0.25,
        });
        assert_eq!(sent(&upstream).await, expected, "{path}");
    }
}

#[tokio::test]
async fn each_candidate_gets_the_quirks_of_its_own_key() {
    let upstreams = [(); 2].map(|()| ScriptedUpstream::start());
    let mut all = documents::documents([
        ("models/g", group("g", &["one", "two"])),
        ("api_keys/k", api_key(CALLER, &["g"])),
    ]);
    for (name, upstream) in ["one", "two"].into_iter().zip(&upstreams) {
        let mut key = provider_key(name, &upstream.base_url());
        key["request"] = json!({"param_renames": {"user": name}});
        all.push((format!("provider_keys/{name}"), key));
        all.push((format!("models/{name}"), direct(name, "up", name)));
    }
    let world = World::with(Settings::default(), &all);
    upstreams[0].enqueue(Reply::json(500, "{}"));
    upstreams[1].enqueue(Reply::json(200, openai::chat_completion("ok")));
    let body = r#"{"model":"g","user":"me","messages":[{"role":"user","content":"hi"}]}"#;
    assert_eq!(world.chat(body).await.status, 200);
    for (name, upstream) in ["one", "two"].into_iter().zip(&upstreams) {
        let sent = sent(upstream).await;
        assert_eq!((sent.get("user"), &sent[name]), (None, &json!("me")), "{sent}");
    }
}

#[tokio::test]
async fn lists_of_texts_go_up_as_texts_and_what_is_lost_is_told() {
    let flatten = json!({"content_list_to_string": true});
    let upstream = ScriptedUpstream::start();
    let world = world(&OPENAI, &upstream, Value::Null, flatten);
    upstream.always(Reply::json(200, openai::chat_completion("ok")));
    let texts = json!([{"type": "text", "text": "a"}, {"type": "text", "text": "\nb"}]);
    for (spoken, role) in [(&CHAT, "user"), (&MESSAGES, "user"), (&CHAT, "system")] {
        let mut body = spoken.body(MODEL, "hi", false);
        body["messages"] = json!([{"role": role, "content": texts}]);
        let answer = world.send(spoken.request(body)).await;
        let dropped = answer.header("x-aisix-dropped").unwrap_or_default();
        assert!(answer.status == 200 && !dropped.contains("content"), "{dropped}");
        let sent = sent(&upstream).await;
        assert_eq!(sent["messages"][0]["content"], "a\nb", "{}: {sent}", spoken.path);
    }
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}});
    let seen = json!([{"type": "text", "text": "what?"}, image]);
    let body = json!({"model": MODEL, "messages": [{"role": "user", "content": seen}]});
    let answer = world.send(CHAT.request(body)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("x-aisix-dropped"), Some("content.image_url"));
    assert_eq!(sent(&upstream).await["messages"][0]["content"], "what?");
    let id = answer.header("x-aisix-request-id").expect("an id").to_owned();
    let line = logs::access_line(&id).await;
    assert!(line.contains("content.image_url"), "{line}");
}

#[tokio::test]
async fn blocks_of_anthropics_own_format_stay_lists() {
    let upstream = ScriptedUpstream::start();
    let flatten = json!({"content_list_to_string": true});
    let world = world(&ANTHROPIC, &upstream, Value::Null, flatten);
    upstream.enqueue(ANTHROPIC.whole(&MESSAGES, "ok"));
    let content = json!([
        {"type": "tool_result", "tool_use_id": "t", "content": "4C"},
        {"type": "text", "text": "go on"},
    ]);
    let mut body = MESSAGES.body(MODEL, "hi", false);
    body["messages"] = json!([{"role": "user", "content": content}]);
    assert_eq!(world.send(MESSAGES.request(body)).await.status, 200);
    assert_eq!(sent(&upstream).await["messages"][0]["content"], content);
}

/// A stream with a thought where this vendor has it.
fn thinking(piece: &str) -> Vec<String> {
    let mut frames = openai::chat_stream_with_usage(["Hi"]);
    let choice = json!({"index": 0, "delta": {"thinking": {"text": piece}}, "finish_reason": null});
    let chunk = json!({
        "id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [choice],
    });
    frames.insert(1, format!("data: {chunk}\n\n"));
    frames
}

#[tokio::test]
async fn reasoning_is_found_where_the_provider_key_says() {
    let upstream = ScriptedUpstream::start();
    let field = json!({"reasoning_field": "delta.thinking.text"});
    let world = world(&OPENAI, &upstream, Value::Null, field);
    upstream.enqueue(Reply::sse(thinking("why \u{e9}")));
    let told = world.stream(chat(streamed("hi"))).await.rest().await;
    let moved = r#""delta":{"reasoning_content":"why é","thinking":{"text":"why é"}}"#;
    assert!(told.contains(moved), "{told}");
    assert!(told.ends_with("data: [DONE]\n\n"), "{told}");

    upstream.enqueue(Reply::sse(thinking("why")));
    let body = MESSAGES.body(MODEL, "hi", true);
    let told = world.stream(MESSAGES.request(body)).await.rest().await;
    assert!(told.contains(r#"{"type":"thinking_delta","thinking":"why"}"#), "{told}");

    let mut answer: Value = serde_json::from_str(&openai::chat_completion("ok")).expect("JSON");
    answer["choices"][0]["message"]["thinking"] = json!({"text": "because"});
    upstream.always(Reply::json(200, answer.to_string()));
    let told: Value = world.chat(whole("hi")).await.json();
    assert_eq!(told["choices"][0]["message"]["reasoning_content"], "because", "{told}");
    let told: Value = world.send(MESSAGES.request(MESSAGES.body(MODEL, "hi", false))).await.json();
    assert_eq!(told["content"][0]["thinking"], "because", "{told}");
}

#[tokio::test]
async fn a_stream_that_ends_otherwise_than_its_key_says_is_noted_and_passes_unchanged() {
    let frames = openai::chat_stream(["Hi"]);
    let (marker, without) = frames.split_last().expect("frames");
    assert_eq!(marker, "data: [DONE]\n\n");
    let cases = [
        ("required", &frames[..], None),
        ("required", without, Some("is missing")),
        ("none", &frames[..], Some("came")),
        ("none", without, None),
        ("optional", &frames[..], None),
        ("optional", without, None),
    ];
    for (number, (expected, sent, noted)) in cases.into_iter().enumerate() {
        let upstream = ScriptedUpstream::start();
        let id = format!("marked-{number}");
        let mut all = documents::standard(&upstream.base_url());
        all[0].0 = format!("provider_keys/{id}");
        all[0].1["response"] = json!({"stream_done_marker": expected});
        all[1].1["provider_key_id"] = json!(id);
        let world = World::with(Settings::default(), &all);
        upstream.enqueue(Reply::sse(sent.to_vec()));
        let told = world.stream(chat(streamed("hi"))).await.rest().await;
        assert!(told.contains("Hi") && told.ends_with("data: [DONE]\n\n"), "{told}");
        let log = logs::text();
        let mut lines = log.lines().filter(|line| line.contains(&id) && line.contains("[DONE]"));
        assert_eq!(lines.next().is_some(), noted.is_some(), "{expected}: {log}");
        if let Some(noted) = noted {
            assert!(log.contains(&format!("data: [DONE], {noted}")), "{expected}");
        }
    }
}

#[tokio::test]
async fn responses_are_translated_for_vendors_that_do_not_have_them() {
    let without = json!({"responses_endpoint": false});
    for (provider, request, path) in [
        ("openai", Value::Null, "/v1/responses"),
        ("openai", without, "/chat/completions"),
        ("gemini", Value::Null, "/chat/completions"),
        ("gemini", json!({"responses_endpoint": true}), "/v1/responses"),
    ] {
        // A vendor without the endpoint is spoken to as callers of chat completions are.
        let spoken = if path == "/v1/responses" { &RESPONSES } else { &CHAT };
        for stream in [false, true] {
            let upstream = ScriptedUpstream::start();
            let mut all = documents::standard(&upstream.base_url());
            all[0].1["provider"] = json!(provider);
            all[0].1["request"] = request.clone();
            let world = World::with(Settings::default(), &all);
            upstream.enqueue(match stream {
                false => OPENAI.whole(spoken, "one two"),
                true => Reply::sse(OPENAI.stream(spoken, &["one", " two"])),
            });
            let body = RESPONSES.body(MODEL, "hi", stream);
            let answer = world.send(RESPONSES.request(body)).await;
            assert_eq!(answer.status, 200, "{}", answer.text());
            let told = match stream {
                false => RESPONSES.text(&answer),
                true => RESPONSES.streamed_text(answer.text()),
            };
            assert_eq!(told, "one two", "{provider} {request} {stream}");
            assert_eq!(upstream.next_request().await.path_and_query, path, "{provider} {request}");
        }
    }
}
