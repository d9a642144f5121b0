//! From YAML to JSON values, with nothing that could be read in two ways or grow without bound.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::{Map, Number, Value};
use yaml_rust2::parser::{Event, Parser, Tag};
use yaml_rust2::scanner::{Marker, TScalarStyle};

/// The deepest nesting: more than any resource has.
const DEEPEST: usize = 64;

/// What all aliases together may repeat, in bytes: a small file could otherwise stand for a huge one.
const MOST_REPEATED: usize = 64 << 20;

/// What a value costs beside its text, about.
const NODE: usize = 32;

/// The tags of YAML's own types begin with this.
const CORE_TAG: &str = "tag:yaml.org,2002:";

/// Why a text is not usable YAML, and where. Nothing of the text is quoted but the names of keys.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub(super) struct YamlProblem {
    line: usize,
    column: usize,
    message: String,
}

impl YamlProblem {
    fn at(mark: &Marker, message: impl Into<String>) -> Self {
        Self { line: mark.line(), column: mark.col() + 1, message: message.into() }
    }
}

/// Reads one document, by the core schema of YAML 1.2; `None` where there is nothing in it.
pub(super) fn parse(text: &str) -> Result<Option<Value>, YamlProblem> {
    let mut parser = Parser::new_from_str(text);
    let mut builder = Builder::default();
    loop {
        let next = parser.next_token();
        let (event, mark) = next.map_err(|error| {
            YamlProblem::at(error.marker(), format!("not YAML: {}", error.info()))
        })?;
        if event == Event::StreamEnd {
            return Ok(builder.root.filter(|root| !root.is_null()));
        }
        builder.take(event).map_err(|message| YamlProblem::at(&mark, message))?;
    }
}

/// A document in the making.
#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    /// What an alias repeats, with its depth and its size.
    anchors: HashMap<usize, (Value, usize, usize)>,
    repeated: usize,
    root: Option<Value>,
}

/// A list or map that has not ended yet.
struct Open {
    anchor: usize,
    holds: Holds,
}

enum Holds {
    List(Vec<Value>),
    /// The fields, and the key of the one whose value comes next.
    Map(Map<String, Value>, Option<String>),
}

