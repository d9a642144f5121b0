//! What the tests and the benchmark need beyond Rust, and how it comes onto the machine.
//!
//! Each tool has a file of its own that knows how to ask for it and which Debian packages bring it.
//! What Debian does not package is installed below `target/tools`, in the versions of `pins.toml`.
//! A tool that is missing and may not be installed is one error that says what to run; nothing is
//! ever skipped quietly.

mod apt;
mod awk;
mod cargo_deny;
mod curl;
mod etcd;
mod nginx;
mod node;
mod pins;
mod python;
mod shasum;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

pub(crate) use self::cargo_deny::install as cargo_deny;
pub(crate) use self::etcd::PROGRAM as ETCD;
use self::pins::{Pins, Versions};
use crate::cargo::Workspace;

/// Something that must be on the machine.
struct Tool {
    /// What a person calls it.
    name: &'static str,
    /// Whether it is there and works.
    present: fn() -> bool,
    /// The Debian packages that bring it.
    packages: &'static [&'static str],
}

const FOR_TESTS: &[Tool] =
    &[curl::TOOL, shasum::TOOL, awk::TOOL, etcd::TOOL, python::TOOL, node::TOOL];
const FOR_BENCH: &[Tool] = &[nginx::TOOL];

/// What the end-to-end tests are told by environment variables.
pub(crate) struct TestTools {
    /// A Python that imports the pinned packages.
    python: PathBuf,
    /// A Node.
    node: PathBuf,
    /// The folder with the pinned npm packages.
    node_modules: PathBuf,
}

impl TestTools {
    fn install(folder: &Path, python: &Versions, node: &Versions) -> Result<Self> {
        let python = python::install(&folder.join("venv"), python)?;
        let (node, node_modules) = node::install(&folder.join("node"), node)?;
        Ok(Self { python, node, node_modules })
    }

    /// Tells the end-to-end tests where things are.
    pub(crate) fn tell<'a>(&self, cargo: &'a mut Command) -> &'a mut Command {
        cargo
            .env("AISIX_TEST_PYTHON", &self.python)
            .env("AISIX_TEST_NODE", &self.node)
            .env("AISIX_TEST_NODE_MODULES", &self.node_modules)
    }
}

/// Brings what the tests need.
///
/// # Errors
/// Where something is missing and may not be installed, or its installation fails.
pub(crate) fn for_tests(workspace: &Workspace) -> Result<TestTools> {
    apt::bring(FOR_TESTS)?;
    let pins = Pins::read(workspace)?;
    TestTools::install(&workspace.tools(), &pins.python, &pins.node)
}

/// Brings the other clients that `cargo xtask compat` tries.
///
/// # Errors
/// As [`for_tests`].
pub(crate) fn for_compat(workspace: &Workspace) -> Result<TestTools> {
    apt::bring(&[python::TOOL, node::TOOL])?;
    let compat = Pins::read(workspace)?.compat;
    TestTools::install(&workspace.tools().join("compat"), &compat.python, &compat.node)
}

/// Brings what the benchmark needs.
///
/// # Errors
/// Where something is missing and may not be installed.
pub(crate) fn for_bench() -> Result<()> {
    apt::bring(FOR_BENCH)
}

/// Brings what the benchmark of configurations needs.
///
/// # Errors
/// Where something is missing and may not be installed.
pub(crate) fn for_config_bench() -> Result<()> {
    apt::bring(&[etcd::TOOL])
}

/// Brings everything, for whoever prepares a machine beforehand.
///
/// # Errors
/// As [`for_tests`] and [`for_bench`].
pub(crate) fn everything(workspace: &Workspace) -> Result<()> {
    for_bench()?;
    for_tests(workspace)?;
    cargo_deny(workspace)?;
    println!("Everything that the tests and the benchmark need is there.");
    Ok(())
}
