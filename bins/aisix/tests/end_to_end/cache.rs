//! Starting while etcd is away, from the snapshot cache.

use std::path::Path;
use std::process::Command;

use aisix_testing::fixtures::openai;
use aisix_testing::{Etcd, Program, Reply, Request, ScriptedUpstream, wait};
use serde_json::{Value, json};

use crate::gateway::{ADMIN_KEY, Gateway, METRICS, program};
use crate::status::{config, get};

const CALLER: &str = "sk-caller";

/// The configuration of a gateway around an etcd, with a cache in its directory.
fn settings(etcd: &Etcd) -> String {
    let url = etcd.url();
    format!(
        "shutdown: {{min_drain_secs: 0}}\netcd: {{endpoints: ['{url}']}}\n\
         managed: {{enabled: false, snapshot_cache_path: cache.json}}"
    )
}

async fn ask(gateway: &Gateway, model: &str) -> u16 {
    let request = Request::post("/v1/chat/completions").bearer(CALLER);
    request.json(openai::chat_request(model, "Hi")).send(gateway.proxy).await.status
}

/// What a cache holds; every time it is looked at, it must be whole.
fn read(path: &Path) -> Option<Value> {
    let text = std::fs::read(path).ok()?;
    Some(serde_json::from_slice(&text).expect("an intact cache"))
}

fn holds(path: &Path, part: &str) -> bool {
    let keys = |cache: &Value| cache["entries"].to_string().contains(part);
    read(path).as_ref().is_some_and(keys)
}

/// Provider key, model `chat` and caller key.
async fn configure(gateway: &Gateway, upstream: &ScriptedUpstream) -> String {
    let base = format!("{}/v1", upstream.base_url());
    let provider_key = gateway.provider_key("openai", &base, "sk-provider").await;
    let model = gateway.model("chat", "gpt-4o", &provider_key).await;
    gateway.caller_key(CALLER, &["*"]).await;
    assert_eq!(ask(gateway, "chat").await, 200);
    model
}

fn upstream() -> ScriptedUpstream {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("From the cache.")));
    upstream
}

#[tokio::test]
async fn a_gateway_starts_from_its_cache_and_takes_over_what_etcd_says_when_it_is_back() {
    let upstream = upstream();
    let mut etcd = Etcd::start().await;
    let program = program(&settings(&etcd));
    let cache = program.directory().join("cache.json");
    let gateway = Gateway::start(&program).await;
    let model = configure(&gateway, &upstream).await;
    // From now on the last good value serves.
    etcd.put(&format!("/aisix/models/{model}"), b"{\"display_name\": 1}").await;
    let stale = || async { config(&gateway).await["rejected"][0]["serving_stale_since"].clone() };
    wait::until_async("the rejection", async || stale().await.is_string()).await;
    let since = stale().await;
    gateway.stop().await;
    assert!(holds(&cache, &format!("/aisix/models/{model}")));
    etcd.kill().await;

    let gateway = Gateway::start(&program).await;
    assert_eq!(ask(&gateway, "chat").await, 200);
    assert_eq!(get(&gateway, "/status/ready").await, (200, "ok".into()));
    let report = config(&gateway).await;
    assert_eq!(report["source"]["connected"], false, "{report}");
    assert_eq!(report["state"], "degraded", "{report}");
    assert_eq!(report["rejected"][0]["serving_stale_since"], since, "{report}");
    gateway.process.kill();
    drop(gateway);

    etcd.start_again().await;
    let gateway = Gateway::start(&program).await;
    wait::until_async("etcd to be read", async || {
        config(&gateway).await["source"]["connected"] == true
    })
    .await;
    assert_eq!(ask(&gateway, "chat").await, 200, "the last good value serves on");
    assert_eq!(config(&gateway).await["rejected"][0]["serving_stale_since"], since);
    let deleted = gateway.admin(Request::delete(&format!("/admin/v1/models/{model}"))).await;
    assert_eq!(deleted.status, 200, "{}", deleted.text());
    assert_eq!(ask(&gateway, "chat").await, 404);
    gateway.stop().await;
    assert!(!holds(&cache, "/aisix/models/"));
}

