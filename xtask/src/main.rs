//! The project's only script language: everything that is done to the source tree, as one program.
//!
//! `cargo xtask --help` lists the commands. The program may read the environment, install tools and
//! end the process; nothing of the product lives here.
#![expect(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a command-line tool speaks on its standard streams"
)]

mod bench;
mod cargo;
mod changelog;
mod ci;
mod commands;
mod compat;
mod fuzz;
mod provision;
mod test;
mod tidy;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::cargo::Workspace;

/// What one does to this source tree: test it, check it, prepare a machine for it.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run every test, after installing whatever they need beyond Rust.
    ///
    /// Installs missing tools (with apt-get where that is allowed, else it says what to run), builds
    /// the release binary for the end-to-end tests, and runs `cargo test --workspace`.
    Test(test::Args),
    /// Check the house limits and the dependency rules, and list every violation.
    Tidy,
    /// Run all that must hold before a change is accepted: format, tidy, lints, docs, deny, tests.
    Ci(ci::Args),
    /// Measure the gateway beside nginx as a plain reverse proxy, and print the table.
    ///
    /// `cargo xtask bench config` measures what a configuration costs instead.
    Bench(bench::Args),
    /// Run the fuzz targets under libFuzzer, each for a while.
    ///
    /// What breaks a law is left below `target/fuzz/found`. Move it, minimised, to the target's
    /// folder in `crates/aisix-fuzz/regressions`, which the property tests read.
    Fuzz(fuzz::Args),
    /// Try the chat clients of LangChain and of the Vercel AI SDK against the gateway.
    ///
    /// Installs them below `target/tools/compat`, and prints what works in front of each family.
    Compat,
    /// Install what the tests and the benchmark need beyond Rust, and stop.
    Provision,
    /// Move the fragments of `changelog.d` into the newest section of `CHANGELOG.md`.
    Changelog,
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<()> {
    let workspace = Workspace::find()?;
    match &cli.command {
        Command::Test(args) => test::run(&workspace, args),
        Command::Tidy => tidy::run(&workspace),
        Command::Ci(args) => ci::run(&workspace, args),
        Command::Bench(args) => bench::run(&workspace, args),
        Command::Fuzz(args) => fuzz::run(&workspace, args),
        Command::Compat => compat::run(&workspace),
        Command::Provision => provision::everything(&workspace),
        Command::Changelog => changelog::run(&workspace),
    }
}
