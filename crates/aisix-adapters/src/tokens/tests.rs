use std::fmt;
use std::sync::{Arc, Mutex};

use aisix_core::error::with_causes;
use bytes::Bytes;
use futures_util::future::{join, join_all};
use http::{Request, Response, Uri};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::time::{advance, sleep, timeout};

use super::*;
use crate::transport::Answered;

const SECRET: &str = "client secret+of/0123456789";

/// What an endpoint does with a form.
#[derive(Clone)]
enum Says {
    This(u16, String),
    /// The same, once the test lets it.
    Later(Arc<Semaphore>, u16, String),
    /// The same, after this time.
    After(Duration, u16, String),
    Nothing,
    Unreachable,
}

/// What it says to the n-th form, from 1.
type Script = dyn Fn(usize, &str) -> Says + Send + Sync;

/// A token endpoint, and the forms that it was sent.
struct Endpoint {
    says: Box<Script>,
    asked: Mutex<Vec<String>>,
}

impl Endpoint {
    fn that(says: impl Fn(usize, &str) -> Says + Send + Sync + 'static) -> Self {
        Self { says: Box::new(says), asked: Mutex::default() }
    }

    /// One that grants a new token each time, which lives for so many seconds.
    fn granting(seconds: u64) -> Self {
        Self::that(move |number, _| granted(&format!("token-{number}"), seconds))
    }

    fn asked(&self) -> usize {
        self.asked.lock().expect("no test panicked").len()
    }
}

impl Transport for Endpoint {
    fn send(&self, request: Request<Bytes>, limit: usize) -> Answered {
        assert_eq!(request.method(), http::Method::POST);
        assert_eq!(request.headers()["content-type"], "application/x-www-form-urlencoded");
        let form = String::from_utf8(request.body().to_vec()).expect("a form is text");
        let number = {
            let mut asked = self.asked.lock().expect("no test panicked");
            asked.push(form.clone());
            asked.len()
        };
        let says = (self.says)(number, &form);
        Box::pin(async move {
            let (status, body) = match says {
                Says::This(status, body) => (status, body),
                Says::Later(gate, status, body) => {
                    let _open = gate.acquire().await;
                    (status, body)
                }
                Says::After(time, status, body) => {
                    sleep(time).await;
                    (status, body)
                }
                Says::Nothing => std::future::pending().await,
                Says::Unreachable => {
                    return Err(Error::new(aisix_core::ErrorCode::UpstreamTransport, "no way"));
                }
            };
            assert!(body.len() <= limit, "a transport reads no more than it may");
            Ok(Response::builder().status(status).body(body.into()).expect("an answer"))
        })
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Endpoint")
    }
}

fn granted(token: &str, seconds: u64) -> Says {
    let answer = json!({"token_type": "Bearer", "access_token": token, "expires_in": seconds});
    Says::This(200, answer.to_string())
}

fn closed() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(0))
}

async fn token(
    tokens: &AccessTokens,
    endpoint: &Endpoint,
    credential: &str,
) -> Result<String, Error> {
    let secret = Secret::new(credential);
    let ask = || {
        let request = TokenRequest::new(Uri::from_static("https://login.example/token"));
        Ok(request.field("scope", "all of it").credential("client_secret", &secret))
    };
    let token = tokens.of(&Secret::new(credential), endpoint, ask).await?;
    Ok(token.expose().to_owned())
}

/// An error shows nothing of a credential, not even to the log.
#[track_caller]
fn assert_silent(error: &Error) {
    let shown = format!("{error:?} {}", with_causes(error));
    for part in [SECRET, "client%20secret", "secret%2Bof", "0123456789"] {
        assert!(!shown.contains(part), "{part} is told: {shown}");
    }
}

#[test]
fn tokens_are_shared_between_threads() {
    fn assert_shared<T: Send + Sync>(_: &T) {}
    fn assert_sent<T: Send>(_: &T) {}
    let tokens = AccessTokens::new();
    assert_shared(&tokens);
    assert_sent(&tokens.of(&Secret::new("a"), &crate::transport::Nowhere, || unreachable!()));
}

