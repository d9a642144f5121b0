//! The edges of histograms.

use std::sync::Arc;

/// The upper edges of a histogram's buckets: finite, positive and ascending.
#[derive(Debug, Clone, PartialEq)]
pub struct Buckets(Arc<[f64]>);

/// Why numbers cannot be edges.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum BucketsError {
    /// There are none.
    #[error("needs at least one edge")]
    Empty,
    /// One of them is no length of time.
    #[error("{0} is not a positive, finite number")]
    NotPositive(f64),
    /// One of them is not larger than the one before.
    #[error("{1} stands after {0}: edges must ascend")]
    NotAscending(f64, f64),
}

impl Buckets {
    /// Buckets that end at these seconds. The one without an end is not among them.
    ///
    /// # Errors
    /// [`BucketsError`] says which edge is wrong.
    pub fn new(edges: &[f64]) -> Result<Self, BucketsError> {
        if edges.is_empty() {
            return Err(BucketsError::Empty);
        }
        if let Some(wrong) = edges.iter().find(|edge| !edge.is_finite() || **edge <= 0.0) {
            return Err(BucketsError::NotPositive(*wrong));
        }
        match edges.windows(2).find(|pair| pair[0] >= pair[1]) {
            Some(pair) => Err(BucketsError::NotAscending(pair[0], pair[1])),
            None => Ok(Self(edges.into())),
        }
    }

    /// For how long a whole request takes.
    #[must_use]
    pub fn of_requests() -> Self {
        Self(Arc::new([
            0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0,
            300.0, 420.0, 600.0,
        ]))
    }

    /// For how long the first event of a stream takes.
    #[must_use]
    pub fn of_first_tokens() -> Self {
        Self(Arc::new([0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0]))
    }

    /// For how long a guardrail takes.
    #[must_use]
    pub fn of_guardrails() -> Self {
        Self(Arc::new([
            0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
        ]))
    }

    /// The edges, in seconds.
    #[must_use]
    pub fn edges(&self) -> &[f64] {
        &self.0
    }

    /// The number of the bucket that holds this many seconds; the one without an end comes last.
    pub(super) fn of(&self, seconds: f64) -> usize {
        self.0.partition_point(|edge| *edge < seconds)
    }
}

#[cfg(test)]
mod tests;
