//! Bedrock, as an upstream: what it receives is judged by Amazon's own code.

use std::time::Duration;

use aisix_gateway::Settings;
use aisix_testing::botocore::{self, Signer};
use aisix_testing::eventstream::{event, exception};
use aisix_testing::{Gate, Received, Reply, ScriptedUpstream};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::common::spoken::{CHAT, FORMATS, Spoken, asked, error_in};
use crate::common::*;

const LLAMA: &str = "us.meta.llama-z:0";
const CLAUDE: &str = "anthropic.claude-x-v1:0";
pub(crate) const SIGNER: Signer<'_> = Signer::EXAMPLE;

/// A gateway in front of this upstream as Bedrock.
fn world(upstream: &ScriptedUpstream, secret: &str, model: &str) -> World {
    world_of(upstream, secret, model, Settings::default())
}

fn world_of(upstream: &ScriptedUpstream, secret: &str, model: &str, settings: Settings) -> World {
    let key = json!({
        "display_name": "pk", "provider": "aws", "adapter": "bedrock", "secret": secret,
        "api_base": upstream.base_url(),
    });
    let documents = documents::documents([
        ("provider_keys/pk", key),
        ("models/m", direct(MODEL, model, "pk")),
        ("api_keys/k", api_key(CALLER, &["*"])),
    ]);
    World::with(settings, &documents)
}

pub(crate) fn signed(upstream: &ScriptedUpstream, model: &str) -> World {
    world(upstream, &SIGNER.secret(), model)
}

fn answer(text: &str) -> String {
    json!({
        "output": {"message": {"role": "assistant", "content": [{"text": text}]}},
        "stopReason": "end_turn", "metrics": {"latencyMs": 1},
        "usage": {"inputTokens": 5, "outputTokens": 2, "totalTokens": 7},
    })
    .to_string()
}

