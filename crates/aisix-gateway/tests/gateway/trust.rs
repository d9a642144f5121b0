//! Upstreams that speak TLS: whom the gateway believes, as whom it shows itself, and which
//! connections it uses for whom.

use std::time::Duration;

use aisix_gateway::{Settings, TrustError, TrustFiles, UpstreamSettings, UpstreamTrust};
use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, Response, ScriptedUpstream, wait};
use serde_json::{Value, json};

use crate::common::secured::{Authority, Pems, Secured, no_files, trusting};
use crate::common::world::whole;
use crate::common::*;

/// Where the upstreams of these tests are.
const HERE: &str = "127.0.0.1";

fn answering() -> ScriptedUpstream {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("ok")));
    upstream
}

/// The standard configuration in front of this upstream, where the provider key says this.
fn documents(base: &str, tls: Option<Value>) -> documents::Documents {
    let mut all = documents::standard(base);
    if let Some(tls) = tls {
        all[0].1["tls"] = tls;
    }
    all
}

async fn ask(secured: &Secured, files: TrustFiles, tls: Option<Value>) -> Response {
    let documents = documents(&secured.base_url(), tls);
    let world = World::trusting(Settings::default(), &documents, trusting(files));
    world.chat(whole("hi")).await
}

#[track_caller]
fn assert_unreached(answer: &Response, reason: &str, case: &str) {
    assert_eq!(answer.status, 502, "{case}: {}", answer.text());
    let message = error_of(answer)["message"].as_str().expect("a message").to_owned();
    assert!(message.contains(reason), "{case}: {message}");
    assert!(!message.contains(SECRET) && !message.contains(CALLER), "{case}: {message}");
}

#[tokio::test]
async fn an_upstream_is_believed_as_the_deployment_and_the_provider_key_say() {
    let upstream = answering();
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let good = Secured::start(upstream.address(), &ours.sign(HERE));
    let expired = Secured::start(upstream.address(), &ours.sign_long_ago(HERE));
    let misnamed = Secured::start(upstream.address(), &ours.sign("elsewhere.example"));
    let pems = Pems::new();
    let file = |authority: &Authority, name: &str| TrustFiles {
        ca_file: Some(pems.put(name, &authority.pem())),
        ..no_files()
    };
    let (trusted, other) = (file(&ours, "ours.pem"), file(&theirs, "theirs.pem"));
    let careless = TrustFiles { verify: false, ..no_files() };
    let added = |authority: &Authority| Some(json!({"ca_cert": authority.pem()}));
    let unverified = Some(json!({"verify": false}));
    let unknown = Err("invalid peer certificate: UnknownIssuer");
    let late = Err("invalid peer certificate: certificate expired");
    let named = Err("invalid peer certificate: certificate not valid for name");
    for (case, secured, files, tls, expected) in [
        ("nobody vouches", &good, no_files(), None, unknown),
        ("somebody else vouches", &good, other.clone(), None, unknown),
        ("the file vouches", &good, trusted.clone(), None, Ok(())),
        ("the key vouches", &good, no_files(), added(&ours), Ok(())),
        ("the key adds to the file", &good, trusted.clone(), added(&theirs), Ok(())),
        ("the file stays beside the key", &good, other.clone(), added(&ours), Ok(())),
        ("the key vouches for another", &good, no_files(), added(&theirs), unknown),
        ("the key asks for no check", &good, no_files(), unverified.clone(), Ok(())),
        ("the deployment asks for no check", &good, careless.clone(), None, Ok(())),
        ("no check, whatever is added", &good, careless, added(&theirs), Ok(())),
        ("expired", &expired, trusted.clone(), None, late),
        ("expired, by the key", &expired, no_files(), added(&ours), late),
        ("expired, without a check", &expired, no_files(), unverified.clone(), Ok(())),
        ("another name", &misnamed, trusted.clone(), None, named),
        ("another name, by the key", &misnamed, no_files(), added(&ours), named),
        ("another name, without a check", &misnamed, trusted, unverified, Ok(())),
    ] {
        let answer = ask(secured, files, tls).await;
        match expected {
            Ok(()) => assert_eq!(answer.status, 200, "{case}: {}", answer.text()),
            Err(reason) => assert_unreached(&answer, reason, case),
        }
    }
}

