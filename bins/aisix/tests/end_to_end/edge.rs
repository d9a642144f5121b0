//! What operators set at the edge: who is believed about clients, and what paths stand for, and which
//! certificates listeners show.

use std::process::Command;

use aisix_testing::fixtures::openai;
use aisix_testing::{Program, Reply, Request, ScriptedUpstream};
use serde_json::json;

use crate::gateway::{Gateway, program};

const CALLER: &str = "sk-edge-caller";

fn chat(model: &str) -> Request {
    Request::post("/v1/chat/completions").bearer(CALLER).json(openai::chat_request(model, "hi"))
}

#[tokio::test]
async fn the_client_is_the_peer_or_whom_a_trusted_peer_names() {
    let upstream = ScriptedUpstream::start();
    for (trusted, header, allowed, status) in [
        ("", None, "127.0.0.1", 200),
        ("", Some("192.0.2.1"), "127.0.0.1", 200),
        ("127.0.0.0/8", Some("192.0.2.1"), "127.0.0.1", 403),
        ("127.0.0.0/8", Some("127.0.0.1, 192.0.2.1:80"), "192.0.2.0/24", 200),
    ] {
        let variable = "AISIX_PROXY__REAL_IP__TRUSTED_PROXIES";
        let program = program("shutdown: {min_drain_secs: 0}").env(variable, trusted);
        let gateway = Gateway::start(&program).await;
        let key = gateway.provider_key("pk", &upstream.base_url(), "sk-upstream").await;
        let model = json!({
            "display_name": "local", "provider": "openai", "model_name": "x",
            "provider_key_id": key, "allowed_cidrs": [allowed],
        });
        gateway.create("models", &model).await;
        gateway.caller_key(CALLER, &["*"]).await;
        if status == 200 {
            upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
        }
        let mut request = chat("local");
        if let Some(header) = header {
            request = request.header("x-forwarded-for", header);
        }
        let answer = request.send(gateway.proxy).await;
        assert_eq!(answer.status, status, "{trusted} {header:?}: {}", answer.text());
        gateway.stop().await;
    }
}

#[tokio::test]
async fn a_path_that_is_rewritten_is_the_endpoint_and_keeps_its_query() {
    let rules = r#"[{"name":"team","match":"^/team/[^/]+(/.*)$","rewrite":"$1"}]"#;
    let program = program("shutdown: {min_drain_secs: 0}").env("AISIX_PROXY__URL_REWRITES", rules);
    let gateway = Gateway::start(&program).await;
    gateway.caller_key(CALLER, &["*"]).await;
    let models = Request::get("/team/a%20b/v1/models").bearer(CALLER);
    assert_eq!(models.send(gateway.proxy).await.json::<serde_json::Value>()["object"], "list");
    let probe = Request::get("/team/x/livez?verbose").send(gateway.proxy).await;
    assert!(probe.text().contains("[+]"), "{}", probe.text());
    assert_eq!(Request::get("/team/x/team/y/livez").send(gateway.proxy).await.status, 404);
    gateway.stop().await;
}

/// Writes a new certificate for this machine and its key, for both listeners.
fn certify(program: &Program) -> String {
    let pair = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    for listener in ["proxy", "admin"] {
        program.write(&format!("{listener}.pem"), pair.cert.pem());
        program.write(&format!("{listener}.key"), pair.signing_key.serialize_pem());
    }
    pair.cert.pem()
}

/// What `curl` says of an address if it trusts this certificate: the answer, or why there is none.
fn curl(program: &Program, trusted: &str, arguments: &[&str]) -> Result<String, String> {
    program.write("trusted.pem", trusted);
    let output = Command::new("curl")
        .args(["-sS", "-i", "--noproxy", "*", "--cacert", "trusted.pem"])
        .args(arguments)
        .current_dir(program.directory())
        .output()
        .expect("curl runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

#[tokio::test]
async fn listeners_speak_https_and_show_new_certificates_when_their_files_change() {
    let program = program("shutdown: {min_drain_secs: 0}")
        .env("AISIX_PROXY__TLS__CERT_FILE", "proxy.pem")
        .env("AISIX_PROXY__TLS__KEY_FILE", "proxy.key")
        .env("AISIX_ADMIN__TLS__CERT_FILE", "admin.pem")
        .env("AISIX_ADMIN__TLS__KEY_FILE", "admin.key");
    let first = certify(&program);
    let mut gateway = Gateway::start(&program).await;
    let urls = [gateway.proxy, gateway.admin].map(|address| format!("https://{address}/livez"));
    for url in &urls {
        let answer = curl(&program, &first, &[url]).expect("an answer");
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        curl(&program, &first, &[&url.replace("https", "http")]).expect_err("no plain HTTP");
    }
    let malformed = [&*urls[0], "-H", "content-length: x"];
    let malformed = curl(&program, &first, &malformed).expect("an answer");
    assert!(malformed.contains("the HTTP request is malformed"), "{malformed}");

    let second = certify(&program);
    for file in ["proxy.pem", "admin.pem"] {
        let served = |line: &str| line.contains("the new certificate") && line.contains(file);
        let served = |line: &str| served(line) && line.contains(" INFO ");
        gateway.process.line_where("the new certificate", served).await;
    }
    for url in &urls {
        curl(&program, &first, &[url]).expect_err("the certificate is another");
        curl(&program, &second, &[url]).expect("an answer");
    }
    gateway.stop().await;
}
