//! `GET /status/config`.

use std::collections::BTreeMap;
use std::time::SystemTime;

use aisix_core::snapshot::RejectionKind;
use aisix_store::{ConfigStatus, IgnoredField, LastFailure, LastReload, Rejected};
use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// The most entries that a list of the report holds.
const MOST: usize = 1000;

/// The most characters of a message that the report shows.
const LONGEST: usize = 1000;

/// What the gateway says of its configuration.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    state: State,
    source: Source,
    #[serde(skip_serializing_if = "Option::is_none")]
    applied: Option<Applied>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_reload: Option<Reload>,
    last_failure: Option<Failure>,
    rejected: Vec<RejectedResource>,
    /// How many further ones there are.
    #[serde(skip_serializing_if = "is_zero")]
    rejected_omitted: usize,
    partially_compatible: Vec<Partial>,
    #[serde(skip_serializing_if = "is_zero")]
    partially_compatible_omitted: usize,
}

/// The verdict: the first of these that holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    NeverLoaded,
    OutOfSync,
    Degraded,
    Empty,
    Synced,
}

#[derive(Debug, Serialize)]
struct Source {
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    connected: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_revision: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    source_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_at: Option<Seconds>,
}

#[derive(Debug, Serialize)]
struct Applied {
    #[serde(skip_serializing_if = "Option::is_none")]
    applied_revision: Option<u64>,
    config_hash: String,
    apply_seq: u64,
    applied_at: Seconds,
    resource_counts: BTreeMap<&'static str, usize>,
}

#[derive(Debug, Serialize)]
struct Reload {
    successful: bool,
    at: Seconds,
}

#[derive(Debug, Serialize)]
struct Failure {
    at: Seconds,
    last_error_kind: &'static str,
    last_error: String,
}

#[derive(Debug, Serialize)]
struct RejectedResource {
    resource_kind: String,
    resource_id: String,
    last_error_kind: &'static str,
    last_error: String,
    first_seen_at: Seconds,
    last_seen_at: Seconds,
    #[serde(skip_serializing_if = "Option::is_none")]
    serving_stale_since: Option<Seconds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    serving_stale_age_seconds: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Partial {
    resource_kind: &'static str,
    field: String,
    count: usize,
}

/// A time as RFC 3339 with whole seconds.
#[derive(Debug, Clone, Copy)]
struct Seconds(SystemTime);

impl Report {
    pub(super) fn of(source: &'static str, status: &ConfigStatus) -> Self {
        let ConfigStatus { whole, rejected, ignored, .. } = status;
        let observed = status.source.as_ref();
        let now = SystemTime::now();
        Self {
            state: State::of(status),
            source: Source {
                r#type: source,
                connected: (!whole).then_some(status.connected),
                observed_revision: observed.filter(|_| !whole).map(|source| source.revision),
                source_hash: observed.map(|source| source.hash.clone()),
                observed_at: observed.map(|source| Seconds(source.at)),
            },
            applied: status.applied.as_ref().map(|applied| Applied {
                applied_revision: (!whole).then_some(applied.revision),
                config_hash: applied.hash.clone(),
                apply_seq: applied.seq,
                applied_at: Seconds(applied.at),
                resource_counts: applied
                    .counts
                    .iter()
                    .map(|(kind, count)| (kind.plural(), *count))
                    .collect(),
            }),
            last_reload: status
                .last_reload
                .map(|LastReload { successful, at }| Reload { successful, at: Seconds(at) }),
            last_failure: status.last_failure.as_ref().map(Failure::of),
            rejected: rejected
                .iter()
                .take(MOST)
                .map(|one| RejectedResource::of(one, now))
                .collect(),
            rejected_omitted: rejected.len().saturating_sub(MOST),
            partially_compatible: ignored.iter().take(MOST).map(Partial::of).collect(),
            partially_compatible_omitted: ignored.len().saturating_sub(MOST),
        }
    }
}

impl State {
    fn of(status: &ConfigStatus) -> Self {
        let Some(applied) = &status.applied else {
            return Self::NeverLoaded;
        };
        if status.out_of_sync {
            return Self::OutOfSync;
        }
        match (status.rejected.is_empty(), applied.counts.is_empty()) {
            (false, true) => Self::OutOfSync,
            (false, false) => Self::Degraded,
            (true, true) => Self::Empty,
            // What came from the snapshot cache may be old.
            (true, false) if status.source.is_none() => Self::Degraded,
            (true, false) => Self::Synced,
        }
    }
}

impl Failure {
    fn of(failure: &LastFailure) -> Self {
        Self {
            at: Seconds(failure.at),
            last_error_kind: failure.kind,
            last_error: shortened(&failure.message),
        }
    }
}

impl RejectedResource {
    fn of(rejected: &Rejected, now: SystemTime) -> Self {
        let (kind, id) = match (rejected.kind, rejected.key.split_once('/')) {
            (RejectionKind::BadKey, _) | (_, None) => ("", ""),
            (_, Some(parts)) => parts,
        };
        let age = |since| now.duration_since(since).unwrap_or_default().as_secs();
        Self {
            resource_kind: kind.to_owned(),
            resource_id: id.to_owned(),
            last_error_kind: rejected.kind.as_str(),
            last_error: shortened(&rejected.message),
            first_seen_at: Seconds(rejected.first_seen),
            last_seen_at: Seconds(rejected.last_seen),
            serving_stale_since: rejected.stale_since.map(Seconds),
            serving_stale_age_seconds: rejected.stale_since.map(age),
        }
    }
}

impl Partial {
    fn of(ignored: &IgnoredField) -> Self {
        let IgnoredField { kind, field, count } = ignored;
        Self { resource_kind: kind, field: shortened(field), count: *count }
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let since_1970 = self.0.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(since_1970.as_secs()).unwrap_or(i64::MAX);
        serializer.collect_str(&Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX))
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_zero(number: &usize) -> bool {
    *number == 0
}
