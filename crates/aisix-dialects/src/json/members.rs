//! Where the members of an object stand.

use std::borrow::Cow;
use std::fmt;

use aisix_core::chat::Span;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::span_of;

/// A member of an object, as it stands in its text.
#[derive(Debug, Clone)]
pub struct Member<'a> {
    /// Its name, unescaped.
    pub name: Cow<'a, str>,
    /// Where the name stands, quotes included.
    pub name_span: Span,
    /// Its value.
    pub value: &'a RawValue,
    /// Where the value stands.
    pub value_span: Span,
}

/// The members of the object that a text is, in their order; one that stands there twice is there
/// twice. All of the text is checked to be JSON, values are not read.
///
/// # Errors
/// Where the text is not one JSON object.
pub fn members(text: &str) -> serde_json::Result<Vec<Member<'_>>> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let members = deserializer.deserialize_map(Members { text })?;
    deserializer.end()?;
    Ok(members)
}

struct Members<'a> {
    text: &'a str,
}

impl<'de> Visitor<'de> for Members<'de> {
    type Value = Vec<Member<'de>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(quoted) = map.next_key::<&'de RawValue>()? {
            let value: &RawValue = map.next_value()?;
            members.push(Member {
                name: unescaped(quoted.get()).map_err(de::Error::custom)?,
                name_span: span_of(self.text, quoted),
                value,
                value_span: span_of(self.text, value),
            });
        }
        Ok(members)
    }
}

fn unescaped(quoted: &str) -> serde_json::Result<Cow<'_, str>> {
    match quoted.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(plain) if !plain.contains('\\') => Ok(plain.into()),
        _ => serde_json::from_str::<String>(quoted).map(Into::into),
    }
}
