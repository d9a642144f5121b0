//! `cargo-deny`: reads `deny.toml`.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use super::pins::Pins;
use crate::cargo::Workspace;
use crate::commands;

/// Gives the pinned cargo-deny, built below `target/tools` where it is not there yet.
///
/// # Errors
/// Where it cannot be built.
pub(crate) fn install(workspace: &Workspace) -> Result<PathBuf> {
    let pins = Pins::read(workspace)?;
    let version = pins.cargo.version("cargo-deny")?;
    let folder = workspace.tools().join("cargo-deny");
    let binary = folder.join("bin").join("cargo-deny");
    let present = commands::output(Command::new(&binary).arg("--version"))
        .is_ok_and(|line| line.trim() == format!("cargo-deny {version}"));
    if present {
        return Ok(binary);
    }
    println!("Building cargo-deny {version}");
    let build = folder.join("build");
    commands::run(
        workspace
            .cargo()
            .args(["install", "cargo-deny", "--locked", "--force", "--quiet"])
            .args(["--version", version, "--no-default-features"])
            .arg("--root")
            .arg(&folder)
            .arg("--target-dir")
            .arg(&build)
            // It runs for seconds and is built on every fresh machine: time to build is all that counts.
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0")
            .env("CARGO_PROFILE_RELEASE_LTO", "false")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
    )?;
    std::fs::remove_dir_all(&build).context("cannot remove the build folder of cargo-deny")?;
    Ok(binary)
}
