//! The metrics of the configuration: its status, as numbers.

use std::collections::{BTreeMap, VecDeque};
use std::time::SystemTime;

use aisix_core::Kind;
use aisix_store::ConfigStatus;
use aisix_telemetry::{Exposition, MetricType, names};

/// How many hashes of former configurations are shown.
const FORMER: usize = 8;

/// The hashes that were shown, the newest first.
pub(super) type Hashes = VecDeque<String>;

/// A metric without labels.
fn single(
    text: &mut Exposition,
    metric: MetricType,
    (name, help): (&str, &str),
    value: Option<u64>,
) {
    text.metric(metric, name, help, value.map(|value| (Vec::new(), value)));
}

/// The text that is scraped.
pub(super) fn of(status: &ConfigStatus, hashes: &mut Hashes) -> String {
    let mut text = Exposition::default();
    reloads(&mut text, status);
    documents(&mut text, status);
    revisions(&mut text, status);
    if let Some(applied) = &status.applied {
        if hashes.front() != Some(&applied.hash) {
            hashes.retain(|hash| *hash != applied.hash);
            hashes.push_front(applied.hash.clone());
            hashes.truncate(FORMER + 1);
        }
        let help = "1 for the configuration that is served, 0 for those before.";
        let samples = hashes.iter().enumerate();
        let samples = samples.map(|(age, hash)| (vec![("hash", hash.clone())], u8::from(age == 0)));
        text.metric(MetricType::Gauge, names::CONFIG_HASH_INFO, help, samples);
    }
    text.into_text()
}

fn reloads(text: &mut Exposition, status: &ConfigStatus) {
    let seconds = |at: SystemTime| at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let name = names::CONFIG_LAST_RELOAD_SUCCESSFUL;
    let help = "Whether the last reload took over all documents.";
    let successful = status.last_reload.map(|reload| u64::from(reload.successful));
    single(text, MetricType::Gauge, (name, help), successful);
    let name = names::CONFIG_LAST_RELOAD_SUCCESS_TIMESTAMP;
    let help = "When all documents were last taken over.";
    let last = status.last_success.map(|at| seconds(at).as_secs());
    single(text, MetricType::Gauge, (name, help), last);
    let help = "Attempts to read the whole configuration.";
    single(text, MetricType::Counter, (names::CONFIG_RELOADS, help), Some(status.reloads.all));
    let failures = [
        ("fetch", status.reloads.failed_fetch),
        ("parse", status.reloads.failed_parse),
        ("validate", status.reloads.failed_validate),
    ];
    let samples = failures.map(|(reason, count)| (vec![("reason", reason.to_owned())], count));
    let help = "Attempts that failed.";
    text.metric(MetricType::Counter, names::CONFIG_RELOAD_FAILURES, help, samples);
}

/// Kinds are those that exist: what else a store's keys say never becomes a label.
fn documents(text: &mut Exposition, status: &ConfigStatus) {
    let stale = status.rejected.iter().filter(|rejected| rejected.stale_since.is_some());
    let rejected = status.rejected.iter().map(|rejected| (&*rejected.key, 1));
    let partial = status.partial.iter().map(|(kind, count)| (kind.plural(), *count));
    let help = "Documents that do not serve as they were last written.";
    by_kind(text, names::CONFIG_REJECTED, help, rejected);
    let help = "Documents that serve without fields that this version does not know.";
    by_kind(text, names::CONFIG_PARTIALLY_COMPATIBLE, help, partial);
    let help = "Documents that serve as they were before they were rejected.";
    by_kind(text, names::CONFIG_STALE_SERVED, help, stale.map(|rejected| (&*rejected.key, 1)));
}

fn by_kind<'a>(
    text: &mut Exposition,
    name: &str,
    help: &str,
    found: impl Iterator<Item = (&'a str, usize)>,
) {
    let mut counts: BTreeMap<_, _> = Kind::ALL.iter().map(|kind| (kind.plural(), 0)).collect();
    for (key, count) in found {
        let kind = key.split('/').next().and_then(Kind::from_plural);
        *counts.entry(kind.map_or("unknown", Kind::plural)).or_insert(0) += count;
    }
    let samples = counts.into_iter().map(|(kind, count)| (vec![("kind", kind.to_owned())], count));
    text.metric(MetricType::Gauge, name, help, samples);
}

fn revisions(text: &mut Exposition, status: &ConfigStatus) {
    let observed = status.source.as_ref().map(|source| source.revision);
    let applied = status.applied.as_ref().map(|applied| applied.revision);
    let connected = Some(u64::from(status.connected));
    for (name, help, value) in [
        (names::CONFIG_OBSERVED_REVISION, "The source's revision that was last read.", observed),
        (names::CONFIG_APPLIED_REVISION, "The source's revision that is served.", applied),
        (names::CONFIG_SOURCE_CONNECTED, "Whether the source is being watched.", connected),
    ] {
        single(text, MetricType::Gauge, (name, help), value);
    }
}
