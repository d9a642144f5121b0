//! The resources file, from its bytes to a store.
#![expect(clippy::unwrap_used, reason = "a test may say: this must hold")]

mod accepted;
mod referring;
mod reports;
mod store;

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use aisix_store::file::{Report, Variables, validate};
use aisix_store::{Sealer, Secrets};
use tempfile::TempDir;

/// A file in a directory of its own.
pub(crate) struct Resources {
    directory: TempDir,
}

impl Resources {
    /// A file with this text, to the byte.
    pub(crate) fn raw(text: impl AsRef<[u8]>) -> Self {
        let resources = Self { directory: tempfile::tempdir().unwrap() };
        resources.write(text);
        resources
    }

    /// A file with these collections.
    pub(crate) fn new(collections: &str) -> Self {
        Self::raw(versioned(collections))
    }

    pub(crate) fn write(&self, text: impl AsRef<[u8]>) {
        std::fs::write(self.path(), text).unwrap();
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("resources.yaml")
    }

    /// What is wrong with it; its path as `resources.yaml`.
    pub(crate) fn report(&self) -> String {
        self.shown(&validate(&self.path(), &environment).unwrap_err())
    }

    pub(crate) fn shown(&self, report: &Report) -> String {
        let directory = format!("{}/", self.directory.path().display());
        report.to_string().replace(&directory, "")
    }
}

/// Collections behind the version.
pub(crate) fn versioned(collections: &str) -> String {
    format!("_format_version: \"1\"\n{collections}")
}

/// The variables of these tests; what they hold is secret.
pub(crate) fn environment(name: &str) -> Option<OsString> {
    Some(match name {
        "OPENAI_KEY" => "sk-of-openai".into(),
        "CALLER_KEY" => "sk-of-caller".into(),
        "MODEL" => "gpt-secret".into(),
        "STRUCTURE" => "x\"\n  - {display_name: injected}\nmodels: [a, {b: c}] # '".into(),
        "EMPTY" => "".into(),
        "BLANKS" => " sk-blank ".into(),
        _ => return None,
    })
}

pub(crate) fn variables() -> Box<Variables> {
    Box::new(environment)
}

/// Secrets in clear, and no reference that may be followed.
pub(crate) fn secrets() -> Arc<Secrets> {
    Arc::new(Secrets::new(Sealer::plain(), Arc::default()))
}
