//! What a request costs that is like one before.

use std::time::Duration;

use aisix_telemetry::{
    AuthDecision, DeploymentLabels, Finished, Metrics, MetricsSettings, RequestLabels, TokenUsage,
};

fn one_request(metrics: &Metrics) {
    let (endpoint, protocol) = ("/v1/chat/completions", "openai");
    metrics.arrived(endpoint, protocol);
    metrics.authenticated(AuthDecision::Allowed);
    let client = metrics.client_type(Some(b"OpenAI/Python 1.99.0"));
    let target =
        DeploymentLabels { provider: "p", model: "m", upstream_model: "u", provider_key_id: "k" };
    metrics.attempt_begun(target);
    metrics.attempted(target, true);
    metrics.fell_back("group", "m", true);
    metrics.finished(&Finished {
        labels: RequestLabels { endpoint, model: "m", api_key_id: "1", ..RequestLabels::default() },
        to_model: true,
        stream: true,
        first_token: Some(Duration::from_millis(3)),
        duration: Duration::from_millis(5),
        usage: Some(TokenUsage { input: 3, output: 4, micro_usd: Some(0.5) }),
        client,
        ..Finished::default()
    });
    metrics.gone(endpoint, protocol);
}

#[test]
fn a_request_like_one_before_allocates_nothing() {
    let metrics = Metrics::new(&MetricsSettings::default());
    let first = allocation_counter::measure(|| one_request(&metrics));
    assert!(first.count_total > 0, "the first of its kind has to be remembered");
    let second = allocation_counter::measure(|| one_request(&metrics));
    assert_eq!(second.count_total, 0);
}
