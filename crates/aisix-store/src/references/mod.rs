//! References to secrets that live outside of the store: `env:NAME` and `file:/path`.
//!
//! A reference is a way to read the host that the gateway runs on, so that only what the operator
//! lists may be referred to: variables by name, files by the directory that they are in. Whatever
//! begins with `env:` or `file:` is a reference; what one leads to never is.
//!
//! No problem quotes a reference that leads elsewhere, because it may be a secret in the wrong form.

mod file;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use aisix_core::Secret;
use aisix_core::resource::SecretProblem;
use ring::digest::{Digest, SHA256, digest};

const VARIABLE: &str = "env:";

const FILE: &str = "file:";

/// Follows references, within what the operator lists; the default permits nothing.
#[derive(Default)]
pub struct References {
    /// The variables that may be referred to. They do not change while the process runs.
    variables: HashMap<String, Result<Secret, &'static str>>,
    /// The directories below which files may be referred to.
    directories: Vec<PathBuf>,
    read: Mutex<Read>,
}

/// What was read of files since somebody asked whether they have changed.
#[derive(Default)]
struct Read {
    /// What each held; `None` where it could not be used.
    files: HashMap<PathBuf, Option<Digest>>,
    /// Whether one of them held different things at different times.
    differed: bool,
}

/// A text that leads to a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reference<'a> {
    Variable(&'a str),
    File(&'a Path),
}

impl References {
    /// Permits these variables, each with the value that it has, and the files below these
    /// directories, which are absolute.
    #[must_use]
    pub fn new(
        variables: impl IntoIterator<Item = (String, Option<OsString>)>,
        directories: impl IntoIterator<Item = PathBuf>,
    ) -> Self {
        let variables = variables.into_iter().map(|(name, value)| {
            let value = match value.map(OsString::into_string) {
                None => Err("is not set"),
                Some(Err(_)) => Err("is not UTF-8"),
                Some(Ok(text)) if text.is_empty() => Err("is empty"),
                Some(Ok(text)) => Ok(Secret::new(text)),
            };
            (name, value)
        });
        Self {
            variables: variables.collect(),
            directories: directories.into_iter().collect(),
            read: Mutex::default(),
        }
    }

    /// Whether a text is meant as a reference, and so is no secret itself.
    #[must_use]
    pub fn is_reference(text: &str) -> bool {
        text.starts_with(VARIABLE) || text.starts_with(FILE)
    }

    /// What a text leads to; `None` where it is no reference.
    pub(crate) fn look_up(&self, text: &str) -> Result<Option<Secret>, SecretProblem> {
        match Reference::parse(text).transpose()? {
            None => Ok(None),
            Some(Reference::Variable(name)) => self.variable(name).map(Some),
            Some(Reference::File(path)) => file::read(path, &self.directories).map(Some),
        }
    }

    /// The same, and remembers what the files hold until [`References::changed`] is asked.
    pub(crate) fn follow(&self, text: &str) -> Result<Option<Secret>, SecretProblem> {
        let found = self.look_up(text);
        if let Some(Ok(Reference::File(path))) = Reference::parse(text) {
            let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
            let now = stamp(&found);
            let before = read.files.insert(path.to_owned(), now);
            read.differed |= before.is_some_and(|before| !alike(before, now));
        }
        found
    }

    /// Whether a file that was followed holds something else than it did then. All of them are
    /// forgotten where one does: who follows them anew has them remembered.
    pub(crate) fn changed(&self) -> bool {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let differs = |(path, before): (&PathBuf, &Option<Digest>)| {
            let now = file::read(path, &self.directories).map(Some);
            !alike(*before, stamp(&now))
        };
        let changed = read.differed || read.files.iter().any(differs);
        if changed {
            *read = Read::default();
        }
        changed
    }

    fn variable(&self, name: &str) -> Result<Secret, SecretProblem> {
        match self.variables.get(name) {
            Some(Ok(value)) => Ok(value.clone()),
            Some(Err(why)) => Err(SecretProblem(format!(
                "refers to the environment variable {name}, which {why}"
            ))),
            None => Err(SecretProblem(
                "refers to an environment variable that secrets.allow_env does not list".to_owned(),
            )),
        }
    }
}

impl<'a> Reference<'a> {
    /// `None` where the text is the secret itself.
    fn parse(text: &'a str) -> Option<Result<Self, SecretProblem>> {
        if let Some(name) = text.strip_prefix(VARIABLE) {
            return Some(Ok(Self::Variable(name)));
        }
        let path = Path::new(text.strip_prefix(FILE)?);
        let climbs = path.components().any(|part| part == Component::ParentDir);
        let problem = || {
            SecretProblem(format!(
                "begins with '{FILE}', but no absolute path without '..' follows, as in \
                 {FILE}/run/secrets/openai"
            ))
        };
        let is_meant = path.is_absolute() && !climbs && !text.contains('\0');
        Some(if is_meant { Ok(Self::File(path)) } else { Err(problem()) })
    }
}

impl fmt::Debug for References {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.variables.keys().collect();
        f.debug_struct("References")
            .field("variables", &names)
            .field("directories", &self.directories)
            .finish_non_exhaustive()
    }
}

/// What tells two contents apart, and says nothing of either.
fn stamp(found: &Result<Option<Secret>, SecretProblem>) -> Option<Digest> {
    let secret = found.as_ref().ok()?.as_ref()?;
    Some(digest(&SHA256, secret.expose().as_bytes()))
}

fn alike(one: Option<Digest>, other: Option<Digest>) -> bool {
    one.as_ref().map(AsRef::as_ref) == other.as_ref().map(AsRef::as_ref)
}
