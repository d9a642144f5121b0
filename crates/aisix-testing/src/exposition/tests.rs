use super::Exposition;

const GOOD: &str = "# HELP a_total A.\n# TYPE a_total counter\n\
                    a_total{x=\"1\",y=\"\\\"\\\\\\n\"} 3\na_total{x=\"2\",y=\"\"} 0.5\n\
                    # HELP h H.\n# TYPE h histogram\n\
                    h_bucket{le=\"0.5\"} 1\nh_bucket{le=\"+Inf\"} 2\nh_sum 3\nh_count 2\n\
                    # HELP s S.\n# TYPE s summary\ns{quantile=\"0.5\"} NaN\ns_sum 0\ns_count 0\n";

#[test]
fn reads_what_is_well_formed() {
    let read = Exposition::read(GOOD);
    assert_eq!(read.value("a_total", &[("y", "\"\\\n"), ("x", "1")]), Some(3.0));
    assert_eq!(read.value("a_total", &[("x", "1")]), None);
    assert_eq!(read.value("h_bucket", &[("le", "+Inf")]), Some(2.0));
    assert_eq!((read.of("a_total").count(), read.types.len()), (2, 3));
    assert!(read.value("s", &[("quantile", "0.5")]).is_some_and(f64::is_nan));
}

#[test]
fn refuses_what_is_not() {
    for (good, bad) in [
        ("a_total{x=\"2\",y=\"\"} 0.5\n", "a_total{x=\"2\",y=\"\"} -1\n"),
        ("a_total{x=\"2\",y=\"\"} 0.5\n", "a_total{x=\"2\",y=\"\"} inf\n"),
        ("a_total{x=\"2\",y=\"\"} 0.5\n", "a_total{x=\"2\",y=\"\"}\n"),
        ("x=\"2\",y=\"\"", "x=\"1\",y=\"\\\"\\\\\\n\""),
        ("x=\"2\",y=\"\"", "x=\"2\",x=\"\""),
        ("x=\"2\",y=\"\"", "x=\"2\",y=\"\\t\""),
        ("x=\"2\",y=\"\"", "x=\"2\",quantile=\"1\""),
        ("x=\"2\",y=\"\"", "x=\"2\", y=\"\""),
        ("# TYPE s summary", "# TYPE s counters"),
        ("# TYPE s summary", "# TYPE a_total summary"),
        ("# HELP s S.", "# HELP a_total A."),
        ("# HELP s S.\n", ""),
        ("s_count 0", "s_counter 0"),
        ("s_count 0\n", "s_count 0"),
        ("h_count 2", "h_count 3"),
        ("h_bucket{le=\"0.5\"} 1", "h_bucket{le=\"0.5\"} 3"),
        ("h_bucket{le=\"+Inf\"} 2\n", ""),
    ] {
        let text = GOOD.replacen(good, bad, 1);
        assert_ne!(text, GOOD);
        assert!(std::panic::catch_unwind(|| Exposition::read(&text)).is_err(), "{text}");
    }
}
