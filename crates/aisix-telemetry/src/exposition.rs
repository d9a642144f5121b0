//! The text format of Prometheus, version 0.0.4.

use std::fmt::{Display, Write as _};

use crate::metric::Metric;

/// The content type of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4";

/// A text in the making.
#[derive(Debug, Default)]
pub struct Exposition(String);

/// The values of a summary.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Summary {
    /// A share as it is written, and what that share of observations did not exceed.
    pub(crate) quantiles: Vec<(&'static str, f64)>,
    pub(crate) sum: f64,
    pub(crate) count: u64,
}

/// The values of a histogram.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Histogram<'a> {
    pub(crate) edges: &'a [f64],
    /// How many observations fell between each edge and the one before; those above the last edge
    /// come last.
    pub(crate) counts: Vec<u64>,
    pub(crate) sum: f64,
}

impl Exposition {
    /// A counter or gauge with its samples: the values of its labels, and the number. Without
    /// samples it is left out.
    pub fn samples<L: AsRef<[S]>, S: AsRef<str>, V: Display>(
        &mut self,
        metric: &Metric,
        samples: impl IntoIterator<Item = (L, V)>,
    ) {
        self.family(metric, samples, |text, labels, value| {
            text.sample(metric, "", labels.as_ref(), None, value);
        });
    }

    pub(crate) fn summaries<L: AsRef<[S]>, S: AsRef<str>>(
        &mut self,
        metric: &Metric,
        samples: impl IntoIterator<Item = (L, Summary)>,
    ) {
        self.family(metric, samples, |text, labels, Summary { quantiles, sum, count }| {
            let labels = labels.as_ref();
            for (share, value) in quantiles {
                text.sample(metric, "", labels, Some(("quantile", share)), value);
            }
            text.sample(metric, "_sum", labels, None, sum);
            text.sample(metric, "_count", labels, None, count);
        });
    }

    pub(crate) fn histograms<'a, L: AsRef<[S]>, S: AsRef<str>>(
        &mut self,
        metric: &Metric,
        samples: impl IntoIterator<Item = (L, Histogram<'a>)>,
    ) {
        self.family(metric, samples, |text, labels, Histogram { edges, counts, sum }| {
            let labels = labels.as_ref();
            let edges = edges.iter().map(f64::to_string).chain(["+Inf".to_owned()]);
            let mut below = 0;
            for (edge, count) in edges.zip(counts) {
                below += count;
                text.sample(metric, "_bucket", labels, Some(("le", &edge)), below);
            }
            text.sample(metric, "_sum", labels, None, sum);
            text.sample(metric, "_count", labels, None, below);
        });
    }

    /// The text.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }

    fn family<T, V>(
        &mut self,
        metric: &Metric,
        samples: impl IntoIterator<Item = (T, V)>,
        mut write: impl FnMut(&mut Self, T, V),
    ) {
        let mut head = Some(metric);
        for (labels, value) in samples {
            if let Some(Metric { name, r#type, help, .. }) = head.take() {
                let word = r#type.as_str();
                // Writing to a string cannot fail, here and below.
                let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {word}");
            }
            write(self, labels, value);
        }
    }

    fn sample<S: AsRef<str>>(
        &mut self,
        metric: &Metric,
        suffix: &str,
        labels: &[S],
        last: Option<(&str, &str)>,
        value: impl Display,
    ) {
        self.0.push_str(metric.name);
        self.0.push_str(suffix);
        let labels = labels.iter().map(AsRef::as_ref);
        let mut separator = '{';
        for (label, text) in metric.labels.iter().copied().zip(labels).chain(last) {
            self.0.push(separator);
            self.0.push_str(label);
            self.0.push_str("=\"");
            self.escaped(text);
            self.0.push('"');
            separator = ',';
        }
        let close = if separator == '{' { "" } else { "}" };
        let _ = writeln!(self.0, "{close} {value}");
    }

    fn escaped(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                '\\' => self.0.push_str("\\\\"),
                '"' => self.0.push_str("\\\""),
                '\n' => self.0.push_str("\\n"),
                c => self.0.push(c),
            }
        }
    }
}

#[cfg(test)]
mod tests;
