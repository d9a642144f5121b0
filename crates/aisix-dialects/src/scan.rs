//! Looking at a few fields of an object, and leaving the rest.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

/// The fields that were looked for, borrowed from their text.
pub(crate) struct Scan<'a, const N: usize> {
    names: [&'static str; N],
    values: [Option<&'a RawValue>; N],
    /// A field that stands there twice: two readers could disagree on which one counts, and for
    /// `model` that would be a way around the allowlist.
    pub(crate) duplicate: Option<&'static str>,
}

/// Looks for these fields of an object; all of the text is checked to be JSON.
///
/// # Errors
/// Where the text is not one JSON object.
pub(crate) fn fields<'a, const N: usize>(
    text: &'a str,
    names: [&'static str; N],
) -> serde_json::Result<Scan<'a, N>> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let seed = Scan { names, values: [None; N], duplicate: None };
    let scan = seed.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(scan)
}

impl<'a, const N: usize> Scan<'a, N> {
    /// A field's value; null where that stands there.
    pub(crate) fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.place(name).and_then(|place| self.values[place])
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| *known == name)
    }
}

impl<'de, const N: usize> DeserializeSeed<'de> for Scan<'de, N> {
    type Value = Self;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Scan<'de, N> {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        // Keys are compared unescaped, so that an escaped spelling of a field is the same field.
        while let Some(key) = map.next_key::<Name<'_>>()? {
            match self.place(&key.0) {
                Some(place) => {
                    let before = self.values[place].replace(map.next_value()?);
                    if before.is_some() {
                        self.duplicate = Some(self.names[place]);
                    }
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(self)
    }
}

/// A text, unescaped: copied only where it has escapes.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(crate) struct Name<'a>(#[serde(borrow)] pub(crate) Cow<'a, str>);
