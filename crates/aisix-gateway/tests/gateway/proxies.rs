//! Upstreams behind proxies.

use std::time::Duration;

use aisix_gateway::{Proxies, Settings, TrustFiles, UpstreamSettings};
use aisix_testing::fixtures::openai;
use aisix_testing::{Canaries, Reply, ScriptedProxy, ScriptedUpstream, Verdict};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;

use crate::common::secured::{Authority, Pems, Secured, no_files, trusting};
use crate::common::world::{chat, whole};
use crate::common::*;

/// A name that no resolver knows: only a proxy can lead there.
const NAME: &str = "up.example.invalid";

fn settings(variables: &[(&str, &str)]) -> Settings {
    let value = |name: &str| {
        let found = variables.iter().find(|(variable, _)| *variable == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let proxies = Proxies::read(value).expect("proxies");
    let upstream = UpstreamSettings { proxies, ..UpstreamSettings::default() };
    Settings { upstream, ..Settings::default() }
}

fn basic(user: &str, password: &str) -> String {
    BASE64_STANDARD.encode(format!("{user}:{password}"))
}

/// An upstream that speaks TLS under [`NAME`], and the configuration that trusts it.
struct Hidden {
    plain: ScriptedUpstream,
    secured: Secured,
    pems: Pems,
    authority: Authority,
}

impl Hidden {
    fn new() -> Self {
        let plain = ScriptedUpstream::start();
        plain.always(Reply::json(200, openai::chat_completion("ok")));
        let authority = Authority::new("ours");
        let secured = Secured::start(plain.address(), &authority.sign(NAME));
        Self { plain, secured, pems: Pems::new(), authority }
    }

    fn world(&self, settings: Settings) -> World {
        let ca_file = Some(self.pems.put("ca.pem", &self.authority.pem()));
        let trust = trusting(TrustFiles { ca_file, ..no_files() });
        World::trusting(settings, &documents::standard(&format!("https://{NAME}/v1")), trust)
    }
}

#[tokio::test]
async fn https_goes_through_a_tunnel_whose_other_end_is_verified() {
    let hidden = Hidden::new();
    let proxy = ScriptedProxy::start(Verdict::Tunnel(hidden.secured.address()));
    let url = format!("http://us%40er:pass%20word@{}", proxy.address());
    let world = hidden.world(settings(&[("HTTPS_PROXY", &url)]));
    for _ in 0..2 {
        assert_eq!(world.chat(whole("hi")).await.status, 200);
    }
    // "us@er:pass word"
    let expected = format!(
        "CONNECT {NAME}:443 HTTP/1.1\r\nhost: {NAME}:443\r\n\
         proxy-authorization: Basic dXNAZXI6cGFzcyB3b3Jk\r\n\r\n"
    );
    assert_eq!(proxy.heads(), [expected]);
    // The upstream learns nothing of the proxy.
    let received = hidden.plain.next_request().await;
    assert_eq!(received.path_and_query, "/v1/chat/completions");
    assert_eq!(received.header("host"), Some(NAME));
    assert_eq!(received.header("proxy-authorization"), None);
}

#[tokio::test]
async fn the_other_end_of_a_tunnel_must_have_the_upstreams_name() {
    let hidden = Hidden::new();
    let impostor = Secured::start(hidden.plain.address(), &hidden.authority.sign("other.example"));
    let proxy = ScriptedProxy::start(Verdict::Tunnel(impostor.address()));
    let world = hidden.world(settings(&[("ALL_PROXY", &format!("http://{}", proxy.address()))]));
    let answer = world.chat(whole("hi")).await;
    assert_eq!(answer.status, 502);
    assert!(answer.text().contains("certificate not valid for name"), "{}", answer.text());
}

#[tokio::test]
async fn a_proxy_may_itself_speak_tls() {
    let hidden = Hidden::new();
    let proxy = ScriptedProxy::start(Verdict::Tunnel(hidden.secured.address()));
    let front = Secured::start(proxy.address(), &hidden.authority.sign("127.0.0.1"));
    let world = hidden.world(settings(&[("HTTPS_PROXY", &front.base_url())]));
    assert_eq!(world.chat(whole("hi")).await.status, 200);
    assert_eq!((proxy.heads().len(), front.handshakes(), hidden.secured.handshakes()), (1, 1, 1));
}

#[tokio::test]
async fn http_is_asked_of_the_proxy_in_absolute_form() {
    let proxy = ScriptedUpstream::start();
    proxy.always(Reply::json(200, openai::chat_completion("ok")));
    let url = format!("http://user:password@{}", proxy.address());
    let documents = documents::standard(&format!("http://{NAME}:8080/v1"));
    let world = World::with(settings(&[("http_proxy", &url)]), &documents);
    for _ in 0..2 {
        assert_eq!(world.chat(whole("hi")).await.status, 200);
        let received = proxy.next_request().await;
        let expected = format!("http://{NAME}:8080/v1/chat/completions");
        assert_eq!(received.path_and_query, expected);
        assert_eq!(received.header("host"), Some("up.example.invalid:8080"));
        assert_eq!(received.header("proxy-authorization"), Some("Basic dXNlcjpwYXNzd29yZA=="));
    }
    assert_eq!(proxy.connections(), 1);
}

#[tokio::test]
async fn upstreams_that_no_proxy_names_are_reached_directly() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("ok")));
    let proxy = ScriptedUpstream::start();
    let url = proxy.base_url();
    for (exempt, direct) in [("127.0.0.0/8", true), ("10.0.0.0/8", false)] {
        proxy.enqueue(Reply::text(503, "no"));
        let variables = [("ALL_PROXY", url.as_str()), ("NO_PROXY", exempt)];
        let world = World::set(&upstream, settings(&variables));
        assert_eq!(world.chat(whole("hi")).await.status == 200, direct, "{exempt}");
    }
    assert_eq!((upstream.requests().len(), proxy.requests().len()), (1, 1));
    upstream.next_request().await;
}

