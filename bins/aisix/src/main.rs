//! The AISIX gateway as a program: flags → configuration → build → run → drain.
//!
//! **Purpose.** The one place that reads the environment and the configuration file, opens the
//! store, picks the allocator, installs the log, listens to signals and ends the process.
//!
//! **Invariants.**
//! - Whatever keeps the gateway from starting is on standard error, and the code is 1: one line, or
//!   the report on a resources file.
//! - No credential is in a message or in the log. `quickstart` prints those that it made itself.
//!
//! **Not here.** What is done with a request, a document or an administrator's call is the business
//! of the crates that this program puts together.

mod cli;
mod config;
mod drain;
mod export;
mod logs;
mod process;
mod quickstart;
mod rekey;
mod run;
mod signals;
mod standin;
mod validate;

use std::io::{self, ErrorKind, Write as _};
use std::process::ExitCode;

use aisix_store::file::Report;
use anyhow::Context as _;
use clap::{CommandFactory as _, Parser as _};
use clap_complete::Shell;

use cli::{Cli, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let ended = match Cli::try_parse() {
        Ok(Cli { command: Some(Command::Quickstart(args)), .. }) => quickstart::run(&args),
        Ok(Cli { command: Some(Command::Export(args)), .. }) => export::run(&args),
        Ok(Cli { command: Some(Command::Validate(args)), .. }) => validate::run(&args),
        Ok(Cli { command: Some(Command::Rekey(args)), .. }) => rekey::run(&args.config),
        Ok(Cli { command: Some(Command::Completions { shell }), .. }) => completions(shell),
        Ok(Cli { config: Some(path), .. }) => run::run(&path),
        // The command line would have been refused.
        Ok(Cli { config: None, command: None }) => Ok(ExitCode::from(2)),
        Err(refusal) if refusal.use_stderr() => refusal.exit(),
        Err(help) => printed(help.print()),
    };
    ended.unwrap_or_else(|error| {
        // If standard error is closed, the code still says it.
        let _ = match error.downcast_ref::<Report>() {
            Some(report) => writeln!(io::stderr(), "{report}"),
            None => writeln!(io::stderr(), "error: {}", one_line(&format!("{error:#}"))),
        };
        ExitCode::FAILURE
    })
}

fn completions(shell: Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "aisix", &mut script);
    printed(io::stdout().write_all(&script))
}

/// Fails where what was asked for could not be printed. Whoever stopped reading has read enough.
fn printed(written: io::Result<()>) -> anyhow::Result<ExitCode> {
    match written.and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(error).context("standard output cannot be written")
        }
        _ => Ok(ExitCode::SUCCESS),
    }
}

fn one_line(text: &str) -> String {
    text.split('\n').map(str::trim).collect::<Vec<_>>().join(" ")
}
