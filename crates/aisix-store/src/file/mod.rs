//! The resources file: a source that is one YAML file, read as a whole.
//!
//! **Purpose.** [`FileStore`] reads the file when it is opened and again when it is told to, and is a
//! [`ConfigStore`](crate::ConfigStore) that refuses every write. [`format`](mod@format) says what a
//! file is made of.
//!
//! **Invariants.**
//! - A file is taken over whole or not at all: what served before serves on.
//! - The [`Report`] of a file that is not taken over lists everything that is wrong with it, and
//!   holds no value of a field or variable except the names of entries.
//! - What a variable holds becomes part of a text, never of the file's structure.
//!
//! **Not here.** Nobody watches the file: who asks for it to be read again decides when. The
//! environment is the program's business: variables are looked up where the program says.

mod cross;
mod entry;
pub mod format;
mod load;
mod paths;
mod read;
mod references;
mod report;
mod store;
mod variables;
mod yaml;

use std::path::Path;

pub use report::{FileProblem, Report, Scope};
pub use store::{FileStore, Reloaded};
pub use variables::Variables;

/// Reads a file as [`FileStore`] does, and says how many resources it holds.
///
/// # Errors
/// Everything that is wrong with it.
pub fn validate(path: &Path, variables: &Variables) -> Result<usize, Report> {
    validate_bytes(path, &store::read(path)?, variables)
}

/// Judges the bytes of a file as [`validate`] does; `path` is what the report calls it.
///
/// # Errors
/// Everything that is wrong with them.
pub fn validate_bytes(path: &Path, bytes: &[u8], variables: &Variables) -> Result<usize, Report> {
    load::resources(path, bytes, variables).map(|resources| resources.len())
}
