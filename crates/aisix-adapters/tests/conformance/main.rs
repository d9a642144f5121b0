//! Every adapter keeps the promises of all.
#![expect(clippy::expect_used, reason = "a test fails with the reason")]
#![expect(unreachable_pub, reason = "a test program has no API")]

mod anthropic;
mod azure_openai;
mod bedrock;
mod failures;
mod openai;
mod streams;
mod vertex;
