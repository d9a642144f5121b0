//! Where the file goes, and what is said meanwhile.

use std::fs::File;
use std::io::{self, ErrorKind, Write as _};
use std::path::Path;

use anyhow::Context as _;
use tempfile::Builder;

/// One line on standard error. If nobody reads it, the exit code still says how it went.
pub(super) fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Writes the file, for its owner alone, or standard output.
///
/// # Errors
/// Where it cannot be written.
pub(super) fn write(text: &str, path: Option<&Path>) -> anyhow::Result<()> {
    let Some(path) = path else {
        let written = io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush());
        return match written {
            // Whoever stopped reading has read enough.
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            written => written.context("standard output cannot be written"),
        };
    };
    replace(text, path).with_context(|| format!("{} cannot be written", path.display()))
}

/// Puts a whole file in the place of the one that is there: nobody sees half of it, and the new one
/// is its owner's alone, whatever the old one was.
fn replace(text: &str, path: &Path) -> io::Result<()> {
    let path = match path.canonicalize() {
        // A pipe or a device is written to, not replaced.
        Ok(there) if !there.is_file() => {
            return File::options().write(true).open(there)?.write_all(text.as_bytes());
        }
        Ok(there) => there,
        Err(_) => path.to_owned(),
    };
    let directory = match path.parent() {
        Some(directory) if !directory.as_os_str().is_empty() => directory,
        _ => Path::new("."),
    };
    // Temporary files are made with mode 0600.
    let mut file = Builder::new().prefix(".aisix-export-").tempfile_in(directory)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    Ok(())
}
