//! What a caller learns of an upstream that fails.

use std::time::Duration;

use aisix_gateway::Settings;
use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, Response, ScriptedUpstream};
use serde_json::{Value, json};

use crate::common::world::{streamed, whole};
use crate::common::*;

/// What a caller gets of an upstream that answers this.
async fn answer_to(reply: Reply) -> Response {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(reply);
    World::of(&upstream).chat(whole("hi")).await
}

#[tokio::test]
async fn a_refusal_keeps_its_status_its_message_its_code_and_its_parameter() {
    for status in [400, 401, 403, 404, 429] {
        for body in [whole("hi"), streamed("hi")] {
            let upstream = ScriptedUpstream::start();
            upstream.enqueue(Reply::json(status, openai::error(status)));
            let answer = World::of(&upstream).chat(body).await;
            let said: Value = serde_json::from_str(&openai::error(status)).expect("JSON");
            let message = said["error"]["message"].as_str().expect("a message");
            // What may be the provider key without its middle is hidden.
            let message = message.replace("sk-wrong*******************key1", "***");
            let mut expected = json!({"message": message, "type": "upstream_error"});
            for member in ["param", "code"] {
                if !said["error"][member].is_null() {
                    expected[member] = said["error"][member].clone();
                }
            }
            assert_eq!((answer.status, error_of(&answer)), (status, expected));
        }
    }
}

#[tokio::test]
async fn every_status_of_refusal_is_passed_on() {
    for status in [402, 405, 408, 409, 413, 415, 422, 423, 451, 499] {
        let answer = answer_to(Reply::text(status, "no")).await;
        let expected = json!({"message": "no", "type": "upstream_error"});
        assert_eq!((answer.status, error_of(&answer)), (status, expected));
        assert!(answer.header("retry-after").is_none());
    }
}