#[tokio::test]
async fn a_refusal_of_the_proxy_is_a_transport_error_and_repeats_no_credential() {
    let mut canaries = Canaries::new();
    let (user, password) = (canaries.plant("proxy user"), canaries.plant("proxy password"));
    let hidden = Hidden::new();
    let proxy = ScriptedProxy::start(Verdict::Hang);
    let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let login = format!("{}:{}", encoded(&user), encoded(&password));
    let url = format!("http://{login}@{}", proxy.address());
    let mut told = Vec::new();
    let tunnelled = hidden.world(settings(&[("HTTPS_PROXY", &url)]));
    for (verdict, expected) in [
        ("407 Who", "the proxy asks for credentials, or for others (407)"),
        ("403 No", "the proxy refused to connect to the upstream (403)"),
        ("", "the proxy's answer is not HTTP"),
    ] {
        let quoted = format!("{user} {password} {}", basic(&user, &password));
        let answer = match verdict {
            "" => format!("{quoted}\r\n\r\n"),
            _ => format!("HTTP/1.1 {verdict} {quoted}\r\nx: {quoted}\r\n\r\n{quoted}"),
        };
        proxy.set(Verdict::Say(answer));
        let answer = tunnelled.chat(whole("hi")).await;
        assert_eq!(answer.status, 502, "{}", answer.text());
        assert!(answer.text().contains(expected), "{}", answer.text());
        told.extend_from_slice(&answer.body);
    }
    // A proxy that is asked for each request sees the credentials in each.
    let forward = ScriptedUpstream::start();
    let url = format!("http://{login}@{}", forward.address());
    let documents = documents::standard(&format!("http://{NAME}/v1"));
    let forwarded = World::with(settings(&[("HTTP_PROXY", &url)]), &documents);
    for status in [407, 400, 502] {
        let quoted = format!("{password} {}", basic(&user, &password));
        let body = json!({"error": {"message": quoted, "code": quoted}}).to_string();
        forward.enqueue(Reply::json(status, body));
        let answer = forwarded.chat(whole("hi")).await;
        assert_eq!(answer.status, if status == 400 { 400 } else { 502 }, "{}", answer.text());
        told.extend_from_slice(&answer.body);
    }
    canaries.assert_absent("answers", &told);
    canaries.assert_absent("the log", logs::text().as_bytes());
}

#[tokio::test]
async fn the_deadline_of_connecting_holds_for_a_proxy_that_says_nothing() {
    let hidden = Hidden::new();
    let proxy = ScriptedProxy::start(Verdict::Hang);
    let mut settings = settings(&[("HTTPS_PROXY", &format!("http://{}", proxy.address()))]);
    settings.upstream.connect_timeout = Some(Duration::from_millis(50));
    let world = hidden.world(settings);
    let answer = world.chat(whole("hi")).await;
    assert_eq!(answer.status, 502);
    assert!(answer.text().contains("no connection within 50 ms"), "{}", answer.text());
    proxy.wait_idle().await;
}

#[tokio::test]
async fn a_caller_that_leaves_while_the_proxy_thinks_closes_both_sides() {
    let hidden = Hidden::new();
    let proxy = ScriptedProxy::start(Verdict::Hang);
    let world = hidden.world(settings(&[("HTTPS_PROXY", &format!("http://{}", proxy.address()))]));
    let mut request = chat(whole("hi"));
    let id = "leaves-during-connect";
    request.headers_mut().insert("x-aisix-request-id", id.parse().expect("a header value"));
    tokio::select! {
        answer = world.stream(request) => panic!("an answer: {}", answer.status()),
        () = proxy.asked(1) => {}
    }
    proxy.wait_idle().await;
    let outcome = world.recorder.outcome(id).await;
    assert_eq!((outcome.status, outcome.cancelled), (499, true));
    assert_eq!(world.shared.in_flight(), 0);
}

#[tokio::test]
async fn a_proxy_that_is_not_there_is_told_from_an_upstream_that_is_not() {
    let hidden = Hidden::new();
    let url = format!("http://user:password@127.0.0.1:{}", aisix_testing::free_port());
    let world = hidden.world(settings(&[("HTTPS_PROXY", &url)]));
    let answer = world.chat(whole("hi")).await;
    assert_eq!(answer.status, 502);
    assert!(answer.text().contains("the proxy cannot be reached"), "{}", answer.text());
    assert!(!answer.text().contains("password"), "{}", answer.text());
}
