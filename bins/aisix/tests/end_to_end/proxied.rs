//! The program behind the proxies that its environment names.

use aisix_testing::fixtures::openai;
use aisix_testing::{Canaries, Reply, Request, ScriptedUpstream};

use crate::gateway::{Gateway, program};

const CALLER: &str = "sk-proxied-caller-3b1f";

/// A provider that no resolver knows.
const NOWHERE: &str = "http://provider.example.invalid/v1";

#[tokio::test]
async fn providers_are_reached_through_the_proxy_of_the_environment() {
    let mut canaries = Canaries::new();
    let password = "proxy-pass-8d2c41f07be6";
    canaries.add("proxy password", password);
    let proxy = ScriptedUpstream::start();
    proxy.always(Reply::json(200, openai::chat_completion("ok")));
    let url = format!("http://user:{password}@{}", proxy.address());
    let settings = "shutdown: {min_drain_secs: 0}\nobservability: {log_level: trace}";
    let gateway = Gateway::start(&program(settings).env("http_proxy", url)).await;
    let key = gateway.provider_key("far", NOWHERE, "sk-far").await;
    gateway.model("far", "far-up", &key).await;
    gateway.caller_key(CALLER, &["*"]).await;
    let ask = Request::post("/v1/chat/completions")
        .bearer(CALLER)
        .json(openai::chat_request("far", "hi"));
    let answer = ask.send(gateway.proxy).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let received = proxy.next_request().await;
    assert_eq!(received.path_and_query, format!("{NOWHERE}/chat/completions"));
    assert!(received.header("proxy-authorization").is_some());
    let process = gateway.stop().await;
    canaries.assert_absent("the log", process.lines().join("\n").as_bytes());
}
