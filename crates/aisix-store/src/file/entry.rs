//! An entry on its way from the file to a document.

use std::collections::HashSet;
use std::convert::Infallible;

use aisix_core::resource::{Problem, SecretField, SecretResolver, Strictness};
use aisix_core::{Document, Id, KeyHash, Kind};
use serde_json::{Map, Value};

use super::format::{self, identity_fields};
use super::paths::replace_texts;
use super::report::{FileProblem, Scope};
use super::variables::{self, Variables};

/// The name of the one entry of a collection whose entries need none.
const ONLY: &str = "default";

/// One entry of a collection, as far as it was understood.
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) index: usize,
    /// What it says, with variables put in.
    pub(super) fields: Map<String, Value>,
    /// Its identity, where it has one.
    pub(super) identity: Option<String>,
    /// The same as it is written in the file, for messages: a variable may hold a secret.
    pub(super) written: Option<String>,
    problems: Vec<Problem>,
    /// Paths of which enough was said.
    settled: HashSet<String>,
}

impl Entry {
    /// Puts in the variables, finds the identity, and the hash of the key that a variable holds.
    pub(super) fn new(
        kind: Kind,
        index: usize,
        fields: Map<String, Value>,
        variables: &Variables,
    ) -> Self {
        let mut entry = Self {
            kind,
            index,
            fields,
            identity: None,
            written: None,
            problems: Vec::new(),
            settled: HashSet::new(),
        };
        entry.written = entry.identity_text().map(str::to_owned);
        if kind == Kind::ApiKeys {
            entry.hash_key(variables);
        }
        entry.interpolate(variables);
        entry.identify();
        if entry.fields.contains_key("id") {
            entry.refuse("id", "is not for a file to say: ids follow from names");
        }
        entry
    }

    /// Its id, where it has an identity.
    pub(super) fn id(&self) -> Option<Id> {
        self.identity.as_deref().map(|identity| format::id_of(self.kind, identity))
    }

    /// How problems speak of it.
    pub(super) fn scope(&self) -> Scope {
        Scope::Entry { kind: self.kind, index: self.index, identity: self.written.clone() }
    }