impl Builder {
    fn take(&mut self, event: Event) -> Result<(), String> {
        match event {
            Event::DocumentStart if self.root.is_some() => {
                Err("the file must hold one document only".into())
            }
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart
            | Event::DocumentEnd => Ok(()),
            Event::SequenceStart(anchor, tag) => {
                self.begin(anchor, tag.as_ref(), "seq", Holds::List(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.begin(anchor, tag.as_ref(), "map", Holds::Map(Map::new(), None))
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Scalar(text, style, anchor, tag) => {
                if let Some(key) = self.awaited_key() {
                    return key.put(text, style);
                }
                let value = scalar(text, style, tag.as_ref())?;
                self.put(value, anchor)
            }
            Event::Alias(anchor) => self.repeat(anchor),
        }
    }

    fn begin(
        &mut self,
        anchor: usize,
        tag: Option<&Tag>,
        own: &str,
        holds: Holds,
    ) -> Result<(), String> {
        if tag.is_some_and(|tag| tag.handle != CORE_TAG || tag.suffix != own) {
            return Err(foreign_tag());
        }
        if self.awaited_key().is_some() {
            return Err("a key must be a plain word".into());
        }
        self.open.push(Open { anchor, holds });
        if self.open.len() > DEEPEST {
            return Err(format!("nested deeper than {DEEPEST} levels"));
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        let Some(Open { anchor, holds }) = self.open.pop() else {
            return Ok(());
        };
        let value = match holds {
            Holds::List(items) => Value::Array(items),
            Holds::Map(fields, _) => Value::Object(fields),
        };
        self.put(value, anchor)
    }

    fn put(&mut self, value: Value, anchor: usize) -> Result<(), String> {
        // Anchors count from 1.
        if anchor > 0 {
            let (depth, size) = measure(&value);
            self.anchors.insert(anchor, (value.clone(), depth, size));
        }
        match self.open.last_mut().map(|open| &mut open.holds) {
            None => self.root = Some(value),
            Some(Holds::List(items)) => items.push(value),
            Some(Holds::Map(fields, key)) => {
                let key = key.take().ok_or("a value without a key")?;
                fields.insert(key, value);
            }
        }
        Ok(())
    }

    fn repeat(&mut self, anchor: usize) -> Result<(), String> {
        if self.awaited_key().is_some() {
            return Err("a key must be a plain word".into());
        }
        let known = self.anchors.get(&anchor);
        let (value, depth, size) = known.ok_or("an alias of what it stands in")?.clone();
        self.repeated += size;
        if self.repeated > MOST_REPEATED || self.open.len() + depth > DEEPEST {
            return Err("aliases repeat too much".into());
        }
        self.put(value, 0)
    }

    /// The map whose next key comes now, if one does.
    fn awaited_key(&mut self) -> Option<KeyOf<'_>> {
        match &mut self.open.last_mut()?.holds {
            Holds::Map(fields, key @ None) => Some(KeyOf { fields, key }),
            _ => None,
        }
    }
}

/// Where a key goes.
struct KeyOf<'a> {
    fields: &'a Map<String, Value>,
    key: &'a mut Option<String>,
}

impl KeyOf<'_> {
    fn put(self, key: String, style: TScalarStyle) -> Result<(), String> {
        if key == "<<" && style == TScalarStyle::Plain {
            return Err("merge keys (<<) are not supported: write the fields out".into());
        }
        if self.fields.contains_key(&key) {
            return Err(format!("duplicate key '{}'", key.escape_debug()));
        }
        *self.key = Some(key);
        Ok(())
    }
}

/// Depth and size of a value.
fn measure(value: &Value) -> (usize, usize) {
    let all = |items: &mut dyn Iterator<Item = (usize, usize)>| {
        items.fold((0, 0), |(deepest, sum), (depth, size)| (deepest.max(depth), sum + size))
    };
    let (depth, size) = match value {
        Value::String(text) => (0, text.len()),
        Value::Array(items) => all(&mut items.iter().map(measure)),
        Value::Object(fields) => all(&mut fields.iter().map(|(key, value)| {
            let (depth, size) = measure(value);
            (depth, size + key.len() + NODE)
        })),
        _ => (0, 0),
    };
    (depth + 1, size + NODE)
}

fn foreign_tag() -> String {
    "tags other than YAML's own types are not supported".into()
}

/// What a scalar stands for.
fn scalar(text: String, style: TScalarStyle, tag: Option<&Tag>) -> Result<Value, String> {
    let Some(tag) = tag else {
        return if style == TScalarStyle::Plain { plain(text) } else { Ok(Value::String(text)) };
    };
    let own = match (tag.handle.as_str(), tag.suffix.as_str()) {
        ("", "!") | ("!", "") | (CORE_TAG, "str") => return Ok(Value::String(text)),
        (CORE_TAG, own) => own,
        _ => return Err(foreign_tag()),
    };
    let value = plain(text)?;
    let fits = match own {
        "int" => value.is_i64() || value.is_u64(),
        "float" => value.is_number(),
        "bool" => value.is_boolean(),
        "null" => value.is_null(),
        _ => return Err(foreign_tag()),
    };
    if fits { Ok(value) } else { Err(format!("not what its tag !!{own} says")) }
}

/// The core schema of YAML 1.2: <https://yaml.org/spec/1.2.2/#103-core-schema>.
fn plain(text: String) -> Result<Value, String> {
    Ok(match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => match number(&text) {
            Some(Some(number)) => Value::Number(number),
            Some(None) => return Err("a number that is too large, or none".into()),
            None => Value::String(text),
        },
    })
}

/// The number that a text is; `Some(None)` where it is one that JSON does not have.
fn number(text: &str) -> Option<Option<Number>> {
    let digits = |text: &str, radix| !text.is_empty() && text.chars().all(|c| c.is_digit(radix));
    for (prefix, radix) in [("0x", 16), ("0o", 8)] {
        if let Some(rest) = text.strip_prefix(prefix).filter(|rest| digits(rest, radix)) {
            return Some(u64::from_str_radix(rest, radix).ok().map(Number::from));
        }
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(None);
    }
    let positive = text.strip_prefix('+').unwrap_or(text);
    if digits(unsigned, 10) {
        let whole = positive.parse::<u64>().map(Number::from);
        if let Ok(number) = whole.or_else(|_| positive.parse::<i64>().map(Number::from)) {
            return Some(Some(number));
        }
    } else if !is_float(unsigned) {
        return None;
    }
    Some(positive.parse::<f64>().ok().and_then(Number::from_f64))
}

/// `12.`, `.5` and `1.5e-3`, without a sign.
fn is_float(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    digits(whole) && digits(fraction) && (whole.len() + fraction.len() > 0) && exponent
}
