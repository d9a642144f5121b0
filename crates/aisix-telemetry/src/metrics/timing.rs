//! Durations, as a summary and a histogram at once.

use std::time::Duration;

use super::buckets::Buckets;
use super::sketch::{Pooled, Sketch};
use crate::exposition::{Histogram, Summary};

/// Durations of one label set.
#[derive(Debug, Default)]
pub(super) struct Timing {
    sum: f64,
    count: u64,
    recent: Sketch,
    /// By bucket; empty before the first.
    counts: Vec<u64>,
}

/// Durations of several label sets, added up.
#[derive(Debug, Clone, Default)]
pub(super) struct Timings {
    sum: f64,
    count: u64,
    recent: Pooled,
    counts: Vec<u64>,
}

impl Timing {
    /// Takes one, at this many seconds since the start.
    pub(super) fn observe(&mut self, took: Duration, buckets: &Buckets, now: u64) {
        let seconds = took.as_secs_f64();
        self.sum += seconds;
        self.count += 1;
        self.recent.observe(seconds, now);
        if self.counts.is_empty() {
            self.counts = vec![0; buckets.edges().len() + 1];
        }
        self.counts[buckets.of(seconds)] += 1;
    }
}

impl Timings {
    /// Adds those of a label set, at this many seconds since the start.
    pub(super) fn add(&mut self, timing: &mut Timing, now: u64) {
        self.sum += timing.sum;
        self.count += timing.count;
        timing.recent.pool(now, &mut self.recent);
        self.counts.resize(self.counts.len().max(timing.counts.len()), 0);
        for (sum, count) in self.counts.iter_mut().zip(&timing.counts) {
            *sum += count;
        }
    }

    pub(super) fn summary(self) -> Summary {
        Summary { quantiles: self.recent.quantiles(), sum: self.sum, count: self.count }
    }

    pub(super) fn histogram(self, buckets: &Buckets) -> Histogram<'_> {
        Histogram { edges: buckets.edges(), counts: self.counts, sum: self.sum }
    }
}
