//! What is particular about calling Anthropic.

use std::sync::Arc;

use aisix_adapters::anthropic::Anthropic;
use aisix_adapters::{Adapter, Call, Target};
use aisix_core::{Id, Operation};
use aisix_testing::conformance::resources;
use bytes::Bytes;
use serde_json::json;

fn target() -> Target {
    let key = resources::provider_key(json!({
        "display_name": "key", "provider": "anthropic", "adapter": "anthropic",
        "secret": "sk-ant-0123456789", "api_base": "https://api.anthropic.com",
    }));
    Target {
        model_id: Id::from("model"),
        display_name: "alias".into(),
        upstream_model: "claude".into(),
        provider_key: Arc::clone(&key),
    }
}

#[tokio::test]
async fn a_call_names_the_version_of_the_api_and_sends_no_bearer() {
    let target = target();
    let call = Call::new(&target, Operation::Chat, Bytes::from_static(b"{}"));
    let request = Anthropic.prepare(call.stream(true)).await.expect("it can be sent");
    assert_eq!(request.uri(), "https://api.anthropic.com/v1/messages");
    let header = |name: &str| request.headers().get(name).map(|value| value.as_bytes());
    assert_eq!(header("anthropic-version"), Some(&b"2023-06-01"[..]));
    assert_eq!(header("x-api-key"), Some(&b"sk-ant-0123456789"[..]));
    assert_eq!(header("accept"), Some(&b"text/event-stream"[..]));
    assert_eq!(header("authorization"), None);
}
