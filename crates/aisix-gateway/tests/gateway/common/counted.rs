//! What the gateway counted.

use std::collections::BTreeMap;

use aisix_telemetry::{Metric, MetricType};
use aisix_testing::Exposition;

use super::World;

/// The label values in which a sample differs from what is usual, and its number.
pub type Expected<'a> = (&'a [(&'a str, &'a str)], f64);

impl World {
    /// All metrics, as they are written.
    pub fn metrics_text(&self) -> String {
        let mut text = aisix_telemetry::Exposition::default();
        self.shared.metrics().write(&mut text);
        text.into_text()
    }

    /// All metrics.
    pub fn metrics(&self) -> Exposition {
        Exposition::read(&self.metrics_text())
    }

    /// Asserts all samples of a metric. Labels that are not named have what a whole chat request of
    /// which nothing is known has. Of summaries and histograms the counts are compared.
    #[track_caller]
    pub fn assert_counted(&self, metric: &Metric, expected: &[Expected<'_>]) {
        let name = match metric.r#type {
            MetricType::Counter | MetricType::Gauge => metric.name.to_owned(),
            MetricType::Histogram | MetricType::Summary => format!("{}_count", metric.name),
        };
        let read = self.metrics();
        let found: BTreeMap<_, _> =
            read.of(&name).map(|sample| (sample.labels.clone(), sample.value)).collect();
        let expected: BTreeMap<_, _> =
            expected.iter().map(|(differs, value)| (labels(metric, differs), *value)).collect();
        assert_eq!(found, expected, "{name}");
    }
}

fn labels(metric: &Metric, differs: &[(&str, &str)]) -> BTreeMap<String, String> {
    for (label, _) in differs {
        assert!(metric.labels.contains(label), "{} has no label {label}", metric.name);
    }
    let value = |label: &str| {
        let named = differs.iter().find(|(name, _)| *name == label).map(|(_, value)| *value);
        named.unwrap_or(match label {
            "endpoint" => "/v1/chat/completions",
            "inbound_protocol" => "openai",
            "stream" | "streaming" | "is_fallback" => "false",
            "status" => "200",
            "status_class" => "2xx",
            "outcome" => "success",
            _ => "unknown",
        })
    };
    metric.labels.iter().map(|label| ((*label).to_owned(), value(label).to_owned())).collect()
}
