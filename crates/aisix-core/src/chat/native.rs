//! What only one family understands.

use std::fmt;

use serde_json::Value;

use crate::carried::DialectId;

/// A value that is passed on, unread, to the dialect that it came from, and to no other.
#[derive(Clone, PartialEq)]
pub struct Native {
    /// The dialect that can write the value again.
    pub dialect: DialectId,
    /// The field or the type of part that it stands for.
    pub name: String,
    /// The value as it was.
    pub value: Value,
}

impl Native {
    /// A value out of a dialect.
    pub fn new(dialect: DialectId, name: impl Into<String>, value: Value) -> Self {
        Self {
            dialect,
            name: name.into(),
            value,
        }
    }
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Native({} {})", self.dialect, self.name)
    }
}
