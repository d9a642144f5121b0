//! `cargo xtask compat`: clients that are built on the official packages, or beside them, in front
//! of the gateway.
//!
//! They are many packages and change often, so that they stay out of `cargo xtask test`.

use anyhow::Result;

use crate::cargo::Workspace;
use crate::commands::{self, step};
use crate::provision;

/// Provisions, builds the binary, and prints what works.
///
/// # Errors
/// Where a package cannot be installed, the build fails, or a client does not work.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let tools = step("provision", || provision::for_compat(workspace))?;
    step("build", || commands::run(workspace.cargo().args(["build", "--package", "aisix"])))?;
    step("clients", || {
        let mut cargo = workspace.cargo();
        cargo
            .args(["test", "--package", "aisix", "--test", "compat", "--", "--nocapture"])
            .args(["--test-threads", "1"])
            .env("AISIX_TEST_BIN", workspace.debug_binary());
        commands::run(tools.tell(&mut cargo))
    })
}
