//! Changing the master key with the program, while gateways serve and while it is killed.

use aisix_testing::fixtures::openai;
use aisix_testing::{Canaries, Etcd, Program, Reply, Request, ScriptedUpstream, wait};
use serde_json::json;

use crate::gateway::{Gateway, METRICS, program};

const FIRST: &str = "1111111111111111111111111111111111111111111111111111111111111111";
const SECOND: &str = "2222222222222222222222222222222222222222222222222222222222222222";

/// A gateway, or `aisix rekey`, around this etcd with these keys, the first of which seals.
fn around(etcd: &Etcd, keys: &[&str], command: Option<&str>) -> Program {
    let mut store = String::new();
    if let [current, previous @ ..] = keys {
        store = format!("store: {{master_key: '{current}', previous_master_keys: {previous:?}}}");
    }
    let more = format!(
        "shutdown: {{min_drain_secs: 0}}\netcd: {{endpoints: ['{}']}}\n{store}",
        etcd.url()
    );
    let Some(command) = command else { return program(&more) };
    let program = Program::aisix().arg(command).arg("--config").arg("config.yaml");
    program.write("config.yaml", format!("admin: {{admin_keys: [k]}}\n{more}\n"));
    program.env(METRICS, "127.0.0.1:0")
}

async fn chat(gateway: &Gateway) -> u16 {
    let request = Request::post("/v1/chat/completions").bearer("sk-caller");
    request.json(openai::chat_request("chat", "Hi")).send(gateway.proxy).await.status
}

async fn rekeyed(program: &Program) -> (Option<i32>, String) {
    let mut process = program.start();
    let status = process.exited().await;
    (status.code(), process.lines().join("\n"))
}

#[tokio::test]
async fn an_etcd_in_clear_is_encrypted_and_rekeyed_while_a_gateway_serves() {
    let mut canaries = Canaries::new();
    let secret = canaries.plant("provider key");
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("Hello.")));
    let etcd = Etcd::start().await;
    let plain = Gateway::start(&around(&etcd, &[], None)).await;
    let base = format!("{}/v1", upstream.base_url());
    let key = plain.provider_key("openai", &base, &secret).await;
    plain.model("chat", "gpt-4o", &key).await;
    plain.caller_key("sk-caller", &["*"]).await;
    assert_eq!(chat(&plain).await, 200);
    plain.stop().await;

    let gateway = Gateway::start(&around(&etcd, &[SECOND, FIRST], None)).await;
    for keys in [&[FIRST][..], &[SECOND, FIRST], &[SECOND, FIRST]] {
        let (code, said) = rekeyed(&around(&etcd, keys, Some("rekey"))).await;
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains("the previous ones may go"), "{said}");
        canaries.assert_absent("what it says", said.as_bytes());
        assert_eq!(chat(&gateway).await, 200, "it serves on");
        let sent = upstream.requests().pop().expect("a request");
        assert_eq!(sent.header("authorization"), Some(&*format!("Bearer {secret}")));
    }
    let only_new = Gateway::start(&around(&etcd, &[SECOND], None)).await;
    wait::until_async("the new key to do", async || chat(&only_new).await == 200).await;
    only_new.stop().await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_gateway_with_another_key_says_so_once_and_writes_no_credential() {
    let etcd = Etcd::start().await;
    let first = Gateway::start(&around(&etcd, &[FIRST], None)).await;
    for name in ["one", "two"] {
        first.provider_key(name, "http://127.0.0.1:9/v1", "sk-of-the-first").await;
    }
    first.stop().await;
    for keys in [&[SECOND][..], &[]] {
        let other = Gateway::start(&around(&etcd, keys, None)).await;
        let status = Request::get("/status/config").send(other.metrics).await;
        assert!(status.text().contains("is sealed with key"), "{}", status.text());
        let body = json!({
            "display_name": "three", "provider": "openai", "adapter": "openai",
            "secret": "sk-of-another", "api_base": "http://127.0.0.1:9/v1",
        });
        let request = Request::post("/admin/v1/provider_keys").json(body.to_string());
        let refused = other.admin(request).await;
        assert_eq!(refused.status, 409, "{}", refused.text());
        assert!(refused.text().contains("configure the master key"), "{}", refused.text());
        let log = other.stop().await.lines();
        let errors: Vec<_> = log.iter().filter(|line| line.contains("ERROR")).collect();
        assert_eq!(errors.len(), 1, "{errors:?}");
        assert!(errors[0].contains("that is not configured here"), "{errors:?}");
    }
    let (code, said) = rekeyed(&around(&etcd, &[SECOND], Some("rekey"))).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("left as it is: provider_keys/"), "{said}");
}

#[tokio::test]
async fn the_key_of_an_embedded_store_is_changed_while_its_gateway_is_stopped() {
    let gateway_program = program("shutdown: {min_drain_secs: 0}");
    let gateway = Gateway::start(&gateway_program).await;
    gateway.provider_key("one", "http://127.0.0.1:9/v1", "sk-one").await;
    let directory = gateway_program.directory().join("aisix-data");
    let rekey = Program::aisix().arg("rekey").arg("--config").arg("config.yaml");
    rekey.write(
        "config.yaml",
        format!(
            "admin: {{admin_keys: [k]}}\nstore: {{path: '{0}', master_key_file: '{0}/new.key', \
             previous_master_key_files: ['{0}/master.key']}}\n",
            directory.display()
        ),
    );
    let (code, said) = rekeyed(&rekey).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("in use by another process"), "{said}");
    gateway.stop().await;

    let (code, said) = rekeyed(&rekey).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("1 documents rewritten"), "{said}");
    std::fs::rename(directory.join("new.key"), directory.join("master.key")).expect("a key");
    let gateway = Gateway::start(&gateway_program).await;
    let status = Request::get("/status/config").send(gateway.metrics).await;
    assert!(status.text().contains("\"synced\""), "{}", status.text());
    gateway.stop().await;
}
