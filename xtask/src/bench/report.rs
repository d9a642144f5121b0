//! The table.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::sampled::{Sampled, median};
use super::{Scenario, document};

/// Everything that was measured.
pub(super) struct Report {
    pub(super) rows: Vec<Row>,
    /// From the start of the process to its first answer.
    pub(super) starts: Vec<Duration>,
    /// Resident memory of the idle proxies in KiB: nginx's, the gateway's.
    pub(super) idle: [u64; 2],
    pub(super) rounds: usize,
    pub(super) seconds: f64,
}

/// What was measured of one scenario, round by round.
pub(super) struct Row {
    pub(super) scenario: &'static Scenario,
    pub(super) nginx: Vec<Sampled>,
    pub(super) gateway: Vec<Sampled>,
}

impl Row {
    pub(super) fn new(scenario: &'static Scenario) -> Self {
        Self { scenario, nginx: Vec::new(), gateway: Vec::new() }
    }

    /// The last round, on one line.
    pub(super) fn latest(&self) -> String {
        let cpu = |samples: &[Sampled]| samples.last().map_or(f64::NAN, |s| s.cpu_per_request);
        let (nginx, gateway) = (cpu(&self.nginx), cpu(&self.gateway));
        format!(
            "{}: nginx {nginx:.1} µs, gateway {gateway:.1} µs, ratio {:.2}",
            self.scenario.name,
            gateway / nginx
        )
    }

    /// Ratios are taken within a round, where both proxies met the same machine.
    fn cpu_ratio(&self) -> f64 {
        let pairs = self.gateway.iter().zip(&self.nginx);
        median(pairs.map(|(gateway, nginx)| gateway.cpu_per_request / nginx.cpu_per_request))
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| Scenario | Proxy | CPU µs/request | CPU µs/chunk | ratio | requests/s | p50 ms | p99 ms |\n\
             |---|---|---:|---:|---:|---:|---:|---:|"
        )?;
        for row in &self.rows {
            for (proxy, samples) in [("nginx", &row.nginx), ("aisix", &row.gateway)] {
                let middle = |figure: fn(&Sampled) -> f64| median(samples.iter().map(figure));
                let cpu = middle(|sample| sample.cpu_per_request);
                let per_chunk = match row.scenario.chunks {
                    0 => "–".to_owned(),
                    chunks => format!("{:.2}", cpu / chunks as f64),
                };
                let ratio = match proxy {
                    "nginx" => "1.00".to_owned(),
                    _ => format!("{:.2}", row.cpu_ratio()),
                };
                writeln!(
                    f,
                    "| {} | {proxy} | {cpu:.1} | {per_chunk} | {ratio} | {:.0} | {:.2} | {:.2} |",
                    row.scenario.name,
                    middle(|sample| sample.rate),
                    middle(|sample| sample.p50) / 1e3,
                    middle(|sample| sample.p99) / 1e3,
                )?;
            }
        }
        let start = median(self.starts.iter().map(|start| start.as_secs_f64() * 1e3));
        let mib = self.idle.map(|kib| kib as f64 / 1024.0);
        writeln!(
            f,
            "\n| Idle memory (resident) | |\n|---|---:|\n| nginx, all processes | {:.1} MiB |\n\
             | aisix | {:.1} MiB |\n\nStart of the process to its first answer: {start:.1} ms.",
            mib[0], mib[1]
        )
    }
}

impl Report {
    /// Replaces the table in the document.
    pub(super) fn write(&self, document: &Path) -> Result<()> {
        let how = format!(
            "medians of {} rounds of {} s per scenario and proxy",
            self.rounds, self.seconds
        );
        document::replace(document, "cargo xtask bench --write", &how, self)
    }
}
