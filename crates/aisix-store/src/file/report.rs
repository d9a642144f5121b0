//! Everything that is wrong with a file.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use aisix_core::Kind;
use aisix_core::resource::Problem;
use aisix_core::snapshot::RejectionKind;

use super::format::COLLECTIONS;
use crate::supervisor::Rejected;

/// Why a resources file is not taken over: all of its problems, in the order of the file's format.
///
/// `Display` writes a line that counts them, and one for each. None of them holds a value of a
/// field or variable, except the names that entries have in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    path: PathBuf,
    problems: Vec<FileProblem>,
}

/// One thing that is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileProblem {
    /// Where.
    pub scope: Scope,
    /// Its class; `None` where the file could not even be read.
    pub kind: Option<RejectionKind>,
    /// What is wrong, with the dotted path of the field in front where it is one.
    pub message: String,
}

/// The part of a file that a problem is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// All of it.
    File,
    /// One entry of a collection.
    Entry {
        /// The collection.
        kind: Kind,
        /// Its place, counted from 0.
        index: usize,
        /// Its identity as it is written, before variables are put in.
        identity: Option<String>,
    },
}

impl Report {
    /// A report with at least one problem.
    pub(super) fn new(path: &Path, mut problems: Vec<FileProblem>) -> Self {
        problems.sort_by_key(|problem| problem.scope.place());
        Self { path: path.to_owned(), problems }
    }

    /// The problems, at least one.
    #[must_use]
    pub fn problems(&self) -> &[FileProblem] {
        &self.problems
    }

    /// The class of the worst problem: how far reading the file came.
    pub(super) fn kind(&self) -> Option<RejectionKind> {
        let kinds = || self.problems.iter().map(|problem| problem.kind);
        let worst = [None, Some(RejectionKind::NonJson), Some(RejectionKind::ParseFailed)];
        let found = worst.into_iter().find(|kind| kinds().any(|found| found == *kind));
        found.unwrap_or(Some(RejectionKind::SchemaFailed))
    }

    /// How many problems there are, and the first of them, in one line.
    pub(super) fn summary(&self) -> String {
        let count = self.problems.len();
        let first = self.problems.first().map(ToString::to_string).unwrap_or_default();
        match count {
            0 | 1 => first,
            _ => format!("{first} (and {} more)", count - 1),
        }
    }

    /// Which entries are rejected and why, in the order of their keys. What was known of them
    /// `before` stays; `serves` says of which ones an older value does.
    pub(super) fn rejected(
        &self,
        before: &[Rejected],
        serves: impl Fn(&str) -> bool,
        now: SystemTime,
    ) -> Vec<Rejected> {
        let mut found: BTreeMap<String, Rejected> = BTreeMap::new();
        for problem in &self.problems {
            let Some(kind) = problem.kind else { continue };
            let key = problem.scope.key();
            if let Some(known) = found.get_mut(&key) {
                known.message.push_str("; ");
                known.message.push_str(&problem.message);
                continue;
            }
            let known = before.iter().find(|known| known.key == key);
            let since = known.and_then(|known| known.stale_since).unwrap_or(now);
            found.insert(
                key.clone(),
                Rejected {
                    stale_since: serves(&key).then_some(since),
                    key,
                    kind,
                    message: problem.message.clone(),
                    first_seen: known.map_or(now, |known| known.first_seen),
                    last_seen: now,
                },
            );
        }
        found.into_values().collect()
    }
}

impl FileProblem {
    /// The file cannot be read.
    pub(super) fn unreadable(message: impl Into<String>) -> Self {
        Self { scope: Scope::File, kind: None, message: message.into() }
    }

    /// The file's structure is not that of a resources file.
    pub(super) fn malformed(scope: Scope, message: impl Into<String>) -> Self {
        Self { scope, kind: Some(RejectionKind::ParseFailed), message: message.into() }
    }

    /// An entry is not what it should be.
    pub(super) fn invalid(scope: Scope, problem: &Problem) -> Self {
        let message = problem.to_string();
        Self { scope, kind: Some(RejectionKind::SchemaFailed), message }
    }
}

impl Scope {
    /// Where it stands in a report: what is about the file comes first.
    fn place(&self) -> Option<(usize, usize)> {
        match self {
            Self::File => None,
            Self::Entry { kind, index, .. } => {
                let collection = COLLECTIONS.iter().position(|known| known == kind);
                Some((collection.unwrap_or_default(), *index))
            }
        }
    }

    /// As reports write keys: `<kind>/<identity>`; nothing for the file.
    fn key(&self) -> String {
        match self {
            Self::File => String::new(),
            Self::Entry { kind, identity: Some(identity), .. } => format!("{kind}/{identity}"),
            Self::Entry { kind, index, identity: None } => format!("{kind}/[{index}]"),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File => f.write_str("(file)"),
            Self::Entry { kind, index, identity } => {
                write!(f, "{kind}[{index}]")?;
                match identity {
                    Some(identity) => write!(f, " (\"{}\")", identity.escape_debug()),
                    None => Ok(()),
                }
            }
        }
    }
}

impl fmt::Display for FileProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.scope, self.message)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, count) = (self.path.display(), self.problems.len());
        write!(f, "resources file {path}: {count} error(s):")?;
        self.problems.iter().try_for_each(|problem| write!(f, "\n  - {problem}"))
    }
}

impl std::error::Error for Report {}
