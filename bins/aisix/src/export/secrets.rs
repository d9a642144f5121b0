//! Variables in place of secrets.

use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;

use aisix_core::resource::{SecretField, SecretResolver as _};
use aisix_core::{Document, Kind};
use aisix_store::file::format::literal;
use aisix_store::{References, Sealer};
use serde_json::{Map, Value};

use super::documents::{Resource, rename};
use super::notes::Notes;

/// What the names of all variables begin with.
const VARIABLE: &str = "AISIXSECRET";

/// Writes secrets as a file holds them.
pub(super) struct Secrets<'a> {
    sealer: &'a Sealer,
    /// Whether they are written as they are.
    reveal: bool,
    /// The variables that stand for secrets, with the place of the first.
    variables: HashMap<String, String>,
}

impl<'a> Secrets<'a> {
    pub(super) fn new(sealer: &'a Sealer, reveal: bool) -> Self {
        Self { sealer, reveal, variables: HashMap::new() }
    }

    /// The names of the variables that were used.
    pub(super) fn into_variables(self) -> BTreeSet<String> {
        self.variables.into_keys().collect()
    }

    /// The fields of a resource with every string as a file writes it, and variables in place of
    /// secrets. What says where a secret is, `env:NAME` or `file:/path`, is none and stays.
    pub(super) fn replaced(
        &mut self,
        resource: &Resource,
        notes: &mut Notes,
    ) -> Map<String, Value> {
        let mut fields = Value::Object(resource.fields.clone());
        escape(&mut fields);
        let Ok(mut document) = Document::parse(fields.to_string().as_bytes()) else {
            return Map::new();
        };
        let visited = document.visit_secrets(resource.kind, |path, text| {
            Ok::<_, Infallible>(self.replacement(resource, path, text, notes))
        });
        match visited {
            Ok(()) => {}
        }
        let mut fields = serde_json::from_slice(&document.to_bytes()).unwrap_or_default();
        if resource.kind == Kind::ProviderKeys {
            rename(&mut fields, "secret", "api_key");
        }
        fields
    }

    /// What is written for a secret; `None` where that is what is written already.
    fn replacement(
        &mut self,
        resource: &Resource,
        path: String,
        text: &str,
        notes: &mut Notes,
    ) -> Option<String> {
        if References::is_reference(text) {
            return None;
        }
        let at = SecretField { kind: resource.kind, id: resource.id.as_str(), path };
        if self.reveal {
            match self.sealer.resolve(&at, text) {
                Ok(open) => return open.map(|secret| literal(secret.expose())),
                Err(problem) => {
                    let what = "give the file of that key with --master-key-file";
                    notes.problem(format!("{resource}: {}: {problem}: {what}", at.path));
                }
            }
        }
        let variable = variable(resource, &at.path);
        let place = format!("{resource}: {}", at.path);
        match self.variables.get(&variable) {
            Some(other) => notes.warning(format!(
                "{place} has the same variable as {other}, so both will be the same: {variable}"
            )),
            None => {
                self.variables.insert(variable.clone(), place);
            }
        }
        Some(format!("${{{variable}}}"))
    }
}

/// The variable that stands for a secret.
fn variable(resource: &Resource, path: &str) -> String {
    let kind = resource.kind.plural();
    let kind = match kind.strip_suffix("ies") {
        Some(stem) => format!("{stem}y"),
        None => kind.strip_suffix('s').unwrap_or(kind).to_owned(),
    };
    let field = field(resource.kind, path);
    let parts = [&*kind, &resource.identity, &field].map(upper);
    format!("{VARIABLE}_{}", parts.join("_"))
}

/// What a variable calls the field at a path.
fn field(kind: Kind, path: &str) -> String {
    match kind {
        // The two spellings are one field.
        Kind::ProviderKeys if path == "secret" => "api_key".to_owned(),
        Kind::ProviderKeys => {
            let path = path.strip_prefix("request.").unwrap_or(path);
            path.to_owned()
        }
        Kind::ObservabilityExporters => match path.strip_prefix("headers.") {
            Some(name) => format!("header_{name}"),
            None => path.to_owned(),
        },
        _ => path.rsplit('.').next().unwrap_or(path).to_owned(),
    }
}

/// As the name of a variable: every byte that is no letter or digit becomes `_`.
fn upper(text: &str) -> String {
    let byte = |byte: u8| match byte.is_ascii_alphanumeric() {
        true => char::from(byte.to_ascii_uppercase()),
        false => '_',
    };
    text.bytes().map(byte).collect()
}

fn escape(value: &mut Value) {
    match value {
        Value::String(text) => *text = literal(text),
        Value::Array(items) => items.iter_mut().for_each(escape),
        Value::Object(fields) => fields.values_mut().for_each(escape),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
