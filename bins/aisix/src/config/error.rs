//! Why a configuration cannot be used.

use std::fmt;

/// One line that names where the value stands, the key, and the reason. It holds no credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ConfigError {
    /// The file, or the environment variable.
    origin: String,
    /// The key, where the origin does not say it.
    key: Option<String>,
    reason: String,
}

impl ConfigError {
    /// Something is wrong with all of a file or variable.
    pub(crate) fn whole(origin: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { origin: origin.into(), key: None, reason: one_line(&reason.into()) }
    }

    /// Something is wrong with one key.
    pub(crate) fn key(
        origin: impl Into<String>,
        key: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self { key: Some(key.into()), ..Self::whole(origin, reason) }
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.origin)?;
        if let Some(key) = &self.key {
            write!(f, "{key}: ")?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for ConfigError {}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