#[tokio::test]
async fn an_upstream_that_demands_a_certificate_gets_that_of_the_deployment() {
    let upstream = answering();
    let (ours, staff) = (Authority::new("ours"), Authority::new("staff"));
    let secured = Secured::demanding(upstream.address(), &ours.sign(HERE), &staff);
    let pems = Pems::new();
    let ca_file = Some(pems.put("ca.pem", &ours.pem()));
    let nobody = TrustFiles { ca_file: ca_file.clone(), ..no_files() };
    let answer = ask(&secured, nobody, None).await;
    assert_unreached(&answer, "received fatal alert: CertificateRequired", "nobody");
    let client = Some(pems.pair(&staff.sign("gateway.example")));
    let somebody = TrustFiles { ca_file, client, verify: true };
    assert_eq!(ask(&secured, somebody.clone(), None).await.status, 200);
    // What a provider key says of its upstream changes nothing about ourselves.
    for tls in [json!({"ca_cert": ours.pem()}), json!({"verify": false})] {
        assert_eq!(ask(&secured, somebody.clone(), Some(tls)).await.status, 200);
    }
}

#[tokio::test]
async fn a_connection_that_was_made_without_a_check_serves_no_other_key() {
    let upstream = answering();
    let ours = Authority::new("ours");
    let secured = Secured::start(upstream.address(), &ours.sign(HERE));
    let base = secured.base_url();
    let mut all = documents::documents([("api_keys/k", api_key(CALLER, &["*"]))]);
    for (name, tls) in [
        ("careless", Some(json!({"verify": false}))),
        ("careful", None),
        ("vouched", Some(json!({"ca_cert": ours.pem()}))),
        ("vouched-too", Some(json!({"ca_cert": ours.pem(), "verify": true}))),
        ("careless-too", Some(json!({"verify": false, "ca_cert": ours.pem()}))),
    ] {
        let mut key = provider_key(name, &base);
        if let Some(tls) = tls {
            key["tls"] = tls;
        }
        all.push((format!("provider_keys/{name}"), key));
        all.push((format!("models/{name}"), direct(name, "x", name)));
    }
    let world = World::trusting(Settings::default(), &all, trusting(no_files()));
    let ask = async |name: &str| world.chat(openai::chat_request(name, "hi")).await;
    for (name, status, handshakes) in [
        ("careless", 200, 1),
        ("careful", 502, 1),
        ("vouched", 200, 2),
        ("careless", 200, 2),
        ("careless-too", 200, 2),
        ("vouched-too", 200, 2),
        ("careful", 502, 2),
    ] {
        let answer = ask(name).await;
        assert_eq!((answer.status, secured.handshakes()), (status, handshakes), "{name}");
    }
}

#[tokio::test]
async fn new_connections_are_made_with_the_newest_files_and_old_ones_go_on() {
    let upstream = answering();
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let secured = Secured::start(upstream.address(), &ours.sign(HERE));
    let pems = Pems::new();
    let ca_file = Some(pems.put("ca.pem", &ours.pem()));
    let trust = trusting(TrustFiles { ca_file, ..no_files() });
    let mut all = documents(&secured.base_url(), None);
    let mut key = provider_key("own", &secured.base_url());
    key["tls"] = json!({"ca_cert": theirs.pem()});
    all.push(("provider_keys/own".into(), key));
    all.push(("models/own".into(), direct("own", "x", "own")));
    let world = World::trusting(Settings::default(), &all, trust.clone());
    let served = async |name: &str| world.chat(openai::chat_request(name, "hi")).await.status;
    for name in [MODEL, "own"] {
        assert_eq!(served(name).await, 200);
    }
    pems.put("ca.pem", &theirs.pem());
    trust.refresh();
    assert_eq!(served(MODEL).await, 200);
    assert_eq!(secured.handshakes(), 2);
    // Both connections end with the next answer.
    upstream.always(
        Reply::json(200, openai::chat_completion("ok")).header("connection", "close").close(),
    );
    for name in [MODEL, "own"] {
        assert_eq!(served(name).await, 200);
        assert_eq!(served(name).await, 502, "{name}");
    }
    assert_eq!(secured.handshakes(), 2);
    // What cannot be used changes nothing.
    pems.put("ca.pem", &ours.pem());
    trust.refresh();
    pems.put("ca.pem", "nonsense");
    trust.refresh();
    for name in [MODEL, "own"] {
        assert_eq!(served(name).await, 200, "{name}");
    }
}

