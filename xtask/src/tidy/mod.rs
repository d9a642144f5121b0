//! `cargo xtask tidy`: the house limits and the dependency rules, as checks that a machine does.
//!
//! A check reads the work tree ([`Tree`]) and gives violations; it sees paths and text only, so that
//! each has a test on a few inline lines that sees it fire. What clippy already enforces (length of
//! functions, parameters, `unwrap`) is not checked again.

mod crates;
mod dependencies;
mod manifests;
mod names;
mod process;
mod records;
mod rust;
mod siblings;
mod signatures;
mod sources;
mod texts;
mod tree;

#[cfg(test)]
mod tests;

use std::fmt;

use anyhow::{Result, bail};

use self::tree::Tree;
use crate::cargo::Workspace;

/// One place that breaks one rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Violation {
    path: String,
    /// From 1.
    line: usize,
    rule: &'static str,
    message: String,
}

/// A rule group: all places in the tree that break it.
type Check = fn(&Tree) -> Vec<Violation>;

const CHECKS: &[Check] = &[
    sources::check,
    process::check,
    siblings::check,
    names::check,
    signatures::check,
    manifests::check,
    crates::check,
    texts::check,
    records::check,
];

/// Runs every check and prints every violation.
///
/// # Errors
/// Where there is a violation, or the tree cannot be read.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let tree = Tree::read(workspace.root())?;
    let mut violations: Vec<_> = CHECKS.iter().flat_map(|check| check(&tree)).collect();
    violations.extend(dependencies::check(workspace, &tree)?);
    violations.sort();
    violations.dedup();
    for violation in &violations {
        println!("{violation}");
    }
    match violations.len() {
        0 => Ok(()),
        1 => bail!("1 violation"),
        count => bail!("{count} violations"),
    }
}

impl Violation {
    fn new(path: &str, line: usize, rule: &'static str, message: impl Into<String>) -> Self {
        Self { path: path.to_owned(), line, rule, message: message.into() }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, rule, message } = self;
        write!(f, "{path}:{line}: {rule}: {message}")
    }
}
