//! From the documents of a listing to resources with the identities that they have in a file.

use std::collections::HashMap;
use std::fmt;

use aisix_core::resource::PlainSecrets;
use aisix_core::snapshot::Finding;
use aisix_core::{Document, Id, Kind, ResourceKey, Snapshot};
use aisix_store::Listing;
use aisix_store::file::format;
use serde_json::{Map, Value};

use super::notes::Notes;

/// How many digits of a key's hash name it in a file.
const HASH_DIGITS: usize = 16;

/// A document that etcd holds and a gateway could serve.
pub(super) struct Resource {
    pub(super) kind: Kind,
    pub(super) id: Id,
    /// What a file knows it by.
    pub(super) identity: String,
    /// What the document says, secrets included.
    pub(super) fields: Map<String, Value>,
}

/// As messages name it.
impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} (\"{}\")", self.kind, self.id, self.identity.escape_debug())
    }
}

/// Every document that can be read; the others are noted.
pub(super) fn read(listing: &Listing, notes: &mut Notes) -> Vec<Resource> {
    let entries = listing.entries.iter().cloned();
    let (snapshot, found) = Snapshot::build(entries, listing.revision, &PlainSecrets);
    let findings: HashMap<_, _> = found.iter().map(|found| (&*found.key, &found.finding)).collect();
    let mut resources = Vec::new();
    for entry in &listing.entries {
        let finding = findings.get(&*entry.key).copied();
        let key = ResourceKey::parse(&entry.key).ok();
        // Two documents of one name can both be read; the collision is found among the names.
        let Some(key) = key.filter(|_| snapshot.value_of(&entry.key).is_some()) else {
            if let Some(Finding::Rejected { kind, message }) = finding {
                notes.problem(format!("rejected {}: {}: {message}", entry.key, kind.as_str()));
            }
            continue;
        };
        let Some(mut fields) = object(&entry.value) else { continue };
        let identity = identity(&key, &fields);
        if let Some(Finding::Partial { fields: unknown }) = finding {
            for path in unknown {
                remove(&mut fields, path);
            }
            let unknown = unknown.join(", ");
            let what = "fields that this version does not know are left out";
            notes.warning(format!("{}: {what}: {unknown}", entry.key));
        }
        resources.push(Resource { kind: key.kind, id: key.id, identity, fields });
    }
    resources
}

/// The fields with the identity before the others, in the field that a file has it in.
pub(super) fn with_identity_first(
    resource: &Resource,
    mut fields: Map<String, Value>,
) -> Map<String, Value> {
    let known = format::identity_fields(resource.kind);
    let field = known.iter().find(|field| fields.contains_key(**field)).unwrap_or(&known[0]);
    fields.shift_remove(*field);
    let identity = Value::from(format::literal(&resource.identity));
    let mut ordered = Map::from_iter([((*field).to_owned(), identity)]);
    ordered.extend(fields);
    ordered
}

/// Gives a field another name in the same place.
pub(super) fn rename(fields: &mut Map<String, Value>, from: &str, to: &str) {
    let renamed = std::mem::take(fields).into_iter();
    *fields = renamed
        .map(|(field, value)| if field == from { (to.to_owned(), value) } else { (field, value) })
        .collect();
}

/// What a document is called in a file. Caller keys need not have a name in etcd, nor one of their
/// own; what has no name at all keeps its id as one.
fn identity(key: &ResourceKey, fields: &Map<String, Value>) -> String {
    let text = |field: &str| fields.get(field).and_then(Value::as_str);
    if key.kind == Kind::ApiKeys {
        let hash = text("key_hash").unwrap_or_default();
        return format!("apikey-{}", hash.get(..HASH_DIGITS).unwrap_or(hash));
    }
    let mut names = format::identity_fields(key.kind).iter().copied().filter_map(text);
    names.next().unwrap_or(key.id.as_str()).to_owned()
}

fn object(bytes: &[u8]) -> Option<Map<String, Value>> {
    // The document's own reader decides what is one: it was asked when the snapshot was built.
    let text = Document::parse(bytes).ok()?.to_bytes();
    serde_json::from_slice(&text).ok()
}

/// Removes the field at a path such as `routing.targets[0].x` or `inapplicable:retries`.
fn remove(fields: &mut Map<String, Value>, path: &str) {
    let path = path.strip_prefix("inapplicable:").unwrap_or(path);
    let (parents, last) =
        path.rsplit_once('.').map_or(("", path), |(parents, last)| (parents, last));
    let steps = parents.split(['.', '[']).filter(|step| !step.is_empty());
    let mut at: Option<&mut Value> = None;
    for step in steps {
        let next = match (at, step.strip_suffix(']')) {
            (None, _) => fields.get_mut(step),
            (Some(Value::Array(items)), Some(index)) => {
                index.parse().ok().and_then(|index: usize| items.get_mut(index))
            }
            (Some(Value::Object(object)), None) => object.get_mut(step),
            _ => None,
        };
        match next {
            Some(value) => at = Some(value),
            None => return,
        }
    }
    match at {
        None => fields.shift_remove(last),
        Some(Value::Object(object)) => object.shift_remove(last),
        Some(_) => None,
    };
}
