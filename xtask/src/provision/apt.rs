//! Debian's packages: installed where that is allowed, asked for where it is not.

use std::process::Command;

use anyhow::{Result, bail};

use super::Tool;
use crate::commands::{self, works};

/// Makes sure that every tool is there.
///
/// # Errors
/// One message that names all that is missing and the commands that bring it, where this process may
/// not install packages, or where installing them did not help.
pub(super) fn bring(tools: &[Tool]) -> Result<()> {
    let missing = missing(tools);
    if missing.is_empty() {
        return Ok(());
    }
    let packages = packages(&missing);
    let Some(prefix) = permission() else {
        bail!("{}", request(&missing));
    };
    println!("Installing {}", packages.join(", "));
    commands::output(apt_get(prefix).arg("update"))?;
    commands::output(
        apt_get(prefix).args(["--yes", "--no-install-recommends", "install"]).args(&packages),
    )?;
    let still = self::missing(tools);
    if let Some(tool) = still.first() {
        bail!(
            "{} does not work, though its packages are installed ({}): look which one comes first on PATH",
            tool.name,
            tool.packages.join(" "),
        );
    }
    Ok(())
}

/// What to ask of a person who may install packages.
pub(super) fn request(missing: &[&Tool]) -> String {
    let names: Vec<_> = missing.iter().map(|tool| tool.name).collect();
    format!(
        "missing: {}; install {} with:\n    sudo apt-get update\n    sudo apt-get install --no-install-recommends {}",
        names.join(", "),
        if names.len() == 1 { "it" } else { "them" },
        packages(missing).join(" "),
    )
}

fn missing(tools: &[Tool]) -> Vec<&Tool> {
    tools.iter().filter(|tool| !(tool.present)()).collect()
}

fn packages(tools: &[&Tool]) -> Vec<&'static str> {
    tools.iter().flat_map(|tool| tool.packages.iter().copied()).collect()
}

/// The words before `apt-get` that let this process install packages, where anything does.
fn permission() -> Option<&'static [&'static str]> {
    if !works("apt-get", &["--version"]) {
        return None;
    }
    let user = commands::output(Command::new("id").arg("-u"));
    if user.is_ok_and(|id| id.trim() == "0") {
        Some(&["env"])
    } else if works("sudo", &["-n", "true"]) {
        // sudo drops the environment, so that `env` sets it on the other side.
        Some(&["sudo", "-n", "env"])
    } else {
        None
    }
}

fn apt_get(prefix: &[&str]) -> Command {
    let mut command = Command::new(prefix[0]);
    command.args(&prefix[1..]).args(["DEBIAN_FRONTEND=noninteractive", "apt-get"]);
    command
}
