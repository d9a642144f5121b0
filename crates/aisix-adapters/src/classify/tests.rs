use aisix_core::error::Upstream;
use aisix_core::{Error, ErrorCode, Id, Operation, Secret};
use aisix_dialects::{Dialect, ProviderError};
use aisix_testing::conformance::resources;
use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use serde_json::json;

use super::{failed, in_band, scrubbed};
use crate::adapter::{Adapter, Call, FailedReply, Target};
use crate::openai::OpenAi;

/// A target with this secret.
fn target(secret: &str) -> Target {
    let provider_key = resources::provider_key(json!({
        "display_name": "key", "provider": "p", "adapter": "openai", "secret": secret,
        "api_base": "https://p.example",
    }));
    Target {
        model_id: Id::from("model"),
        display_name: "alias".into(),
        upstream_model: "m".into(),
        provider_key,
    }
}

fn quoting(secret: &str) -> Error {
    let upstream = Upstream {
        status: 400,
        code: Some(secret.into()),
        param: Some(format!("a {secret}")),
        kind: Some(secret.into()),
    };
    Error::new(ErrorCode::UpstreamInBand, format!("no such word: {secret}"))
        .with_upstream(upstream)
        .because(format!("the key {secret} is wrong"))
}

fn shown(error: &Error) -> String {
    let upstream = error.upstream().expect("the upstream answered");
    let Upstream { code, param, kind, .. } = upstream;
    format!("{} {code:?} {param:?} {kind:?}", error.message())
}

fn cause(error: &Error) -> Option<String> {
    std::error::Error::source(error).map(ToString::to_string)
}

