//! `cargo xtask ci`: all that must hold before a change is accepted, cheapest first.

use anyhow::{Result, bail};

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

/// A check's name, and how it is done.
type Check = (&'static str, fn(&Workspace) -> Result<()>);

/// What must hold, cheapest first.
const CHECKS: &[Check] = &[
    ("format", format),
    ("tidy", tidy::run),
    ("clippy", clippy),
    ("each crate alone", each_crate_alone),
    ("each family alone", each_family_alone),
    ("documentation", documentation),
    ("deny", deny),
];

/// Runs every check, then the tests unless a check failed.
///
/// # Errors
/// The names of the checks that failed, or the tests' failure.
pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    // What follows needs no network, and a lock file that lags behind the manifests ends here.
    step("fetch", || cargo(workspace, &["fetch", "--locked"]))?;
    let failed: Vec<_> = CHECKS
        .iter()
        .filter_map(|(name, check)| {
            let error = step(name, || check(workspace)).err()?;
            eprintln!("error: {error:#}");
            Some(*name)
        })
        .collect();
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    if args.skip_test {
        return Ok(());
    }
    test::run(workspace, &test::Args::default())
}

fn format(workspace: &Workspace) -> Result<()> {
    cargo(workspace, &["fmt", "--all", "--check"])
}

fn clippy(workspace: &Workspace) -> Result<()> {
    let everything = ["clippy", "--workspace", "--all-targets"];
    // Its tests run by a command of their own, and so are no part of all targets.
    let compat = ["clippy", "--package", "aisix", "--test", "compat"];
    [&everything[..], &compat].iter().try_for_each(|targets| {
        cargo(workspace, &[targets, &["--", "-D", "warnings"][..]].concat())
    })
}

/// In the whole workspace a crate may borrow a feature that only its neighbour asked for.
fn each_crate_alone(workspace: &Workspace) -> Result<()> {
    for package in workspace.packages() {
        cargo(workspace, &["check", "--quiet", "--package", package])?;
    }
    Ok(())
}

/// The families that a gateway may be built without: features of `aisix-adapters`.
const FAMILIES: &[&str] = &["azure", "bedrock", "vertex"];

/// A gateway without a family does not compile what the family needs, and one with a single family
/// compiles. What only another family uses would be dead code.
fn each_family_alone(workspace: &Workspace) -> Result<()> {
    let without = |verb, package| [verb, "--quiet", "--package", package, "--no-default-features"];
    cargo(workspace, &without("check", "aisix"))?;
    let adapters = without("clippy", "aisix-adapters");
    cargo(workspace, &[&adapters[..], &["--", "-D", "warnings"]].concat())?;
    for family in FAMILIES {
        let with = ["--features", family, "--", "-D", "warnings"];
        cargo(workspace, &[&adapters[..], &with[..]].concat())?;
    }
    Ok(())
}

fn documentation(workspace: &Workspace) -> Result<()> {
    commands::run(
        workspace
            .cargo()
            .args(["doc", "--no-deps", "--workspace"])
            .env("RUSTDOCFLAGS", "-D warnings"),
    )
}

fn deny(workspace: &Workspace) -> Result<()> {
    let cargo_deny = provision::cargo_deny(workspace)?;
    commands::run(
        workspace
            .command(cargo_deny)
            .args(["--offline", "check", "--hide-inclusion-graph"])
            .args(["bans", "licenses", "sources"]),
    )
}

fn cargo(workspace: &Workspace, args: &[&str]) -> Result<()> {
    commands::run(workspace.cargo().args(args))
}
