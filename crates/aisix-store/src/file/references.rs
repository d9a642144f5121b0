//! From the names of other entries to their ids.

use std::collections::{HashMap, HashSet};

use aisix_core::{Glob, Id, Kind};
use serde_json::{Map, Value};

use super::entry::Entry;
use super::format::{self, Reference, named_in_place};
use super::paths;

/// The most names that a message lists.
const MOST_LISTED: usize = 20;

/// Every entry that has an identity.
pub(super) struct Names {
    kinds: HashMap<Kind, NamesOfKind>,
    /// The names of models that stand for many.
    patterns: Vec<Glob>,
}

/// The names of one kind.
#[derive(Default)]
struct NamesOfKind {
    identities: HashSet<String>,
    ids: HashSet<Id>,
    /// As the file has them, in its order.
    written: Vec<String>,
}

impl Names {
    /// Takes down the names of all entries.
    pub(super) fn of(entries: &[Entry]) -> Self {
        let mut kinds: HashMap<_, NamesOfKind> = HashMap::new();
        for entry in entries {
            let (Some(identity), Some(id)) = (&entry.identity, entry.id()) else { continue };
            let names = kinds.entry(entry.kind).or_default();
            names.ids.insert(id);
            if names.identities.insert(identity.clone()) {
                names.written.push(entry.written.clone().unwrap_or_else(|| identity.clone()));
            }
        }
        let models = kinds.get(&Kind::Models).into_iter().flat_map(|names| &names.identities);
        let patterns = models.map(Glob::new).filter(Glob::is_pattern).collect();
        Self { kinds, patterns }
    }

    /// Whether there is an entry of this name.
    pub(super) fn has(&self, kind: Kind, name: &str) -> bool {
        self.kinds.get(&kind).is_some_and(|names| names.identities.contains(name))
    }

    /// Whether a model answers to this name, by itself or as one of many.
    pub(super) fn has_model_for(&self, name: &str) -> bool {
        self.has(Kind::Models, name) || self.patterns.iter().any(|glob| glob.matches(name))
    }

    /// Why a name is of no use, and what could be meant. The name itself is not repeated: it may be
    /// a secret that stands in the wrong place.
    pub(super) fn unknown(&self, kind: Kind) -> String {
        let known = self.kinds.get(&kind).map_or(&[][..], |names| &names.written);
        let mut listed: Vec<_> = known
            .iter()
            .take(MOST_LISTED)
            .map(|name| format!("'{}'", name.escape_debug()))
            .collect();
        if known.len() > MOST_LISTED {
            listed.push(format!("and {} more", known.len() - MOST_LISTED));
        }
        let singular = kind.singular();
        match listed.as_slice() {
            [] => format!("names no {singular} of this file, which has none"),
            listed => format!("names no {singular} of this file; it has {}", listed.join(", ")),
        }
    }

    fn has_id(&self, kind: Kind, id: &str) -> bool {
        self.kinds.get(&kind).is_some_and(|names| names.ids.contains(id))
    }
}

/// Replaces every name of another entry by its id.
pub(super) fn resolve(entry: &mut Entry, names: &Names) {
    for reference in format::references(entry.kind) {
        resolve_one(entry, reference, names);
    }
    if entry.kind == Kind::RateLimitPolicies {
        resolve_policy(entry, names);
    }
}

fn resolve_one(entry: &mut Entry, reference: &Reference, names: &Names) {
    let (by_name, by_id) = (reference.by_name.join("."), reference.by_id.join("."));
    let name = take(&mut entry.fields, reference.by_name);
    let id = get(&mut entry.fields, reference.by_id);
    match (name, id) {
        (Some(_), Some(_)) => {
            entry.refuse(&by_name, format!("give either {by_name} or {by_id}, not both"));
            entry.settle(&by_id);
        }
        (Some(Value::String(name)), None) => {
            if !names.has(reference.to, &name) && !entry.is_settled(&by_name) {
                entry.refuse(&by_name, names.unknown(reference.to));
            }
            let id = format::id_of(reference.to, &name).to_string();
            if let Some((object, field)) = paths::parent(&mut entry.fields, reference.by_id) {
                object.insert(field.to_owned(), Value::String(id));
            }
        }
        (Some(_), None) => {
            entry.refuse(&by_name, "must be a string");
            entry.settle(&by_id);
        }
        (None, Some(Value::String(id))) => {
            if !names.has_id(reference.to, &id) && !entry.is_settled(&by_id) {
                let kind = reference.to.singular();
                let message = format!("is no id of a {kind} of this file: write {by_name}");
                entry.refuse(&by_id, message);
            }
        }
        (None, _) => {}
    }
}

/// The value at a place, unless it is null.
fn get(fields: &mut Map<String, Value>, steps: &[&str]) -> Option<Value> {
    let (object, field) = paths::parent(fields, steps)?;
    object.get(field).filter(|value| !value.is_null()).cloned()
}

/// The value at a place, which is removed.
fn take(fields: &mut Map<String, Value>, steps: &[&str]) -> Option<Value> {
    let (object, field) = paths::parent(fields, steps)?;
    object.shift_remove(field).filter(|value| !value.is_null())
}

/// A policy holds names and ids in the same fields: what a field holds depends on another.
fn resolve_policy(entry: &mut Entry, names: &Names) {
    let mut unknown = Vec::new();
    let scope = entry.text("scope").and_then(named_in_place);
    if let (Some(kind), Some(value)) = (scope, entry.fields.get_mut("scope_ref")) {
        resolve_in_place(value, kind, "scope_ref", names, &mut unknown);
    }
    if let Some(conditions) = entry.fields.get_mut("conditions") {
        resolve_conditions(conditions, "conditions", names, &mut unknown);
    }
    for (path, kind) in unknown {
        if !entry.is_settled(&path) {
            entry.refuse(&path, names.unknown(kind));
        }
    }
}

fn resolve_conditions(
    nodes: &mut Value,
    at: &str,
    names: &Names,
    unknown: &mut Vec<(String, Kind)>,
) {
    for (index, node) in nodes.as_array_mut().into_iter().flatten().enumerate() {
        let at = format!("{at}[{index}]");
        let dimension = node.get("dimension").and_then(Value::as_str).and_then(named_in_place);
        if let (Some(kind), Some(value)) = (dimension, node.get_mut("value")) {
            resolve_in_place(value, kind, &format!("{at}.value"), names, unknown);
        }
        if let Some(children) = node.get_mut("children") {
            resolve_conditions(children, &format!("{at}.children"), names, unknown);
        }
    }
}

fn resolve_in_place(
    value: &mut Value,
    kind: Kind,
    at: &str,
    names: &Names,
    unknown: &mut Vec<(String, Kind)>,
) {
    match value {
        Value::String(name) => {
            if names.has(kind, name) {
                *name = format::id_of(kind, name).to_string();
            } else if !names.has_id(kind, name) {
                unknown.push((at.to_owned(), kind));
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                resolve_in_place(item, kind, &format!("{at}[{index}]"), names, unknown);
            }
        }
        _ => {}
    }
}
