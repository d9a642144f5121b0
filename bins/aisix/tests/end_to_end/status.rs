//! What monitoring reads of a running gateway.

use aisix_testing::fixtures::openai::{self, PROMPT_TOKENS};
use aisix_testing::{Canaries, Exposition, Reply, Request, ScriptedUpstream};
use serde_json::{Value, json};

use crate::gateway::{Gateway, METRICS, program, start};

pub(crate) async fn get(gateway: &Gateway, path: &str) -> (u16, String) {
    let answer = Request::get(path).send(gateway.metrics).await;
    (answer.status, answer.text().to_owned())
}

pub(crate) async fn config(gateway: &Gateway) -> Value {
    let (status, text) = get(gateway, "/status/config").await;
    assert_eq!(status, 200);
    serde_json::from_str(&text).expect("JSON")
}

#[tokio::test]
async fn monitoring_sees_the_configuration_come_and_needs_no_credential() {
    let gateway = start().await;
    assert_eq!(get(&gateway, "/status/ready").await, (200, "ok".into()));
    let empty = config(&gateway).await;
    assert_eq!((&empty["state"], &empty["source"]["type"]), (&json!("empty"), &json!("embedded")));
    assert_eq!(empty["rejected"], json!([]));

    let key = gateway.provider_key("openai", "http://127.0.0.1:9/v1", "sk-of-the-provider").await;
    let model = gateway.model("gpt", "gpt-4o", &key).await;
    let synced = config(&gateway).await;
    assert_eq!(synced["state"], "synced");
    let counts = json!({"models": 1, "provider_keys": 1});
    assert_eq!(synced["applied"]["resource_counts"], counts);
    assert_eq!(synced["applied"]["config_hash"], synced["source"]["source_hash"]);
    assert_ne!(synced["applied"]["config_hash"], empty["applied"]["config_hash"]);

    let models = json!([
        {"id": model, "display_name": "gpt", "kind": "direct", "status": "healthy"},
    ]);
    let (_, text) = get(&gateway, "/status/models").await;
    assert_eq!(text, models.to_string());
    let admins = gateway.admin(Request::get("/admin/v1/models/status")).await;
    assert_eq!(admins.text(), text);

    let (status, metrics) = get(&gateway, "/metrics").await;
    assert_eq!(status, 200);
    let hash = synced["applied"]["config_hash"].as_str().expect("a hash");
    let revision = synced["applied"]["applied_revision"].as_u64().expect("a revision");
    for line in [
        format!("aisix_config_hash_info{{hash=\"{hash}\"}} 1"),
        format!("aisix_config_applied_revision {revision}"),
        "aisix_config_source_connected 1".into(),
        "aisix_config_last_reload_successful 1".into(),
    ] {
        assert!(metrics.lines().any(|found| found == line), "no {line} in {metrics}");
    }
    for text in [&text, &metrics, &synced.to_string()] {
        assert!(!text.contains("sk-of-the-provider"));
    }
    for path in ["/", "/health", "/livez", "/admin/v1/models", "/v1/models"] {
        assert_eq!(get(&gateway, path).await.0, 404, "{path}");
    }
    for address in [gateway.proxy, gateway.admin] {
        for path in ["/metrics", "/status/config", "/status/ready"] {
            assert_eq!(Request::get(path).send(address).await.status, 404, "{path}");
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn the_path_of_metrics_may_be_another_and_the_listener_may_be_off() {
    let prometheus = "observability: {metrics: {prometheus: {path: internal/numbers}}}\n\
                      shutdown: {min_drain_secs: 0}";
    let gateway = Gateway::start(&program(prometheus)).await;
    assert_eq!(get(&gateway, "/internal/numbers").await.0, 200);
    assert_eq!(get(&gateway, "/metrics").await.0, 404);
    let address = gateway.metrics;
    gateway.stop().await;

    let off = "observability: {metrics: {prometheus: {enabled: false}}}\n\
               shutdown: {min_drain_secs: 0}";
    let mut process = program(off).env(METRICS, address.to_string()).start();
    let line = process.line_with(" listening ").await;
    assert!(!line.contains("metrics="), "{line}");
    std::net::TcpListener::bind(address).expect("an address that nobody listens on");
    process.terminate();
    assert_eq!(process.exited().await.code(), Some(0));
}

#[tokio::test]
async fn requests_are_counted_and_no_credential_is_among_the_numbers() {
    let mut canaries = Canaries::new();
    let (secret, caller) = (canaries.plant("provider key"), canaries.plant("caller key"));
    let nobody = canaries.plant("key of nobody");
    canaries.add("admin key", crate::gateway::ADMIN_KEY);
    let upstream = ScriptedUpstream::start();
    upstream.enqueue(Reply::json(200, openai::chat_completion("one two")));
    upstream.enqueue(Reply::sse(openai::chat_stream_with_usage(["a", "b"])));
    upstream.enqueue(Reply::json(401, format!("{{\"error\":{{\"message\":\"{secret}\"}}}}")));
    let more = "shutdown: {min_drain_secs: 0}\n\
                observability: {metrics: {buckets: {request_ttft: [0.5, 30]}, \
                client_type_rules: [{pattern: ^acme/, client: acme}]}}";
    let gateway = Gateway::start(&program(more)).await;
    let key = gateway.provider_key("openai", &upstream.base_url(), &secret).await;
    gateway.model("gpt", "gpt-4o", &key).await;
    gateway.caller_key(&caller, &["*"]).await;

    let ask = async |body: String, key: &str| {
        let request = Request::post("/v1/chat/completions").json(body).bearer(key);
        request.header("user-agent", "Acme/1").send(gateway.proxy).await.status
    };
    assert_eq!(ask(openai::chat_request("gpt", "hi"), &caller).await, 200);
    assert_eq!(ask(openai::chat_stream_request("gpt", "hi"), &caller).await, 200);
    assert_eq!(ask(openai::chat_request("gpt", "hi"), &caller).await, 401);
    assert_eq!(ask(openai::chat_request(&nobody, "hi"), &caller).await, 404);
    assert_eq!(ask(openai::chat_request("gpt", "hi"), &nobody).await, 401);
    assert_eq!(Request::get(&format!("/{nobody}")).send(gateway.proxy).await.status, 404);

    let (status, text) = get(&gateway, "/metrics").await;
    assert_eq!(status, 200);
    let read = Exposition::read(&text);
    let requests = |provider, model, status, outcome| {
        let labels =
            [("provider", provider), ("model", model), ("status", status), ("outcome", outcome)];
        read.value("aisix_requests_total", &labels)
    };
    assert_eq!(requests("openai", "gpt", "200", "success"), Some(2.0));
    assert_eq!(requests("openai", "gpt", "401", "client_error"), Some(1.0));
    assert_eq!(requests("unknown", "unresolved", "404", "client_error"), Some(1.0));
    assert_eq!(requests("unknown", "unknown", "401", "client_error"), Some(1.0));
    assert_eq!(requests("unknown", "unknown", "404", "client_error"), Some(1.0));
    let input = [("client_type", "acme"), ("model", "gpt"), ("token_type", "input")];
    let tokens = read.value("aisix_llm_tokens_by_client_total", &input);
    assert_eq!(tokens, Some(2.0 * PROMPT_TOKENS as f64));
    let edges: Vec<_> =
        read.of("aisix_request_ttft_seconds_bucket").map(|sample| &*sample.labels["le"]).collect();
    assert_eq!(edges, ["0.5", "30", "+Inf"]);
    for (metric, kind) in [
        ("aisix_proxy_requests_total", "counter"),
        ("aisix_proxy_request_duration_seconds", "summary"),
        ("aisix_proxy_in_flight_requests", "gauge"),
        ("aisix_request_e2e_latency_seconds", "histogram"),
        ("aisix_config_source_connected", "gauge"),
    ] {
        assert_eq!(read.types.get(metric).map(String::as_str), Some(kind), "{metric}");
    }
    canaries.assert_absent("the metrics", text.as_bytes());
    gateway.stop().await;
}
