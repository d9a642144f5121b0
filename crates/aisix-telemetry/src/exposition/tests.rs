use super::{Exposition, Histogram, Summary};
use crate::metric::{Metric, MetricType};

const fn metric(
    name: &'static str,
    r#type: MetricType,
    labels: &'static [&'static str],
    help: &'static str,
) -> Metric {
    Metric { name, r#type, labels, help }
}

#[test]
fn a_metric_is_its_head_and_a_line_for_each_sample() {
    let mut text = Exposition::default();
    let size = metric("size", MetricType::Gauge, &[], "How large.");
    text.samples(&size, [([""; 0], 3)]);
    let seen = metric("seen_total", MetricType::Counter, &["kind", "x"], "How often.");
    text.samples(&seen, [(["a", ""], 1), (["b\"\\\n", ""], 1)]);
    let absent = metric("absent", MetricType::Gauge, &[], "Never.");
    text.samples(&absent, Vec::<([&str; 0], u64)>::new());
    assert_eq!(
        text.into_text(),
        "# HELP size How large.\n# TYPE size gauge\nsize 3\n\
         # HELP seen_total How often.\n# TYPE seen_total counter\n\
         seen_total{kind=\"a\",x=\"\"} 1\nseen_total{kind=\"b\\\"\\\\\\n\",x=\"\"} 1\n"
    );
}

#[test]
fn a_summary_and_a_histogram_say_what_prometheus_adds_up() {
    let mut text = Exposition::default();
    let summary = Summary { quantiles: vec![("0.5", 1.5), ("0.9", f64::NAN)], sum: 4.25, count: 2 };
    text.summaries(&metric("t", MetricType::Summary, &["a"], "T."), [(["b"], summary)]);
    let histogram = Histogram { edges: &[0.5, 1.0], counts: vec![2, 0, 1], sum: 9.0 };
    text.histograms(&metric("h", MetricType::Histogram, &[], "H."), [([""; 0], histogram)]);
    assert_eq!(
        text.into_text(),
        "# HELP t T.\n# TYPE t summary\n\
         t{a=\"b\",quantile=\"0.5\"} 1.5\nt{a=\"b\",quantile=\"0.9\"} NaN\n\
         t_sum{a=\"b\"} 4.25\nt_count{a=\"b\"} 2\n\
         # HELP h H.\n# TYPE h histogram\n\
         h_bucket{le=\"0.5\"} 2\nh_bucket{le=\"1\"} 2\nh_bucket{le=\"+Inf\"} 3\n\
         h_sum 9\nh_count 3\n"
    );
}
