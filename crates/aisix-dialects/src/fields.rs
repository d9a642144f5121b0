//! Reading an object field by field, so that what nobody read is known.

use aisix_core::chat::Native;
use aisix_core::{DialectId, Error};
use serde_json::{Map, Value};

use crate::json::unambiguous;

pub(crate) use self::borrowed::{Borrowed, Json};

mod borrowed;
#[cfg(test)]
mod tests;

/// The fields of an object that nobody has read yet.
#[derive(Debug, Default)]
pub(crate) struct Fields(Map<String, Value>);

impl Fields {
    /// The fields of an object.
    ///
    /// # Errors
    /// The value, where it is none.
    pub(crate) fn of(value: Value) -> Result<Self, Value> {
        match value {
            Value::Object(fields) => Ok(Self(fields)),
            other => Err(other),
        }
    }

    /// The fields of a caller's request.
    ///
    /// # Errors
    /// A client error where the body is no JSON object, or holds a field twice at any depth.
    pub(crate) fn of_request(body: &[u8]) -> Result<Self, Error> {
        let value = unambiguous(body).map_err(|error| {
            if error.is_data() {
                Error::invalid_request("an object holds a field twice")
            } else {
                Error::invalid_json()
            }
        })?;
        Self::of(value).map_err(|_| Error::invalid_json())
    }

    /// A field, left where it is.
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Whether nothing is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes a field; null counts as absent.
    pub(crate) fn take(&mut self, name: &str) -> Option<Value> {
        self.0.shift_remove(name).filter(|value| !value.is_null())
    }

    /// Takes a field that can be read this way. One that cannot be stays, for whoever understands
    /// it.
    pub(crate) fn take_as<T>(
        &mut self,
        name: &str,
        read: impl FnOnce(Value) -> Result<T, Value>,
    ) -> Option<T> {
        match read(self.take(name)?) {
            Ok(read) => Some(read),
            Err(value) => {
                self.0.insert(name.to_owned(), value);
                None
            }
        }
    }

    /// Takes a text.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        self.take_as(name, |value| match value {
            Value::String(text) => Ok(text),
            other => Err(other),
        })
    }

    /// Takes a list.
    pub(crate) fn list(&mut self, name: &str) -> Option<Vec<Value>> {
        self.take_as(name, |value| match value {
            Value::Array(list) => Ok(list),
            other => Err(other),
        })
    }

    /// Takes a flag.
    pub(crate) fn flag(&mut self, name: &str) -> Option<bool> {
        self.take_as(name, |value| value.as_bool().ok_or(value))
    }

    /// Takes a number.
    pub(crate) fn number(&mut self, name: &str) -> Option<f64> {
        self.take_as(name, |value| value.as_f64().ok_or(value))
    }

    /// Takes an integer that fits.
    pub(crate) fn integer<T: TryFrom<i64>>(&mut self, name: &str) -> Option<T> {
        self.take_as(name, |value| {
            let fits = value.as_i64().and_then(|number| number.try_into().ok());
            fits.ok_or(value)
        })
    }

    /// What is left, as an object again.
    pub(crate) fn into_value(self) -> Value {
        Value::Object(self.0)
    }

    /// What is left, as values that only this dialect understands; each under its name behind the
    /// prefix.
    pub(crate) fn natives(self, dialect: DialectId, prefix: &str) -> impl Iterator<Item = Native> {
        self.0
            .into_iter()
            .map(move |(name, value)| Native::new(dialect, format!("{prefix}{name}"), value))
    }
}

/// What is wrong with a message of a request.
#[derive(Debug)]
pub(crate) struct Flaw {
    /// Where, below the message.
    pub(crate) place: String,
    /// What must stand there.
    pub(crate) form: &'static str,
}

impl Flaw {
    pub(crate) fn new(place: impl Into<String>, form: &'static str) -> Self {
        Self { place: place.into(), form }
    }

    /// The same, below a place.
    pub(crate) fn below(self, place: &str) -> Self {
        Self { place: format!("{place}{}", self.place), ..self }
    }
}
