//! A resource as it is written and stored.

use std::fmt;

use serde_json::{Map, Value};

use super::{Checked, Invalid, Kind, Problem, Strictness};
use crate::secret::{MASK, Secret};

/// A resource's JSON object, before it is parsed and as it is stored.
///
/// It may hold secrets, so `Debug` shows the names of its fields only. Which fields are secret is
/// decided in one place, [`Kind::secret_paths`]; masking, sealing and opening all go through
/// [`Document::visit_secrets`].
#[derive(Clone, PartialEq)]
pub struct Document(Value);

/// Opens secrets of stored documents: sealed ones, references to ones that live elsewhere.
pub trait SecretResolver: Send + Sync {
    /// What the stored text stands for; `None` where it is the secret itself.
    ///
    /// # Errors
    /// [`SecretProblem`] where the text is sealed or a reference, and cannot be opened.
    fn resolve(&self, at: &SecretField<'_>, stored: &str) -> Result<Option<Secret>, SecretProblem>;

    /// Whether a reference that was resolved may stand for something else by now, so that documents
    /// with references are to be resolved anew. What is answered once is not answered again.
    fn changed(&self) -> bool {
        false
    }
}

/// Which secret of which document is meant: what sealing binds a secret to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretField<'a> {
    /// The document's kind.
    pub kind: Kind,
    /// The document's id.
    pub id: &'a str,
    /// Dotted path of the field.
    pub path: String,
}

/// Why a stored secret cannot be opened; never says anything of the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SecretProblem(pub String);

/// The resolver for stores that hold secrets in clear.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainSecrets;

impl SecretResolver for PlainSecrets {
    fn resolve(&self, _: &SecretField<'_>, _: &str) -> Result<Option<Secret>, SecretProblem> {
        Ok(None)
    }
}

impl Document {
    /// Reads a JSON object.
    ///
    /// # Errors
    /// [`Invalid`] for anything else; a duplicate key is a problem, because two readers could
    /// disagree on which one counts.
    pub fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        let text = std::str::from_utf8(bytes).map_err(|_| Invalid::one("", "not UTF-8"))?;
        let value: Unambiguous = serde_json::from_str(text).map_err(|error| {
            let place = format!("line {}, column {}", error.line(), error.column());
            match error.classify() {
                serde_json::error::Category::Data => Invalid::one("", error.to_string()),
                _ => Invalid::one("", format!("not valid JSON ({place})")),
            }
        })?;
        match value.0 {
            object @ Value::Object(_) => Ok(Self(object)),
            _ => Err(Invalid::one("", "must be a JSON object")),
        }
    }

    /// The stored form: compact JSON.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.to_string().into_bytes()
    }

    /// Renames a top-level field, where it exists and the new name is free.
    pub fn rename(&mut self, from: &str, to: &str) {
        let Some(object) = self.0.as_object_mut() else {
            return;
        };
        if !object.contains_key(to)
            && let Some(value) = object.remove(from)
        {
            object.insert(to.to_owned(), value);
        }
    }

    /// Sets a top-level field to a value that serialises to JSON.
    pub fn set(&mut self, field: &str, value: &impl serde::Serialize) {
        if let (Some(object), Ok(value)) = (self.0.as_object_mut(), serde_json::to_value(value)) {
            object.insert(field.to_owned(), value);
        }
    }

    /// Removes a top-level field.
    pub fn remove(&mut self, field: &str) {
        if let Some(object) = self.0.as_object_mut() {
            object.remove(field);
        }
    }

    /// Reads the fields into a type of the reader's own.
    ///
    /// # Errors
    /// [`Invalid`] as for [`Resource::decode`](super::Resource::decode).
    pub fn read<T: serde::de::DeserializeOwned>(
        &self,
        strictness: Strictness,
    ) -> Result<Checked<T>, Invalid> {
        super::validity::read(self, strictness)
    }

    /// Makes sure that no field is given in both of its spellings.
    ///
    /// # Errors
    /// [`Invalid`] for each that is, because two readers could disagree on which one counts.
    pub fn one_spelling(&self, kind: Kind) -> Result<(), Invalid> {
        let given = |field: &str| self.0.get(field).is_some_and(|value| !value.is_null());
        let twice = kind.spellings().iter().filter(|(one, other)| given(one) && given(other));
        let problem = |&(one, other): &(&str, &str)| {
            Problem::new(one, format!("give either {one} or {other}, not both"))
        };
        let problems: Vec<_> = twice.map(problem).collect();
        if problems.is_empty() { Ok(()) } else { Err(Invalid { problems }) }
    }

    /// Calls `visit` with the path and the text of every secret; what it returns replaces the text.
    ///
    /// # Errors
    /// The first error of `visit`, with the document left as it was up to there.
    pub fn visit_secrets<E>(
        &mut self,
        kind: Kind,
        mut visit: impl FnMut(String, &str) -> Result<Option<String>, E>,
    ) -> Result<(), E> {
        for path in kind.secret_paths() {
            walk(&mut self.0, path, &mut String::new(), &mut visit)?;
        }
        Ok(())
    }

    /// Puts every secret in clear.
    ///
    /// # Errors
    /// The problem of the first secret that cannot be opened, naming its field.
    pub fn resolve_secrets(
        &mut self,
        kind: Kind,
        id: &str,
        resolver: &dyn SecretResolver,
    ) -> Result<(), Invalid> {
        self.visit_secrets(kind, |path, stored| {
            let at = SecretField { kind, id, path };
            match resolver.resolve(&at, stored) {
                Ok(secret) => Ok(secret.map(|secret| secret.expose().to_owned())),
                Err(problem) => Err(Invalid::one(at.path, problem.to_string())),
            }
        })
    }

    /// Replaces every secret that is written as the mask by the one that `previous` holds there.
    ///
    /// # Errors
    /// A problem for each mask that stands where `previous` holds no secret.
    pub fn keep_masked_secrets(
        &mut self,
        kind: Kind,
        previous: Option<&mut Self>,
    ) -> Result<(), Invalid> {
        let mut kept = std::collections::HashMap::new();
        if let Some(previous) = previous {
            previous.visit_secrets(kind, |path, stored| {
                kept.insert(path, stored.to_owned());
                Ok::<_, Invalid>(None)
            })?;
        }
        self.visit_secrets(kind, |path, text| match text {
            MASK => match kept.get(&path) {
                Some(stored) => Ok(Some(stored.clone())),
                None => Err(Invalid::one(
                    path,
                    "is the mask '***', and there is no stored secret to keep: write the secret",
                )),
            },
            _ => Ok(None),
        })
    }

    /// The document with the mask in place of every secret.
    pub(super) fn masked(&self, kind: Kind) -> Self {
        let mut masked = self.clone();
        let mask = |_, _: &str| Ok::<_, std::convert::Infallible>(Some(MASK.to_owned()));
        match masked.visit_secrets(kind, mask) {
            Ok(()) => masked,
        }
    }

    pub(super) fn json(&self) -> &Value {
        &self.0
    }
}

