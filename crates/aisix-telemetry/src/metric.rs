//! What is said of a metric before its values.

/// A metric: everything about it but its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name, unit included.
    pub name: &'static str,
    /// What kind of number it is.
    pub r#type: MetricType,
    /// The names of its labels, in the order in which values are given and written.
    pub labels: &'static [&'static str],
    /// What it counts or measures, in one sentence.
    pub help: &'static str,
}

/// What kind of number a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricType {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
    /// How many observations were no larger than each of several edges.
    Histogram,
    /// What the given shares of recent observations did not exceed.
    Summary,
}

impl MetricType {
    /// The word of Prometheus' text format.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
            Self::Summary => "summary",
        }
    }
}
