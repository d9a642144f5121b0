//! What only one family understands.

use std::fmt;

use serde_json::Value;

use crate::carried::DialectId;

/// A value that is passed on, unread, to the dialect that it came from, and to no other.
#[derive(Clone, PartialEq, Eq)]
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
        Self { dialect, name: name.into(), value }
    }
}

/// How a value that is said again while an answer streams joins what was said before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Join {
    /// It takes the place of the earlier one, as with a fingerprint that each frame repeats.
    Replace,
    /// Lists go on, objects join field by field, anything else takes the place of the earlier one,
    /// as with the log probabilities of each frame's tokens.
    Extend,
    /// Texts go on too, as with the fragments of a sound.
    Append,
}

/// Adds a value to what was said before under its name.
pub(super) fn join(said: &mut Vec<Native>, native: Native, how: Join) {
    let before = said
        .iter_mut()
        .find(|before| before.name == native.name && before.dialect == native.dialect);
    match before {
        Some(before) => join_values(&mut before.value, native.value, how),
        None => said.push(native),
    }
}

/// Adds a later value to an earlier one.
pub(super) fn join_values(before: &mut Value, value: Value, how: Join) {
    match (before, value) {
        (_, Value::Null) => {}
        (Value::Array(before), Value::Array(more)) if how != Join::Replace => before.extend(more),
        (Value::String(before), Value::String(more)) if how == Join::Append => {
            before.push_str(&more);
        }
        (Value::Object(before), Value::Object(more)) if how != Join::Replace => {
            for (name, value) in more {
                match before.get_mut(&name) {
                    Some(before) => join_values(before, value, how),
                    None => drop(before.insert(name, value)),
                }
            }
        }
        (before, value) => *before = value,
    }
}

impl fmt::Debug for Native {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Native({} {})", self.dialect, self.name)
    }
}
