use super::{LEAST, assert_problem, problem, with};

#[test]
fn says_in_one_line_what_is_wrong_with_metrics() {
    let numbers = "must be a list of finite numbers";
    for (key, value, expected) in [
        ("buckets.request_ttft", "0.1", numbers),
        ("buckets.request_ttft", "[a]", numbers),
        ("buckets.request_ttft", "[1, inf]", numbers),
        ("buckets.request_e2e_latency", "[]", "needs at least one edge"),
        ("buckets.request_e2e_latency", "[0, 1]", "0 is not a positive, finite number"),
        ("buckets.guardrail_latency", "[-0.5]", "-0.5 is not a positive, finite number"),
        ("buckets.guardrail_latency", "[2, 1]", "1 stands after 2: edges must ascend"),
        ("buckets.a2a_ttfb", "[1, 1.0]", "1 stands after 1: edges must ascend"),
        (
            "buckets.latency",
            "[1]",
            "unknown key; the keys here are request_e2e_latency, request_ttft, guardrail_latency, \
             a2a_ttfb",
        ),
        (
            "client_type_rules",
            "[{pattern: a, client: a}, {pattern: '(', client: b}]",
            "rule 2: pattern is not a regular expression: unclosed group",
        ),
        (
            "client_type_rules",
            "[{pattern: a, client: A}]",
            "rule 1: client must be at most 64 of a-z, 0-9 and ._-, and begin with a letter or \
             digit",
        ),
        (
            "client_type_rules",
            &format!("[{{pattern: {}, client: a}}]", "a".repeat(513)),
            "rule 1: pattern is longer than 512 bytes",
        ),
        (
            "client_type_rules",
            &format!("[{}]", "{pattern: a, client: a},".repeat(65)),
            "there are 65: no more than 64 are allowed",
        ),
        (
            "client_type_rules",
            "{a: b}",
            "must be a list of maps; in a variable, a JSON array of objects",
        ),
    ] {
        let (section, name) = key.split_once('.').unwrap_or(("", key));
        let text = match section {
            "" => format!("{name}: {value}"),
            section => format!("{section}: {{{name}: {value}}}"),
        };
        let text = format!("{LEAST}observability: {{metrics: {{{text}}}}}\n");
        assert_problem(&text, &format!("observability.metrics.{key}: {expected}"));
    }
}

#[test]
fn metrics_are_set_by_variables() {
    let config = with(&[
        ("AISIX_OBSERVABILITY__METRICS__BUCKETS__REQUEST_TTFT", "0.1, 0.5,1"),
        ("AISIX_OBSERVABILITY__METRICS__BUCKETS__REQUEST_E2E_LATENCY", "2"),
        (
            "AISIX_OBSERVABILITY__METRICS__CLIENT_TYPE_RULES",
            r#"[{"pattern":"^bot/","client":"bot"}]"#,
        ),
        ("AISIX_ETCD__ENDPOINTS", "http://127.0.0.1:1"),
        ("AISIX_ETCD__ENV_ID", "prod"),
    ]);
    let metrics = config.gateway().metrics;
    assert_eq!(metrics.request_ttft.edges(), [0.1, 0.5, 1.0]);
    assert_eq!(metrics.request_e2e_latency.edges(), [2.0]);
    assert_eq!(metrics.env_id, "prod");
    let counted = aisix_telemetry::Metrics::new(&metrics);
    let bot = counted.client_type(Some(b"BOT/1"));
    assert_ne!(bot, counted.client_type(Some(b"robot/1")));
    for (variable, value, expected) in [
        ("BUCKETS__REQUEST_TTFT", "1,inf", "must be a list of finite numbers"),
        ("BUCKETS__A2A_TTFB", "1,1", "1 stands after 1: edges must ascend"),
        ("CLIENT_TYPE_RULES", r#"[{"pattern":"a","client":""}]"#, {
            "rule 1: client must be at most 64 of a-z, 0-9 and ._-, and begin with a letter or \
             digit"
        }),
    ] {
        let variable = format!("AISIX_OBSERVABILITY__METRICS__{variable}");
        let problem = problem("config.yaml", LEAST, &[(&variable, value)]);
        assert_eq!(problem, format!("{variable}: {expected}"));
    }
}
