//! The headers that a provider key adds, and those of callers that it passes on.

use aisix_core::ErrorCode;
use aisix_gateway::Settings;
use aisix_testing::fixtures::openai;
use aisix_testing::{Canaries, Received, Reply, ScriptedUpstream};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::common::spoken::{ANTHROPIC, CHAT, FAMILIES, FORMATS, Family, OPENAI};
use crate::common::world::{chat, streamed, whole};
use crate::common::*;

fn documents(family: &Family, upstream: &ScriptedUpstream, quirks: Value) -> documents::Documents {
    let mut all = documents::standard(&upstream.base_url());
    all[0].1 = family.key(&upstream.base_url());
    all[0].1["display_name"] = json!("prod é");
    all[0].1["request"] = quirks;
    all
}

fn with_headers(
    mut request: Request<Full<Bytes>>,
    headers: &[(&str, &str)],
) -> Request<Full<Bytes>> {
    for (name, value) in headers {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
        request.headers_mut().append(name, HeaderValue::from_str(value).expect("a value"));
    }
    request
}

/// What goes up where a caller with these headers meets a key with these quirks.
async fn sent(family: &Family, quirks: Value, headers: &[(&str, &str)]) -> Received {
    let upstream = ScriptedUpstream::start();
    let world = World::with(Settings::default(), &documents(family, &upstream, quirks));
    upstream.enqueue(family.whole(&CHAT, "ok"));
    let answer = world.send(with_headers(chat(whole("hi")), headers)).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    upstream.next_request().await
}

fn values<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a [u8]> {
    headers.get_all(name).iter().map(HeaderValue::as_bytes).collect()
}

#[tokio::test]
async fn every_variable_of_a_default_header_has_its_value() {
    let upstream = ScriptedUpstream::start();
    let quirks = json!({"default_headers": {
        "X-Request": "${request.id}",
        "x-caller": "${request.api_key.id}/${request.api_key.name}",
        "x-account": "<${request.api_key.team_id}|${request.api_key.user_id}>",
        "x-model": "${model.id} ${model.name}",
        "x-key": "${provider_key.id} ${provider_key.name}",
        "x-plain": "$5 {a} ${",
    }});
    let mut all = documents(&OPENAI, &upstream, quirks);
    for (field, value) in [("display_name", "app"), ("team_id", "t1"), ("user_id", "u1")] {
        all[2].1[field] = json!(value);
    }
    let world = World::with(Settings::default(), &all);
    upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
    let request = with_headers(chat(whole("hi")), &[("x-aisix-request-id", "r-1")]);
    assert_eq!(world.send(request).await.status, 200);
    let received = upstream.next_request().await;
    for (name, expected) in [
        ("x-request", "r-1"),
        ("x-caller", "k/app"),
        ("x-account", "<t1|u1>"),
        ("x-model", "m my-gpt"),
        ("x-key", "pk prod é"),
        ("x-plain", "$5 {a} ${"),
    ] {
        assert_eq!(values(&received.headers, name), [expected.as_bytes()], "{name}");
    }
}

#[tokio::test]
async fn a_default_header_that_cannot_be_filled_or_sent_is_left_out_whole() {
    let upstream = ScriptedUpstream::start();
    let quirks = json!({"default_headers": {
        "x-team": "team ${request.api_key.team_id}",
        "x-user": "${request.api_key.user_id}",
        "x-name": "${request.api_key.name}",
        "x-there": "there",
    }});
    let mut all = documents(&OPENAI, &upstream, quirks);
    for name in ["a\r\nx-injected: 1", "a\nb", "a\0b"] {
        all[2].1["display_name"] = json!(name);
        let world = World::with(Settings::default(), &all);
        upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
        assert_eq!(world.chat(whole("hi")).await.status, 200);
        let headers = upstream.next_request().await.headers;
        for absent in ["x-team", "x-user", "x-name", "x-injected"] {
            assert_eq!(headers.get(absent), None, "{absent} with {name:?}");
        }
        assert_eq!(headers["x-there"], "there");
    }
}

