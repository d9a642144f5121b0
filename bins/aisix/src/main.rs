//! The AISIX gateway as a program: flags → configuration → build → run → drain.
//!
//! **Purpose.** The one place that reads the environment and the configuration file, opens the
//! store, picks the allocator, installs the log, listens to signals and ends the process.
//!
//! **Invariants.**
//! - Whatever keeps the gateway from starting is one line on standard error and code 1.
//! - No credential is in a message or in the log. `quickstart` prints those that it made itself.
//!
//! **Not here.** What is done with a request, a document or an administrator's call is the business
//! of the crates that this program puts together.

mod cli;
mod config;
mod drain;
mod logs;
mod process;
mod quickstart;
mod run;
mod signals;
mod standin;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser as _};
use clap_complete::Shell;

use cli::{Cli, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let ended = match Cli::parse() {
        Cli { command: Some(Command::Quickstart(args)), .. } => quickstart::run(&args),
        Cli { command: Some(Command::Completions { shell }), .. } => completions(shell),
        Cli { config: Some(path), .. } => run::run(&path),
        // The command line was refused already.
        Cli { config: None, command: None } => Ok(ExitCode::from(2)),
    };
    ended.unwrap_or_else(|error| {
        // If standard error is closed, the code still says it.
        let _ = writeln!(std::io::stderr(), "error: {}", one_line(&format!("{error:#}")));
        ExitCode::FAILURE
    })
}

fn completions(shell: Shell) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "aisix", &mut script);
    std::io::stdout().write_all(&script)?;
    Ok(ExitCode::SUCCESS)
}

fn one_line(text: &str) -> String {
    text.split('\n').map(str::trim).collect::<Vec<_>>().join(" ")
}
