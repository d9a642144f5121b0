//! May this caller use this model? And is the rest of the body what the endpoint takes?

use aisix_gateway::Settings;
use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, ScriptedUpstream};

use crate::common::*;

const MISSING: &str = r#"{"error":{"message":"Missing field 'model' in request","type":"invalid_request_error","code":"missing_model_field"}}"#;
const NOT_JSON: &str =
    r#"{"error":{"message":"invalid JSON request body","type":"invalid_request_error"}}"#;
const FORBIDDEN: &str = r#"{"error":{"message":"Access to model 'other' is forbidden","type":"invalid_request_error","code":"model_access_forbidden"}}"#;
const DUPLICATE: &str = r#"{"error":{"message":"request payload is invalid: duplicate field 'model'","type":"invalid_request_error"}}"#;

fn unknown(name: &str) -> String {
    format!(
        r#"{{"error":{{"message":"Model '{name}' not found","type":"invalid_request_error","code":"model_not_found"}}}}"#
    )
}

fn complaint(detail: &str) -> String {
    format!(
        r#"{{"error":{{"message":"request payload is invalid: {detail}","type":"invalid_request_error"}}}}"#
    )
}

/// A gateway whose caller may use `my-gpt` and whatever begins with `x-`, but not `other`; nothing
/// may go up.
struct Checks {
    world: World,
    _upstream: ScriptedUpstream,
}

impl Checks {
    fn new() -> Self {
        let upstream = ScriptedUpstream::start();
        let mut all = documents::standard(&upstream.base_url());
        all[2].1 = api_key(CALLER, &[MODEL, "x-*", "ghost", "**", "a*b*"]);
        all.push(("models/other".to_owned(), direct("other", UPSTREAM_MODEL, "pk")));
        all.push(("models/ab".to_owned(), direct("ab", UPSTREAM_MODEL, "pk")));
        Self { world: World::with(Settings::default(), &all), _upstream: upstream }
    }

    async fn check(&self, body: &[u8], status: u16, expected: &str) {
        let answer = self.world.chat(body.to_vec()).await;
        let said = (answer.status, answer.text());
        assert_eq!(said, (status, expected), "for {}", body.escape_ascii());
    }
}

#[tokio::test]
async fn a_request_has_to_name_a_model() {
    let checks = Checks::new();
    for body in [
        "{}",
        r#"{"model":null}"#,
        r#"{"model":""}"#,
        r#"{"messages":[]}"#,
        r#"{"Model":"my-gpt","messages":[{}]}"#,
        r#"{"x":{"model":"my-gpt"},"messages":[{}]}"#,
    ] {
        checks.check(body.as_bytes(), 400, MISSING).await;
    }
}

#[tokio::test]
async fn a_model_is_named_by_a_text() {
    let checks = Checks::new();
    for body in [
        r#"{"model":1,"messages":[{}]}"#,
        r#"{"model":true}"#,
        r#"{"model":["my-gpt"]}"#,
        r#"{"model":{"name":"my-gpt"}}"#,
    ] {
        checks.check(body.as_bytes(), 400, NOT_JSON).await;
    }
}

#[tokio::test]
async fn a_model_has_to_exist_before_it_can_be_forbidden() {
    let checks = Checks::new();
    for name in ["nothing", "my-gp", "my-gpt2", "My-GPT", " my-gpt", "x-nothing", "ghost"] {
        let body = openai::chat_request(name, "hi");
        checks.check(body.as_bytes(), 404, &unknown(name)).await;
    }
    checks.check(openai::chat_request("other", "hi").as_bytes(), 403, FORBIDDEN).await;
    // A pattern with two stars grants nothing.
    let two_stars = FORBIDDEN.replace("other", "ab");
    checks.check(openai::chat_request("ab", "hi").as_bytes(), 403, &two_stars).await;
}

#[tokio::test]
async fn a_model_that_stands_there_twice_is_no_way_around_the_list() {
    let checks = Checks::new();
    for body in [
        r#"{"model":"my-gpt","model":"other","messages":[{}]}"#,
        r#"{"model":"other","model":"my-gpt","messages":[{}]}"#,
        r#"{"model":"my-gpt","model":"my-gpt","messages":[{}]}"#,
        r#"{"model":"my-gpt","\u006dodel":"other","messages":[{}]}"#,
        r#"{"m\u006Fdel":"my-gpt","messages":[{}],"mode\u006c":"other"}"#,
        r#"{"model":null,"model":"other"}"#,
    ] {
        checks.check(body.as_bytes(), 400, DUPLICATE).await;
    }
}

#[tokio::test]
async fn an_escaped_spelling_is_the_same_field_and_the_same_name() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
    let body = r#"{"\u006dodel":"my\u002dgpt","messages":[{"role":"user","content":"hi"}]}"#;
    let answer = World::of(&upstream).chat(body).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(
        upstream.next_request().await.text(),
        r#"{"\u006dodel":"gpt-4o-mini","messages":[{"role":"user","content":"hi"}]}"#
    );
}

#[tokio::test]
async fn a_body_has_to_be_a_json_object() {
    let checks = Checks::new();
    let bodies: [&[u8]; 14] = [
        b"",
        b" ",
        b"{",
        b"nonsense",
        b"null",
        b"[]",
        b"\"my-gpt\"",
        br#"{"model":"my-gpt","messages":[{}]"#,
        br#"{"model":"my-gpt","messages":[{}]} trailing"#,
        br#"{"model":"my-gpt",}"#,
        br#"{'model':'my-gpt'}"#,
        b"{\"model\":\"my-gpt\",\"messages\":[{\"content\":\"\xFF\"}]}",
        b"\xEF\xBB\xBF{\"model\":\"my-gpt\",\"messages\":[{}]}",
        b"{\"model\":\"my-gpt\",\"x\":\"\x01\"}",
    ];
    for body in bodies {
        checks.check(body, 400, NOT_JSON).await;
    }
}

