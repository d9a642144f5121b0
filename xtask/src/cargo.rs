//! Where the workspace is, and how to call cargo for it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::commands;

/// Variables that `cargo run` set for this very program. A cargo below must not see them: build
/// scripts that watch one (ring's does) would run again under every other way of calling cargo.
const OWN_VARIABLES: &[&str] = &["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];

/// The source tree and the folder that builds go to.
#[derive(Debug)]
pub(crate) struct Workspace {
    root: PathBuf,
    target: PathBuf,
    packages: Vec<String>,
}

impl Workspace {
    /// The workspace that this program was built from.
    ///
    /// # Errors
    /// Where cargo cannot read the workspace's manifests.
    pub(crate) fn find() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"))
            .parent()
            .context("xtask stands in a workspace")?;
        let metadata = commands::output(
            command_in(root, env!("CARGO"))
                .args(["metadata", "--no-deps", "--offline"])
                .args(["--format-version", "1"]),
        )?;
        let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
        let target = metadata["target_directory"]
            .as_str()
            .context("cargo metadata names a target_directory")?;
        let packages = metadata["packages"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|package| package["name"].as_str())
            .map(str::to_owned)
            .collect();
        Ok(Self { root: root.to_owned(), target: PathBuf::from(target), packages })
    }

    /// The top of the source tree.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The names of all crates in it.
    pub(crate) fn packages(&self) -> &[String] {
        &self.packages
    }

    /// Where builds go.
    pub(crate) fn target(&self) -> &Path {
        &self.target
    }

    /// Where tools are installed that belong to this checkout alone.
    pub(crate) fn tools(&self) -> PathBuf {
        self.target.join("tools")
    }

    /// The gateway's binary, as users run it.
    pub(crate) fn release_binary(&self) -> PathBuf {
        self.target.join("release").join("aisix")
    }

    /// The same for whom its speed does not matter.
    pub(crate) fn debug_binary(&self) -> PathBuf {
        self.target.join("debug").join("aisix")
    }

    /// A call of cargo in the workspace.
    pub(crate) fn cargo(&self) -> Command {
        command_in(&self.root, env!("CARGO"))
    }

    /// A call of any program in the workspace.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        command_in(&self.root, program)
    }
}

fn command_in(root: &Path, program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root);
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy();
        if OWN_VARIABLES.iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(name.as_ref());
        }
    }
    command
}
