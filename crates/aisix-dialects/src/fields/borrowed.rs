//! Reading an object field by field out of its text, where most of it is not kept.

use std::borrow::Cow;
use std::fmt;

use aisix_core::DialectId;
use aisix_core::chat::Native;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Number, Value};

use super::Fields;
use crate::scan::Name;

/// The fields of an object that nobody has read yet, as they stand in its text.
///
/// Each event of a stream repeats what the others say beside a few letters: nothing of that is
/// copied, and all of it is looked at.
#[derive(Debug)]
pub(crate) struct Borrowed<'a>(Vec<(Cow<'a, str>, Json<'a>)>);

/// A value, as it stands in its text.
#[derive(Debug)]
pub(crate) enum Json<'a> {
    Null,
    Flag(bool),
    Number(Number),
    Text(Cow<'a, str>),
    List(Vec<Self>),
    Object(Borrowed<'a>),
}

impl<'a> Borrowed<'a> {
    /// The fields of the object that this text is.
    ///
    /// # Errors
    /// Where the text is not one JSON object.
    pub(crate) fn read(text: &'a [u8]) -> serde_json::Result<Self> {
        serde_json::from_slice(text)
    }

    /// Takes a field; null counts as absent. Of a name that stands there twice, the last counts.
    pub(crate) fn take(&mut self, name: &str) -> Option<Json<'a>> {
        let place = self.0.iter().rposition(|(known, _)| known == name)?;
        let (_, value) = self.0.remove(place);
        if self.0[..place].iter().any(|(known, _)| known == name) {
            self.0.retain(|(known, _)| known != name);
        }
        (!matches!(value, Json::Null)).then_some(value)
    }

    /// Takes a text. What is none stays, for whoever understands it.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<Cow<'a, str>> {
        self.take_as(name, |value| match value {
            Json::Text(text) => Ok(text),
            other => Err(other),
        })
    }

    /// Takes a list.
    pub(crate) fn list(&mut self, name: &'static str) -> Option<Vec<Json<'a>>> {
        self.take_as(name, |value| match value {
            Json::List(list) => Ok(list),
            other => Err(other),
        })
    }

    /// Takes a number.
    pub(crate) fn number(&mut self, name: &'static str) -> Option<f64> {
        self.take_as(name, |value| match &value {
            Json::Number(number) => number.as_f64().ok_or(value),
            _ => Err(value),
        })
    }

    /// Takes an integer that fits.
    pub(crate) fn integer<T: TryFrom<i64>>(&mut self, name: &'static str) -> Option<T> {
        self.take_as(name, |value| {
            let fits = match &value {
                Json::Number(number) => number.as_i64().and_then(|number| number.try_into().ok()),
                _ => None,
            };
            fits.ok_or(value)
        })
    }

    /// What is left, as values that only this dialect understands; each under its name behind the
    /// prefix.
    pub(crate) fn natives(self, dialect: DialectId, prefix: &str) -> impl Iterator<Item = Native> {
        Fields::from(self).natives(dialect, prefix)
    }

    fn take_as<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(Json<'a>) -> Result<T, Json<'a>>,
    ) -> Option<T> {
        match read(self.take(name)?) {
            Ok(read) => Some(read),
            Err(value) => {
                self.0.push((name.into(), value));
                None
            }
        }
    }
}

impl<'a> Json<'a> {
    /// The fields of an object.
    ///
    /// # Errors
    /// The value, where it is none.
    pub(crate) fn object(self) -> Result<Borrowed<'a>, Self> {
        match self {
            Self::Object(fields) => Ok(fields),
            other => Err(other),
        }
    }
}

impl From<Borrowed<'_>> for Fields {
    fn from(Borrowed(fields): Borrowed<'_>) -> Self {
        let owned = fields.into_iter().map(|(name, value)| (name.into_owned(), value.into()));
        Self(owned.collect())
    }
}

impl From<Json<'_>> for Value {
    fn from(value: Json<'_>) -> Self {
        match value {
            Json::Null => Self::Null,
            Json::Flag(flag) => Self::Bool(flag),
            Json::Number(number) => Self::Number(number),
            Json::Text(text) => Self::String(text.into_owned()),
            Json::List(list) => list.into_iter().map(Self::from).collect(),
            Json::Object(fields) => Fields::from(fields).into_value(),
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Borrowed<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Borrowed<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some((Name(name), value)) = map.next_entry()? {
            fields.push((name, value));
        }
        Ok(Borrowed(fields))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Values)
    }
}

struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Self::Value, E> {
        Ok(Json::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(text.into()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(text.to_owned().into()))
    }

    fn visit_string<E>(self, text: String) -> Result<Self::Value, E> {
        Ok(Json::Text(text.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Self::Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element()? {
            values.push(value);
        }
        Ok(Json::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
        Members.visit_map(map).map(Json::Object)
    }
}
