//! Reading a few fields of a JSON text, and changing them in place.

use std::borrow::Cow;
use std::fmt;

use aisix_core::chat::Span;
use bytes::{BufMut, Bytes, BytesMut};
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

pub use self::members::{Member, members};
pub(crate) use self::write::written;

mod members;
#[cfg(test)]
mod tests;
mod write;

/// Where a value stands that was borrowed out of `text`.
///
/// The value must be a part of the text: both are compared by address.
#[must_use]
pub fn span_of(text: &str, value: &RawValue) -> Span {
    let start = value.get().as_ptr() as usize - text.as_ptr() as usize;
    start..start + value.get().len()
}

/// The text with some ranges replaced; ranges must be ascending and apart.
#[must_use]
pub fn splice(text: &[u8], edits: &[(Span, Cow<'_, str>)]) -> Bytes {
    let grown: usize = edits.iter().map(|(_, replacement)| replacement.len()).sum();
    let mut spliced = BytesMut::with_capacity(text.len() + grown);
    splice_into(text, edits, &mut spliced);
    spliced.freeze()
}

/// Appends the text with some ranges replaced.
pub fn splice_into(text: &[u8], edits: &[(Span, Cow<'_, str>)], out: &mut BytesMut) {
    let mut at = 0;
    for (span, replacement) in edits {
        out.put_slice(&text[at..span.start]);
        out.put_slice(replacement.as_bytes());
        at = span.end;
    }
    out.put_slice(&text[at..]);
}

/// An object without these fields, and with these in front, each a name and its value as JSON text,
/// in place of any that has its name: every other byte stays as it was. Names are compared
/// unescaped.
///
/// Upstreams that take a format of somebody else's change it like this: what their address says
/// already is left out of the body.
///
/// # Errors
/// Where the text is no JSON object.
pub fn reshaped(
    object: &[u8],
    without: &[&str],
    with: &[(&str, &str)],
) -> serde_json::Result<Bytes> {
    let text = std::str::from_utf8(object).map_err(de::Error::custom)?;
    let members = members(text)?;
    let mut shape = BytesMut::with_capacity(object.len() + 64);
    let mut at = after_brace(object);
    shape.put_slice(&object[..at]);
    let mut empty = true;
    for (name, value) in with {
        let comma = if std::mem::take(&mut empty) { "" } else { "," };
        shape.put_slice(format!("{comma}{}:{value}", quoted(name)).as_bytes());
    }
    for (position, Member { name, value_span, .. }) in members.iter().enumerate() {
        let end = value_span.end;
        // What stands in front of a member: a comma, unless it is the first.
        let member = if position == 0 { at } else { after(object, b',', at) };
        let replaced = with.iter().any(|(new, _)| *new == name);
        if !replaced && !without.contains(&name.as_ref()) {
            if !std::mem::take(&mut empty) {
                shape.put_slice(if position == 0 { b"," } else { &object[at..member] });
            }
            shape.put_slice(&object[member..end]);
        }
        at = end;
    }
    shape.put_slice(&object[at..]);
    Ok(shape.freeze())
}

/// Where an object's first field stands.
pub(crate) fn after_brace(object: &[u8]) -> usize {
    after(object, b'{', 0)
}

/// What stands behind the next such byte.
fn after(text: &[u8], byte: u8, from: usize) -> usize {
    memchr::memchr(byte, &text[from..]).map_or(from, |place| from + place + 1)
}

/// A text as a JSON string, quotes included.
#[must_use]
pub fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\u{0}'..='\u{1F}' => {
                quoted.push_str("\\u");
                quoted.push_str(&format!("{:04x}", u32::from(character)));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// Whole numbers are written as callers write them: without a fraction.
pub(crate) fn number(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT {
        Value::from(number as i64)
    } else {
        Value::from(number)
    }
}

/// Parses a text that every reader reads alike: an object that holds a field twice is an error
/// ([`serde_json::Error::is_data`]), because two readers could disagree on which one counts.
pub(crate) fn unambiguous(text: &[u8]) -> serde_json::Result<Value> {
    let mut deserializer = serde_json::Deserializer::from_slice(text);
    let value = Unambiguous.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

struct Unambiguous;

impl<'de> DeserializeSeed<'de> for Unambiguous {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Unambiguous {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(Self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut fields = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(Self)?;
            if fields.contains_key(&name) {
                return Err(de::Error::custom(format_args!("duplicate field '{name}'")));
            }
            fields.insert(name, value);
        }
        Ok(Value::Object(fields))
    }
}
