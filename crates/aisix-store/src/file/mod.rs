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
//! - Each secret of a file that is taken over could be opened then; a reference whose file breaks
//!   later is a matter of its entry alone.
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
use std::sync::atomic::{AtomicUsize, Ordering};

use aisix_core::Secret;
use aisix_core::resource::{SecretField, SecretProblem, SecretResolver};

pub use report::{FileProblem, Report, Scope};
pub use store::{FileStore, Reloaded};
pub use variables::Variables;

use crate::references::References;

/// What a file holds that nothing is wrong with, as far as it was judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validated {
    /// How many resources.
    pub resources: usize,
    /// How many references to secrets, which were not followed.
    pub references: usize,
}

/// Reads a file as [`FileStore`] does, except that it follows no reference to a secret: which ones
/// may be followed, a gateway's configuration says.
///
/// # Errors
/// Everything that is wrong with it.
pub fn validate(path: &Path, variables: &Variables) -> Result<Validated, Report> {
    validate_bytes(path, &store::read(path)?, variables)
}

/// Judges the bytes of a file as [`validate`] does; `path` is what the report calls it.
///
/// # Errors
/// Everything that is wrong with them.
pub fn validate_bytes(
    path: &Path,
    bytes: &[u8],
    variables: &Variables,
) -> Result<Validated, Report> {
    let counter = Counter::default();
    let resources = load::resources(path, bytes, variables, &counter)?.len();
    Ok(Validated { resources, references: counter.0.into_inner() })
}

/// Counts references instead of following them.
#[derive(Default)]
struct Counter(AtomicUsize);

impl SecretResolver for Counter {
    fn resolve(&self, _: &SecretField<'_>, stored: &str) -> Result<Option<Secret>, SecretProblem> {
        if References::is_reference(stored) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
        Ok(None)
    }
}
