//! Running other programs: with a heading and a duration, or quietly for their output.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Prints a heading, does the step, and prints how long it took.
///
/// # Errors
/// Whatever the step fails with, with the step's name in front.
pub(crate) fn step<T>(name: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    println!("\n==> {name}");
    let started = Instant::now();
    let done = work().with_context(|| name.to_owned())?;
    println!("==> {name}: {:.1} s", started.elapsed().as_secs_f64());
    Ok(done)
}

/// Runs a program that speaks for itself, and fails unless it succeeds.
///
/// # Errors
/// Where the program cannot be started or does not succeed; the message holds its command line.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let line = command_line(command);
    let status =
        command.stdin(Stdio::null()).status().with_context(|| format!("cannot start `{line}`"))?;
    succeeded(&line, status)
}

/// Runs a program, passes its standard output on, and shows each line of it to the watcher.
///
/// # Errors
/// As [`run`].
pub(crate) fn run_watched(command: &mut Command, mut watch: impl FnMut(&str)) -> Result<()> {
    let line = command_line(command);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start `{line}`"))?;
    for printed in child.stdout.take().map(BufReader::new).into_iter().flat_map(BufRead::lines) {
        let printed = printed?;
        println!("{printed}");
        watch(&printed);
    }
    succeeded(&line, child.wait()?)
}

/// Runs a program quietly and gives its standard output.
///
/// # Errors
/// Where the program cannot be started or does not succeed; the message holds what it complained of.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let line = command_line(command);
    let output =
        command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{line}`"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        bail!("`{line}` failed ({}): {}", output.status, complaint.trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{line}` printed no UTF-8"))
}

/// Whether a program runs quietly to success: the way to ask if a tool is there and whole.
pub(crate) fn works(program: &str, args: &[&str]) -> bool {
    output(Command::new(program).args(args)).is_ok()
}

fn succeeded(line: &str, status: ExitStatus) -> Result<()> {
    if !status.success() {
        bail!("`{line}` failed ({status})");
    }
    Ok(())
}

/// The command as a person would type it.
fn command_line(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
