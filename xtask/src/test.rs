//! `cargo xtask test`: everything that the tests need, then every test.

use std::fmt;

use anyhow::Result;

use crate::cargo::Workspace;
use crate::commands::{self, step};
use crate::provision;

#[cfg(test)]
mod tests;

/// What to pass on to `cargo test`.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Args {
    /// Arguments for `cargo test`: a filter, `--package aisix-core`, `--test end_to_end`, …
    #[arg(last = true)]
    cargo_test: Vec<String>,
}

/// How the tests of all crates went.
#[derive(Debug, Default)]
struct Tally {
    passed: u32,
    failed: u32,
    skipped: u32,
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
    let mut tally = Tally::default();
    let tested = step("test", || {
        let mut cargo = workspace.cargo();
        cargo.args(["test", "--no-fail-fast"]);
        if !names_packages(&args.cargo_test) {
            cargo.arg("--workspace");
        }
        cargo
            .args(&args.cargo_test)
            .env("AISIX_TEST_BIN", workspace.release_binary())
            .env("AISIX_TEST_ETCD", provision::ETCD);
        commands::run_watched(tools.tell(&mut cargo), |line| tally.read(line))
    });
    println!("{tally}");
    tested
}

impl Tally {
    /// Adds what a line of a test runner says, where it is its closing line:
    /// `test result: ok. 2 passed; 0 failed; 1 ignored; …`.
    fn read(&mut self, line: &str) {
        let Some((_, counts)) =
            line.strip_prefix("test result: ").and_then(|result| result.split_once(". "))
        else {
            return;
        };
        for count in counts.split("; ") {
            let Some((number, what)) = count.split_once(' ') else {
                continue;
            };
            let number = number.parse().unwrap_or(0);
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.skipped += number,
                _ => {}
            }
        }
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { passed, failed, skipped } = self;
        write!(f, "{passed} passed, {failed} failed, {skipped} skipped")
    }
}

fn names_packages(args: &[String]) -> bool {
    args.iter()
        .take_while(|arg| *arg != "--")
        .any(|arg| arg.starts_with("-p") || arg.starts_with("--package"))
}
