//! `aisix validate --resources FILE`.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use crate::cli::Validate;

/// Says on standard output how many resources the file holds.
///
/// # Errors
/// The report, where something is wrong with the file.
pub(crate) fn run(args: &Validate) -> anyhow::Result<ExitCode> {
    let path = &args.resources;
    let count = aisix_store::file::validate(path, &variable)?;
    let path = path.display();
    crate::printed(writeln!(io::stdout(), "OK: {path} loaded {count} resource(s)"))
}

/// What a resources file is told of a variable.
#[expect(clippy::disallowed_methods, reason = "the program is what reads the environment")]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