#[tokio::test]
async fn a_form_says_what_was_asked_escaped() {
    let endpoint = Endpoint::granting(3600);
    token(&AccessTokens::new(), &endpoint, SECRET).await.expect("a token");
    let asked = endpoint.asked.lock().expect("no test panicked").clone();
    assert_eq!(asked, ["scope=all%20of%20it&client_secret=client%20secret%2Bof%2F0123456789"]);
}

#[tokio::test]
async fn any_number_of_requests_at_once_cause_one_mint() {
    let gate = closed();
    let later = gate.clone();
    let endpoint = Endpoint::that(move |number, _| {
        let Says::This(status, body) = granted(&format!("token-{number}"), 3600) else { panic!() };
        Says::Later(later.clone(), status, body)
    });
    let tokens = AccessTokens::new();
    let all = join_all((0..100).map(|_| token(&tokens, &endpoint, SECRET)));
    // The gate opens when everybody has asked.
    let (got, ()) = join(all, async { gate.close() }).await;
    assert!(got.into_iter().all(|token| token.expect("a token") == "token-1"));
    assert_eq!(token(&tokens, &endpoint, SECRET).await.expect("a token"), "token-1");
    assert_eq!(endpoint.asked(), 1);
}

#[tokio::test]
async fn all_who_wait_hear_that_a_mint_failed_and_later_ones_try_again() {
    let gate = closed();
    let later = gate.clone();
    let endpoint = Endpoint::that(move |number, _| match number {
        1 => Says::Later(later.clone(), 503, String::new()),
        _ => granted("token", 3600),
    });
    let tokens = AccessTokens::new();
    let all = join_all((0..100).map(|_| token(&tokens, &endpoint, SECRET)));
    let (got, ()) = join(all, async { gate.close() }).await;
    for outcome in got {
        let error = outcome.expect_err("the mint failed");
        assert_eq!((error.status(), error.message()), (502, "upstream returned 503"));
        assert_eq!(error.upstream().map(|upstream| upstream.status), Some(503));
    }
    assert_eq!(endpoint.asked(), 1);
    assert_eq!(token(&tokens, &endpoint, SECRET).await.expect("a token"), "token");
    assert_eq!(endpoint.asked(), 2);
}

/// A grant that takes so many seconds, of a token that lives for an hour.
fn slow(number: usize, seconds: u64) -> Says {
    let Says::This(status, body) = granted(&format!("token-{number}"), 3600) else { panic!() };
    Says::After(Duration::from_secs(seconds), status, body)
}