#[tokio::test]
async fn the_gateways_headers_win_over_default_ones_and_those_over_forwarded_ones() {
    let quirks = json!({
        "default_headers": {
            "user-agent": "mine", "anthropic-version": "1999-01-01", "x-aisix-request-id": "mine",
            "x-both": "default", "accept": "application/json",
        },
        "forward_client_headers": ["x-*", "user-agent", "anthropic-*"],
    });
    let theirs = [
        ("x-both", "caller"),
        ("x-only", "caller"),
        ("user-agent", "curl/8"),
        ("anthropic-version", "2000-01-01"),
        ("anthropic-beta", "a-beta"),
        ("x-aisix-request-id", "r-1"),
    ];
    let agent = concat!("aisix/", env!("CARGO_PKG_VERSION"));
    for family in &FAMILIES {
        let headers = sent(family, quirks.clone(), &theirs).await.headers;
        let version = if family.name == "anthropic" { "2023-06-01" } else { "1999-01-01" };
        for (name, expected) in [
            ("user-agent", agent),
            ("anthropic-version", version),
            ("anthropic-beta", "a-beta"),
            ("x-aisix-request-id", "r-1"),
            ("x-both", "default"),
            ("x-only", "caller"),
            ("accept", "application/json"),
            (family.credential.0, family.credential.1),
        ] {
            assert_eq!(values(&headers, name), [expected.as_bytes()], "{name}");
        }
    }
}

#[tokio::test]
async fn headers_go_up_from_every_pair_and_with_streams() {
    let quirks = json!({
        "default_headers": {"x-org": "org-1"}, "forward_client_headers": ["X-Trace-*"],
    });
    for spoken in &FORMATS {
        for family in &FAMILIES {
            let upstream = ScriptedUpstream::start();
            let all = documents(family, &upstream, quirks.clone());
            let world = World::with(Settings::default(), &all);
            upstream.enqueue(Reply::sse(family.stream(spoken, &["ok"])));
            let request = spoken.request(spoken.body(MODEL, "hi", true));
            let mut answer = world.stream(with_headers(request, &[("x-trace-id", "t")])).await;
            let pair = format!("{} over {}", spoken.path, family.name);
            assert_eq!(answer.status(), 200, "{pair}: {}", answer.rest().await);
            let received = upstream.next_request().await;
            assert_eq!(received.header("x-org"), Some("org-1"), "{pair}");
            assert_eq!(received.header("x-trace-id"), Some("t"), "{pair}");
            assert_eq!(received.header("accept"), Some("text/event-stream"), "{pair}");
        }
    }
}

#[tokio::test]
async fn headers_of_callers_are_passed_on_by_name_or_pattern_the_first_of_each() {
    let quirks = json!({"forward_client_headers": ["X-One", "x-p-*", "*-end", "x-a*b*"]});
    let theirs = [
        ("X-ONE", "first"),
        ("x-one", "second"),
        ("x-p-a", "a"),
        ("x-P-B", "b"),
        ("the-end", "e"),
        ("x-two", "no"),
        ("x-aab", "no"),
        ("x-p", "no"),
    ];
    let headers = sent(&OPENAI, quirks, &theirs).await.headers;
    for (name, expected) in [("x-one", "first"), ("x-p-a", "a"), ("x-p-b", "b"), ("the-end", "e")] {
        assert_eq!(values(&headers, name), [expected.as_bytes()], "{name}");
    }
    for absent in ["x-two", "x-aab", "x-p"] {
        assert_eq!(headers.get(absent), None, "{absent}");
    }
}