#[test]
fn a_secret_is_taken_out_of_whatever_quotes_it() {
    let secret = Secret::new("eight-ch");
    let clean = scrubbed(quoting("eight-ch"), &secret);
    assert_eq!(shown(&clean), r#"no such word: *** Some("***") Some("a ***") Some("***")"#);
    assert_eq!(cause(&clean).as_deref(), Some("the key *** is wrong"));
}

#[test]
fn a_short_secret_neither_garbles_a_message_nor_can_be_guessed() {
    for guess in ["word", "secret7", "s", "wrong"] {
        for secret in ["secret7", "word", "a", " a "] {
            let clean = scrubbed(quoting(guess), &Secret::new(secret));
            assert_eq!(shown(&clean), "upstream returned 400 None None None", "{guess} {secret}");
            assert_eq!((clean.code(), clean.status()), (ErrorCode::UpstreamInBand, 400));
            let cause = cause(&clean);
            assert!(cause.is_none_or(|cause| !cause.contains(secret.trim())), "{guess} {secret}");

            let said = ProviderError {
                message: format!("no such word: {guess}"),
                code: Some(guess.into()),
                ..ProviderError::default()
            };
            let reply = FailedReply {
                status: StatusCode::BAD_REQUEST,
                headers: &HeaderMap::new(),
                body: b"",
            };
            let error = failed(&OpenAi, &target(secret), &reply, said);
            assert_eq!(shown(&error), "upstream returned 400 None None None", "{guess} {secret}");
        }
    }
}

#[test]
fn what_no_upstream_said_stays_as_it_is() {
    let own = Error::new(ErrorCode::UpstreamTransport, "upstream request failed: refused");
    let clean = scrubbed(own, &Secret::new("up"));
    assert_eq!(clean.message(), "upstream request failed: refused");
}

/// What is left of a text that quotes this, of an answer to this secret.
fn left(quoted: &str, secret: &str) -> String {
    let clean = scrubbed(quoting(quoted), &Secret::new(secret));
    format!("{} {}", shown(&clean), cause(&clean).unwrap_or_default())
}

#[test]
fn every_part_of_a_secret_that_is_a_document_is_taken_out_by_itself() {
    let account = json!({
        "type": "service_account", "private_key": "-----BEGIN-----\nline-one-of-the-key\nend",
        "client_email": "mail-of-an-account",
    });
    for account in [account.clone(), json!(account.to_string())] {
        let secret = json!({
            "region": "us-gov-west-1", "token": "a-token/0123", "list": ["in \"a\" list"],
            "more": {"access_key_id": "AKIDEXAMPLE"}, "account": account,
        })
        .to_string();
        for part in ["a-token/0123", "AKIDEXAMPLE", "in \"a\" list", "line-one-of-the-key"] {
            let escaped = json!(part).to_string();
            for quoted in [part, &escaped, &escaped.replace('/', "\\/")] {
                let left = left(quoted, &secret);
                assert!(left.contains("***"), "{quoted}: {left}");
                assert!(!left.contains(quoted.trim_matches('"')), "{quoted}: {left}");
            }
        }
        for plain in ["us-gov-west-1", "mail-of-an-account", "service_account"] {
            assert!(left(plain, &secret).contains(plain), "{plain}");
        }
        assert!(!left(&secret, &secret).contains("a-token"));
    }
}

#[test]
fn the_longer_of_two_parts_is_taken_out_whole() {
    let secret = json!({"id": "0123456789", "token": "0123456789-and-more"}).to_string();
    assert!(!left("0123456789-and-more", &secret).contains("more"));
}

#[test]
fn a_secret_that_is_quoted_without_its_middle_is_taken_out_whole() {
    let plain = "sk-OPENAI-0123456789-cccc";
    let document = json!({"region": "us-east-1", "token": plain}).to_string();
    for secret in [plain, document.as_str()] {
        for (said, told) in [
            ("provided: sk-OPENA*****cccc. See", "provided: ***. See"),
            (r#"{"key":"sk-OP...ccc"}"#, r#"{"key":"***"}"#),
            ("key ****-cccc is wrong", "key *** is wrong"),
            ("key=sk-O…, or", "***, or"),
            ("(sk-*****0123***x)", "(***)"),
        ] {
            let left = left(said, secret);
            assert!(left.starts_with(&format!("no such word: {told} ")), "{said}: {left}");
        }
        for other in ["sk-..x", "sk-OP", "other***word", "wait... sk-one", "cccc***sk-", "**bold**"]
        {
            let left = left(other, secret);
            assert!(left.starts_with(&format!("no such word: {other} ")), "{other}: {left}");
        }
    }
}

#[test]
fn a_masked_guess_is_answered_alike_whether_it_is_right_or_wrong() {
    let secret = "sk-OPENAI-0123456789-cccc";
    assert_eq!(left("sk-OPENA****", secret), left("sk-OPENX****", secret));
    assert_eq!(left("****9-cccc", secret), left("****0-cccc", secret));
}

#[test]
fn a_short_part_is_kept_like_a_short_secret() {
    let secret = json!({"region": "r", "session_token": "t"}).to_string();
    assert!(left("word", &secret).starts_with("upstream returned 400 None None"));
}

#[test]
fn a_failed_answer_is_told_without_any_part() {
    let said = ProviderError {
        message: "no AKIDEXAMPLE".into(),
        code: Some("AKIDEXAMPLE".into()),
        ..ProviderError::default()
    };
    let reply =
        FailedReply { status: StatusCode::FORBIDDEN, headers: &HeaderMap::new(), body: b"" };
    let target = target(r#"{"access_key_id":"AKIDEXAMPLE"}"#);
    let error = failed(&OpenAi, &target, &reply, said);
    assert_eq!(shown(&error), r#"no *** Some("***") None None"#);
}

/// A family whose providers write of their customers.
struct Discreet;

#[async_trait]
impl Adapter for Discreet {
    fn name(&self) -> &'static str {
        "discreet"
    }

    fn dialect(&self, _: &Target, _: Operation, _: bool) -> Result<&'static dyn Dialect, Error> {
        unreachable!()
    }

    async fn prepare(&self, _: Call<'_>) -> Result<http::Request<Bytes>, Error> {
        unreachable!()
    }

    fn retell(&self, _: &Target, said: ProviderError) -> ProviderError {
        let message = if said.status == Some(429) { "slow down" } else { "" }.to_owned();
        ProviderError { message, code: said.code.map(|code| code.to_lowercase()), ..said }
    }

    fn classify(&self, target: &Target, reply: &FailedReply<'_>) -> Error {
        failed(self, target, reply, ProviderError::plain("account 7 is over its limit"))
    }
}

#[test]
fn what_a_family_does_not_tell_is_told_in_no_way_and_logged_in_each() {
    let headers = HeaderMap::new();
    let words = "account 7 is over its limit";
    for (status, told, told_inside) in [
        (429, "slow down", "slow down"),
        (400, "upstream returned 400", "upstream reported an error"),
    ] {
        let status = StatusCode::from_u16(status).expect("it is a status");
        let reply = FailedReply { status, headers: &headers, body: b"" };
        let error = Discreet.classify(&target("secret-0123"), &reply);
        assert_eq!((error.status(), error.message()), (status.as_u16(), told));
        assert_eq!(cause(&error).as_deref(), Some(words));

        let upstream =
            Upstream { status: status.as_u16(), code: Some("C".into()), ..Upstream::default() };
        let inside = Error::new(ErrorCode::UpstreamInBand, words).with_upstream(upstream);
        let error = in_band(&Discreet, &target("secret-0123"), inside);
        assert_eq!(shown(&error), format!(r#"{told_inside} Some("c") None None"#));
        assert_eq!(cause(&error).as_deref(), Some(words));
    }
    let reply = FailedReply { status: StatusCode::BAD_GATEWAY, headers: &headers, body: b"" };
    let error = Discreet.classify(&target("secret-0123"), &reply);
    assert_eq!((error.message(), cause(&error).as_deref()), ("upstream returned 502", Some(words)));
    let own = Error::new(ErrorCode::UpstreamTransport, "upstream request failed: refused");
    assert_eq!(in_band(&Discreet, &target("s"), own).message(), "upstream request failed: refused");
}
