//! What tries client packages: a gateway with both families behind it, and scripts that say what
//! worked.

use std::path::{Path, PathBuf};

use aisix_testing::{Program, ScriptedUpstream, provider};
use serde_json::json;

use crate::gateway::{self, Gateway};

/// The families of upstreams, each with the end of its base.
const FAMILIES: [(&str, &str); 2] = [("openai", "/v1"), ("anthropic", "")];

/// What the provider is asked for: an answer, or trouble.
const MODELS: [&str; 7] =
    ["plain", "invalid", "throttled", "failing", "overloaded", "broken", "breaking"];

/// Models that embed in the formats of their vendors: of one text a call, and of several.
const EMBED_ON_BEDROCK: [(&str, &str); 2] = [
    ("bedrock-titan", "amazon.titan-embed-text-v2:0"),
    ("bedrock-cohere", "cohere.embed-multilingual-v3"),
];

/// Where a tool is that `cargo xtask` brought.
#[expect(clippy::disallowed_methods, reason = "a test has no other way to learn the path")]
pub(crate) fn tool(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable);
    path.unwrap_or_else(|| {
        panic!("{variable} is not set: run `cargo xtask test` or `cargo xtask compat`")
    })
    .into()
}

/// The lines of a script where everything works.
pub(crate) fn passed(per_family: &[&[&str]], also: &[&[&str]]) -> Vec<String> {
    let (per_family, also) = (per_family.concat(), also.concat());
    let families = FAMILIES.iter().flat_map(|(family, _)| {
        per_family.iter().map(move |check| format!("PASS {family}: {check}"))
    });
    families.chain(also.iter().map(|check| format!("PASS {check}"))).collect()
}

/// A script of the folder, in Python.
pub(crate) fn python(script: &str) -> Program {
    let program = Program::at(tool("AISIX_TEST_PYTHON")).arg(folder().join(script));
    program.env("PYTHONDONTWRITEBYTECODE", "1")
}

/// A script of the folder, in Node.
pub(crate) fn node(script: &str) -> Program {
    let program = Program::at(tool("AISIX_TEST_NODE")).arg(folder().join(script));
    program.env("NODE_MODULES", tool("AISIX_TEST_NODE_MODULES"))
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/end_to_end/sdk")
}

/// Runs a script against a gateway with both families behind it.
pub(crate) async fn check(script: Program, expected: &[String]) {
    let upstream = ScriptedUpstream::start();
    upstream.respond_with(provider::reply);
    let gateway = serving(&upstream).await;
    prints(&script.env("GATEWAY_BASE", format!("http://{}", gateway.proxy)), expected).await;
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
    let bedrock = json!({
        "display_name": "bedrock", "provider": "aws", "adapter": "bedrock",
        "secret": json!({"api_key": "key-of-the-provider", "region": "eu-west-3"}).to_string(),
        "api_base": upstream.base_url(),
    });
    let key = gateway.create("provider_keys", &bedrock).await;
    for (name, model) in EMBED_ON_BEDROCK {
        gateway.model(name, model, &key).await;
    }
    gateway.caller_key("sk-caller", &["*"]).await;
    gateway.caller_key("sk-other", &["openai-throttled"]).await;
    gateway
}
