//! The document that holds the last figures.

use std::fmt::Display;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::commands;

const END: &str = "<!-- end of table -->";

/// Replaces what stands between the marks of this command: by what it measured, and `how`.
///
/// # Errors
/// Where the document cannot be read or written, or has no such marks.
pub(super) fn replace(
    document: &Path,
    command: &str,
    how: &str,
    table: &impl Display,
) -> Result<()> {
    let text = std::fs::read_to_string(document)
        .with_context(|| format!("cannot read {}", document.display()))?;
    let begin = format!("<!-- table: written by `{command}` -->\n");
    let marks = text
        .split_once(&begin)
        .and_then(|(before, rest)| rest.split_once(END).map(|(_, after)| (before, after)));
    let (before, after) = marks.context("the document has no marks for the table")?;
    let date = commands::output(Command::new("date").args(["-u", "+%F"]))?;
    let date = date.trim();
    let text = format!(
        "{before}{begin}\nMeasured on {date}, with `{command}`: {how}.\n\n{table}\n{END}{after}"
    );
    std::fs::write(document, text).context("cannot write the table")
}