    /// The field that its identity is in, or should be.
    pub(super) fn identity_field(&self) -> &'static str {
        let fields = identity_fields(self.kind);
        let found = fields.iter().find(|field| self.has(field));
        found.or(fields.first()).copied().unwrap_or_default()
    }

    /// Whether a top-level field is there and not null.
    pub(super) fn has(&self, field: &str) -> bool {
        self.fields.get(field).is_some_and(|value| !value.is_null())
    }

    /// A top-level text.
    pub(super) fn text(&self, field: &str) -> Option<&str> {
        self.fields.get(field).and_then(Value::as_str)
    }

    /// Says what is wrong at a path. Nothing further is said of it.
    pub(super) fn refuse(&mut self, path: &str, message: impl Into<String>) {
        self.problems.push(Problem::new(path, message));
        self.settle(path);
    }

    /// Lets nothing further be said of a path.
    pub(super) fn settle(&mut self, path: &str) {
        self.settled.insert(path.to_owned());
    }

    /// Whether enough was said of a path.
    pub(super) fn is_settled(&self, path: &str) -> bool {
        self.settled.contains(path)
    }

    /// The document's bytes.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        Value::Object(self.fields.clone()).to_string().into_bytes()
    }

    /// Everything that is wrong with it, last of all what is wrong with the document as such, as it
    /// is with its secrets in clear.
    pub(super) fn into_problems(mut self, secrets: &dyn SecretResolver) -> Vec<FileProblem> {
        let scope = self.scope();
        let mut found = Vec::new();
        let judged = Document::parse(&self.to_bytes()).and_then(|mut document| {
            if let Err(twice) = document.one_spelling(self.kind) {
                for problem in twice.problems {
                    self.settle(&problem.field);
                    found.push(FileProblem::malformed(scope.clone(), problem.to_string()));
                }
            }
            self.open_secrets(&mut document, secrets);
            self.kind.judge(&document, Strictness::Strict)
        });
        for mut problem in judged.err().map_or_else(Vec::new, |invalid| invalid.problems) {
            if self.is_settled(&problem.field) {
                continue;
            }
            // An entry that says nothing is told of the field that files usually have.
            for reference in format::references(self.kind) {
                if problem.field == reference.by_id.join(".") {
                    problem.field = reference.by_name.join(".");
                }
            }
            self.problems.push(problem);
        }
        let problems = self.problems.iter();
        found.extend(problems.map(|problem| FileProblem::invalid(scope.clone(), problem)));
        found
    }

    /// Puts the secrets of its document in clear, and refuses those that cannot be.
    fn open_secrets(&mut self, document: &mut Document, secrets: &dyn SecretResolver) {
        let Some(id) = self.id() else { return };
        let mut refused = Vec::new();
        let Ok(()) = document.visit_secrets(self.kind, |path, stored| {
            let at = SecretField { kind: self.kind, id: id.as_str(), path };
            let opened = secrets.resolve(&at, stored).unwrap_or_else(|problem| {
                refused.push((at.path, problem.to_string()));
                None
            });
            Ok::<_, Infallible>(opened.map(|secret| secret.expose().to_owned()))
        });
        for (path, why) in refused {
            if !self.is_settled(&path) {
                self.refuse(&path, why);
            }
        }
    }

    fn identity_text(&self) -> Option<&str> {
        identity_fields(self.kind).iter().find_map(|field| self.text(field))
    }

    /// `key_env` names the variable that holds a caller's key, of which the hash is all that is
    /// kept.
    fn hash_key(&mut self, variables: &Variables) {
        let named = self.fields.shift_remove("key_env").filter(|named| !named.is_null());
        let Some(named) = named else {
            if !self.has("key_hash") {
                self.refuse("key_hash", "give key_env, which names a variable, or key_hash");
            }
            return;
        };
        if self.has("key_hash") {
            return self.refuse("key_env", "give key_env or key_hash, not both");
        }
        let key =
            named.as_str().map_or(Err("must be a string".into()), |name| key(name, variables));
        match key {
            Ok(key) => {
                self.fields.insert("key_hash".into(), KeyHash::of(&key).to_string().into());
            }
            Err(why) => {
                self.refuse("key_env", why);
                self.settle("key_hash");
            }
        }
    }

    fn interpolate(&mut self, variables: &Variables) {
        let mut failed = Vec::new();
        replace_texts(&mut self.fields, &mut |path, text| match variables::interpolate(
            text, variables,
        ) {
            Ok(std::borrow::Cow::Borrowed(_)) => None,
            Ok(std::borrow::Cow::Owned(text)) => Some(text),
            Err(why) => {
                failed.extend(why.into_iter().map(|why| (path.to_owned(), why)));
                None
            }
        });
        for (path, why) in failed {
            self.refuse(&path, why);
        }
    }

    fn identify(&mut self) {
        let fields = identity_fields(self.kind);
        if let [name, other] = fields
            && self.has(name)
            && self.has(other)
        {
            self.refuse(name, format!("give either {name} or {other}, not both"));
            self.fields.shift_remove(*other);
        }
        let field = self.identity_field();
        match self.fields.get(field) {
            None | Some(Value::Null) if self.kind == Kind::McpAuthSettings => {
                self.identity = Some(ONLY.into());
            }
            None | Some(Value::Null) => {
                self.refuse(field, "is required: it is the entry's name in the file");
            }
            Some(Value::String(text)) if text.is_empty() => {
                self.refuse(field, "must not be empty");
            }
            Some(Value::String(text)) => self.identity = Some(text.clone()),
            // What is no text is found where the document is judged.
            Some(_) => {}
        }
    }
}

/// The key that a variable holds.
fn key(name: &str, variables: &Variables) -> Result<String, String> {
    if name.contains("${") {
        return Err("names a variable, so it holds no '${': write the name alone".into());
    }
    if !variables::is_name(name) {
        return Err("must be the name of a variable; the key itself does not belong here".into());
    }
    // What looks otherwise may be a key that stands in the wrong place.
    let usual = name.bytes().all(|byte| !byte.is_ascii_lowercase());
    let named = if usual { format!("the variable {name}") } else { "its variable".into() };
    let key = variables::value(name, variables).map_err(|why| format!("{named} {why}"))?;
    if key.trim() != key {
        return Err(format!("{named} begins or ends with white space, which no caller can send"));
    }
    Ok(key)
}
