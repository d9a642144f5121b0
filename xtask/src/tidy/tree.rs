//! The work tree as the checks see it: paths and text.

use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::rust::Rust;
use crate::commands;

/// Every text file that git would commit.
#[derive(Debug)]
pub(super) struct Tree {
    files: Vec<File>,
}

/// A text file.
#[derive(Debug)]
pub(super) struct File {
    /// From the top of the tree, with `/`.
    pub(super) path: String,
    /// As it stands.
    pub(super) text: String,
    /// Read as Rust, where it is Rust.
    pub(super) rust: Option<Rust>,
}

impl Tree {
    /// Reads what git tracks, and what it does not ignore.
    ///
    /// # Errors
    /// Where git cannot list the files.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let list = commands::output(Command::new("git").current_dir(root).args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]))?;
        // A file that is deleted but still tracked, and one that is no text, is nobody's violation.
        let files = list
            .split_terminator('\0')
            .filter_map(|path| Some((path, std::fs::read_to_string(root.join(path)).ok()?)))
            .map(|(path, text)| File::new(path, &text))
            .collect();
        Ok(Self { files })
    }

    /// A tree of these paths and texts.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| File::new(path, text));
        Self { files: files.collect() }
    }

    /// All files.
    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    /// All Rust files.
    pub(super) fn rust(&self) -> impl Iterator<Item = (&File, &Rust)> {
        self.files.iter().filter_map(|file| Some((file, file.rust.as_ref()?)))
    }

    /// The file with this path.
    pub(super) fn file(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// Whether there is a file or a folder with this path.
    pub(super) fn has(&self, path: &str) -> bool {
        self.files.iter().any(|file| {
            file.path
                .strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// The folders that hold a crate: `crates/<name>`, `bins/<name>`, `examples/<name>`, `xtask`.
    pub(super) fn crates(&self) -> impl Iterator<Item = &str> {
        self.files.iter().filter_map(|file| file.path.strip_suffix("/Cargo.toml")).filter(
            |folder| {
                *folder == "xtask"
                    || folder
                        .strip_prefix("crates/")
                        .or_else(|| folder.strip_prefix("bins/"))
                        .or_else(|| folder.strip_prefix("examples/"))
                        .is_some_and(|name| !name.contains('/'))
            },
        )
    }
}

impl File {
    fn new(path: &str, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            text: text.to_owned(),
            rust: path.ends_with(".rs").then(|| Rust::read(text)),
        }
    }

    /// Whether the file holds tests only.
    pub(super) fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }

    /// Whether the file is somewhere below the folder.
    pub(super) fn is_in(&self, folder: &str) -> bool {
        self.path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    }
}
