//! Several gateways around one etcd.

use aisix_testing::fixtures::openai;
use aisix_testing::{Etcd, Program, Reply, Request, Response, ScriptedUpstream, wait};
use serde_json::json;

use crate::gateway::{Gateway, program};

fn around(etcd: &Etcd) -> Program {
    let url = etcd.url();
    program(&format!("shutdown: {{min_drain_secs: 0}}\netcd: {{endpoints: ['{url}']}}"))
}

async fn ask(gateway: &Gateway, model: &str) -> Response {
    let request = Request::post("/v1/chat/completions").bearer("sk-caller");
    request.json(openai::chat_request(model, "Hi")).send(gateway.proxy).await
}

async fn comes_to_answer(gateway: &Gateway, model: &str, status: u16) {
    let what = format!("{model} to be answered with {status}");
    wait::until_async(&what, async || ask(gateway, model).await.status == status).await;
}

#[tokio::test]
async fn what_is_written_through_one_gateway_is_served_by_the_other() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("From either.")));
    let etcd = Etcd::start().await;
    let one = Gateway::start(&around(&etcd)).await;
    let other = Gateway::start(&around(&etcd)).await;
    let base = format!("{}/v1", upstream.base_url());
    let provider_key = one.provider_key("openai", &base, "sk-first").await;
    other.caller_key("sk-caller", &["*"]).await;
    let model = one.model("chat", "gpt-4o", &provider_key).await;
    comes_to_answer(&one, "chat", 200).await;
    comes_to_answer(&other, "chat", 200).await;

    // A name is free for one of them only.
    let value = json!({
        "display_name": "chat", "provider": "openai",
        "model_name": "gpt-4o", "provider_key_id": provider_key,
    });
    let taken = other.admin(Request::post("/admin/v1/models").json(value.to_string())).await;
    assert_eq!(taken.status, 409, "{}", taken.text());

    let path = format!("/admin/v1/models/{model}");
    assert_eq!(other.admin(Request::delete(&path)).await.status, 200);
    comes_to_answer(&one, "chat", 404).await;
    one.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn a_gateway_starts_without_etcd_and_serves_on_without_it() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("Still here.")));
    let mut etcd = Etcd::start().await;
    let program = around(&etcd);
    etcd.kill().await;

    let mut gateway = Gateway::start(&program).await;
    let lost = gateway.process.line_with("lost the configuration source").await;
    assert!(lost.contains(&etcd.url()), "{lost}");
    let answer = ask(&gateway, "chat").await;
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.text().contains("not_ready"), "{}", answer.text());
    let ready = Request::get("/readyz");
    assert_eq!(ready.send(gateway.proxy).await.status, 503);
    let models = gateway.admin(Request::get("/admin/v1/models")).await;
    assert_eq!(models.status, 500, "{}", models.text());
    assert!(models.text().contains("the configuration store failed"), "{}", models.text());

    etcd.start_again().await;
    wait::until_async("the gateway to be ready", async || {
        ready.send(gateway.proxy).await.status == 200
    })
    .await;
    let base = format!("{}/v1", upstream.base_url());
    let provider_key = gateway.provider_key("openai", &base, "sk-first").await;
    gateway.model("chat", "gpt-4o", &provider_key).await;
    gateway.caller_key("sk-caller", &["chat"]).await;
    assert_eq!(ask(&gateway, "chat").await.status, 200);

    etcd.kill().await;
    wait::until_async("etcd to be missed", async || {
        gateway.process.lines().iter().filter(|line| line.contains("lost the")).count() == 2
    })
    .await;
    assert_eq!(ask(&gateway, "chat").await.status, 200);
    assert_eq!(ready.send(gateway.proxy).await.status, 200);
    gateway.stop().await;
}
