use std::time::Duration;

use super::{Finished, KEPT_BY, Label, RequestLabels, Requests, STATUS, STREAM, TokenUsage};
use crate::exposition::Exposition;
use crate::metrics::MetricsSettings;
use crate::names;

fn requests() -> Requests {
    Requests::new(&MetricsSettings { env_id: "prod".into(), ..MetricsSettings::default() })
}

/// The lines of one metric, without its name.
fn samples(requests: &Requests, name: &str) -> Vec<String> {
    let mut text = Exposition::default();
    requests.write(&mut text, 0);
    let text = text.into_text();
    let lines = text.lines().filter_map(|line| line.strip_prefix(name));
    lines.filter(|line| !line.contains("quantile=")).map(str::to_owned).collect()
}

fn request<'a>(model: &'a str, api_key_id: &'a str, status: u16) -> Finished<'a> {
    let labels =
        RequestLabels { provider: "p", model, api_key_id, endpoint: "/e", ..Default::default() };
    Finished { labels, status, duration: Duration::from_secs(2), ..Finished::default() }
}

#[test]
fn the_places_of_labels_are_where_they_are_said_to_be() {
    assert_eq!((KEPT_BY[STATUS].0, KEPT_BY[STREAM].0), ("status", "stream"));
    let of_requests = names::ALL.iter().filter(|metric| metric.labels.contains(&"provider"));
    let elsewhere = [names::DROPPED_FIELDS.name, "aisix_deployment_"];
    let is_elsewhere = |name: &str| elsewhere.iter().any(|other| name.starts_with(other));
    let of_requests = of_requests.filter(|metric| !is_elsewhere(metric.name));
    for label in of_requests.flat_map(|metric| metric.labels) {
        if let Label::Kept(0) = Label::named(label) {
            assert_eq!(*label, "endpoint");
        }
    }
}

#[test]
fn a_metric_adds_up_what_agrees_in_its_labels() {
    let requests = requests();
    for (model, key, status) in
        [("a", "1", 200), ("a", "2", 200), ("a", "1", 429), ("b", "1", 404), ("b", "1", 502)]
    {
        requests.finished(&request(model, key, status), 0);
    }
    assert_eq!(
        samples(&requests, "aisix_requests_total"),
        [
            r#"{provider="p",model="a",status="200",outcome="success"} 2"#,
            r#"{provider="p",model="a",status="429",outcome="rate_limited"} 1"#,
            r#"{provider="p",model="b",status="404",outcome="client_error"} 1"#,
            r#"{provider="p",model="b",status="502",outcome="upstream_error"} 1"#,
        ]
    );
    assert_eq!(
        samples(&requests, "aisix_request_duration_seconds_count"),
        [
            r#"{provider="p",model="a",status="200"} 2"#,
            r#"{provider="p",model="a",status="429"} 1"#,
            r#"{provider="p",model="b",status="404"} 1"#,
            r#"{provider="p",model="b",status="502"} 1"#,
        ]
    );
    assert_eq!(samples(&requests, "aisix_proxy_requests_total").len(), 5);
    let failed = samples(&requests, "aisix_proxy_failed_requests_total");
    assert!(failed.len() == 3 && !failed.iter().any(|line| line.contains("success")), "{failed:?}");
    let latency = samples(&requests, "aisix_request_e2e_latency_seconds_sum");
    let first = r#"{env_id="prod",endpoint="/e",model="a",provider="p",status_class="2xx",streaming="false"} 4"#;
    assert_eq!((latency.len(), &*latency[0]), (4, first));
    for absent in ["aisix_llm_requests_total", "aisix_request_ttft", "aisix_tokens_consumed"] {
        assert_eq!(samples(&requests, absent), [""; 0]);
    }
}

#[test]
fn tokens_are_those_that_are_known_and_cost_what_has_a_price() {
    let requests = requests();
    let usage = |input, output, micro_usd| Some(TokenUsage { input, output, micro_usd });
    for (model, usage) in
        [("a", usage(3, 4, Some(1.5))), ("a", usage(1, 0, Some(0.25))), ("b", usage(5, 6, None))]
    {
        requests.finished(&Finished { usage, to_model: true, ..request(model, "1", 200) }, 0);
    }
    requests.finished(&Finished { to_model: true, ..request("c", "1", 200) }, 0);
    assert_eq!(
        samples(&requests, "aisix_tokens_consumed_total"),
        [r#"{provider="p",model="a"} 8"#, r#"{provider="p",model="b"} 11"#]
    );
    let spend = samples(&requests, "aisix_llm_spend_micro_usd_total");
    assert!(spend.len() == 1 && spend[0].ends_with(" 1.75"), "{spend:?}");
    assert_eq!(samples(&requests, "aisix_llm_requests_total").len(), 3);
}

#[test]
fn buckets_hold_what_they_are_told_to() {
    let requests = requests();
    let first_token = Some(Duration::from_millis(60));
    requests.finished(&Finished { first_token, stream: true, ..request("a", "1", 200) }, 0);
    let of = |edge: &str| format!(r#"streaming="true",le="{edge}"}}"#);
    for (name, edge, count) in [
        ("aisix_request_ttft_seconds_bucket", "0.05", 0),
        ("aisix_request_ttft_seconds_bucket", "0.1", 1),
        ("aisix_request_e2e_latency_seconds_bucket", "1", 0),
        ("aisix_request_e2e_latency_seconds_bucket", "2", 1),
        ("aisix_request_e2e_latency_seconds_bucket", "+Inf", 1),
    ] {
        let lines = samples(&requests, name);
        let line = lines.iter().find(|line| line.contains(&of(edge))).unwrap();
        assert!(line.ends_with(&format!(" {count}")), "{name} {line}");
    }
}
