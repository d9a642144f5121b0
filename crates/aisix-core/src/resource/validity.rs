//! How documents are judged.

use std::fmt;
use std::ops::RangeInclusive;

use serde::de::DeserializeOwned;

use super::{Document, wording};

/// How much a document may say that this version does not understand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strictness {
    /// Unknown fields are problems: for people who write through the admin API or a file.
    Strict,
    /// Unknown fields are reported and ignored: for documents that other versions have written.
    Lenient,
}

/// A parsed resource, with the paths of the fields that were ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked<T> {
    /// The resource.
    pub resource: T,
    /// Dotted paths of unknown fields; always empty for strictly parsed documents.
    pub ignored: Vec<String>,
}

/// One thing that is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Dotted path of the field; empty for the document as a whole.
    pub field: String,
    /// What is wrong and what would be right; never the field's value.
    pub message: String,
}

impl Problem {
    /// States a problem with a field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.field.as_str() {
            "" => f.write_str(&self.message),
            field => write!(f, "{field}: {}", self.message),
        }
    }
}

/// Why a document is not a resource: at least one [`Problem`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Everything that is wrong, in the order of the document.
    pub problems: Vec<Problem>,
}

impl Invalid {
    /// A document with one problem.
    pub fn one(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self { problems: vec![Problem::new(field, message)] }
    }
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Invalid {}

/// Reads a document into its wire shape, noting what the shape does not know.
pub(super) fn read<T: DeserializeOwned>(
    document: &Document,
    strictness: Strictness,
) -> Result<Checked<T>, Invalid> {
    let mut ignored = Vec::new();
    let mut note = |path: serde_ignored::Path<'_>| ignored.push(wording::path(&path));
    let json = serde_ignored::Deserializer::new(document.json(), &mut note);
    let resource: T = serde_path_to_error::deserialize(json).map_err(|error| {
        let at = error.path().to_string();
        Invalid { problems: vec![wording::problem(&at, error.inner())] }
    })?;
    if strictness == Strictness::Strict && !ignored.is_empty() {
        let problems = ignored.into_iter().map(|path| Problem::new(path, "unknown field"));
        return Err(Invalid { problems: problems.collect() });
    }
    Ok(Checked { resource, ignored })
}

/// The most characters of a name.
const LONGEST_NAME: usize = 256;

/// Gathers semantic problems so that all of them are reported together.
#[derive(Default)]
pub(super) struct Findings(Vec<Problem>);

impl Findings {
    pub(super) fn require(&mut self, holds: bool, field: &str, message: impl Into<String>) {
        if !holds {
            self.0.push(Problem::new(field, message));
        }
    }

    pub(super) fn not_empty(&mut self, value: &str, field: &str) {
        self.require(!value.is_empty(), field, "must not be empty");
    }

    /// A name that people read and callers write, of a strictly judged document.
    pub(super) fn name(&mut self, name: &str, field: &str) {
        // An empty one was found already.
        self.require(name.is_empty() || !name.trim().is_empty(), field, "must not be blank");
        let plain = !name.contains(char::is_control);
        self.require(plain, field, "must not hold line breaks or other control characters");
        self.at_most(name, LONGEST_NAME, field);
    }

    /// A list that holds something.
    pub(super) fn some<T>(&mut self, list: &[T], field: &str) {
        self.require(!list.is_empty(), field, "must hold at least one entry");
    }

    /// A text of so many characters and no more.
    pub(super) fn at_most(&mut self, text: &str, most: usize, field: &str) {
        let fits = text.chars().nth(most).is_none();
        self.require(fits, field, format!("must be at most {most} characters"));
    }

    pub(super) fn within(&mut self, number: u64, range: RangeInclusive<u64>, field: &str) {
        let message = format!("must be from {} to {}", range.start(), range.end());
        self.require(range.contains(&number), field, message);
    }

    /// A share of a whole.
    pub(super) fn share(&mut self, number: f64, field: &str) {
        self.require((0.0..=1.0).contains(&number), field, "must be from 0 to 1");
    }

    pub(super) fn extend(&mut self, problems: Vec<Problem>) {
        self.0.extend(problems);
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.0
    }

    pub(super) fn into_invalid(self) -> Invalid {
        Invalid { problems: self.0 }
    }

    pub(super) fn into_result<T>(self, checked: Checked<T>) -> Result<Checked<T>, Invalid> {
        if self.0.is_empty() { Ok(checked) } else { Err(self.into_invalid()) }
    }
}
