use super::{Exposition, MetricType};

#[test]
fn a_metric_is_its_head_and_a_line_for_each_sample() {
    let mut text = Exposition::default();
    text.metric(MetricType::Gauge, "size", "How large.", [(Vec::new(), 3)]);
    let samples =
        ["a", "b\"\\\n"].map(|kind| (vec![("kind", kind.to_owned()), ("x", "".into())], 1));
    text.metric(MetricType::Counter, "seen_total", "How often.", samples);
    text.metric(MetricType::Gauge, "absent", "Never.", Vec::<(Vec<_>, u64)>::new());
    assert_eq!(
        text.into_text(),
        "# HELP size How large.\n# TYPE size gauge\nsize 3\n\
         # HELP seen_total How often.\n# TYPE seen_total counter\n\
         seen_total{kind=\"a\",x=\"\"} 1\nseen_total{kind=\"b\\\"\\\\\\n\",x=\"\"} 1\n"
    );
}
