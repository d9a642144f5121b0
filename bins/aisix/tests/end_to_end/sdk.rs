//! The official client packages, each in front of upstreams of both families: what they call, what
//! their helpers make of it, and the errors that they raise.

use std::path::{Path, PathBuf};

use aisix_testing::{Program, ScriptedUpstream, provider};
use serde_json::json;

use crate::gateway::{self, Gateway};

/// What each script of `openai` prints for each family.
const OPENAI: &[&str] = &[
    "chat",
    "chat streamed",
    "chat stream helper",
    "chat tools",
    "chat tools streamed",
    "chat parsed",
    "chat thoughts",
    "responses",
    "responses streamed",
    "responses stream helper",
    "responses tools",
    "responses tools streamed",
    "responses parsed",
    "responses thoughts",
    "chat errors",
    "chat breaks off",
    "responses errors",
    "responses breaks off",
];

/// What else each of them prints.
const OPENAI_ALSO: &[&str] = &["callers are told apart", "embeddings", "models", "request id"];

/// What each script of `anthropic` prints for each family.
const ANTHROPIC: &[&str] = &[
    "messages",
    "messages streamed",
    "messages stream helper",
    "tools",
    "tools streamed",
    "tool runner",
    "parsed",
    "thoughts",
    "betas",
    "errors",
    "breaks off",
];

/// What else each of them prints.
const ANTHROPIC_ALSO: &[&str] = &["callers are told apart", "count_tokens", "models"];

/// The families of upstreams, each with the end of its base.
const FAMILIES: [(&str, &str); 2] = [("openai", "/v1"), ("anthropic", "")];

/// What the provider is asked for: an answer, or trouble.
const MODELS: [&str; 7] =
    ["plain", "invalid", "throttled", "failing", "overloaded", "broken", "breaking"];

#[tokio::test]
async fn the_python_package_openai_works_in_front_of_both_families() {
    let expected = passed(&[OPENAI, &["responses tool runner"]], &[OPENAI_ALSO, &["async"]]);
    check(python("openai_client.py"), expected).await;
}

#[tokio::test]
async fn the_node_package_openai_works_in_front_of_both_families() {
    check(node("openai_client.mjs"), passed(&[OPENAI, &["chat tool runner"]], &[OPENAI_ALSO]))
        .await;
}

#[tokio::test]
async fn the_python_package_anthropic_works_in_front_of_both_families() {
    let expected = passed(&[ANTHROPIC], &[ANTHROPIC_ALSO, &["async"]]);
    check(python("anthropic_client.py"), expected).await;
}

#[tokio::test]
async fn the_node_package_anthropic_works_in_front_of_both_families() {
    check(node("anthropic_client.mjs"), passed(&[ANTHROPIC], &[ANTHROPIC_ALSO])).await;
}

/// Where a tool is that `cargo xtask test` brought.
#[expect(clippy::disallowed_methods, reason = "a test has no other way to learn the path")]
pub(crate) fn tool(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable);
    path.unwrap_or_else(|| panic!("{variable} is not set: run `cargo xtask test`")).into()
}

/// The lines of a script where everything works.
fn passed(per_family: &[&[&str]], also: &[&[&str]]) -> Vec<String> {
    let (per_family, also) = (per_family.concat(), also.concat());
    let families = FAMILIES.iter().flat_map(|(family, _)| {
        per_family.iter().map(move |check| format!("PASS {family}: {check}"))
    });
    families.chain(also.iter().map(|check| format!("PASS {check}"))).collect()
}

fn python(script: &str) -> Program {
    let program = Program::at(tool("AISIX_TEST_PYTHON")).arg(folder().join(script));
    program.env("PYTHONDONTWRITEBYTECODE", "1")
}

fn node(script: &str) -> Program {
    let program = Program::at(tool("AISIX_TEST_NODE")).arg(folder().join(script));
    program.env("NODE_MODULES", tool("AISIX_TEST_NODE_MODULES"))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/end_to_end/sdk")
}

/// Runs a script against a gateway with both families behind it.
async fn check(script: Program, expected: Vec<String>) {
    let upstream = ScriptedUpstream::start();
    upstream.respond_with(provider::reply);
    let gateway = serving(&upstream).await;
    prints(&script.env("GATEWAY_BASE", format!("http://{}", gateway.proxy)), &expected).await;
    gateway.stop().await;
}

/// Runs a program to its end, and makes sure that it prints exactly these lines.
pub(crate) async fn prints<L: AsRef<str>>(program: &Program, expected: &[L]) {
    let mut process = program.start();
    // Line by line: every wait has a deadline, and all together may take longer on a loaded machine.
    for line in expected.iter().map(AsRef::as_ref) {
        process.line_where(line, |printed| printed == line).await;
    }
    assert!(process.exited().await.success(), "{:#?}", process.lines());
    assert_eq!(process.stdout(), expected.iter().map(AsRef::as_ref).collect::<Vec<_>>());
}

/// A gateway with every model of both families, a caller key for all, and one for a single model.
async fn serving(upstream: &ScriptedUpstream) -> Gateway {
    let gateway = gateway::start().await;
    for (family, end) in FAMILIES {
        let value = json!({
            "display_name": family, "provider": family, "adapter": family, "secret": "sk-of-the-provider",
            "api_base": format!("{}{end}", upstream.base_url()),
        });
        let key = gateway.create("provider_keys", &value).await;
        for model in MODELS {
            gateway.model(&format!("{family}-{model}"), model, &key).await;
        }
    }
    gateway.caller_key("sk-caller", &["*"]).await;
    gateway.caller_key("sk-other", &["openai-throttled"]).await;
    gateway
}
