//! `aisix validate --resources FILE`.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

use aisix_store::file::Validated;

use crate::cli::Validate;

/// Says on standard output how many resources the file holds, and on standard error how many
/// references to secrets were not followed, since no configuration says which ones may be.
///
/// # Errors
/// The report, where something is wrong with the file.
pub(crate) fn run(args: &Validate) -> anyhow::Result<ExitCode> {
    let path = &args.resources;
    let Validated { resources, references } = aisix_store::file::validate(path, &variable)?;
    if references > 0 {
        // If standard error is closed, the file is as good all the same.
        let _ = writeln!(
            io::stderr(),
            "note: {references} reference(s) to secrets were not followed: the gateway does that \
             when it loads the file, as far as its configuration permits"
        );
    }
    let path = path.display();
    crate::printed(writeln!(io::stdout(), "OK: {path} loaded {resources} resource(s)"))
}

/// What a resources file is told of a variable.
#[expect(clippy::disallowed_methods, reason = "the program is what reads the environment")]
pub(crate) fn variable(name: &str) -> Option<OsString> {
    std::env::var_os(name)
}
