//! Names in place of ids.

use std::collections::HashMap;

use aisix_core::{Id, Kind};
use aisix_store::file::format;
use serde_json::{Map, Value};

use super::documents::{Resource, rename};
use super::notes::Notes;

/// Scope of a cache policy that is one caller key's.
const CACHE_OF_KEY: &str = "api_key:";

/// What a file calls the resources that it holds.
pub(super) struct Names(HashMap<(Kind, Id), String>);

/// Where a resource refers to others, and what of that leads nowhere.
struct Rewriting<'a> {
    names: &'a Names,
    resource: &'a Resource,
    notes: &'a mut Notes,
}

impl Names {
    /// The names of these resources. Two that come to the same are noted.
    pub(super) fn of(resources: &[Resource], notes: &mut Notes) -> Self {
        let mut first: HashMap<(Kind, &str), &Resource> = HashMap::new();
        for resource in resources {
            let identity = (resource.kind, &*resource.identity);
            match first.get(&identity) {
                Some(other) => {
                    let other = &other.id;
                    let what = format!("has the same name as {}/{other} in a file", resource.kind);
                    notes.problem(format!("{resource} {what}"));
                }
                None => {
                    first.insert(identity, resource);
                }
            }
        }
        let name = |one: &Resource| ((one.kind, one.id.clone()), one.identity.clone());
        Self(resources.iter().map(name).collect())
    }

    /// Puts names in the place of the ids that a resource refers to.
    pub(super) fn put_in(
        &self,
        resource: &Resource,
        fields: &mut Map<String, Value>,
        notes: &mut Notes,
    ) {
        let mut rewriting = Rewriting { names: self, resource, notes };
        for reference in format::references(resource.kind) {
            rewriting.reference(fields, reference);
        }
        match resource.kind {
            Kind::RateLimitPolicies => rewriting.policy(fields),
            Kind::CachePolicies => rewriting.cache_policy(fields),
            _ => {}
        }
    }

    fn get(&self, kind: Kind, id: &str) -> Option<&str> {
        self.0.get(&(kind, Id::from(id))).map(String::as_str)
    }
}

impl Rewriting<'_> {
    /// Moves a reference from the field of the id to the field of the name.
    fn reference(&mut self, fields: &mut Map<String, Value>, reference: &format::Reference) {
        let [parents @ .., by_id] = reference.by_id else { return };
        let Some(by_name) = reference.by_name.last() else { return };
        let mut object = Some(fields);
        for parent in parents {
            object = object.and_then(|object| object.get_mut(*parent)?.as_object_mut());
        }
        let Some(object) = object else { return };
        let Some(Value::String(id)) = object.get(*by_id) else { return };
        if let Some(name) = self.name_of(reference.to, &id.clone(), &reference.by_id.join(".")) {
            object.insert((*by_id).to_owned(), name.into());
            rename(object, by_id, by_name);
        }
    }

    /// A policy's references keep their fields.
    fn policy(&mut self, fields: &mut Map<String, Value>) {
        let scope = fields.get("scope").and_then(Value::as_str);
        if let Some(kind) = scope.and_then(format::named_in_place)
            && let Some(reference) = fields.get_mut("scope_ref")
        {
            self.in_place(kind, reference, "scope_ref");
        }
        if let Some(Value::Array(conditions)) = fields.get_mut("conditions") {
            self.conditions(conditions);
        }
    }

    fn conditions(&mut self, nodes: &mut [Value]) {
        for node in nodes.iter_mut().filter_map(Value::as_object_mut) {
            let dimension = node.get("dimension").and_then(Value::as_str);
            let kind = dimension.and_then(format::named_in_place);
            match (kind, node.get_mut("value")) {
                (Some(kind), Some(Value::Array(values))) => {
                    for value in values {
                        self.in_place(kind, value, "conditions");
                    }
                }
                (Some(kind), Some(value)) => self.in_place(kind, value, "conditions"),
                _ => {}
            }
            if let Some(Value::Array(children)) = node.get_mut("children") {
                self.conditions(children);
            }
        }
    }

    fn in_place(&mut self, kind: Kind, value: &mut Value, field: &str) {
        if let Value::String(id) = value
            && let Some(name) = self.name_of(kind, id, field)
        {
            *id = name;
        }
    }

    /// A cache policy speaks of a caller key by its id, also in a file: by the one that it has there.
    fn cache_policy(&mut self, fields: &mut Map<String, Value>) {
        let Some(Value::String(scope)) = fields.get_mut("applies_to") else { return };
        let Some(id) = scope.strip_prefix(CACHE_OF_KEY) else { return };
        match self.names.get(Kind::ApiKeys, &unescaped(id)) {
            Some(name) => *scope = format!("{CACHE_OF_KEY}{}", format::id_of(Kind::ApiKeys, name)),
            None => {
                let what = "applies_to names an API key that is not there";
                self.notes.warning(format!("{}: {what}", self.resource));
            }
        }
    }

    /// The name of what an id refers to, as a file's string holds it. That there is none is noted.
    fn name_of(&mut self, kind: Kind, id: &str, field: &str) -> Option<String> {
        let name = self.names.get(kind, &unescaped(id));
        if name.is_none() {
            let (what, resource) = (kind.singular(), self.resource);
            let id = id.escape_debug();
            self.notes
                .problem(format!("{resource}: {field}: there is no {what} with the id '{id}'"));
        }
        name.map(format::literal)
    }
}

/// What a file's string without variables stands for.
fn unescaped(text: &str) -> String {
    text.replace("$$", "$")
}
