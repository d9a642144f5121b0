//! The metrics of the configuration: its status, as numbers.

use std::collections::{BTreeMap, VecDeque};
use std::time::SystemTime;

use aisix_core::Kind;
use aisix_store::ConfigStatus;
use aisix_telemetry::{Exposition, Metric, names};

/// How many hashes of former configurations are shown.
const FORMER: usize = 8;

/// The hashes that were shown, the newest first.
pub(super) type Hashes = VecDeque<String>;

/// A metric without labels.
fn single(text: &mut Exposition, metric: &Metric, value: Option<u64>) {
    const NO_LABELS: [&str; 0] = [];
    text.samples(metric, value.map(|value| (NO_LABELS, value)));
}

/// Writes the metrics of this status, and remembers what is served.
pub(super) fn write(text: &mut Exposition, status: &ConfigStatus, hashes: &mut Hashes) {
    reloads(text, status);
    documents(text, status);
    if !status.whole {
        revisions(text, status);
    }
    if let Some(applied) = &status.applied {
        if hashes.front() != Some(&applied.hash) {
            hashes.retain(|hash| *hash != applied.hash);
            hashes.push_front(applied.hash.clone());
            hashes.truncate(FORMER + 1);
        }
        let samples = hashes.iter().enumerate();
        let samples = samples.map(|(age, hash)| ([hash], u8::from(age == 0)));
        text.samples(&names::CONFIG_HASH_INFO, samples);
    }
}

fn reloads(text: &mut Exposition, status: &ConfigStatus) {
    let seconds = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let successful = status.last_reload.map(|reload| u64::from(reload.successful));
    single(text, &names::CONFIG_LAST_RELOAD_SUCCESSFUL, successful);
    let last = status.last_success.map(|at| seconds(at).as_secs());
    single(text, &names::CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP, last);
    single(text, &names::CONFIG_RELOADS, Some(status.reloads.all));
    let failures = [
        (["fetch"], status.reloads.failed_fetch),
        (["parse"], status.reloads.failed_parse),
        (["validate"], status.reloads.failed_validate),
    ];
    text.samples(&names::CONFIG_RELOAD_FAILURES, failures);
}

/// Kinds are those that exist: what else a store's keys say never becomes a label.
fn documents(text: &mut Exposition, status: &ConfigStatus) {
    let stale = status.rejected.iter().filter(|rejected| rejected.stale_since.is_some());
    let rejected = status.rejected.iter().map(|rejected| (&*rejected.key, 1));
    let partial = status.partial.iter().map(|(kind, count)| (kind.plural(), *count));
    by_kind(text, &names::CONFIG_REJECTED, rejected);
    by_kind(text, &names::CONFIG_PARTIALLY_COMPATIBLE, partial);
    by_kind(text, &names::CONFIG_STALE_SERVED, stale.map(|rejected| (&*rejected.key, 1)));
}

fn by_kind<'a>(
    text: &mut Exposition,
    metric: &Metric,
    found: impl Iterator<Item = (&'a str, usize)>,
) {
    let mut counts: BTreeMap<_, _> = Kind::ALL.iter().map(|kind| ([kind.plural()], 0)).collect();
    for (key, count) in found {
        let kind = key.split('/').next().and_then(Kind::from_plural);
        *counts.entry([kind.map_or("unknown", Kind::plural)]).or_insert(0) += count;
    }
    text.samples(metric, counts);
}

fn revisions(text: &mut Exposition, status: &ConfigStatus) {
    let observed = status.source.as_ref().map(|source| source.revision);
    single(text, &names::CONFIG_OBSERVED_REVISION, observed);
    let applied = status.applied.as_ref().map(|applied| applied.revision);
    single(text, &names::CONFIG_APPLIED_REVISION, applied);
    single(text, &names::CONFIG_SOURCE_CONNECTED, Some(u64::from(status.connected)));
}