#[tokio::test]
async fn some_headers_of_callers_never_go_up_whatever_the_provider_key_says() {
    let never = [
        "x-api-key",
        "x-goog-api-key",
        "api-key",
        "x-amz-security-token",
        "x-amz-date",
        "x-amz-content-sha256",
        "proxy-authorization",
        "cookie",
        "host",
        "accept",
        "accept-encoding",
        "content-encoding",
        "content-length",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "proxy-connection",
        "set-cookie",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "traceparent",
        "tracestate",
        "x-aisix-routing-tags",
        "x-stainless-lang",
    ];
    // Each is asked for by its own name, too.
    let patterns: Vec<_> = never.iter().copied().chain(["*", "authorization", "x-gone"]).collect();
    let quirks = json!({"forward_client_headers": patterns});
    let mut theirs: Vec<_> = never.map(|name| (name, "callers-own")).into();
    theirs.extend([("connection", "X-Gone , close"), ("x-gone", "callers-own"), ("x-here", "yes")]);
    for family in [&OPENAI, &ANTHROPIC] {
        let received = sent(family, quirks.clone(), &theirs).await;
        assert_eq!(received.header("x-here"), Some("yes"), "everything else does");
        let shown = format!("{:?}", received.headers);
        assert!(!shown.contains("callers-own") && !shown.contains(CALLER), "{shown}");
        assert_eq!(values(&received.headers, "content-type"), [b"application/json"]);
        let (name, value) = family.credential;
        assert_eq!(values(&received.headers, name), [value.as_bytes()]);
    }
}

/// What a provider key adds may be a credential.
#[tokio::test]
async fn what_a_provider_key_adds_does_not_get_out() {
    let mut canaries = Canaries::new();
    let [token, part] = ["a token", "the rest of a template"].map(|name| canaries.plant(name));
    let field = canaries.plant("a field");
    let upstream = ScriptedUpstream::start();
    let quirks = json!({
        "default_headers": {
            "x-token": format!("Bearer {token}"), "x-part": format!("${{request.id}} {part}"),
            "x-short": "eu",
        },
        "default_body_fields": {"token": field, "depth": 3},
    });
    let world = World::with(Settings::default(), &documents(&OPENAI, &upstream, quirks));
    let mut told = Vec::new();
    let quoting = |text: &str| {
        let error = json!({"message": text, "code": token, "param": field, "type": part});
        json!({"error": error}).to_string()
    };
    let text = format!("in eu: Bearer {token}, {part}, {field}");
    let replies = [
        Reply::json(400, quoting(&text)),
        Reply::json(401, quoting(&text)),
        Reply::json(200, quoting(&text)),
        Reply::json(500, quoting(&text)),
        Reply::sse([format!("data: {}\n\n", quoting(&text))]),
        Reply::raw(format!("{token} {part}\r\n\r\n")).close(),
    ];
    for reply in replies {
        for body in [whole("hi"), streamed("hi")] {
            upstream.enqueue(reply.clone());
            let answer = world.chat(body).await;
            assert_ne!(answer.status, 200, "{}", answer.text());
            told.extend_from_slice(format!("{:?}", answer.headers).as_bytes());
            told.extend_from_slice(&answer.body);
        }
    }
    canaries.assert_absent("what callers were told", &told);
    let told = String::from_utf8(told).expect("text");
    assert!(told.contains("in eu: Bearer ***, ***, ***"), "short words are no credentials: {told}");
    let log = logs::text();
    assert!(log.contains(ErrorCode::UpstreamRejected.error_type()), "something was logged");
    canaries.assert_absent("the log", log.as_bytes());
    canaries.assert_absent("the metrics", world.metrics_text().as_bytes());
    canaries.assert_absent("what is shown for debugging", format!("{:?}", world.shared).as_bytes());
    for received in upstream.requests() {
        let sent: Value = received.json();
        assert_eq!(received.header("x-token"), Some(&*format!("Bearer {token}")));
        assert!(received.header("x-part").is_some_and(|value| value.ends_with(&part)));
        assert_eq!((&sent["token"], &sent["depth"]), (&json!(field), &json!(3)));
    }
}
