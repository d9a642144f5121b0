//! A gateway with one more adapter, over sockets.
#![expect(clippy::expect_used, reason = "a test fails with the reason")]

use std::net::SocketAddr;
use std::sync::Arc;

use aisix_adapters::Adapters;
use aisix_core::{KeyHash, Snapshot};
use aisix_gateway::serve::{self, Listener, Workers};
use aisix_gateway::{Settings, Shared, TrustFiles, UpstreamTrust};
use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, Request, Response, ScriptedUpstream};
use example_custom_adapter::Lumen;
use serde_json::{Value, json};

const CALLER: &str = "sk-caller";

/// The whole of it: adapters, resources, a port.
fn start(lumen: &ScriptedUpstream, other: &ScriptedUpstream) -> (Workers, SocketAddr) {
    let adapters = Adapters::builtin().with(Lumen);
    let shared = Shared::new(Settings::default(), adapters);
    let (snapshot, diagnostics) = Snapshot::of(resources(&lumen.base_url(), &other.base_url()));
    assert_eq!(diagnostics, []);
    shared.publish(Arc::new(snapshot));
    let trust = Arc::new(UpstreamTrust::load(TrustFiles::default()).expect("no file is read"));
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let listener = Listener::bind(any, 1).expect("a free port");
    let address = listener.local_addr();
    (serve::start(listener, &shared, &trust).expect("a thread"), address)
}

/// A key chooses the adapter by its provider: the field `adapter` is for the gateway's own.
fn resources(lumen: &str, other: &str) -> [(&'static str, String); 6] {
    [
        (
            "provider_keys/lumen",
            json!({
                "display_name": "lumen", "provider": "lumen", "secret": "lumen-secret-0123",
                "api_base": lumen,
            }),
        ),
        (
            "provider_keys/other",
            json!({
                "display_name": "other", "provider": "openai", "adapter": "openai",
                "secret": "sk-other-0123", "api_base": other,
            }),
        ),
        ("models/ray", direct("ray", "lumen")),
        ("models/gpt", direct("gpt", "other")),
        (
            "models/group",
            json!({
                "display_name": "group",
                "routing": {
                    "strategy": "failover", "targets": [{"model": "ray"}, {"model": "gpt"}],
                },
            }),
        ),
        (
            "api_keys/caller",
            json!({"key_hash": KeyHash::of(CALLER).to_string(), "allowed_models": ["*"]}),
        ),
    ]
    .map(|(key, document)| (key, document.to_string()))
}

fn direct(name: &str, provider_key_id: &str) -> Value {
    json!({
        "display_name": name, "provider": "any", "model_name": format!("{name}-1"),
        "provider_key_id": provider_key_id,
    })
}

async fn ask(address: SocketAddr, path: &str, body: impl ToString) -> Response {
    Request::post(path).bearer(CALLER).json(body.to_string()).send(address).await
}

#[tokio::test]
async fn a_chat_reaches_lumen_at_its_address_with_its_credential() {
    let (lumen, other) = (ScriptedUpstream::start(), ScriptedUpstream::start());
    let (workers, gateway) = start(&lumen, &other);
    lumen.enqueue(Reply::json(200, openai::chat_completion("Hello.")));
    let answer = ask(gateway, "/v1/chat/completions", openai::chat_request("ray", "Hi")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let answer: Value = answer.json();
    assert_eq!(answer["choices"][0]["message"]["content"], "Hello.");
    let received = lumen.next_request().await;
    assert_eq!(received.path_and_query, "/2/talk");
    assert_eq!(received.header("x-lumen-token"), Some("lumen-secret-0123"));
    assert_eq!(received.header("authorization"), None);
    let sent: Value = received.json();
    assert_eq!(sent["model"], "ray-1");
    workers.close().await;
}

#[tokio::test]
async fn what_the_gateway_can_do_lumen_can_do() {
    let (lumen, other) = (ScriptedUpstream::start(), ScriptedUpstream::start());
    let (workers, gateway) = start(&lumen, &other);
    lumen.enqueue(Reply::sse(openai::chat_stream(["Hel", "lo."])));
    let message = json!({
        "model": "ray", "max_tokens": 9, "stream": true,
        "messages": [{"role": "user", "content": "Hi"}],
    });
    let answer = ask(gateway, "/v1/messages", message).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert!(answer.text().contains("message_stop"), "{}", answer.text());
    assert_eq!(lumen.next_request().await.path_and_query, "/2/talk/live");
    workers.close().await;
}

#[tokio::test]
async fn a_model_that_is_being_loaded_leads_a_group_on() {
    let (lumen, other) = (ScriptedUpstream::start(), ScriptedUpstream::start());
    let (workers, gateway) = start(&lumen, &other);
    let fault = |reason| json!({"fault": {"reason": reason, "detail": "why"}}).to_string();
    lumen.enqueue(Reply::json(409, fault("warming_up")));
    other.enqueue(Reply::json(200, openai::chat_completion("Hello.")));
    let answer = ask(gateway, "/v1/chat/completions", openai::chat_request("group", "Hi")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());

    lumen.enqueue(Reply::json(409, fault("too_many_tools")));
    let answer = ask(gateway, "/v1/chat/completions", openai::chat_request("ray", "Hi")).await;
    assert_eq!(answer.status, 409);
    let answer: Value = answer.json();
    assert_eq!(answer["error"]["message"], "why");
    assert_eq!(answer["error"]["code"], "too_many_tools");
    workers.close().await;
}
