//! One measurement.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};

use super::subject::Subject;

/// What one stretch of load cost and how it went.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sampled {
    /// CPU time of the proxy per request, in microseconds.
    pub(super) cpu_per_request: f64,
    /// Requests per second.
    pub(super) rate: f64,
    /// Median latency, in microseconds.
    pub(super) p50: f64,
    /// Latency that one in a hundred exceeds, in microseconds.
    pub(super) p99: f64,
}

impl Sampled {
    /// Measures a proxy while a load runs.
    pub(super) fn of(
        subject: &Subject,
        load: impl FnOnce() -> Result<Vec<Duration>>,
    ) -> Result<Self> {
        let (cpu, began) = (subject.cpu_time()?, Instant::now());
        let mut latencies = load()?;
        let (time, cpu) = (began.elapsed(), subject.cpu_time()?.saturating_sub(cpu));
        ensure!(!latencies.is_empty(), "no request was answered");
        latencies.sort_unstable();
        let count = latencies.len();
        let micros = |time: Duration| time.as_secs_f64() * 1e6;
        Ok(Self {
            cpu_per_request: micros(cpu) / count as f64,
            rate: count as f64 / time.as_secs_f64(),
            p50: micros(latencies[count / 2]),
            p99: micros(latencies[count * 99 / 100]),
        })
    }
}

/// The middle of some figures.
pub(super) fn median(figures: impl IntoIterator<Item = f64>) -> f64 {
    let mut figures: Vec<f64> = figures.into_iter().collect();
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
}
