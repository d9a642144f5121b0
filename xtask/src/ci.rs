//! `cargo xtask ci`: all that must hold before a change is accepted, cheapest first.

use anyhow::Result;

use crate::cargo::Workspace;
use crate::commands::{self, step};
use crate::{provision, test, tidy};

/// What to leave out.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Do everything but the tests.
    #[arg(long)]
    skip_test: bool,
}

/// Runs every check, and stops at the first that fails.
///
/// # Errors
/// The check that failed, by name.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let cargo = |words: &str| {
        let mut cargo = workspace.cargo();
        cargo.args(words.split_whitespace());
        cargo
    };
    step("format", || commands::run(&mut cargo("fmt --all --check")))?;
    // What follows needs no network, and a lock file that lags behind the manifests ends here.
    step("fetch", || commands::run(&mut cargo("fetch --locked")))?;
    step("tidy", || tidy::run(workspace))?;
    step("clippy", || {
        commands::run(&mut cargo(
            "clippy --workspace --all-targets -- -D warnings",
        ))
    })?;
    step("documentation", || {
        commands::run(cargo("doc --no-deps --workspace").env("RUSTDOCFLAGS", "-D warnings"))
    })?;
    let deny = step("cargo-deny", || provision::cargo_deny(workspace))?;
    step("deny", || {
        commands::run(workspace.command(&deny).args([
            "--offline",
            "check",
            "bans",
            "licenses",
            "sources",
        ]))
    })?;
    if args.skip_test {
        return Ok(());
    }
    test::run(workspace, &test::Args::default())
}
