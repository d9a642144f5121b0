//! The layer of the file.

use std::path::Path;

use config::{FileFormat, Format};
use serde_json::{Map, Value};

use super::keys::{self, Kind};
use super::others::Inert;
use super::{ConfigError, others};

/// What a file sets.
#[derive(Debug, Default)]
pub(super) struct Set {
    /// The keys, each of the right type; those that are null are left out.
    pub(super) keys: Map<String, Value>,
    /// The keys of other versions that ask for nothing more than what is so anyway.
    pub(super) inert: Vec<Inert>,
}

/// Reads a file.
pub(super) fn read(path: &Path) -> Result<Set, ConfigError> {
    let origin = path.display().to_string();
    let fail = |reason: String| ConfigError::whole(&origin, reason);
    let format = format(path).ok_or_else(|| {
        fail("unknown format: the name must end in .yaml, .yml, .toml or .json".into())
    })?;
    let text = std::fs::read_to_string(path).map_err(|e| fail(format!("cannot be read: {e}")))?;
    let mut keys = if text.trim().is_empty() {
        Map::new()
    } else {
        parse(&text, format).map_err(|reason| fail(format!("cannot be parsed: {reason}")))?
    };
    let mut inert = Vec::new();
    check(&mut keys, "", &mut inert)
        .map_err(|(key, reason)| ConfigError::key(&origin, key, reason))?;
    Ok(Set { keys, inert })
}

fn format(path: &Path) -> Option<FileFormat> {
    match path.extension()?.to_str()? {
        "yaml" | "yml" => Some(FileFormat::Yaml),
        "toml" => Some(FileFormat::Toml),
        "json" => Some(FileFormat::Json),
        _ => None,
    }
}

/// Names stay as they are written: the crate's builder would read `proxy.addr` as two levels.
pub(super) fn parse(text: &str, format: FileFormat) -> Result<Map<String, Value>, String> {
    let keys = Format::parse(&format, None, text).map_err(|e| without_excerpt(&e.to_string()))?;
    let typed = |(name, value): (String, config::Value)| Ok((name, value.try_deserialize()?));
    let typed: Result<_, config::ConfigError> = keys.into_iter().map(typed).collect();
    typed.map_err(|error| without_excerpt(&error.to_string()))
}

/// A parser may quote the line that it could not read, which may hold a credential. What it says of
/// the place comes first, the reason last.
fn without_excerpt(message: &str) -> String {
    let mut lines = message.lines().filter(|line| !line.trim().is_empty());
    let place = lines.next().unwrap_or("not in the format that the name of the file says");
    lines.next_back().map_or_else(|| place.to_owned(), |reason| format!("{place}: {reason}"))
}

/// Makes sure of names and types, and removes nulls and what has no effect; fails with the key and
/// the reason.
fn check(
    level: &mut Map<String, Value>,
    here: &str,
    inert: &mut Vec<Inert>,
) -> Result<(), (String, String)> {
    let names: Vec<_> = level.keys().cloned().collect();
    for name in names {
        let path = if here.is_empty() { name.clone() } else { format!("{here}.{name}") };
        // It would look like a path.
        if name.contains(['.', '[']) {
            return Err((path, keys::unknown(here)));
        }
        if let Some(other) = others::find(&path) {
            let value = level.remove(&name).filter(|value| !value.is_null());
            if let Some(value) = value {
                inert.push(other.accept(value, None).map_err(|reason| (path, reason))?);
            }
            continue;
        }
        let foreign = keys::is_foreign_level(&path);
        if !foreign && !keys::is_known(&path) {
            return Err((path, keys::unknown(here)));
        }
        let key = keys::find(&path);
        match level.get_mut(&name) {
            Some(Value::Null) | None => drop(level.remove(&name)),
            Some(value) => match (key, value) {
                (Some(key), value) if fits(value, key.kind) => {}
                (Some(key), _) => return Err((path, key.kind.expectation().into())),
                (None, Value::Object(below)) => check(below, &path, inert)?,
                (None, _) => return Err((path, "must hold further keys".into())),
            },
        }
        if foreign {
            level.remove(&name);
        }
    }
    Ok(())
}

/// Whether a value is of a type.
pub(super) fn fits(value: &Value, kind: Kind) -> bool {
    match kind {
        Kind::Flag => value.is_boolean(),
        Kind::Number => value.is_u64(),
        Kind::Fraction => value.is_number(),
        Kind::Map => value.is_object(),
        Kind::Text | Kind::Secret => value.is_string(),
        Kind::NumberList => value.as_array().is_some_and(|list| list.iter().all(Value::is_number)),
        Kind::MapList => value.as_array().is_some_and(|list| list.iter().all(Value::is_object)),
        Kind::TextList | Kind::SecretList => {
            value.as_array().is_some_and(|list| list.iter().all(Value::is_string))
        }
    }
}
