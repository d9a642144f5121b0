//! Python 3 with the pinned packages in a virtual environment.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use super::Tool;
use super::pins::{Stamp, Versions};
use crate::commands::{self, works};

pub(super) const TOOL: Tool = Tool {
    name: "Python 3 with venv",
    present: || interpreter().is_some(),
    packages: &["python3", "python3-venv"],
};

/// Gives the interpreter of a virtual environment that holds exactly the pinned packages.
///
/// # Errors
/// Where the environment cannot be made or a package cannot be installed.
pub(super) fn install(folder: &Path, packages: &Versions) -> Result<PathBuf> {
    let interpreter = interpreter().context("no Python 3 with venv")?;
    let python = folder.join("bin").join("python");
    let requirements = packages.join("==");
    // A venv borrows its interpreter: another version of that one needs another venv.
    let version = commands::output(Command::new(interpreter).arg("--version"))?;
    let stamp = Stamp::new(folder, &[version.trim(), &requirements.join("\n")]);
    if stamp.matches() && works(&python.to_string_lossy(), &["-c", "import anthropic, openai"]) {
        return Ok(python);
    }
    println!("Installing {packages} in {}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    commands::run(Command::new(interpreter).args(["-m", "venv"]).arg(folder))?;
    commands::run(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--no-input"])
            .arg("--disable-pip-version-check")
            .args(&requirements),
    )?;
    stamp.write()?;
    Ok(python)
}

/// The first Python that can make a virtual environment with pip in it. Debian's can only with
/// `python3-venv`; a user's own (pyenv's, say) comes first on the path and may lack a part.
fn interpreter() -> Option<&'static str> {
    ["python3", "/usr/bin/python3"]
        .into_iter()
        .find(|python| works(python, &["-c", "import ensurepip, venv"]))
}
