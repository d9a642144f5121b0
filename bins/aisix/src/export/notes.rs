//! What there is to say of an export.

use std::collections::BTreeSet;

use super::output::say;

/// Everything that is said on standard error besides the progress.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// What keeps the file from being complete, or from being loaded.
    pub(super) problems: Vec<String>,
    /// What differs from etcd, and was meant to.
    pub(super) warnings: Vec<String>,
    /// The variables that the file refers to.
    pub(super) variables: BTreeSet<String>,
}

impl Notes {
    pub(super) fn problem(&mut self, what: String) {
        self.problems.push(what);
    }

    pub(super) fn warning(&mut self, what: String) {
        self.warnings.push(what);
    }

    pub(super) fn report(&self) {
        for problem in &self.problems {
            say(&format!("error: {problem}"));
        }
        for warning in &self.warnings {
            say(&format!("warning: {warning}"));
        }
        if !self.variables.is_empty() {
            say("set these variables before the file is loaded:");
            for variable in &self.variables {
                say(&format!("  {variable}"));
            }
        }
        if !self.problems.is_empty() {
            say("the file is not complete, or will not load: see the errors above");
        }
    }
}