#[tokio::test]
async fn of_a_failure_the_caller_learns_no_more_than_the_status() {
    for status in [500, 501, 502, 503, 504, 529, 599] {
        let said = json!({"error": {"message": "stack trace", "code": "secret", "param": "p"}});
        let answer = answer_to(Reply::json(status, said.to_string())).await;
        let message = format!("upstream returned {status}");
        let expected = json!({"message": message, "type": "upstream_error"});
        assert_eq!((answer.status, error_of(&answer)), (502, expected));
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let reply = Reply::text(302, "over there").header("location", "http://127.0.0.1:9/");
    let answer = answer_to(reply).await;
    let expected = json!({"message": "over there", "type": "upstream_error"});
    assert_eq!((answer.status, error_of(&answer)), (502, expected));
}

#[tokio::test]
async fn retry_after_is_passed_on_for_429_in_seconds_only() {
    for (status, value, expected) in [
        (429, "20", Some("20")),
        (429, " 0 ", Some("0")),
        (429, "1.5", None),
        (429, "-1", None),
        (429, "99999999999999999999999", None),
        (429, "Wed, 21 Oct 2026 07:28:00 GMT", None),
        (503, "20", None),
        (408, "20", None),
    ] {
        let reply = Reply::json(status, openai::error(429)).header("retry-after", value);
        let answer = answer_to(reply).await;
        assert_eq!(answer.header("retry-after"), expected, "for {status} with {value:?}");
    }
}

#[tokio::test]
async fn bodies_of_refusals_are_read_whatever_they_hold() {
    for (body, message, code) in [
        ("", "upstream returned 400", None),
        ("plain text", "plain text", None),
        ("<html>", "<html>", None),
        (r#"{"error":"just a text"}"#, "just a text", None),
        (r#"{"message":"no envelope","code":"c"}"#, "no envelope", Some("c")),
        (r#"{"error":{"message":"m","code":null}}"#, "m", None),
        (r#"{"error":{"message":"m","code":"c","param":null,"type":"t"}}"#, "m", Some("c")),
    ] {
        let answer = answer_to(Reply::text(400, body)).await;
        let error = error_of(&answer);
        assert_eq!(answer.status, 400, "for {body:?}");
        assert_eq!(
            (&error["message"], error["code"].as_str()),
            (&json!(message), code),
            "{body:?}"
        );
        assert!(error.get("param").is_none(), "for {body:?}");
    }
    let bytes = answer_to(Reply::raw(
        b"HTTP/1.1 400 Bad Request\r\ncontent-length: 4\r\n\r\na\xFF\xFEb".as_slice(),
    ))
    .await;
    assert_eq!(error_of(&bytes)["message"], "a\u{FFFD}\u{FFFD}b");
}

#[tokio::test]
async fn long_messages_are_cut_between_characters() {
    for (message, expected) in [
        ("x".repeat(1024), "x".repeat(1024)),
        ("x".repeat(1025), format!("{}…", "x".repeat(1024))),
        ("é".repeat(600), format!("{}…", "é".repeat(512))),
        (format!("x{}", "é".repeat(600)), format!("x{}…", "é".repeat(511))),
    ] {
        let body = json!({"error": {"message": message}}).to_string();
        let error = error_of(&answer_to(Reply::json(400, body)).await);
        assert_eq!(error["message"], json!(expected));
    }
}

#[tokio::test]
async fn no_more_of_a_refusal_is_read_than_is_of_use() {
    // Two bodies without an end: what has come is enough.
    let flood = Reply::open(400, "text/plain").chunk("x".repeat(70_000)).hang();
    let answer = answer_to(flood).await;
    assert_eq!(answer.status, 400);
    assert_eq!(error_of(&answer)["message"], format!("{}…", "x".repeat(1024)));
    let broken = Reply::open(404, "application/json").chunk(r#"{"error":{"message":"no"#).close();
    let answer = answer_to(broken).await;
    assert_eq!(answer.status, 404);
    assert_eq!(error_of(&answer)["message"], r#"{"error":{"message":"no"#);
}

#[tokio::test]
async fn a_success_that_is_no_answer_is_an_error() {
    for (reply, kind) in [
        (Reply::json(200, ""), "upstream_decode_error"),
        (Reply::json(200, "nonsense"), "upstream_decode_error"),
        (Reply::json(200, "[]"), "upstream_decode_error"),
        (Reply::json(200, "{}"), "upstream_decode_error"),
        (Reply::json(200, r#"{"choices":null}"#), "upstream_decode_error"),
        (Reply::json(200, b"{\"choices\":[],\"x\":\"\xFF\"}".as_slice()), "upstream_decode_error"),
        (Reply::json(204, ""), "upstream_decode_error"),
        (Reply::sse(openai::chat_stream(["a"])), "upstream_decode_error"),
        (Reply::json(200, r#"{"error":{"message":"m"}}"#), "upstream_in_band_error"),
        (Reply::json(200, r#"{"error":"m"}"#), "upstream_in_band_error"),
        (Reply::raw("HTTP/1.1 200 OK\r\nbad header\r\n\r\n").close(), "transport_error"),
        (Reply::raw("SSH-2.0-OpenSSH\r\n").close(), "transport_error"),
        (Reply::raw("HTTP/1.1 999999 X\r\n\r\n").close(), "transport_error"),
        (Reply::new().close(), "transport_error"),
        (Reply::new().reset(), "transport_error"),
        (Reply::open(200, "application/json").bytes("zz\r\n").close(), "transport_error"),
    ] {
        let shown = format!("{reply:?}");
        let answer = answer_to(reply).await;
        assert_eq!(answer.status, 502, "{shown}: {}", answer.text());
        let error = error_of(&answer);
        assert_eq!(error["type"], kind, "{shown}: {error}");
        assert!(!error["message"].as_str().unwrap_or_default().is_empty(), "{shown}");
    }
}

#[tokio::test]
async fn an_upstream_that_cannot_be_reached_is_a_transport_error() {
    // A port that was free a moment ago.
    let base = format!("http://127.0.0.1:{}", aisix_testing::free_port());
    let world = World::with(Settings::default(), &documents::standard(&base));
    for body in [whole("hi"), streamed("hi")] {
        let answer = world.chat(body).await;
        assert_eq!(answer.status, 502);
        assert_eq!(error_of(&answer)["type"], "transport_error");
    }
}

#[tokio::test]
async fn connecting_has_a_deadline_tls_included() {
    // It accepts, and says nothing to the greeting.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let base = format!("https://{}", silent.local_addr().expect("it is bound"));
    let mut settings = Settings::default();
    settings.upstream.connect_timeout = Some(Duration::from_millis(30));
    let world = World::with(settings, &documents::standard(&base));
    let answer = world.chat(whole("hi")).await;
    assert_eq!(answer.status, 502, "{}", answer.text());
    assert_eq!(error_of(&answer)["type"], "transport_error");
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_says_how_long_it_took() {
    for reply in [
        Reply::new().hang(),
        Reply::open(200, "application/json").hang(),
        Reply::open(200, "application/json").chunk("{").hang(),
        Reply::open(400, "application/json").chunk("{").hang(),
    ] {
        let upstream = ScriptedUpstream::start();
        upstream.enqueue(reply);
        let mut all = documents::standard(&upstream.base_url());
        all[1].1["timeout"] = json!(30);
        let answer = World::with(Settings::default(), &all).chat(whole("hi")).await;
        assert_eq!(answer.status, 504, "{}", answer.text());
        let error = error_of(&answer);
        assert_eq!(error["type"], "timeout");
        let message = error["message"].as_str().expect("a message");
        let millis = message
            .strip_prefix("upstream request timed out after ")
            .and_then(|rest| rest.strip_suffix("ms"))
            .and_then(|millis| millis.parse::<u64>().ok());
        assert!(millis.is_some_and(|millis| millis >= 30), "{message}");
        upstream.wait_disconnected().await;
    }
}

#[tokio::test]
async fn the_deadline_of_the_process_holds_where_the_model_says_nothing() {
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::new().hang());
    let mut settings = Settings::default();
    settings.upstream.timeout = Some(Duration::from_millis(30));
    assert_eq!(World::set(&upstream, settings).chat(whole("hi")).await.status, 504);
    upstream.wait_disconnected().await;
}

#[tokio::test]
async fn secrets_that_cannot_be_sent_are_refused_without_being_shown() {
    let upstream = ScriptedUpstream::start();
    for secret in ["", "  ", "sk-line\nbreak", "sk-nul\0", "sk-caf\u{e9}\r"] {
        let mut all = documents::standard(&upstream.base_url());
        all[0].1["secret"] = json!(secret);
        let (snapshot, diagnostics) = documents::build(&all, 1);
        if !diagnostics.is_empty() {
            // The resource itself may refuse it; then the model has no key.
            assert_eq!(secret.trim(), "", "{diagnostics:?}");
            continue;
        }
        let world = World::of(&upstream);
        world.shared.publish(std::sync::Arc::new(snapshot));
        let answer = world.chat(whole("hi")).await;
        assert_eq!(answer.status, 401, "{}", answer.text());
        let expected = json!({
            "message": "invalid upstream credentials: the provider key's secret cannot be sent in a header",
            "type": "authentication_error",
        });
        assert_eq!(error_of(&answer), expected);
    }
}

#[tokio::test]
async fn a_refusal_that_quotes_the_credential_is_scrubbed() {
    let long = "x".repeat(1010);
    for (message, expected) in [
        (format!("key {SECRET} is wrong, {SECRET}!"), "key *** is wrong, ***!".to_owned()),
        (SECRET.to_owned(), "***".to_owned()),
        // Cut in the middle of it.
        (format!("{long}{SECRET}"), format!("{long}***…")),
    ] {
        let body = json!({"error": {"message": message, "code": SECRET, "param": SECRET}});
        let error = error_of(&answer_to(Reply::json(401, body.to_string())).await);
        let type_ = "upstream_error";
        let expected = json!({"message": expected, "type": type_, "param": "***", "code": "***"});
        assert_eq!(error, expected);
    }
    let plain = answer_to(Reply::text(403, format!("no: {SECRET}"))).await;
    assert_eq!(error_of(&plain)["message"], "no: ***");
    let in_band = json!({"error": {"message": format!("no: {SECRET}")}}).to_string();
    let whole = answer_to(Reply::json(200, in_band.clone())).await;
    assert_eq!(error_of(&whole)["message"], "no: ***");
    let upstream = ScriptedUpstream::start();
    for frames in [
        vec![format!("data: {in_band}\n\n")],
        vec!["data: {\"choices\":[]}\n\n".to_owned(), format!("data: {in_band}\n\n")],
    ] {
        upstream.enqueue(Reply::sse(frames));
        let answer = World::of(&upstream).chat(streamed("hi")).await;
        assert!(answer.text().contains("no: ***"), "{}", answer.text());
        assert!(!answer.text().contains(SECRET), "{}", answer.text());
    }
}
