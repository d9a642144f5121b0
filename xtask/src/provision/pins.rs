//! The pinned versions, and the stamp that tells whether a folder was made from them.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::cargo::Workspace;

/// `xtask/pins.toml`.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pins {
    /// What pip installs.
    pub(super) python: Versions,
    /// What npm installs.
    pub(super) node: Versions,
    /// The same, for other clients than the official packages.
    pub(super) compat: Compat,
    /// What cargo installs.
    pub(super) cargo: Versions,
}

/// The clients that only `cargo xtask compat` tries.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Compat {
    pub(super) python: Versions,
    pub(super) node: Versions,
}

/// Package names with their one version.
#[derive(Debug, serde::Deserialize)]
#[serde(transparent)]
pub(super) struct Versions(BTreeMap<String, String>);

/// A file in an installed folder that says what it was made from.
pub(super) struct Stamp {
    path: PathBuf,
    text: String,
}

impl Pins {
    /// Reads the pins of this source tree.
    ///
    /// # Errors
    /// Where the file cannot be read or holds anything but tables of versions.
    pub(super) fn read(workspace: &Workspace) -> Result<Self> {
        let path = workspace.root().join("xtask").join("pins.toml");
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}", path.display()))?;
        Self::parse(&text).with_context(|| format!("{} is wrong", path.display()))
    }

    pub(super) fn parse(text: &str) -> Result<Self> {
        Ok(toml::from_str(text)?)
    }
}

impl Versions {
    /// Each package with its version, as the installer wants them joined.
    pub(super) fn join(&self, between: &str) -> Vec<String> {
        self.0.iter().map(|(name, version)| format!("{name}{between}{version}")).collect()
    }

    /// The version of one package.
    ///
    /// # Errors
    /// Where it is not pinned.
    pub(super) fn version(&self, name: &str) -> Result<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .with_context(|| format!("xtask/pins.toml does not pin {name}"))
    }
}

impl fmt::Display for Versions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.join(" ").join(", "))
    }
}

impl Stamp {
    /// The stamp that `folder` bears when it was made from these lines.
    pub(super) fn new(folder: &Path, lines: &[&str]) -> Self {
        Self { path: folder.join(".made-from"), text: format!("{}\n", lines.join("\n")) }
    }

    /// Whether the folder bears it.
    pub(super) fn matches(&self) -> bool {
        std::fs::read_to_string(&self.path).is_ok_and(|text| text == self.text)
    }

    /// Puts it there, as the last act of an installation.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub(super) fn write(&self) -> Result<()> {
        std::fs::write(&self.path, &self.text)
            .with_context(|| format!("cannot write {}", self.path.display()))
    }
}