#[tokio::test(start_paused = true)]
async fn who_leaves_while_it_mints_leaves_the_mint_to_the_others() {
    let endpoint = Endpoint::that(|number, _| slow(number, 2));
    let tokens = AccessTokens::new();
    let leaves = timeout(Duration::from_secs(1), token(&tokens, &endpoint, SECRET));
    let stays = join_all((0..3).map(|_| token(&tokens, &endpoint, SECRET)));
    let (left, got) = join(leaves, stays).await;
    assert!(left.is_err(), "the first one left");
    assert!(got.into_iter().all(|token| token.expect("a token") == "token-1"));
    assert_eq!(endpoint.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_slower_than_every_deadline_is_heard_in_the_end() {
    let endpoint = Endpoint::that(|number, _| slow(number, 2));
    let tokens = AccessTokens::new();
    for _ in 0..2 {
        let brief = timeout(Duration::from_millis(900), token(&tokens, &endpoint, SECRET));
        assert!(brief.await.is_err(), "nothing came in time");
    }
    let third = timeout(Duration::from_millis(900), token(&tokens, &endpoint, SECRET)).await;
    assert_eq!(third.expect("in time").expect("a token"), "token-1");
    assert_eq!(endpoint.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_mint_that_everybody_left_is_not_gone_on_with_for_ever() {
    let endpoint = Endpoint::that(|number, _| match number {
        1 => Says::Nothing,
        _ => granted("token", 3600),
    });
    let tokens = AccessTokens::new();
    let brief = timeout(Duration::from_secs(1), token(&tokens, &endpoint, SECRET));
    assert!(brief.await.is_err(), "nothing came in time");
    advance(PATIENCE).await;
    assert_eq!(token(&tokens, &endpoint, SECRET).await.expect("a token"), "token");
    assert_eq!(endpoint.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_still_works_serves_while_the_next_is_minted_and_where_that_fails() {
    let endpoint = Endpoint::that(|number, _| match number {
        1 => granted("token-1", 3600),
        2 => Says::Unreachable,
        3 => Says::After(Duration::from_secs(2), 503, String::new()),
        number => slow(number, 2),
    });
    let tokens = AccessTokens::new();
    let got = || async { token(&tokens, &endpoint, SECRET).await.expect("a token") };
    assert_eq!(got().await, "token-1");
    advance(Duration::from_secs(3600) - MARGIN).await;
    assert_eq!(got().await, "token-1", "nobody could be reached, and it lives for a minute");
    assert_eq!(endpoint.asked(), 2);
    // One waits, to be told of the failure; the others go on.
    let (waited, others) = join(got(), join_all((0..3).map(|_| got()))).await;
    assert!(waited == "token-1" && others.iter().all(|token| token == "token-1"));
    assert_eq!(endpoint.asked(), 3);
    let (waited, others) = join(got(), join_all((0..3).map(|_| got()))).await;
    assert!(waited == "token-4" && others.iter().all(|token| token == "token-1"));
    assert_eq!(endpoint.asked(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_token_at_its_end_is_no_way_out() {
    let endpoint = Endpoint::that(|number, _| match number {
        1 => granted("token-1", 3600),
        _ => Says::Unreachable,
    });
    let tokens = AccessTokens::new();
    token(&tokens, &endpoint, SECRET).await.expect("a token");
    advance(Duration::from_secs(3600) - LAST_USE).await;
    let error = token(&tokens, &endpoint, SECRET).await.expect_err("its time is over");
    assert_eq!(error.code(), aisix_core::ErrorCode::UpstreamTransport);
}

#[tokio::test]
async fn a_replaced_credential_never_gets_the_token_of_the_other() {
    let gate = closed();
    let later = gate.clone();
    let endpoint = Endpoint::that(move |_, form| {
        let name = if form.ends_with("old-credential") { "old-token" } else { "new-token" };
        let Says::This(status, body) = granted(name, 3600) else { panic!() };
        Says::Later(later.clone(), status, body)
    });
    let tokens = AccessTokens::new();
    let old = token(&tokens, &endpoint, "old-credential");
    let new = token(&tokens, &endpoint, "new-credential");
    let ((old, new), ()) = join(join(old, new), async { gate.close() }).await;
    assert_eq!(old.expect("a token"), "old-token");
    assert_eq!(new.expect("a token"), "new-token");
}

#[tokio::test(start_paused = true)]
async fn a_token_is_replaced_a_minute_before_it_expires() {
    let endpoint = Endpoint::granting(3600);
    let tokens = AccessTokens::new();
    for (seconds, expected) in [(0, "token-1"), (3539, "token-1"), (1, "token-2"), (60, "token-2")]
    {
        advance(Duration::from_secs(seconds)).await;
        assert_eq!(token(&tokens, &endpoint, SECRET).await.expect("a token"), expected);
    }
}

#[tokio::test]
async fn a_token_that_lives_for_less_serves_those_who_wait_for_it() {
    for life in [json!(59), json!("30"), json!(0), json!(-1), json!(null), json!("soon")] {
        let answer = json!({"access_token": "brief", "expires_in": life}).to_string();
        let endpoint = Endpoint::that(move |_, _| Says::This(200, answer.clone()));
        let tokens = AccessTokens::new();
        let all = join_all((0..3).map(|_| token(&tokens, &endpoint, SECRET))).await;
        assert!(all.into_iter().all(|token| token.expect("a token") == "brief"), "for {life}");
        let before = endpoint.asked();
        token(&tokens, &endpoint, SECRET).await.expect("a token");
        assert_eq!(endpoint.asked(), before + 1, "for {life}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_life_of_a_token_may_be_text_and_no_longer_than_a_day() {
    for (life, kept, gone) in [(json!("3600"), 3539, 1), (json!(u64::MAX), 24 * 3600 - 61, 1)] {
        let answer = json!({"access_token": "t", "expires_in": life}).to_string();
        let endpoint = Endpoint::that(move |_, _| Says::This(200, answer.clone()));
        let tokens = AccessTokens::new();
        for (seconds, mints) in [(0, 1), (kept, 1), (gone, 2)] {
            advance(Duration::from_secs(seconds)).await;
            token(&tokens, &endpoint, SECRET).await.expect("a token");
            assert_eq!(endpoint.asked(), mints, "for {life}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_endpoint_that_hangs_is_given_up() {
    let endpoint = Endpoint::that(|_, _| Says::Nothing);
    let tokens = AccessTokens::new();
    let all = join_all((0..3).map(|_| token(&tokens, &endpoint, SECRET))).await;
    for outcome in all {
        let error = outcome.expect_err("nobody answers");
        assert_eq!(error.code(), aisix_core::ErrorCode::UpstreamTimeout);
        assert_eq!(error.status(), 504);
    }
    assert_eq!(endpoint.asked(), 1);
}

#[tokio::test]
async fn what_is_no_token_is_an_error_that_says_so() {
    let quoted = json!(SECRET);
    for body in [
        String::new(),
        "<html></html>".to_owned(),
        "null".to_owned(),
        "[]".to_owned(),
        quoted.to_string(),
        json!({}).to_string(),
        json!({SECRET: SECRET}).to_string(),
        json!({"access_token": null}).to_string(),
        json!({"access_token": 7}).to_string(),
        json!({"access_token": ""}).to_string(),
        json!({"access_token": "  "}).to_string(),
        json!({"access_token": "a\nb"}).to_string(),
        json!({"access_token": "t", "token_type": "mac", "expires_in": 3600}).to_string(),
        format!(r#"{{"access_token":{quoted},"access_token":{quoted}}}"#),
        format!(r#"{{"access_token": "{}"#, "t".repeat(1000)),
        // RFC 6749 has no such answer, but some proxies have.
        json!({"error": "invalid_client", "error_description": SECRET}).to_string(),
    ] {
        let said = body.clone();
        let endpoint = Endpoint::that(move |_, _| Says::This(200, said.clone()));
        let error = token(&AccessTokens::new(), &endpoint, SECRET).await.expect_err(&body);
        assert_eq!(error.status(), 502, "for {body}");
        assert_eq!(error.code(), aisix_core::ErrorCode::UpstreamDecode, "for {body}");
        assert!(error.message().starts_with("the token endpoint's answer holds "), "{error}");
        assert_silent(&error);
    }
}

#[tokio::test]
async fn a_refusal_is_told_by_who_is_to_blame_and_without_the_credential() {
    let said = |error: &str, description: &str| {
        json!({"error": error, "error_description": description}).to_string()
    };
    let escaped = "client%20secret%2Bof%2F0123456789";
    let prefix = "bridge is misconfigured: the token endpoint answered";
    for (status, body, expected, message) in [
        (401, said("invalid_client", ""), 500, format!("{prefix} 401 (invalid_client)")),
        (400, said("invalid_grant", SECRET), 500, format!("{prefix} 400 (invalid_grant)")),
        (400, said(SECRET, escaped), 500, format!("{prefix} 400")),
        (400, said("INVALID", "why"), 500, format!("{prefix} 400")),
        (404, "<html></html>".to_owned(), 500, format!("{prefix} 404")),
        (403, SECRET.to_owned(), 500, format!("{prefix} 403")),
        (429, json!([SECRET]).to_string(), 500, format!("{prefix} 429")),
        (500, said("server_error", SECRET), 502, "upstream returned 500".to_owned()),
        (503, SECRET.to_owned(), 502, "upstream returned 503".to_owned()),
        (302, SECRET.to_owned(), 502, "upstream returned 302".to_owned()),
    ] {
        let answer = body.clone();
        let endpoint = Endpoint::that(move |_, _| Says::This(status, answer.clone()));
        let error = token(&AccessTokens::new(), &endpoint, SECRET).await.expect_err("a refusal");
        assert_eq!((error.status(), error.message()), (expected, &*message), "for {status} {body}");
        assert_silent(&error);
    }
    let description = format!("Invalid client secret {SECRET} ({escaped}).");
    let body = said("invalid_client", &description);
    let endpoint = Endpoint::that(move |_, _| Says::This(401, body.clone()));
    let error = token(&AccessTokens::new(), &endpoint, SECRET).await.expect_err("a refusal");
    assert!(with_causes(&error).ends_with("Invalid client secret *** (***)."), "for the log");
}

fn refuse(tokens: &AccessTokens, refused: &str) {
    tokens.refused(&Secret::new(SECRET), &Secret::new(refused));
}

#[tokio::test]
async fn a_refused_token_is_thrown_away_once_however_often_it_is_refused() {
    let gate = closed();
    let later = gate.clone();
    let endpoint = Endpoint::that(move |number, _| {
        let Says::This(status, body) = granted(&format!("token-{number}"), 3600) else { panic!() };
        if number == 2 {
            Says::Later(later.clone(), status, body)
        } else {
            Says::This(status, body)
        }
    });
    let tokens = AccessTokens::new();
    assert_eq!(token(&tokens, &endpoint, SECRET).await.expect("a token"), "token-1");
    refuse(&tokens, "token-of-somebody-else");
    tokens.refused(&Secret::new("another credential"), &Secret::new("token-1"));
    assert_eq!(token(&tokens, &endpoint, SECRET).await.expect("a token"), "token-1");
    // A hundred calls were under way with it; each of them hears that it is refused.
    let all = join_all((0..100).map(|_| async {
        refuse(&tokens, "token-1");
        token(&tokens, &endpoint, SECRET).await
    }));
    let (got, ()) = join(all, async {
        refuse(&tokens, "token-1");
        gate.close();
    })
    .await;
    assert!(got.into_iter().all(|token| token.expect("a token") == "token-2"));
    refuse(&tokens, "token-1");
    assert_eq!(token(&tokens, &endpoint, SECRET).await.expect("a token"), "token-2");
    assert_eq!(endpoint.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_upstream_that_refuses_every_token_does_not_empty_the_endpoint() {
    let endpoint = Endpoint::granting(3600);
    let tokens = AccessTokens::new();
    let refused_at_once = || async {
        let got = token(&tokens, &endpoint, SECRET).await.expect("a token");
        refuse(&tokens, &got);
        got
    };
    assert_eq!(refused_at_once().await, "token-1");
    for _ in 0..100 {
        assert_eq!(refused_at_once().await, "token-2");
    }
    advance(MARGIN).await;
    assert_eq!(refused_at_once().await, "token-2");
    assert_eq!(refused_at_once().await, "token-3");
    assert_eq!(endpoint.asked(), 3);
}

#[tokio::test]
async fn who_cannot_be_reached_is_to_blame_for_that() {
    let endpoint = Endpoint::that(|_, _| Says::Unreachable);
    let error = token(&AccessTokens::new(), &endpoint, SECRET).await.expect_err("nobody is there");
    assert_eq!(error.code(), aisix_core::ErrorCode::UpstreamTransport);
    assert_eq!(error.status(), 502);
}

#[tokio::test]
async fn what_cannot_be_asked_is_not_asked_and_not_remembered() {
    let tokens = AccessTokens::new();
    let endpoint = Endpoint::granting(3600);
    let secret = Secret::new(SECRET);
    let refused = tokens.of(&secret, &endpoint, || Err(Error::misconfigured("no PEM"))).await;
    assert_eq!(refused.expect_err("it cannot be asked").status(), 500);
    assert_eq!(endpoint.asked(), 0);
    assert_eq!(token(&tokens, &endpoint, SECRET).await.expect("a token"), "token-1");
}

#[tokio::test(start_paused = true)]
async fn what_is_kept_is_bounded_and_dies_with_its_token() {
    let tokens = AccessTokens::new();
    let endpoint = Endpoint::granting(3600);
    let kept = |tokens: &AccessTokens| tokens.slots.lock().expect("no test panicked").len();
    for number in 0..MOST + 100 {
        advance(Duration::from_millis(1)).await;
        token(&tokens, &endpoint, &format!("credential-{number}")).await.expect("a token");
    }
    assert_eq!(kept(&tokens), MOST);
    let asked = endpoint.asked();
    let last = format!("credential-{}", MOST + 99);
    token(&tokens, &endpoint, &last).await.expect("a token");
    assert_eq!(endpoint.asked(), asked, "the one that was not used for longest had to go");
    advance(Duration::from_secs(3600)).await;
    token(&tokens, &endpoint, "another").await.expect("a token");
    assert_eq!(kept(&tokens), 1);
    assert_eq!(format!("{tokens:?}"), "AccessTokens { credentials: 1 }");
}
