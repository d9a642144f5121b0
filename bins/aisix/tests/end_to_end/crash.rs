//! What survives SIGKILL: every write that was acknowledged.

use aisix_testing::fixtures::openai;
use aisix_testing::{Connection, Reply, Request, ScriptedUpstream};
use serde_json::{Value, json};

use crate::gateway::{ADMIN_KEY, Gateway, program};

async fn list(gateway: &Gateway, kind: &str) -> Value {
    let answer = gateway.admin(Request::get(&format!("/admin/v1/{kind}"))).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

fn names(models: &Value) -> Vec<&str> {
    let models = models.as_array().expect("a list").iter();
    models.filter_map(|model| model["value"]["display_name"].as_str()).collect()
}

#[tokio::test]
async fn a_killed_gateway_starts_again_with_every_acknowledged_write() {
    let upstream = ScriptedUpstream::start();
    upstream.always(Reply::json(200, openai::chat_completion("Still here.")));
    let program = program("shutdown: {min_drain_secs: 0}");
    let mut gateway = Gateway::start(&program).await;
    let base = format!("{}/v1", upstream.base_url());
    let provider_key = gateway.provider_key("openai", &base, "sk-first").await;
    gateway.model("chat", "gpt-4o", &provider_key).await;
    gateway.caller_key("sk-caller", &["*"]).await;

    for round in 0..3 {
        // The last thing that is answered before the end is a write of every kind of its own.
        let name = format!("round-{round}");
        let doomed = gateway.model(&format!("{name}-doomed"), "gpt-4o", &provider_key).await;
        let secret = format!("sk-{name}");
        let value = json!({
            "display_name": "openai", "provider": "openai", "adapter": "openai",
            "secret": secret, "api_base": base,
        });
        let path = format!("/admin/v1/provider_keys/{provider_key}");
        let put = gateway.admin(Request::put(&path).json(value.to_string())).await;
        assert_eq!(put.status, 200, "{}", put.text());
        let path = format!("/admin/v1/models/{doomed}");
        assert_eq!(gateway.admin(Request::delete(&path)).await.status, 200);
        gateway.model(&name, "gpt-4o", &provider_key).await;
        gateway.process.kill();
        gateway.process.exited().await;

        gateway = Gateway::start(&program).await;
        let models = list(&gateway, "models").await;
        let names = names(&models);
        assert!(names.contains(&&*name), "{names:?}");
        assert!(!names.contains(&&*format!("{name}-doomed")), "{names:?}");
        let keys = list(&gateway, "provider_keys").await;
        assert_eq!(keys[0]["revision"], round + 2, "{keys}");

        let request = Request::post("/v1/chat/completions").bearer("sk-caller");
        let body = openai::chat_request(&name, "Hi");
        let answer = request.json(body).send(gateway.proxy).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let sent = upstream.next_request().await;
        assert_eq!(sent.header("authorization"), Some(&*format!("Bearer {secret}")));
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_gateway_that_is_killed_amid_writes_keeps_all_that_it_acknowledged() {
    let program = program("shutdown: {min_drain_secs: 0}");
    let mut gateway = Gateway::start(&program).await;
    let provider_key = gateway.provider_key("openai", "http://127.0.0.1:9/v1", "sk-p").await;
    let mut connection = Connection::open(gateway.admin).await;
    let mut acknowledged = Vec::new();
    for number in 0..=20 {
        let name = format!("model-{number}");
        let value = json!({
            "display_name": name, "provider": "openai",
            "model_name": "gpt-4o", "provider_key_id": provider_key,
        });
        let request = Request::post("/admin/v1/models").bearer(ADMIN_KEY).json(value.to_string());
        connection.send(request.to_bytes()).await.expect("a listener that reads");
        if number == 20 {
            // The last write and the end meet, in any order.
            gateway.process.kill();
        }
        match connection.response().await {
            Ok(answer) if answer.status == 201 => acknowledged.push(name),
            Ok(answer) => panic!("{}", answer.text()),
            Err(_) => assert_eq!(number, 20, "only the last write may be lost"),
        }
    }
    gateway.process.exited().await;

    let gateway = Gateway::start(&program).await;
    let models = list(&gateway, "models").await;
    let kept = names(&models);
    assert!(acknowledged.len() >= 20, "{acknowledged:?}");
    assert!(acknowledged.iter().all(|name| kept.contains(&&**name)), "{acknowledged:?} {kept:?}");
    gateway.stop().await;
}