#[tokio::test]
async fn the_files_are_looked_at_without_being_asked() {
    let upstream = answering();
    let (ours, theirs) = (Authority::new("ours"), Authority::new("theirs"));
    let secured = Secured::start(upstream.address(), &ours.sign(HERE));
    let pems = Pems::new();
    let ca_file = Some(pems.put("ca.pem", &theirs.pem()));
    let trust = trusting(TrustFiles { ca_file, ..no_files() });
    let followed = trust.clone();
    let following = tokio::spawn(async move { followed.follow(Duration::from_millis(5)).await });
    let documents = documents(&secured.base_url(), None);
    let world = World::trusting(Settings::default(), &documents, trust);
    assert_eq!(world.chat(whole("hi")).await.status, 502);
    pems.put("ca.pem", &ours.pem());
    let served = async || world.chat(whole("hi")).await.status == 200;
    wait::until_async("a connection with the new file", served).await;
    following.abort();
}

#[tokio::test]
async fn an_authority_that_is_none_is_the_configurations_fault_and_a_group_goes_on() {
    let upstream = answering();
    let garbage = "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n";
    for (pem, what) in [
        ("nonsense", {
            "must hold at least one certificate in PEM format (-----BEGIN CERTIFICATE-----)"
        }),
        (garbage, "holds a PEM block that is not an X.509 certificate"),
    ] {
        let mut all = documents(&upstream.base_url(), Some(json!({"ca_cert": pem})));
        all.push(("provider_keys/good".into(), provider_key("good", &upstream.base_url())));
        all.push(("models/good".into(), direct("good", "x", "good")));
        all.push(("models/g".into(), group("g", &[MODEL, "good"])));
        let world = World::with(Settings::default(), &all);
        let answer = world.chat(whole("hi")).await;
        assert_eq!(answer.status, 400);
        let expected =
            format!("invalid upstream configuration: tls.ca_cert of the provider key {what}");
        assert_eq!(error_of(&answer)["message"], expected);
        let answer = world.chat(openai::chat_request("g", "hi")).await;
        assert_eq!(answer.header("x-aisix-served-by"), Some("good"));
    }
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_given_up_with_the_connection() {
    let silent = ScriptedUpstream::start();
    let base = format!("https://{}", silent.address());
    let upstream = UpstreamSettings {
        connect_timeout: Some(Duration::from_millis(50)),
        ..UpstreamSettings::default()
    };
    let settings = Settings { upstream, ..Settings::default() };
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address");
    let base = base.replace(&silent.address().to_string(), &address.to_string());
    let world = World::with(settings, &documents(&base, None));
    let answer = world.chat(whole("hi")).await;
    assert_unreached(&answer, "no connection within 50 ms", "silence");
}

#[test]
fn files_that_cannot_be_used_are_named_with_their_field() {
    let pems = Pems::new();
    let (one, other) = (Authority::new("one"), Authority::new("other"));
    let ca = pems.put("ca.pem", &one.pem());
    let bad = pems.put("bad.pem", "nonsense");
    let garbage = "-----BEGIN CERTIFICATE-----\nbm9uc2Vuc2U=\n-----END CERTIFICATE-----\n";
    let garbage = pems.put("garbage.pem", garbage);
    let missing = ca.with_file_name("missing.pem");
    let (certificate, key) = pems.pair(&one.sign("a"));
    let key = pems.put("one.key", &std::fs::read_to_string(key).expect("a key"));
    let certificate = pems.put("one.pem", &std::fs::read_to_string(certificate).expect("one"));
    let (_, mismatched) = pems.pair(&other.sign("b"));
    let files = |ca_file, client| TrustFiles { ca_file, client, verify: true };
    for (files, field, reason) in [
        (files(Some(missing.clone()), None), "ca_file", "missing.pem cannot be read: No such file"),
        (files(Some(bad.clone()), None), "ca_file", "bad.pem holds no certificate in PEM format"),
        (files(Some(garbage), None), "ca_file", "garbage.pem holds a certificate that cannot be"),
        (files(None, Some((bad.clone(), key))), "client_cert_file", {
            "bad.pem holds no certificate in PEM format"
        }),
        (files(None, Some((certificate.clone(), bad))), "client_key_file", {
            "bad.pem holds no private key in PEM format"
        }),
        (files(None, Some((certificate.clone(), missing))), "client_key_file", {
            "missing.pem cannot be read: No such file"
        }),
        (files(None, Some((certificate, mismatched))), "client_cert_file", { "one.pem and " }),
    ] {
        let TrustError { field: found, cause } =
            UpstreamTrust::based_on(rustls::RootCertStore::empty(), files).expect_err(reason);
        let cause = cause.to_string();
        assert_eq!(found, field, "{cause}");
        assert!(cause.contains(reason), "{cause}");
    }
}
