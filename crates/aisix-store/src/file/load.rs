//! From the bytes of a file to documents, or to everything that is wrong with it.

use std::path::Path;

use aisix_core::Kind;
use aisix_core::resource::SecretResolver;
use aisix_core::snapshot::RejectionKind;
use serde_json::{Map, Value};

use super::cross;
use super::entry::Entry;
use super::format::{COLLECTIONS, VERSION, VERSION_FIELD};
use super::references::{self, Names};
use super::report::{FileProblem, Report, Scope};
use super::variables::Variables;
use super::yaml;

/// One resource of a file.
pub(super) struct Resource {
    /// `<kind>/<id>`.
    pub(super) key: String,
    /// `<kind>/<identity>`, as reports write it.
    pub(super) name: String,
    /// The document; it may hold secrets.
    pub(super) document: Vec<u8>,
}

/// Reads the whole of a file, and tries each of its secrets. `path` is for the report.
pub(super) fn resources(
    path: &Path,
    bytes: &[u8],
    variables: &Variables,
    secrets: &dyn SecretResolver,
) -> Result<Vec<Resource>, Report> {
    let report = |problems| Report::new(path, problems);
    let mut root = mapping(bytes).map_err(|problem| report(vec![problem]))?;
    let mut problems = Vec::new();
    check_version(root.shift_remove(VERSION_FIELD).as_ref(), &mut problems);
    let mut entries = collections(root, variables, &mut problems);
    let names = Names::of(&entries);
    for entry in &mut entries {
        references::resolve(entry, &names);
    }
    cross::check(&mut entries, &names);
    let resources = entries.iter().filter_map(resource).collect();
    problems.extend(entries.into_iter().flat_map(|entry| entry.into_problems(secrets)));
    if problems.is_empty() { Ok(resources) } else { Err(report(problems)) }
}

fn resource(entry: &Entry) -> Option<Resource> {
    let (id, kind) = (entry.id()?, entry.kind);
    let written = entry.written.as_ref().or(entry.identity.as_ref())?;
    Some(Resource {
        key: format!("{kind}/{id}"),
        name: format!("{kind}/{written}"),
        document: entry.to_bytes(),
    })
}

/// What the file holds at its top.
fn mapping(bytes: &[u8]) -> Result<Map<String, Value>, FileProblem> {
    let wrong =
        |kind, message: String| FileProblem { scope: Scope::File, kind: Some(kind), message };
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let message = format!("is not UTF-8, from byte {} on", error.valid_up_to());
        wrong(RejectionKind::NonJson, message)
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let root = yaml::parse(text).map_err(|why| wrong(RejectionKind::NonJson, why.to_string()))?;
    match root {
        Some(Value::Object(root)) => Ok(root),
        Some(_) => Err(wrong(
            RejectionKind::ParseFailed,
            format!("must be a mapping of {VERSION_FIELD} and collections"),
        )),
        None => Err(wrong(
            RejectionKind::ParseFailed,
            format!("is empty: it must hold at least {VERSION_FIELD}: \"{VERSION}\""),
        )),
    }
}

fn check_version(version: Option<&Value>, problems: &mut Vec<FileProblem>) {
    let message = match version {
        Some(Value::String(version)) if version == VERSION => return,
        Some(Value::String(_)) => format!("must be \"{VERSION}\", the one format there is"),
        Some(Value::Null) | None => format!("is required: write {VERSION_FIELD}: \"{VERSION}\""),
        Some(_) => format!("must be a string: write \"{VERSION}\" with its quotes"),
    };
    problems.push(FileProblem::malformed(Scope::File, format!("{VERSION_FIELD}: {message}")));
}

/// The entries of all collections, in the order of [`COLLECTIONS`].
fn collections(
    mut root: Map<String, Value>,
    variables: &Variables,
    problems: &mut Vec<FileProblem>,
) -> Vec<Entry> {
    let mut entries = Vec::new();
    for kind in COLLECTIONS {
        let malformed =
            |message: &str| FileProblem::malformed(Scope::File, format!("{kind}: {message}"));
        match root.shift_remove(kind.plural()) {
            None | Some(Value::Null) => {}
            Some(Value::Array(items)) => {
                if kind == Kind::McpAuthSettings && items.len() > 1 {
                    problems.push(malformed("must hold one entry at most"));
                }
                for (index, item) in items.into_iter().enumerate() {
                    match item {
                        Value::Object(fields) => {
                            entries.push(Entry::new(kind, index, fields, variables));
                        }
                        _ => {
                            let scope = Scope::Entry { kind, index, identity: None };
                            problems.push(FileProblem::malformed(scope, "must be a mapping"));
                        }
                    }
                }
            }
            Some(_) => problems.push(malformed("must be a list")),
        }
    }
    problems.extend(root.keys().map(|key| {
        let names = COLLECTIONS.map(Kind::plural).join(", ");
        let message = format!("{}: unknown key; the collections are {names}", key.escape_debug());
        FileProblem::malformed(Scope::File, message)
    }));
    entries
}