#[tokio::test]
async fn a_body_has_to_be_declared_as_json() {
    let checks = Checks::new();
    let body = r#"{"model":"nobody","messages":[{}]}"#;
    let not_found = unknown("nobody");
    let undeclared = NOT_JSON.replace("body", "body: its content-type must be application/json");
    for (declared, status, expected) in [
        (None, 400, &*undeclared),
        (Some("text/plain"), 400, &*undeclared),
        (Some("application/x-www-form-urlencoded"), 400, &*undeclared),
        (Some("application/jsonlines"), 400, &*undeclared),
        (Some("application/json"), 404, &not_found),
        (Some("Application/JSON; charset=utf-8"), 404, &not_found),
        (Some("application/vnd.example+json"), 404, &not_found),
    ] {
        let mut request = world::chat(body);
        request.headers_mut().remove("content-type");
        let declared = declared.map(|declared| declared.parse().expect("a header value"));
        request.headers_mut().extend(declared.map(|it| (http::header::CONTENT_TYPE, it)));
        assert_answer(&checks.world.send(request).await, status, expected);
    }
}

#[tokio::test]
async fn a_compressed_body_is_refused_with_the_header_that_says_so() {
    let checks = Checks::new();
    let encoded = NOT_JSON.replace("body", "body: it must be sent without a content-encoding");
    let not_found = unknown("nobody");
    let json = &br#"{"model":"nobody","messages":[{}]}"#[..];
    for (body, encoding, status, expected) in [
        (&b"\x1f\x8b\x08\x00"[..], "gzip", 400, &encoded),
        (b"\x1f\x8b\x08\x00", "br", 400, &encoded),
        (json, "identity", 404, &not_found),
        (json, "gzip", 404, &not_found),
    ] {
        let mut request = world::chat(body.to_vec());
        let encoding = encoding.parse().expect("a header value");
        request.headers_mut().insert("content-encoding", encoding);
        assert_answer(&checks.world.send(request).await, status, expected);
    }
}

#[tokio::test]
async fn messages_are_needed_but_the_checks_on_the_model_go_first() {
    let checks = Checks::new();
    let missing = complaint("missing field 'messages'");
    let empty = complaint("'messages' must not be empty");
    let not_a_list = complaint("'messages' must be an array");
    checks.check(br#"{"model":"my-gpt"}"#, 400, &missing).await;
    checks.check(br#"{"model":"my-gpt","messages":[]}"#, 400, &empty).await;
    checks.check(b"{\"model\":\"my-gpt\",\"messages\":[ \n ]}", 400, &empty).await;
    for messages in ["{}", "\"hi\"", "1", "true"] {
        let body = format!(r#"{{"model":"my-gpt","messages":{messages}}}"#);
        checks.check(body.as_bytes(), 400, &not_a_list).await;
    }
    for (name, status, expected) in
        [("nothing", 404, unknown("nothing")), ("other", 403, FORBIDDEN.to_owned())]
    {
        for rest in ["", r#","messages":[]"#, r#","messages":1"#, r#","stream":"yes""#] {
            let body = format!(r#"{{"model":"{name}"{rest}}}"#);
            checks.check(body.as_bytes(), status, &expected).await;
        }
    }
    checks.check(br#"{"stream":"yes"}"#, 400, MISSING).await;
}

#[tokio::test]
async fn wrong_types_of_known_fields_are_refused() {
    let checks = Checks::new();
    for field in [
        r#""temperature":"warm""#,
        r#""temperature":true"#,
        r#""top_p":[]"#,
        r#""max_tokens":-1"#,
        r#""max_tokens":1.5"#,
        r#""max_tokens":4294967296"#,
        r#""max_tokens":"10""#,
        r#""stream":"true""#,
        r#""stream":1"#,
    ] {
        let body = format!(r#"{{"model":"my-gpt","messages":[{{}}],{field}}}"#);
        let answer = checks.world.chat(body).await;
        assert_eq!(answer.status, 400, "{field}: {}", answer.text());
        let error = error_of(&answer);
        assert_eq!(error["type"], "invalid_request_error", "{field}");
        assert_eq!(error.as_object().map(serde_json::Map::len), Some(2), "{field}: {error}");
    }
}

#[tokio::test]
async fn null_is_as_good_as_absent_and_unknown_fields_are_the_upstreams_business() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("ok")));
    let world = World::of(&upstream);
    for fields in [
        r#""temperature":null,"top_p":null,"max_tokens":null,"stream":null"#,
        r#""temperature":0,"top_p":1,"max_tokens":4294967295,"stream":false"#,
        r#""whatever":{"a":[1,2,{"b":null}]},"":"","x":"\ud83d\ude00""#,
        r#""messages2":[],"tools":"not a list","n":"two","stop":{"x":1}"#,
        r#""y":1,"y":2"#,
        // Nobody looks inside, so depth costs nothing.
        &format!(r#""deep":{}1{}"#, "[".repeat(5000), "]".repeat(5000)),
    ] {
        let body = format!(r#"{{"model":"my-gpt","messages":[{{"role":"user"}}],{fields}}}"#);
        assert_eq!(world.chat(body.clone()).await.status, 200, "{fields}");
        let sent = upstream.next_request().await;
        assert_eq!(sent.text(), body.replace(MODEL, UPSTREAM_MODEL));
    }
}
