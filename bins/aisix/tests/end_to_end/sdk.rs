//! The official client packages: what they call, and the errors that they raise.

use std::path::PathBuf;

use aisix_testing::fixtures::openai;
use aisix_testing::{Program, Received, Reply, ScriptedUpstream};
use serde_json::Value;

use crate::gateway::{self, Gateway};

/// What each script prints, one line each.
const PASSED: [&str; 11] = [
    "PASS unary",
    "PASS stream with usage",
    "PASS stream",
    "PASS models",
    "PASS request id",
    "PASS 401",
    "PASS 403",
    "PASS 404",
    "PASS 429",
    "PASS retry-after",
    "PASS broken stream",
];

#[tokio::test]
async fn the_python_package_works_and_raises_its_error_classes() {
    check(tool("AISIX_TEST_PYTHON"), "openai_client.py", &[]).await;
}

#[tokio::test]
async fn the_node_package_works_and_raises_its_error_classes() {
    let modules = tool("AISIX_TEST_NODE_MODULES");
    check(tool("AISIX_TEST_NODE"), "openai_client.mjs", &[("NODE_MODULES", modules)]).await;
}

/// Where a tool is that `cargo xtask test` brought.
#[expect(clippy::disallowed_methods, reason = "a test has no other way to learn the path")]
pub(crate) fn tool(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable);
    path.unwrap_or_else(|| panic!("{variable} is not set: run `cargo xtask test`")).into()
}

async fn check(interpreter: PathBuf, script: &str, more: &[(&str, PathBuf)]) {
    let upstream = ScriptedUpstream::start();
    upstream.respond_with(reply);
    let gateway = serving(&upstream).await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/end_to_end/sdk/");
    let program = Program::at(interpreter).arg(format!("{folder}{script}"));
    let program = program.env("GATEWAY_BASE", format!("http://{}/v1", gateway.proxy));
    let program = more.iter().fold(program, |program, (name, value)| program.env(name, value));
    let mut client = program.start();
    let status = client.exited().await;
    assert!(status.success(), "{:#?}", client.lines());
    assert_eq!(client.stdout(), PASSED);
    gateway.stop().await;
}

/// A gateway with three models and two caller keys.
async fn serving(upstream: &ScriptedUpstream) -> Gateway {
    let gateway = gateway::start().await;
    let base = format!("{}/v1", upstream.base_url());
    let provider_key = gateway.provider_key("openai", &base, "sk-p").await;
    for name in ["chat", "throttled", "broken"] {
        gateway.model(name, &format!("upstream-{name}"), &provider_key).await;
    }
    gateway.caller_key("sk-caller", &["*"]).await;
    gateway.caller_key("sk-of-another-model", &["throttled"]).await;
    gateway
}

/// What the provider says, by the model that it is asked for.
fn reply(request: &Received) -> Reply {
    let body: Value = request.json();
    let words = ["One", " two", " three"];
    match body["model"].as_str() {
        Some("upstream-throttled") => {
            Reply::json(429, openai::error(429)).header("retry-after", "7")
        }
        Some("upstream-broken") => {
            let frames = openai::chat_stream(words);
            Reply::open_sse().chunks(frames[..2].to_vec()).reset()
        }
        _ if body["stream"] != true => {
            Reply::json(200, openai::chat_completion("Hello from the provider."))
        }
        _ if body["stream_options"]["include_usage"] == true => {
            Reply::sse(openai::chat_stream_with_usage(words))
        }
        _ => Reply::sse(openai::chat_stream(words)),
    }
}
