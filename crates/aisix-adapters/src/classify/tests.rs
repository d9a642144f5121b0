use aisix_core::error::Upstream;
use aisix_core::{Error, ErrorCode, Secret};
use aisix_dialects::ProviderError;
use http::{HeaderMap, StatusCode};

use super::{failed, scrubbed};
use crate::adapter::FailedReply;

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
            let error = failed(&reply, said, &Secret::new(secret));
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
