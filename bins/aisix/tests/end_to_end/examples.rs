//! The examples, run as their page says.

use std::path::{Path, PathBuf};

use aisix_testing::fixtures::openai;
use aisix_testing::{Program, Received, Reply, ScriptedUpstream};
use serde_json::Value;

use crate::gateway::{self, ADMIN_KEY, Gateway};
use crate::packages::tool;

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name)
}

/// Runs an example against a gateway with one model, `hello`; answers what it printed.
async fn run(interpreter: impl Into<PathBuf>, script: PathBuf) -> Vec<String> {
    let upstream = ScriptedUpstream::start();
    upstream.respond_with(reply);
    let gateway = gateway::start().await;
    let base = format!("{}/v1", upstream.base_url());
    let provider_key = gateway.provider_key("provider", &base, "sk-p").await;
    gateway.model("hello", "hello-1", &provider_key).await;
    gateway.caller_key("sk-caller", &["*"]).await;
    let printed = against(&gateway, interpreter.into(), &script).await;
    gateway.stop().await;
    printed
}

async fn against(gateway: &Gateway, interpreter: PathBuf, script: &Path) -> Vec<String> {
    let mut process = Program::at(interpreter)
        .arg(script.display().to_string())
        .arg("hello")
        .env("AISIX_API_KEY", "sk-caller")
        .env("AISIX_ADMIN_KEY", ADMIN_KEY)
        .env("AISIX_ADMIN_URL", format!("http://{}", gateway.admin))
        .env("OPENAI_BASE_URL", format!("http://{}/v1", gateway.proxy))
        .env("ANTHROPIC_BASE_URL", format!("http://{}", gateway.proxy))
        .start();
    let status = process.exited().await;
    assert!(status.success(), "{:#?}", process.lines());
    process.stdout()
}

fn reply(request: &Received) -> Reply {
    let body: Value = request.json();
    if body["stream"] == true {
        Reply::sse(openai::chat_stream(["Hello", " there."]))
    } else {
        Reply::json(200, openai::chat_completion("Hello there."))
    }
}

const SAID: [&str; 3] = ["models: hello", "answer: Hello there.", "stream: Hello there."];

#[tokio::test]
async fn the_python_examples_run() {
    for script in ["openai_chat.py", "anthropic_messages.py"] {
        assert_eq!(run(tool("AISIX_TEST_PYTHON"), example(script)).await, SAID, "{script}");
    }
}

#[tokio::test]
async fn the_node_examples_run() {
    for script in ["openai_chat.mjs", "anthropic_messages.mjs"] {
        assert_eq!(run_in_node(script).await, SAID, "{script}");
    }
}

async fn run_in_node(name: &str) -> Vec<String> {
    // Node looks for packages beside the script.
    let beside = tempfile::tempdir().expect("a directory");
    let script = beside.path().join(name);
    std::fs::copy(example(name), &script).expect("the example");
    let modules = tool("AISIX_TEST_NODE_MODULES");
    std::os::unix::fs::symlink(modules, beside.path().join("node_modules")).expect("a link");
    run(tool("AISIX_TEST_NODE"), script).await
}

#[tokio::test]
async fn the_failover_example_says_who_served() {
    let printed = run("bash", example("failover.sh")).await.join("\n");
    assert!(printed.starts_with("HTTP/1.1 200 OK"), "{printed}");
    assert!(printed.contains("x-aisix-served-by: hello"), "{printed}");
    assert!(printed.contains(r#""model":"resilient-"#), "{printed}");
}
