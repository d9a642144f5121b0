//! The official client packages, each in front of upstreams of both families: what they call, what
//! their helpers make of it, and the errors that they raise.

use crate::packages::{check, node, passed, python};

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

#[tokio::test]
async fn the_python_package_openai_works_in_front_of_both_families() {
    let expected = passed(&[OPENAI, &["responses tool runner"]], &[OPENAI_ALSO, &["async"]]);
    check(python("openai_client.py"), &expected).await;
}

#[tokio::test]
async fn the_node_package_openai_works_in_front_of_both_families() {
    let expected = passed(&[OPENAI, &["chat tool runner"]], &[OPENAI_ALSO]);
    check(node("openai_client.mjs"), &expected).await;
}

#[tokio::test]
async fn the_python_package_anthropic_works_in_front_of_both_families() {
    let expected = passed(&[ANTHROPIC], &[ANTHROPIC_ALSO, &["async"]]);
    check(python("anthropic_client.py"), &expected).await;
}

#[tokio::test]
async fn the_node_package_anthropic_works_in_front_of_both_families() {
    let expected = passed(&[ANTHROPIC], &[ANTHROPIC_ALSO]);
    check(node("anthropic_client.mjs"), &expected).await;
}
