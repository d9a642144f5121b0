//! The official client packages of both families, in front of recorded answers of both.

use std::path::Path;

use aisix_testing::{Program, Received, Reply, ScriptedUpstream};
use serde_json::{Value, json};

use crate::gateway::{self, Gateway};
use crate::packages::{prints, tool};

/// What upstreams answer: recorded messages of their own formats, each whole and streamed.
const GOLDEN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../crates/aisix-dialects/golden");

/// Every format in front of every family.
const PASSED: [&str; 12] = [
    "PASS chat o-text",
    "PASS chat o-tools",
    "PASS chat a-text",
    "PASS chat a-parallel_tools",
    "PASS responses o-text",
    "PASS responses o-tools",
    "PASS responses a-text",
    "PASS responses a-parallel_tools",
    "PASS messages o-text",
    "PASS messages o-tools",
    "PASS messages a-text",
    "PASS messages a-parallel_tools",
];

#[tokio::test]
async fn the_packages_of_both_families_reach_upstreams_of_both() {
    let upstream = ScriptedUpstream::start();
    upstream.respond_with(reply);
    let gateway = serving(&upstream).await;
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/end_to_end/sdk/recorded.py");
    let program = Program::at(tool("AISIX_TEST_PYTHON")).arg(script);
    let program = program.env("GATEWAY_BASE", format!("http://{}", gateway.proxy));
    prints(&program, &PASSED).await;
    gateway.stop().await;
}

async fn serving(upstream: &ScriptedUpstream) -> Gateway {
    let gateway = gateway::start().await;
    for (family, adapter, base, cases) in [
        ("o", "openai", "/v1", &["text", "tools"][..]),
        ("a", "anthropic", "", &["text", "parallel_tools"]),
    ] {
        let value = json!({
            "display_name": family, "provider": adapter, "adapter": adapter, "secret": "sk-p",
            "api_base": format!("{}{base}", upstream.base_url()),
        });
        let key = gateway.create("provider_keys", &value).await;
        for case in cases {
            gateway.model(&format!("{family}-{case}"), case, &key).await;
        }
    }
    gateway.caller_key("sk-caller", &["*"]).await;
    gateway
}

/// What the provider says, by the endpoint and the model that it is asked for.
fn reply(request: &Received) -> Reply {
    let body: Value = request.json();
    let format = match request.path_and_query.as_str() {
        "/v1/chat/completions" => "openai_chat",
        "/v1/responses" => "openai_responses",
        "/v1/messages" => "anthropic_messages",
        other => return Reply::json(404, json!({"error": {"message": other}}).to_string()),
    };
    let case = body["model"].as_str().expect("a model");
    let recorded = |kind: &str| {
        let path = Path::new(GOLDEN).join(format).join(format!("{case}.{kind}"));
        std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"))
    };
    if body["stream"] == true {
        return Reply::sse([recorded("stream.sse")]);
    }
    Reply::json(200, recorded("response.json"))
}
