//! The layer of the environment: `AISIX_<SECTION>__<KEY>`.

use std::ffi::{OsStr, OsString};

use serde_json::{Map, Number, Value};

use super::keys::{self, Key, Kind};
use super::others::Inert;
use super::{ConfigError, others};

const PREFIX: &str = "AISIX_";

/// Says which file to read, so it is no key.
const CONFIG: &str = "AISIX_CONFIG";

/// What the environment sets.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    values: Vec<(Key, Value)>,
    /// The keys of other versions that ask for nothing more than what is so anyway.
    inert: Vec<Inert>,
    /// The variables that look like ours and name no key.
    unknown: Vec<String>,
}

impl Overrides {
    /// Reads the variables.
    pub(super) fn read(
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        let mut overrides = Self::default();
        let mut variables: Vec<_> = variables
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
            .filter(|(name, _)| name.starts_with(PREFIX) && name != CONFIG)
            .collect();
        variables.sort();
        for (name, value) in variables {
            if let Some(key) = keys::find_variable(&name) {
                overrides.values.push((key, parse(key.kind, &name, &value)?));
            } else if let Some(inert) = inert(&name, &value)? {
                overrides.inert.push(inert);
            } else {
                overrides.unknown.push(name);
            }
        }
        Ok(overrides)
    }

    /// Puts the values over those of the file.
    pub(super) fn apply(&self, keys: &mut Map<String, Value>) {
        for (key, value) in &self.values {
            set(keys, key.path, value.clone());
        }
    }

    /// The keys of other versions.
    pub(super) fn inert(&self) -> &[Inert] {
        &self.inert
    }

    /// One warning for each variable that looks like ours and means nothing, unless the
    /// configuration names it for another purpose.
    pub(super) fn warnings(&self, named: &[&String]) -> Vec<String> {
        let ignored = self.unknown.iter().filter(|name| !named.contains(name));
        let warning = |name| {
            format!(
                "the environment variable {name} begins like ours, but names no configuration key: \
                 ignored"
            )
        };
        ignored.map(warning).collect()
    }

    /// The variable that sets a key, if one does.
    pub(super) fn variable(&self, path: &str) -> Option<String> {
        let found = self.values.iter().find(|(key, _)| key.path == path);
        let inert = || self.inert.iter().find(|key| key.path == path)?.variable.clone();
        found.map(|(key, _)| key.variable()).or_else(inert)
    }
}

/// The key of another version that a variable names, or something inside of it.
fn inert(name: &str, value: &OsStr) -> Result<Option<Inert>, ConfigError> {
    let fail = |reason: String| ConfigError::whole(name, reason);
    if let Some(other) = others::find_variable(name) {
        let value = parse(other.kind(), name, value)?;
        return other.accept(value, Some(name.into())).map(Some).map_err(fail);
    }
    let inside = others::find_around(name).map(|other| other.accept_inside(name.into()));
    inside.transpose().map_err(fail)
}

/// Reads a value as the key's type. What it should look like depends on the key alone, so that a
/// credential may consist of digits.
fn parse(kind: Kind, name: &str, value: &OsStr) -> Result<Value, ConfigError> {
    let Some(value) = value.to_str() else {
        return Err(ConfigError::whole(name, "is not UTF-8"));
    };
    let parsed = match kind {
        Kind::Text | Kind::Secret => Some(value.into()),
        Kind::TextList | Kind::SecretList => Some(list(value)),
        Kind::NumberList => numbers(value),
        Kind::MapList => maps(value),
        Kind::Flag => value.trim().to_lowercase().parse::<bool>().ok().map(Value::from),
        Kind::Number => value.trim().parse::<u64>().ok().map(Value::from),
        Kind::Fraction => number(value.trim()),
        // One variable sets one of the keys below.
        Kind::Map => None,
    };
    parsed.ok_or_else(|| ConfigError::whole(name, kind.expectation()))
}

fn list(value: &str) -> Value {
    items(value).collect()
}

fn numbers(value: &str) -> Option<Value> {
    items(value).map(number).collect()
}

fn number(text: &str) -> Option<Value> {
    Number::from_f64(text.parse().ok()?).map(Value::Number)
}

fn items(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|item| !item.is_empty())
}

/// One JSON array; blank is an empty one.
fn maps(value: &str) -> Option<Value> {
    if value.trim().is_empty() {
        return Some(Value::Array(Vec::new()));
    }
    let items: Vec<Map<String, Value>> = serde_json::from_str(value).ok()?;
    Some(items.into_iter().map(Value::Object).collect())
}

fn set(level: &mut Map<String, Value>, path: &str, value: Value) {
    let Some((name, below)) = path.split_once('.') else {
        level.insert(path.into(), value);
        return;
    };
    // The file's types were checked: what stands above a key is a map.
    if let Value::Object(next) = level.entry(name).or_insert_with(|| Map::new().into()) {
        set(next, below, value);
    }
}