fn walk<E>(
    value: &mut Value,
    path: &[&str],
    at: &mut String,
    visit: &mut impl FnMut(String, &str) -> Result<Option<String>, E>,
) -> Result<(), E> {
    let Some((step, rest)) = path.split_first() else {
        if let Value::String(text) = value
            && let Some(replacement) = visit(at.clone(), text)?
        {
            *text = replacement;
        }
        return Ok(());
    };
    let deep = *step == "**";
    if deep {
        walk(value, rest, at, visit)?;
    }
    let rest = if deep { path } else { rest };
    let parent = at.len();
    match value {
        Value::Object(object) => {
            let meant = |key: &str| deep || *step == "*" || key == *step;
            for (key, child) in object.iter_mut().filter(|(key, _)| meant(key)) {
                if parent > 0 {
                    at.push('.');
                }
                at.push_str(key);
                walk(child, rest, at, visit)?;
                at.truncate(parent);
            }
        }
        Value::Array(items) if deep => {
            for (index, item) in items.iter_mut().enumerate() {
                at.push_str(&format!("[{index}]"));
                walk(item, rest, at, visit)?;
                at.truncate(parent);
            }
        }
        _ => {}
    }
    Ok(())
}

impl fmt::Debug for Document {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields = self.0.as_object().map(|object| object.keys().collect::<Vec<_>>());
        f.debug_tuple("Document").field(&fields).finish()
    }
}

/// A JSON value without duplicate keys.
struct Unambiguous(Value);

impl<'de> serde::Deserialize<'de> for Unambiguous {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UnambiguousVisitor).map(Self)
    }
}

struct UnambiguousVisitor;

impl<'de> serde::de::Visitor<'de> for UnambiguousVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Value, A::Error> {
        let mut items = Vec::new();
        while let Some(Unambiguous(item)) = seq.next_element()? {
            items.push(item);
        }
        Ok(Value::Array(items))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            let Unambiguous(value) = map.next_value()?;
            if object.contains_key(&key) {
                return Err(serde::de::Error::custom(format_args!("duplicate field '{key}'")));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}
