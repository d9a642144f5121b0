//! The text format of Prometheus, version 0.0.4, for values that are known when they are asked for.

use std::fmt::{Display, Write as _};

/// The content type of the text.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4";

/// A text in the making.
#[derive(Debug, Default)]
pub struct Exposition(String);

/// What kind of number a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MetricType {
    /// It only grows.
    Counter,
    /// It goes up and down.
    Gauge,
}

impl Exposition {
    /// A metric with its samples: labels and a value each. Without samples it is left out.
    pub fn metric<V: Display>(
        &mut self,
        metric: MetricType,
        name: &str,
        help: &str,
        samples: impl IntoIterator<Item = (Vec<(&'static str, String)>, V)>,
    ) {
        let mut head = Some(match metric {
            MetricType::Counter => "counter",
            MetricType::Gauge => "gauge",
        });
        for (labels, value) in samples {
            // Writing to a string cannot fail.
            if let Some(word) = head.take() {
                let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {word}");
            }
            let mut separator = '{';
            self.0.push_str(name);
            for (label, text) in &labels {
                let _ = write!(self.0, "{separator}{label}=\"{}\"", escaped(text));
                separator = ',';
            }
            let close = if labels.is_empty() { "" } else { "}" };
            let _ = writeln!(self.0, "{close} {value}");
        }
    }

    /// The text.
    #[must_use]
    pub fn into_text(self) -> String {
        self.0
    }
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests;
