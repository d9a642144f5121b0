//! The tables.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::resources::RESOURCES;
use crate::bench::document;
use crate::bench::sampled::median;

/// Everything that was measured.
pub(super) struct Report {
    /// The tables of the benchmark of the supervisor.
    pub(super) supervisor: String,
    /// Resident memory of the gateway, in KiB.
    pub(super) resident: u64,
    /// From a write to etcd to a request that is served with it.
    pub(super) writes: Vec<Duration>,
    /// From the start of the process to its first answer.
    pub(super) with_etcd: Vec<Duration>,
    /// The same from the snapshot cache, while etcd is down.
    pub(super) without_etcd: Vec<Duration>,
}

impl Report {
    /// Replaces the tables in the document.
    pub(super) fn write(&self, document: &Path) -> Result<()> {
        let how = "the supervisor alone, then the gateway with a real etcd";
        document::replace(document, "cargo xtask bench config --write", how, self)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.supervisor.trim())?;
        writeln!(
            f,
            "\n| The gateway with {RESOURCES} resources in etcd | samples | median | worst |\n\
             |---|---:|---:|---:|"
        )?;
        for (what, times) in [
            ("a write to etcd to the first request served with it", &self.writes),
            ("start of the process to its first answer, from etcd", &self.with_etcd),
            ("the same from the snapshot cache, etcd down", &self.without_etcd),
        ] {
            let figures = || times.iter().map(|time| time.as_secs_f64() * 1e3);
            writeln!(
                f,
                "| {what} | {} | {:.1} ms | {:.1} ms |",
                times.len(),
                median(figures()),
                figures().fold(0.0, f64::max)
            )?;
        }
        writeln!(f, "\nResident memory of that gateway: {:.1} MiB.", self.resident as f64 / 1024.0)
    }
}
