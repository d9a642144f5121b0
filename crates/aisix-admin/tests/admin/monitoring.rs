//! What monitoring reads.

use std::sync::Arc;

use aisix_admin::StatusApi;
use aisix_core::resource::PlainSecrets;
use aisix_gateway::Readiness;
use aisix_store::{Applied, ConfigStore as _, Expect, MemoryStore, Supervisor};
use aisix_telemetry::{AuthDecision, Metrics, MetricsSettings};
use aisix_testing::wait;
use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

use crate::support::FakeGateway;

/// A store that is followed, and its status.
struct Monitored {
    store: MemoryStore,
    applied: Applied,
    gateway: Arc<FakeGateway>,
    requests: Arc<Metrics>,
    router: Router,
}

impl Monitored {
    async fn new() -> Self {
        let monitored = Self::unfollowed().0;
        assert!(monitored.applied.reached(0, wait::DEADLINE).await);
        monitored
    }

    /// The supervisor runs for as long as the test.
    fn unfollowed() -> (Self, tokio::task::JoinHandle<()>) {
        let store = MemoryStore::new();
        let (supervisor, applied) =
            Supervisor::new(Arc::new(store.clone()), Arc::new(PlainSecrets), |_| {});
        let running = tokio::spawn(supervisor.run(std::future::pending()));
        let gateway = Arc::new(FakeGateway::default());
        let requests = Arc::new(Metrics::new(&MetricsSettings::default()));
        let (handle, follows) = (gateway.clone(), applied.clone());
        let router = StatusApi::router("/metrics", handle, requests.clone(), follows, "embedded");
        (Self { store, applied, gateway, requests, router }, running)
    }

    async fn put(&self, key: &str, value: &Value) {
        let value = Bytes::from(value.to_string());
        let written = self.store.put(key, value, Expect::Any).await.unwrap();
        assert!(self.applied.reached(written.revision, wait::DEADLINE).await);
    }

