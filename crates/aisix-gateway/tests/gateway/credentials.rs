//! Who may ask: every way to send a key, and every way to be refused.

use aisix_core::KeyHash;
use aisix_gateway::Settings;
use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, Response, ScriptedUpstream};
use http::{HeaderValue, Request};
use http_body_util::Full;
use serde_json::json;

use crate::common::world::whole;
use crate::common::*;

const MISSING: &str = r#"{"error":{"message":"Missing API key in request","type":"invalid_api_key","code":"invalid_api_key"}}"#;
const INVALID: &str =
    r#"{"error":{"message":"Invalid API key","type":"invalid_api_key","code":"invalid_api_key"}}"#;
const DISABLED: &str = r#"{"error":{"message":"API key is disabled","type":"invalid_api_key","code":"api_key_disabled"}}"#;
const EXPIRED: &str = r#"{"error":{"message":"API key has expired","type":"invalid_api_key","code":"api_key_expired"}}"#;

/// A chat request with these headers.
fn asking(headers: &[(&'static str, &[u8])]) -> Request<Full<bytes::Bytes>> {
    let mut request = post("/v1/chat/completions", whole("hi"));
    for (name, value) in headers {
        let value = HeaderValue::from_bytes(value).expect("a header value");
        request.headers_mut().append(*name, value);
    }
    request
}

async fn ask(world: &World, headers: &[(&'static str, &[u8])]) -> Response {
    world.send(asking(headers)).await
}

fn bearer(scheme: &str, key: &str) -> Vec<u8> {
    format!("{scheme}{key}").into_bytes()
}

#[tokio::test]
async fn a_key_is_accepted_in_every_form_of_the_documentation() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("ok")));
    let world = World::of(&upstream);
    for scheme in ["Bearer ", "bearer ", "BEARER ", "bEaReR   ", "Bearer\t", "", "  "] {
        let answer = ask(&world, &[("authorization", &bearer(scheme, CALLER))]).await;
        assert_eq!(answer.status, 200, "{scheme:?}: {}", answer.text());
    }
    for value in [CALLER.to_owned(), format!("  {CALLER}\t")] {
        let answer = ask(&world, &[("x-api-key", value.as_bytes())]).await;
        assert_eq!(answer.status, 200, "{value:?}: {}", answer.text());
    }
    // The first choice counts, whatever the second holds.
    let both = [("authorization", &*bearer("Bearer ", CALLER)), ("x-api-key", b"sk-wrong")];
    assert_eq!(ask(&world, &both).await.status, 200);
}

#[tokio::test]
async fn no_key_is_a_missing_key() {
    let upstream = ScriptedUpstream::start();
    let world = World::of(&upstream);
    assert_answer(&ask(&world, &[]).await, 401, MISSING);
    for value in ["", " ", "\t", "Bearer", "bearer", "Bearer ", "BEARER \t "] {
        let answer = ask(&world, &[("authorization", value.as_bytes())]).await;
        assert_answer(&answer, 401, MISSING);
        // An Authorization that says nothing is still the one that counts.
        let both = [("authorization", value.as_bytes()), ("x-api-key", CALLER.as_bytes())];
        assert_answer(&ask(&world, &both).await, 401, MISSING);
    }
    assert_answer(&ask(&world, &[("x-api-key", b" ")]).await, 401, MISSING);
}

#[tokio::test]
async fn a_wrong_key_is_an_invalid_key() {
    let upstream = ScriptedUpstream::start();
    let world = World::of(&upstream);
    let hash = KeyHash::of(CALLER).to_string();
    let cased = CALLER.to_uppercase();
    let wrong: Vec<Vec<u8>> = vec![
        bearer("Bearer ", "sk-wrong"),
        bearer("", "sk-wrong"),
        bearer("Bearer ", &hash),
        bearer("", &hash),
        bearer("Bearer ", &cased),
        bearer("Bearer ", SECRET),
        bearer("Basic ", CALLER),
        bearer("Bearer Bearer ", CALLER),
        bearer("Bearer", CALLER),
        [b"Bearer ", CALLER.as_bytes(), b"\xE9"].concat(),
        [CALLER.as_bytes(), b" x"].concat(),
    ];
    for value in &wrong {
        assert_answer(&ask(&world, &[("authorization", value)]).await, 401, INVALID);
        // Whatever Authorization holds, x-api-key is no second chance.
        let both = [("authorization", value.as_slice()), ("x-api-key", CALLER.as_bytes())];
        assert_answer(&ask(&world, &both).await, 401, INVALID);
    }
    assert_answer(&ask(&world, &[("x-api-key", hash.as_bytes())]).await, 401, INVALID);
    assert_answer(&ask(&world, &[("x-api-key", b"sk-wrong")]).await, 401, INVALID);
}

#[tokio::test]
async fn the_list_of_models_needs_a_key_too() {
    let upstream = ScriptedUpstream::start();
    let world = World::of(&upstream);
    let request = Request::get("/v1/models").body(Full::new(bytes::Bytes::new())).expect("one");
    assert_answer(&world.send(request).await, 401, MISSING);
}

#[tokio::test]
async fn disabled_and_expired_keys_are_refused_by_name() {
    let upstream = ScriptedUpstream::start();
    let key = |plaintext: &str, more: serde_json::Value| {
        let mut key = api_key(plaintext, &["*"]);
        key.as_object_mut().expect("one").extend(more.as_object().expect("one").clone());
        key
    };
    let mut all = documents::standard(&upstream.base_url());
    all.extend(documents::documents([
        ("api_keys/off", key("sk-off", json!({"disabled": true}))),
        ("api_keys/old", key("sk-old", json!({"expires_at": "2020-01-01T00:00:00Z"}))),
        (
            "api_keys/both",
            key("sk-both", json!({"disabled": true, "expires_at": "2020-01-01T00:00:00Z"})),
        ),
        ("api_keys/new", key("sk-new", json!({"expires_at": "2999-01-01T00:00:00Z"}))),
    ]));
    upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
    let world = World::with(Settings::default(), &all);
    let ask = async |plaintext: &str| ask(&world, &[("authorization", plaintext.as_bytes())]).await;
    assert_answer(&ask("sk-off").await, 401, DISABLED);
    assert_answer(&ask("sk-old").await, 401, EXPIRED);
    assert_answer(&ask("sk-both").await, 401, DISABLED);
    assert_eq!(ask("sk-new").await.status, 200);
}

#[tokio::test]
async fn a_replaced_key_lives_for_its_grace_and_no_longer() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("ok")));
    let previous = |plaintext: &str, expires_at: &str| json!({"key_hash": KeyHash::of(plaintext).to_string(), "expires_at": expires_at});
    let mut rotated = api_key("sk-now", &["*"]);
    rotated["previous_keys"] = json!([
        previous("sk-graced", "2999-01-01T00:00:00Z"),
        previous("sk-gone", "2020-01-01T00:00:00Z"),
    ]);
    let mut all = documents::standard(&upstream.base_url());
    all[2].1 = rotated.clone();
    let world = World::with(Settings::default(), &all);
    let ask = async |plaintext: &str| ask(&world, &[("authorization", plaintext.as_bytes())]).await;
    assert_eq!(ask("sk-now").await.status, 200);
    assert_eq!(ask("sk-graced").await.status, 200);
    assert_answer(&ask("sk-gone").await, 401, INVALID);

    // The grace is of the key: it ends with it.
    rotated["disabled"] = json!(true);
    all[2].1 = rotated;
    world.publish(&all);
    assert_answer(&ask("sk-graced").await, 401, DISABLED);
    all.pop();
    world.publish(&all);
    assert_answer(&ask("sk-graced").await, 401, INVALID);
    assert_answer(&ask("sk-now").await, 401, INVALID);
}

#[tokio::test]
async fn the_credential_is_checked_before_the_body() {
    let upstream = ScriptedUpstream::start();
    let world = World::of(&upstream);
    for body in ["", "{", "[]", r#"{"model":"nothing"}"#, "\u{FEFF}"] {
        let answer = world.send(post("/v1/chat/completions", body)).await;
        assert_answer(&answer, 401, MISSING);
    }
}

#[tokio::test]
async fn a_refused_caller_is_told_without_its_body_being_waited_for() {
    let upstream = ScriptedUpstream::start();
    let never = http_body_util::BodyExt::boxed(Silent);
    let request = Request::post("/v1/chat/completions").body(never).expect("a request");
    assert_answer(&World::of(&upstream).send(request).await, 401, MISSING);
}

/// A body of which nothing ever comes.
struct Silent;

impl http_body::Body for Silent {
    type Data = bytes::Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<bytes::Bytes>, Self::Error>>> {
        std::task::Poll::Pending
    }
}
