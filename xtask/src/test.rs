//! `cargo xtask test`: everything that the tests need, then every test.

use anyhow::Result;

use crate::cargo::Workspace;
use crate::commands::{self, step};
use crate::provision;

/// What to pass on to `cargo test`.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Arguments for `cargo test`: a filter, `--package aisix-core`, `--test end_to_end`, …
    #[arg(last = true)]
    cargo_test: Vec<String>,
}

/// Provisions, builds the release binary, and runs the tests against it.
///
/// # Errors
/// Where a tool is missing and may not be installed, a build fails, or a test fails.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let tools = step("provision", || provision::for_tests(workspace))?;
    step("build the release binary", || {
        commands::run(workspace.cargo().args(["build", "--release", "--package", "aisix"]))
    })?;
    step("test", || {
        let mut cargo = workspace.cargo();
        cargo.arg("test");
        if !names_packages(&args.cargo_test) {
            cargo.arg("--workspace");
        }
        commands::run(
            cargo
                .args(&args.cargo_test)
                .env("AISIX_TEST_BIN", workspace.release_binary())
                .env("AISIX_TEST_PYTHON", &tools.python)
                .env("AISIX_TEST_NODE", &tools.node)
                .env("AISIX_TEST_NODE_MODULES", &tools.node_modules),
        )
    })
}

fn names_packages(args: &[String]) -> bool {
    args.iter()
        .take_while(|arg| *arg != "--")
        .any(|arg| arg.starts_with("-p") || arg.starts_with("--package"))
}
