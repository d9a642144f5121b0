//! Node with the pinned npm packages.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::Tool;
use super::pins::{Stamp, Versions};
use crate::commands::{self, works};

pub(super) const TOOL: Tool = Tool {
    name: "Node with npm",
    present: || works("node", &["--version"]) && works("npm", &["--version"]),
    packages: &["nodejs", "npm"],
};

/// Gives Node and a `node_modules` folder that holds exactly the pinned packages.
///
/// # Errors
/// Where a package cannot be installed.
pub(super) fn install(folder: &Path, versions: &Versions) -> Result<(PathBuf, PathBuf)> {
    let node = commands::output(Command::new("node").args(["-p", "process.execPath"]))?;
    let node = PathBuf::from(node.trim());
    let node_modules = folder.join("node_modules");
    let packages = versions.join("@");
    let stamp = Stamp::new(folder, &[&packages.join("\n")]);
    if stamp.matches() && node_modules.is_dir() {
        return Ok((node, node_modules));
    }
    println!("Installing {versions} in {}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    // With a manifest of its own npm does not look for one further up.
    std::fs::write(folder.join("package.json"), "{\"private\": true}\n")?;
    commands::run(
        Command::new("npm")
            .args(["install", "--no-audit", "--no-fund", "--ignore-scripts"])
            .args(["--no-package-lock", "--save-exact", "--loglevel=error"])
            .arg("--prefix")
            .arg(folder)
            .args(&packages),
    )?;
    stamp.write()?;
    Ok((node, node_modules))
}
