//! Whether what was written will load.

use std::path::Path;

use aisix_store::file::validate_bytes;

use super::notes::Notes;

/// What every variable holds while the file is tried.
const STAND_IN: &str = "stand-in";

/// Notes everything that keeps a file from loading once its variables are set.
pub(super) fn loads(text: &str, notes: &mut Notes) {
    let known = notes.variables.clone();
    let variables = move |name: &str| known.contains(name).then(|| STAND_IN.into());
    // The path is not part of single problems.
    let Err(report) = validate_bytes(Path::new(""), text.as_bytes(), &variables) else { return };
    for problem in report.problems() {
        notes.problem(format!("the file will not load: {problem}"));
    }
}
