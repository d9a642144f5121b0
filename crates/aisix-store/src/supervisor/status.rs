//! What operators are told of the configuration: plain data.

use std::collections::BTreeMap;
use std::time::SystemTime;

use aisix_core::snapshot::{Finding, RejectionKind, Revision};
use aisix_core::{Diagnostic, Kind, ResourceKey};

use super::applied::State;
use super::loads::Loads;

/// Everything that there is to say of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigStatus {
    /// Whether the source is taken over whole or not at all, as a file is: then there is no
    /// connection to speak of, and its revisions mean nothing outside this process.
    pub whole: bool,
    /// Whether such a source was last rejected, so that something older serves.
    pub out_of_sync: bool,
    /// Whether the source is being watched.
    pub connected: bool,
    /// What was read of the source; `None` before the first time, also where the snapshot cache
    /// serves.
    pub source: Option<SourceStatus>,
    /// What is served; `None` before the first time.
    pub applied: Option<AppliedStatus>,
    /// The last attempt to take over what the source says.
    pub last_reload: Option<LastReload>,
    /// When everything that the source says was last taken over.
    pub last_success: Option<SystemTime>,
    /// The last thing that went wrong, also after it was put right.
    pub last_failure: Option<LastFailure>,
    /// Documents that do not serve as they were last written, in the order of their keys.
    pub rejected: Vec<Rejected>,
    /// Fields that this version does not know, by kind and path.
    pub ignored: Vec<IgnoredField>,
    /// How many documents serve without such fields, for kinds that have any.
    pub partial: Vec<(Kind, usize)>,
    /// How often the source was read.
    pub reloads: ReloadCounts,
}

/// What was read of the source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceStatus {
    /// The source's revision.
    pub revision: Revision,
    /// SHA-256 of all documents, rejected ones included, as hexadecimal digits.
    pub hash: String,
    /// When it was read.
    pub at: SystemTime,
}

/// What is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedStatus {
    /// The source's revision.
    pub revision: Revision,
    /// SHA-256 of the documents that serve, as hexadecimal digits.
    pub hash: String,
    /// How often what is served has changed.
    pub seq: u64,
    /// When it last changed.
    pub at: SystemTime,
    /// How many resources serve, for kinds that have any.
    pub counts: Vec<(Kind, usize)>,
}

/// An attempt to take over what the source says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastReload {
    /// Whether all of it was taken over.
    pub successful: bool,
    /// When.
    pub at: SystemTime,
}

/// Something that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastFailure {
    /// When.
    pub at: SystemTime,
    /// `fetch`, or the class of a rejection.
    pub kind: &'static str,
    /// What, without any value of a document.
    pub message: String,
}

/// A document that does not serve as it was last written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// Its key.
    pub key: String,
    /// The class of the problem.
    pub kind: RejectionKind,
    /// The problem, without any value of the document.
    pub message: String,
    /// Since when it is rejected.
    pub first_seen: SystemTime,
    /// When it was last read.
    pub last_seen: SystemTime,
    /// Since when an older value serves, where one does.
    pub stale_since: Option<SystemTime>,
}

/// A field that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredField {
    /// Of which kind.
    pub kind: &'static str,
    /// Its dotted path; `[]` stands for any index.
    pub field: String,
    /// How many documents have it.
    pub count: usize,
}

/// How often the source was read as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReloadCounts {
    /// All attempts.
    pub all: u64,
    /// The source could not be read.
    pub failed_fetch: u64,
    /// A document could not be parsed.
    pub failed_parse: u64,
    /// All documents could be parsed, but not all of them were valid.
    pub failed_validate: u64,
}

impl ConfigStatus {
    /// `loads` is what the source says of itself, where it is judged as a whole.
    pub(super) fn of(state: &State, loads: Option<Loads>) -> Self {
        let record = &state.record;
        let published = state.published.as_ref();
        let diagnostics = published.map_or_else(Vec::new, |state| state.snapshot.diagnostics());
        let observed = published.filter(|_| record.observed);
        let source = observed.map(|published| SourceStatus {
            revision: published.snapshot.revision(),
            hash: published.hashes().source.clone(),
            at: published.at,
        });
        let applied = published.map(|published| AppliedStatus {
            revision: published.snapshot.revision(),
            hash: published.hashes().served.clone(),
            seq: record.apply_seq,
            at: record.applied_at.unwrap_or(published.at),
            counts: Kind::ALL
                .into_iter()
                .map(|kind| (kind, published.snapshot.count(kind)))
                .filter(|(_, count)| *count > 0)
                .collect(),
        });
        let mut status = Self {
            whole: false,
            out_of_sync: false,
            connected: state.connected,
            source,
            applied,
            last_reload: record.last_reload,
            last_success: record.last_success,
            last_failure: record.last_failure.as_deref().cloned(),
            rejected: record.rejected.iter().cloned().collect(),
            ignored: ignored(&diagnostics),
            partial: partial(&diagnostics),
            reloads: record.reloads,
        };
        if let Some(loads) = loads {
            loads.complete(&mut status, record.changes);
        }
        status
    }
}

/// The documents that serve without some of their fields.
fn with_ignored(diagnostics: &[Diagnostic]) -> impl Iterator<Item = (Kind, &[String])> {
    diagnostics.iter().filter_map(|Diagnostic { key, finding }| match finding {
        Finding::Partial { fields } => Some((ResourceKey::parse(key).ok()?.kind, &fields[..])),
        Finding::Rejected { .. } => None,
    })
}

fn partial(diagnostics: &[Diagnostic]) -> Vec<(Kind, usize)> {
    let mut counts = BTreeMap::new();
    for (kind, _) in with_ignored(diagnostics) {
        *counts.entry(kind).or_insert(0) += 1;
    }
    counts.into_iter().collect()
}

fn ignored(diagnostics: &[Diagnostic]) -> Vec<IgnoredField> {
    let mut counts = BTreeMap::new();
    for (kind, fields) in with_ignored(diagnostics) {
        let mut fields: Vec<_> = fields.iter().map(|field| without_indexes(field)).collect();
        fields.sort_unstable();
        fields.dedup();
        for field in fields {
            *counts.entry((kind.plural(), field)).or_insert(0) += 1;
        }
    }
    let found = counts.into_iter();
    found.map(|((kind, field), count)| IgnoredField { kind, field, count }).collect()
}

/// `routing.targets[0].x` as `routing.targets.[].x`.
fn without_indexes(path: &str) -> String {
    let mut parts = path.split('[');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(".[]");
        text.push_str(part.split_once(']').map_or(part, |(_, after)| after));
    }
    text
}