#[tokio::test]
async fn a_gateway_that_is_killed_while_it_writes_leaves_an_intact_cache() {
    let upstream = upstream();
    let mut etcd = Etcd::start().await;
    let program = program(&settings(&etcd));
    let cache = program.directory().join("cache.json");
    let mut gateway = Gateway::start(&program).await;
    configure(&gateway, &upstream).await;
    wait::until("the cache", || holds(&cache, "/aisix/api_keys/")).await;
    // Large enough for a write to take some time.
    let filler = json!({"display_name": "x".repeat(1 << 20)}).to_string();
    for round in 0..5 {
        for part in 0..4 {
            etcd.put(&format!("/aisix/guardrails/{round}-{part}"), filler.as_bytes()).await;
        }
        let beside = program.directory().join("cache.json.tmp");
        wait::until("a write", || beside.exists() || holds(&cache, &format!("{round}-"))).await;
        gateway.process.kill();
        gateway.process.exited().await;
        assert!(read(&cache).is_some());
        gateway = Gateway::start(&program).await;
        assert_eq!(ask(&gateway, "chat").await, 200);
    }
    etcd.kill().await;
    gateway.process.kill();
    gateway.process.exited().await;
    let gateway = Gateway::start(&program).await;
    assert_eq!(ask(&gateway, "chat").await, 200);
}

/// The program with files of no size, as on a full disk, until [`free`].
fn full(etcd: &Etcd) -> Program {
    let like = program(&settings(etcd));
    let config = std::fs::read(like.directory().join("config.yaml")).expect("a configuration");
    #[expect(clippy::disallowed_methods, reason = "a test has no other way to learn the path")]
    let binary = std::env::var_os("AISIX_TEST_BIN").expect("the gateway's binary");
    // Whoever writes too much is asked to end, unless that is ignored.
    let script = "trap '' XFSZ; ulimit -S -f 0; exec \"$0\" --config config.yaml";
    let program = Program::at("/bin/sh").arg("-c").arg(script).arg(binary);
    program.write("config.yaml", config);
    program.env(METRICS, "127.0.0.1:0")
}

fn free(gateway: &Gateway) {
    let id = gateway.process.id().to_string();
    let limit = Command::new("prlimit").args(["--fsize=unlimited:", "--pid", &id]).status();
    assert!(limit.expect("prlimit").success());
}

#[tokio::test]
async fn a_full_disk_is_said_once_and_the_gateway_serves_on_until_it_heals() {
    let upstream = upstream();
    let etcd = Etcd::start().await;
    let program = full(&etcd);
    let cache = program.directory().join("cache.json");
    let mut gateway = Gateway::start(&program).await;
    configure(&gateway, &upstream).await;
    let said = gateway.process.line_with("cannot write the snapshot cache").await;
    assert!(said.contains("WARN") && said.contains("cache.json"), "{said}");
    assert_eq!(ask(&gateway, "chat").await, 200);
    assert!(!cache.exists() && !program.directory().join("cache.json.tmp").exists());

    free(&gateway);
    gateway.process.line_with("the snapshot cache is written again").await;
    assert!(holds(&cache, "/aisix/api_keys/"));
    let process = gateway.stop().await;
    let lines = process.lines();
    let warnings = lines.iter().filter(|line| line.contains("cannot write the snapshot cache"));
    assert_eq!(warnings.count(), 1, "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains(ADMIN_KEY)));
}

#[tokio::test]
async fn a_cache_that_is_none_is_ignored_and_one_warning() {
    let mut etcd = Etcd::start().await;
    let program = program(&settings(&etcd));
    etcd.kill().await;
    let other = r#"{"version":1,"revision":9,"stale":[],"entries":[{"key":"/other/models/a","value_b64":"e30=","revision":3}]}"#;
    for (text, reason) in [("{\"version\":1,", "it is damaged"), (other, "not below /aisix/")] {
        program.write("cache.json", text);
        let mut gateway = Gateway::start(&program).await;
        let said = gateway.process.line_with("starting without the snapshot cache").await;
        assert!(said.contains("WARN") && said.contains(reason), "{said}");
        assert_eq!(ask(&gateway, "chat").await, 503);
        assert_eq!(get(&gateway, "/status/ready").await.0, 503);
    }
}