fn stream(pieces: &[&str]) -> Vec<Vec<u8>> {
    let delta = |text: &&str| {
        let delta = json!({"contentBlockIndex": 0, "delta": {"text": text}});
        event("contentBlockDelta", &delta.to_string())
    };
    let mut frames = vec![event("messageStart", r#"{"role":"assistant"}"#)];
    frames.extend(pieces.iter().map(delta));
    frames.push(event("contentBlockStop", r#"{"contentBlockIndex":0}"#));
    frames.push(event("messageStop", r#"{"stopReason":"end_turn"}"#));
    let usage = json!({"usage": {"inputTokens": 5, "outputTokens": 2, "totalTokens": 7}, "metrics": {"latencyMs": 1}});
    frames.push(event("metadata", &usage.to_string()));
    frames
}

fn streamed(frames: impl IntoIterator<Item = Vec<u8>>) -> Reply {
    let reply = Reply::open(200, "application/vnd.amazon.eventstream");
    reply.chunks(frames.into_iter().collect::<Vec<_>>()).end()
}

#[tokio::test]
async fn every_format_reaches_converse_whole_and_streamed_and_signed() {
    let mut claims = Vec::new();
    for spoken in &FORMATS {
        let upstream = ScriptedUpstream::start();
        let world = signed(&upstream, LLAMA);
        upstream.enqueue(Reply::json(200, answer("one two three")));
        let told = world.send(spoken.request(spoken.body(MODEL, "hi", false))).await;
        assert_eq!(told.status, 200, "{}: {}", spoken.path, told.text());
        assert_eq!(spoken.text(&told), "one two three", "{}", spoken.path);
        assert_eq!(told.json::<Value>()["model"], MODEL, "{}", spoken.path);
        let received = upstream.next_request().await;
        assert_eq!(received.path_and_query, "/model/us.meta.llama-z%3A0/converse");
        claims.push(botocore::request("Converse", &received, Some(SIGNER)));
        assert_untold(&received);

        upstream.enqueue(streamed(stream(&["Hel", "lo"])));
        let mut told = world.stream(spoken.request(spoken.body(MODEL, "hi", true))).await;
        let text = told.rest().await;
        assert_eq!(spoken.streamed_text(&text), "Hello", "{}: {text}", spoken.path);
        let last = text.trim_end().rsplit("\n\n").next().expect("a frame");
        assert!(last.starts_with(spoken.last.trim_end()), "{}: {text}", spoken.path);
        let id = told.head.headers["x-aisix-request-id"].to_str().expect("text").to_owned();
        drop(told);
        let usage = world.recorder.outcome(&id).await.usage.expect("usage");
        assert_eq!((usage.input, usage.output), (5, 2), "{}", spoken.path);
        let received = upstream.next_request().await;
        assert_eq!(received.path_and_query, "/model/us.meta.llama-z%3A0/converse-stream");
        assert_eq!(received.header("accept"), Some("application/vnd.amazon.eventstream"));
        claims.push(botocore::request("ConverseStream", &received, Some(SIGNER)));
    }
    let written = stream(&["Hi"]).concat();
    let events =
        ["messageStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"];
    claims.push(botocore::stream(&written, &events));
    botocore::assert(&claims);
}

#[tokio::test]
async fn tokens_of_a_message_are_counted_for_claude_and_nobody_else() {
    let messages = json!([{"role": "user", "content": "hi"}]);
    let thinking = json!({"type": "enabled", "budget_tokens": 2048});
    let mut claims = Vec::new();
    for (model, asked_for, limit) in [
        (CLAUDE, json!({"messages": messages}), 1),
        ("eu.anthropic.claude-x-v1:0", json!({"messages": messages, "thinking": thinking}), 2049),
        (
            "arn:aws:bedrock:eu-west-3:123456789012:inference-profile/eu.anthropic.claude-x-v1:0",
            json!({"system": "Be terse.", "messages": messages}),
            1,
        ),
    ] {
        let upstream = ScriptedUpstream::start();
        let world = signed(&upstream, model);
        upstream.enqueue(Reply::json(200, r#"{"inputTokens": 14}"#));
        let mut body = asked_for.clone();
        body["model"] = MODEL.into();
        let told = world.send(asked("/v1/messages/count_tokens", &body)).await;
        assert_eq!((told.status, told.text()), (200, r#"{"input_tokens":14}"#), "{model}");
        let received = upstream.next_request().await;
        // The regions of a profile are no part of it: the operation counts for models.
        let path = "/model/anthropic.claude-x-v1%3A0/count-tokens";
        assert_eq!(received.path_and_query, path);
        claims.push(botocore::request("CountTokens", &received, Some(SIGNER)));
        let counted = received.json::<Value>()["input"]["invokeModel"]["body"].clone();
        let counted = STANDARD.decode(counted.as_str().expect("a text")).expect("base64");
        let mut expected = asked_for;
        expected["anthropic_version"] = "bedrock-2023-05-31".into();
        expected["max_tokens"] = limit.into();
        assert_eq!(serde_json::from_slice::<Value>(&counted).expect("JSON"), expected, "{model}");
        assert_untold(&received);

        upstream.enqueue(Reply::json(200, r#"{"inputTokens": "many"}"#));
        let told = world.send(asked("/v1/messages/count_tokens", &body)).await;
        assert_eq!(told.status, 502, "{}", told.text());
    }
    botocore::assert(&claims);
    let upstream = ScriptedUpstream::start();
    let world = signed(&upstream, LLAMA);
    let body = json!({"model": MODEL, "messages": messages});
    let told = world.send(asked("/v1/messages/count_tokens", &body)).await;
    assert_eq!(told.status, 400, "{}", told.text());
    assert!(told.text().contains("count_tokens"), "{}", told.text());
    assert!(upstream.requests().is_empty());
}

/// Neither the caller's credential nor the secret itself goes upstream.
#[track_caller]
pub(crate) fn assert_untold(received: &Received) {
    let sent = format!("{:?} {}", received.headers, received.text());
    for secret in [CALLER, SIGNER.secret_access_key] {
        assert!(!sent.contains(secret), "{sent}");
    }
}

#[tokio::test]
async fn whatever_a_caller_says_is_a_request_in_the_eyes_of_amazon() {
    let upstream = ScriptedUpstream::start();
    let world = signed(&upstream, LLAMA);
    let image = json!({"type": "image_url", "image_url": {"url": "data:image/png;base64,aGk="}});
    let pdf = json!({"type": "file", "file": {"filename": "a_b.pdf", "file_data": "data:application/pdf;base64,aGk="}});
    let schema = json!({"type": "object", "properties": {"city": {"type": "string"}}});
    let call = json!({"id": "call_1", "type": "function", "function": {"name": "wx", "arguments": "{\"city\":\"Oslo\"}"}});
    let request = json!({
        "model": MODEL,
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "Be terse.", "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
            {"role": "user", "content": [{"type": "text", "text": "Look."}, image, pdf]},
            {"role": "assistant", "content": null, "tool_calls": [call]},
            {"role": "tool", "tool_call_id": "call_1", "content": [{"type": "text", "text": "4C"}, image]},
            {"role": "user", "content": "And now?"},
        ],
        "tools": [{"type": "function", "function": {"name": "wx", "description": "Weather", "parameters": schema, "strict": true}}],
        "tool_choice": {"type": "function", "function": {"name": "wx"}},
        "response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": schema, "strict": true}},
        "max_tokens": 99, "temperature": 2, "top_p": 0.5, "stop": ["END"], "seed": 1,
        "reasoning_effort": "high", "metadata": {"team": "a"}, "user": "u",
    });
    upstream.enqueue(Reply::json(200, answer("Cold.")));
    let told = world.chat(request.to_string()).await;
    assert_eq!(told.status, 200, "{}", told.text());
    assert_eq!(told.header("x-aisix-dropped"), Some("temperature, user, seed"));
    let received = upstream.next_request().await;
    botocore::assert(&[botocore::request("Converse", &received, Some(SIGNER))]);
}

#[tokio::test]
async fn whole_answers_of_anthropics_models_are_asked_for_in_their_own_format() {
    let upstream = ScriptedUpstream::start();
    let world = signed(&upstream, CLAUDE);
    let answer = json!({
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude-x",
        "content": [{"type": "text", "text": "Hello"}], "stop_reason": "end_turn",
        "stop_sequence": null, "usage": {"input_tokens": 5, "output_tokens": 2},
    });
    upstream.enqueue(Reply::json(200, answer.to_string()));
    let body = r#"{ "model": "my-gpt", "max_tokens": 1.0e1, "messages": [{"role":"user","content":"hi"}],"unknown" : 1 }"#;
    let told = world.send(post_as_caller("/v1/messages", body.replace("1.0e1", "10"))).await;
    assert_eq!(told.status, 200, "{}", told.text());
    assert_eq!(told.json::<Value>()["model"], MODEL);
    let received = upstream.next_request().await;
    assert_eq!(received.path_and_query, "/model/anthropic.claude-x-v1%3A0/invoke");
    let version = r#"{"anthropic_version":"bedrock-2023-05-31","#;
    let expected = format!(
        r#"{version} "max_tokens": 10, "messages": [{{"role":"user","content":"hi"}}],"unknown" : 1 }}"#
    );
    assert_eq!(received.text(), expected, "every other byte is the caller's");
    botocore::assert(&[botocore::request("InvokeModel", &received, Some(SIGNER))]);

    upstream.enqueue(streamed(stream(&["Hi"])));
    let mut told = world.stream(CHAT.request(CHAT.body(MODEL, "hi", true))).await;
    assert_eq!(CHAT.streamed_text(&told.rest().await), "Hi");
    let received = upstream.next_request().await;
    assert_eq!(received.path_and_query, "/model/anthropic.claude-x-v1%3A0/converse-stream");
    botocore::assert(&[botocore::request("ConverseStream", &received, Some(SIGNER))]);
}

fn post_as_caller(path: &str, body: String) -> http::Request<http_body_util::Full<bytes::Bytes>> {
    let mut request = post(path, body);
    let bearer = format!("Bearer {CALLER}").parse().expect("a header");
    request.headers_mut().insert("authorization", bearer);
    request
}

#[tokio::test]
async fn an_api_key_of_bedrocks_is_a_bearer() {
    let upstream = ScriptedUpstream::start();
    let secret = json!({"api_key": "bedrock-api-key-0123456789", "region": "us-east-1"});
    let world = world(&upstream, &secret.to_string(), LLAMA);
    upstream.enqueue(Reply::json(200, answer("Hi")));
    assert_eq!(world.send(CHAT.request(CHAT.body(MODEL, "hi", false))).await.status, 200);
    let received = upstream.next_request().await;
    assert_eq!(received.header("authorization"), Some("Bearer bedrock-api-key-0123456789"));
    assert_eq!(received.header("x-amz-date"), None);
    botocore::assert(&[botocore::request("Converse", &received, None)]);
}

#[tokio::test]
async fn what_the_key_adds_is_signed_and_what_it_bounds_is_bounded() {
    let upstream = ScriptedUpstream::start();
    let quirks = json!({
        "default_headers": {"x-team": "blue  team"}, "forward_client_headers": ["x-tenant"],
        "param_constraints": {"temperature_max": 0.5},
    });
    let key = json!({
        "display_name": "pk", "provider": "aws", "adapter": "bedrock", "request": quirks,
        "secret": SIGNER.secret(), "api_base": upstream.base_url(),
    });
    let documents = documents::documents([
        ("provider_keys/pk", key),
        ("models/m", direct(MODEL, LLAMA, "pk")),
        ("api_keys/k", api_key(CALLER, &["*"])),
    ]);
    let world = World::with(Settings::default(), &documents);
    upstream.enqueue(Reply::json(200, answer("Hi")));
    let mut body = CHAT.body(MODEL, "hi", false);
    body["temperature"] = json!(0.9);
    let mut request = CHAT.request(body);
    request.headers_mut().insert("x-tenant", "t 1".parse().expect("a header"));
    assert_eq!(world.send(request).await.status, 200);
    let received = upstream.next_request().await;
    assert_eq!(received.header("x-team"), Some("blue  team"));
    assert_eq!(received.header("x-tenant"), Some("t 1"));
    assert_eq!(received.json::<Value>()["inferenceConfig"]["temperature"], 0.5);
    let signed = received.header("authorization").expect("a signature");
    assert!(signed.contains(";x-team;x-tenant"), "{signed}");
    botocore::assert(&[botocore::request("Converse", &received, Some(SIGNER))]);
}

/// Streams a request over these frames, and gives what the caller reads.
async fn broken(spoken: &Spoken, reply: Reply) -> String {
    let upstream = ScriptedUpstream::start();
    let world = signed(&upstream, LLAMA);
    upstream.enqueue(reply);
    let mut told = world.stream(spoken.request(spoken.body(MODEL, "hi", true))).await;
    told.rest().await
}

#[tokio::test]
async fn a_stream_that_breaks_does_not_end_as_complete() {
    let whole = stream(&["Hello"]);
    let mut flipped = whole.clone();
    *flipped[2].last_mut().expect("a byte") ^= 1;
    let mut cut = whole.clone();
    cut.truncate(5);
    let half = cut[4].len() / 2;
    cut[4].truncate(half);
    let unfinished = whole[..3].to_vec();
    let mut failed = whole[..2].to_vec();
    failed.push(exception("throttlingException", r#"{"message":"slow down"}"#));
    for (what, frames, said) in [
        ("a bad checksum", flipped, "could not be decoded"),
        ("cut inside a message", cut, "ended inside a message"),
        ("an end before the end", unfinished, "ended before it was complete"),
        ("an exception after content", failed, "upstream rate limit reached"),
    ] {
        for spoken in &FORMATS {
            let text = broken(spoken, streamed(frames.clone())).await;
            assert_eq!(spoken.streamed_text(&text), "Hello", "{what}, {}: {text}", spoken.path);
            assert!(text.contains(said), "{what}, {}: {text}", spoken.path);
            assert!(!text.contains(spoken.last.trim_end()), "{what}, {}: {text}", spoken.path);
        }
    }
}

#[tokio::test]
async fn an_unknown_event_is_passed_over() {
    let mut frames = stream(&["Hello"]);
    frames.insert(1, event("somethingNew", r#"{"a":1}"#));
    for spoken in &FORMATS {
        let text = broken(spoken, streamed(frames.clone())).await;
        assert_eq!(spoken.streamed_text(&text), "Hello", "{text}");
        assert!(text.contains(spoken.last.trim_end()), "{text}");
    }
}

#[tokio::test]
async fn an_exception_before_any_content_is_an_answer_of_its_own() {
    let upstream = ScriptedUpstream::start();
    let world = signed(&upstream, LLAMA);
    let role = "arn:aws:iam::123456789012:role/ours";
    for (kind, message, status, told) in [
        ("throttlingException", "slow down", 429, "upstream rate limit reached"),
        ("validationException", "too long", 400, "too long"),
        ("validationException", role, 400, "upstream reported an error"),
        ("serviceUnavailableException", "away", 502, "upstream reported an error"),
    ] {
        let payload = json!({"message": message}).to_string();
        upstream.enqueue(streamed([exception(kind, &payload)]));
        let answer = world.send(CHAT.request(CHAT.body(MODEL, "hi", true))).await;
        assert_eq!(answer.status, status, "{kind}: {}", answer.text());
        assert_eq!(error_in("openai", &answer.json()).1, told, "{kind}");
    }
    let original = json!({"message": "it broke", "originalStatusCode": 400}).to_string();
    upstream.enqueue(streamed([exception("modelStreamErrorException", &original)]));
    let answer = world.send(CHAT.request(CHAT.body(MODEL, "hi", true))).await;
    assert_eq!(answer.status, 400, "what the model's host said: {}", answer.text());
}

#[tokio::test]
async fn a_secret_of_the_wrong_shape_is_refused_before_any_call_and_never_quoted() {
    let upstream = ScriptedUpstream::start();
    let plain = "AKIDEXAMPLE-not-json-0123456789";
    let half = json!({"access_key_id": plain, "region": "eu-west-3"}).to_string();
    for secret in [plain.to_owned(), half] {
        let world = world(&upstream, &secret, LLAMA);
        let told = world.send(CHAT.request(CHAT.body(MODEL, "hi", false))).await;
        assert_eq!(told.status, 401, "{}", told.text());
        let (_, message, _) = error_in("openai", &told.json());
        assert!(message.starts_with("invalid upstream credentials: a secret for bedrock"));
        assert!(!told.text().contains(plain) && !logs::text().contains(plain));
    }
    let nowhere = json!({"api_key": "bedrock-api-key-0123456789", "region": "eu/../west"});
    let world = world(&upstream, &nowhere.to_string(), LLAMA);
    let told = world.send(CHAT.request(CHAT.body(MODEL, "hi", false))).await;
    assert_eq!(told.status, 400, "{}", told.text());
    assert_eq!(upstream.requests().len(), 0, "nobody was called");
}

#[tokio::test]
async fn a_clock_that_is_wrong_is_told_and_accounts_are_not() {
    let upstream = ScriptedUpstream::start();
    let world = signed(&upstream, LLAMA);
    let skew = "Signature expired: 20261121T080000Z is now earlier than 20261121T091500Z (20261121T092000Z - 5 min.)";
    for (kind, message, told) in [
        ("ValidationException", "messages: too long", "messages: too long".to_owned()),
        (
            "InvalidSignatureException",
            skew,
            format!("upstream authentication failed: {skew} (is this host's clock right?)"),
        ),
        (
            "AccessDeniedException",
            "User: arn:aws:iam::123456789012:user/ann is not authorized",
            "upstream authentication failed".to_owned(),
        ),
    ] {
        let body = json!({ "message": message }).to_string();
        upstream.enqueue(
            Reply::json(403, body).header("x-amzn-errortype", &format!("{kind}:http://x/")),
        );
        let answer = world.send(CHAT.request(CHAT.body(MODEL, "hi", false))).await;
        assert_eq!(answer.status, 403);
        assert_eq!(error_in("openai", &answer.json()).1, told);
    }
}

#[tokio::test]
async fn models_whose_names_lead_nowhere_are_refused_before_any_call() {
    let upstream = ScriptedUpstream::start();
    for model in ["../../admin", "meta.llama?x=1", "gpt-4o", "us.unknown.model"] {
        let world = signed(&upstream, model);
        let told = world.send(CHAT.request(CHAT.body(MODEL, "hi", false))).await;
        assert_eq!(told.status, 500, "{model}: {}", told.text());
    }
    assert_eq!(upstream.requests().len(), 0, "nobody was called");
    let arn = "arn:aws:bedrock:eu-west-3:123456789012:application-inference-profile/abc";
    let world = signed(&upstream, arn);
    upstream.enqueue(Reply::json(200, answer("Hi")));
    assert_eq!(world.send(CHAT.request(CHAT.body(MODEL, "hi", false))).await.status, 200);
    let received = upstream.next_request().await;
    let escaped = arn.replace(':', "%3A").replace('/', "%2F");
    assert_eq!(received.path_and_query, format!("/model/{escaped}/converse"));
    botocore::assert(&[botocore::request("Converse", &received, Some(SIGNER))]);
}

#[tokio::test]
async fn the_judge_sees_what_is_signed_by_somebody_else_or_not_at_all() {
    let upstream = ScriptedUpstream::start();
    let world = signed(&upstream, LLAMA);
    upstream.enqueue(streamed(stream(&["Hi"])));
    world.stream(CHAT.request(CHAT.body(MODEL, "hi", true))).await.rest().await;
    let received = upstream.next_request().await;
    let judged =
        |received: &Received, signer| botocore::request("ConverseStream", received, signer);
    let changed = |from: &str, to: &str| {
        let body = received.text().replacen(from, to, 1).into();
        Received { body, ..received.clone() }
    };
    let mut unsigned = received.clone();
    unsigned.headers.insert("x-team", "blue".parse().expect("a header"));
    let elsewhere = Signer { region: "eu-west-1", ..SIGNER };
    let another = Signer { secret_access_key: "wJalrXUtnFEMI", ..SIGNER };
    let other = "the signature is another one than botocore's";
    let claims = [
        (judged(&changed("hi", "ho"), Some(SIGNER)), other),
        (judged(&received, Some(another)), other),
        (judged(&received, Some(elsewhere)), "signed for AKIDEXAMPLE0123456789/"),
        (judged(&unsigned, Some(SIGNER)), "x-team is not signed"),
        (judged(&changed("messages", "message"), None), "messages"),
    ];
    let (claims, said): (Vec<_>, Vec<_>) = claims.into_iter().unzip();
    for (found, said) in botocore::wrong(&claims).iter().zip(said) {
        assert!(found.iter().any(|it| it.contains(said)), "no '{said}' in {found:?}");
    }
    botocore::assert(&[judged(&received, Some(SIGNER))]);
}

#[tokio::test]
async fn a_stream_that_has_said_all_is_complete_though_its_connection_stays_open() {
    let upstream = ScriptedUpstream::start();
    let gate = Gate::new();
    let reply = Reply::open(200, "application/vnd.amazon.eventstream");
    upstream.enqueue(reply.chunks(stream(&["Hi"])).wait_for(&gate).hang());
    let mut settings = Settings { heartbeat: None, ..Settings::default() };
    settings.upstream.stream_timeout = Some(Duration::from_secs(50));
    let world = world_of(&upstream, &SIGNER.secret(), LLAMA, settings);
    let mut told = world.stream(CHAT.request(CHAT.body(MODEL, "hi", true))).await;
    let mut text = String::new();
    while !text.contains("finish_reason\":\"stop") {
        text += &told.frame().await.expect("a frame");
    }
    gate.reached().await;
    tokio::time::pause();
    text += &told.rest().await;
    assert_eq!(CHAT.streamed_text(&text), "Hi", "{text}");
    assert!(text.ends_with(CHAT.last), "{text}");
}

#[test]
fn the_judge_sees_what_is_wrong_with_a_stream() {
    let written = event("ping", "{}");
    let sparse = json!({"output": {"message": {"role": "assistant", "content": []}}, "text": "hi"});
    let claims = [
        botocore::stream(&written, &["pong"]),
        botocore::stream_of("ConverseStream", &written),
        botocore::stream_of("ConverseStream", &event("messageStart", r#"{"role":"model"}"#)),
        botocore::answer("Converse", &sparse),
    ];
    let said = ["read ['ping']", "no event of it: ping", "'model' is none of", "stopReason"];
    for (found, said) in botocore::wrong(&claims).iter().zip(said) {
        assert!(found.iter().any(|it| it.contains(said)), "no '{said}' in {found:?}");
    }
}
