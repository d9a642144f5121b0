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
mod quickstart;

use clap::Parser as _;

fn main() {
    let _ = cli::Cli::parse();
}