    async fn get(&self, path: &str) -> (u16, String) {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = self.router.clone().oneshot(request).await.unwrap();
        let status = answer.status().as_u16();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    async fn config(&self) -> Value {
        let (status, text) = self.get("/status/config").await;
        assert_eq!(status, 200);
        serde_json::from_str(&text).unwrap()
    }

    async fn state(&self) -> String {
        self.config().await["state"].as_str().unwrap().to_owned()
    }

    /// The value of a sample, as the text has it.
    async fn metric(&self, sample: &str) -> Option<String> {
        let (_, text) = self.get("/metrics").await;
        let value = text.lines().find_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
        value.map(str::to_owned)
    }
}

fn model(name: &str) -> Value {
    json!({"display_name": name, "provider": "p", "model_name": "m", "provider_key_id": "k"})
}

#[tokio::test]
async fn the_state_follows_what_is_served_and_what_is_rejected() {
    let monitored = Monitored::new().await;
    assert_eq!(monitored.state().await, "empty");
    monitored.put("models/a", &json!({"display_name": "a"})).await;
    assert_eq!(monitored.state().await, "out_of_sync");
    monitored.put("models/b", &model("b")).await;
    assert_eq!(monitored.state().await, "degraded");
    monitored.put("models/a", &model("a")).await;
    assert_eq!(monitored.state().await, "synced");
}

#[tokio::test]
async fn nothing_is_said_of_what_was_never_read() {
    // On this one thread the supervisor has not run yet.
    let (monitored, running) = Monitored::unfollowed();
    running.abort();
    let expected = json!({
        "state": "never_loaded",
        "source": {"type": "embedded", "connected": false},
        "last_failure": null,
        "rejected": [],
        "partially_compatible": [],
    });
    assert_eq!(monitored.config().await, expected);
    assert_eq!(monitored.metric("aisix_config_applied_revision").await, None);
    assert_eq!(monitored.metric("aisix_config_source_connected").await.as_deref(), Some("0"));
    *monitored.gateway.readiness.lock().unwrap() = Readiness { draining: false, configured: false };
    let unready = (503, "no configuration available".to_owned());
    assert_eq!(monitored.get("/status/ready").await, unready);
}

#[tokio::test]
async fn a_rejected_document_is_reported_without_its_values() {
    let monitored = Monitored::new().await;
    monitored.put("models/a", &model("a")).await;
    monitored.put("models/a", &json!({"display_name": "a", "provider": {"of": "sk-bad"}})).await;
    monitored.put("widgets/w", &json!({"secret": "sk-bad"})).await;
    monitored.put("nowhere", &json!({"secret": "sk-bad"})).await;
    let (_, text) = monitored.get("/status/config").await;
    assert!(!text.contains("sk-"), "{text}");

    let report = monitored.config().await;
    let rejected = report["rejected"].as_array().unwrap();
    let shown: Vec<_> = rejected
        .iter()
        .map(|one| {
            let text = |field: &str| one[field].as_str().unwrap().to_owned();
            (text("resource_kind"), text("resource_id"), text("last_error_kind"))
        })
        .collect();
    let expected =
        [("models", "a", "schema_failed"), ("", "", "bad_key"), ("widgets", "w", "unknown_kind")];
    let expected = expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
    assert_eq!(shown, expected);
    assert_eq!(rejected[0]["serving_stale_age_seconds"], 0);
    assert_eq!(rejected[0]["serving_stale_since"], rejected[0]["first_seen_at"]);
    assert!(rejected[2].get("serving_stale_since").is_none());
    let at = rejected[0]["first_seen_at"].as_str().unwrap();
    assert!(at.len() == "2030-01-01T00:00:00Z".len() && at.ends_with('Z'), "{at}");
    assert_eq!(report["last_reload"]["successful"], false);
    assert_eq!(report["last_failure"]["last_error_kind"], "bad_key");

    for (sample, value) in [
        ("aisix_config_rejected_resources{kind=\"models\"}", "1"),
        ("aisix_config_rejected_resources{kind=\"api_keys\"}", "0"),
        ("aisix_config_rejected_resources{kind=\"unknown\"}", "2"),
        ("aisix_config_stale_served_resources{kind=\"models\"}", "1"),
        ("aisix_config_last_reload_successful", "0"),
        ("aisix_config_reloads_total", "1"),
        ("aisix_config_reload_failures_total{reason=\"fetch\"}", "0"),
    ] {
        assert_eq!(monitored.metric(sample).await.as_deref(), Some(value), "{sample}");
    }
}

#[tokio::test]
async fn a_report_has_bounds() {
    let monitored = Monitored::new().await;
    for number in 0..1003 {
        let key = format!("models/{number:04}");
        monitored.store.put(&key, Bytes::from_static(b"{}"), Expect::Any).await.unwrap();
    }
    assert!(monitored.applied.reached(1003, wait::DEADLINE).await);
    let report = monitored.config().await;
    assert_eq!(report["rejected"].as_array().unwrap().len(), 1000);
    assert_eq!(report["rejected_omitted"], 3);
}

#[tokio::test]
async fn hashes_of_former_configurations_are_zero_and_few() {
    let monitored = Monitored::new().await;
    for number in 0..12 {
        monitored.put(&format!("models/{number}"), &model(&format!("m{number}"))).await;
        monitored.get("/metrics").await;
    }
    let (_, text) = monitored.get("/metrics").await;
    let samples: Vec<_> =
        text.lines().filter(|line| line.starts_with("aisix_config_hash_info{")).collect();
    assert_eq!(samples.len(), 9);
    assert!(samples[0].ends_with("} 1") && samples[1..].iter().all(|line| line.ends_with("} 0")));
}

#[tokio::test]
async fn one_answer_holds_the_metrics_of_requests_as_well() {
    let monitored = Monitored::new().await;
    monitored.requests.authenticated(AuthDecision::UnknownKey);
    let sample = "aisix_auth_decisions_total{method=\"api_key\",result=\"denied\",\
                  reason=\"unknown_key\"}";
    assert_eq!(monitored.metric(sample).await.as_deref(), Some("1"));
    assert_eq!(monitored.metric("aisix_config_source_connected").await.as_deref(), Some("1"));
}
