//! Clients that are built on the official packages, or beside them: LangChain's and the Vercel AI
//! SDK's, in front of upstreams of both families.
//!
//! `cargo xtask compat` brings their packages and runs this; `cargo test` by itself does not.
#![expect(clippy::expect_used, reason = "a panic with its reason is how a test fails")]
#![expect(clippy::print_stdout, reason = "whoever runs this wants to read what works")]

use aisix_testing::Program;

#[expect(dead_code, reason = "the end-to-end tests need more of it")]
#[path = "../end_to_end/gateway.rs"]
mod gateway;
#[path = "../end_to_end/packages.rs"]
mod packages;

/// The clients of LangChain.
const LANGCHAIN: [&str; 3] = ["ChatOpenAI, chat", "ChatOpenAI, responses", "ChatAnthropic"];

/// Those of the Vercel AI SDK.
const AI: [&str; 3] = ["openai.chat", "openai.responses", "anthropic"];

/// What each of them does.
const TRIED: [&str; 6] = ["text", "streaming", "tools", "structured output", "thoughts", "errors"];

#[tokio::test]
async fn langchain_works_in_front_of_both_families() {
    check(packages::python("langchain_clients.py"), LANGCHAIN, "OpenAIEmbeddings").await;
}

#[tokio::test]
async fn the_vercel_ai_sdk_works_in_front_of_both_families() {
    check(packages::node("ai_clients.mjs"), AI, "embedMany").await;
}

async fn check(script: Program, clients: [&str; 3], also: &str) {
    let tried = clients.map(|client| TRIED.map(|tried| format!("{client}: {tried}")));
    let tried: Vec<_> = tried.as_flattened().iter().map(String::as_str).collect();
    let expected = packages::passed(&[&tried], &[&[also]]);
    packages::check(script, &expected).await;
    expected.iter().for_each(|line| println!("{line}"));
}
