//! Patterns with a single `*`.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// An exact name, or a pattern in which one `*` stands for any text, also none.
///
/// Anchored at both ends and case-sensitive. A pattern with two or more `*` matches nothing: it is
/// accepted because such documents exist, and it grants nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    text: String,
    star: Star,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Star {
    None,
    At(usize),
    Many,
}

impl Glob {
    /// Compiles a pattern.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        let star = match text.find('*') {
            None => Star::None,
            Some(at) if text.rfind('*') == Some(at) => Star::At(at),
            Some(_) => Star::Many,
        };
        Self { text, star }
    }

    /// The pattern as it was written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern holds exactly one `*`.
    #[must_use]
    pub fn is_pattern(&self) -> bool {
        matches!(self.star, Star::At(_))
    }

    /// Whether the name matches.
    #[must_use]
    pub fn matches(&self, name: &str) -> bool {
        match self.star {
            Star::None => self.text == name,
            Star::At(_) => self.capture(name).is_some(),
            Star::Many => false,
        }
    }

    /// The part of the name that the `*` stands for.
    #[must_use]
    pub fn capture<'n>(&self, name: &'n str) -> Option<&'n str> {
        let Star::At(at) = self.star else { return None };
        let (prefix, suffix) = (&self.text[..at], &self.text[at + 1..]);
        name.strip_prefix(prefix)?.strip_suffix(suffix)
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for Glob {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for Glob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}
