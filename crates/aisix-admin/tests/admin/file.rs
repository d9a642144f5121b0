//! A resources file as the source: read, and never written.

use std::sync::Arc;

use aisix_admin::StatusApi;
use aisix_core::Kind;
use aisix_core::Secret;
use aisix_core::resource::{PlainSecrets, SecretField, SecretProblem, SecretResolver};
use aisix_store::file::format::id_of;
use aisix_store::{Applied, FileStore, Sealer, Secrets, Supervisor};
use aisix_telemetry::{Metrics, MetricsSettings};
use aisix_testing::wait;
use axum::body::Body;
use http::Request;
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::support::{Admin, FakeGateway, api_key, model, provider_key};

const RESOURCES: &str = r#"
_format_version: "1"
provider_keys:
  - {display_name: p, adapter: openai, api_base: 'https://x', secret: sk-of-the-provider}
models:
  - {display_name: m, provider: openai, model_name: gpt-4o, provider_key: p}
"#;

/// A file that is followed.
struct InFile {
    directory: TempDir,
    store: FileStore,
    applied: Applied,
    admin: Admin,
}

impl InFile {
    async fn new() -> Self {
        Self::with(Arc::new(PlainSecrets)).await
    }

    async fn with(secrets: Arc<dyn SecretResolver>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("resources.yaml");
        std::fs::write(&path, RESOURCES).unwrap();
        let plain = Arc::new(Secrets::new(Sealer::plain(), Arc::default()));
        let store = FileStore::open(path, Box::new(|_| None), plain).unwrap();
        let source = Arc::new(store.clone());
        let (supervisor, applied) = Supervisor::new(source, secrets, |_| {});
        tokio::spawn(supervisor.run(std::future::pending()));
        assert!(applied.reached(1, wait::DEADLINE).await);
        let admin = Admin::on(Arc::new(store.clone()));
        Self { directory, store, applied, admin }
    }

    fn write(&self, text: &str) {
        std::fs::write(self.directory.path().join("resources.yaml"), text).unwrap();
    }

    async fn monitored(&self, path: &str) -> String {
        let gateway = Arc::new(FakeGateway::default());
        let requests = Arc::new(Metrics::new(&MetricsSettings::default()));
        let router = StatusApi::router("/metrics", gateway, requests, self.applied.clone(), "file");
        let request = Request::get(path).body(Body::empty()).unwrap();
        let body = router.oneshot(request).await.unwrap().into_body();
        String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    async fn config(&self) -> Value {
        serde_json::from_str(&self.monitored("/status/config").await).unwrap()
    }
}

#[tokio::test]
async fn every_write_is_refused_and_names_the_file() {
    let file = InFile::new().await;
    let path = file.directory.path().join("resources.yaml");
    let message = format!(
        "the resources file {} owns the configuration, so it cannot be changed here: change the \
         file and send the gateway SIGHUP",
        path.display()
    );
    let id = id_of(Kind::Models, "m");
    let older = json!({"name": "n", "model": "openai/x", "provider_config": {"api_key": "k"}});
    for (method, path, body) in [
        ("POST", "/admin/v1/provider_keys".into(), Some(provider_key("p"))),
        ("POST", "/admin/v1/models".into(), Some(model("n", "nobody"))),
        ("PUT", format!("/admin/v1/models/{id}"), Some(model("m", "nobody"))),
        ("DELETE", format!("/admin/v1/models/{id}"), None),
        ("DELETE", "/admin/v1/models/nobody".into(), None),
        ("POST", "/admin/v1/apikeys".into(), Some(api_key("k"))),
        ("POST", "/admin/v1/apikeys/nobody/rotate".into(), None),
        ("POST", "/aisix/admin/models".into(), Some(older.clone())),
        ("PUT", format!("/aisix/admin/models/{id}"), Some(older)),
        ("DELETE", format!("/aisix/admin/models/{id}"), None),
        ("POST", "/aisix/admin/apikeys".into(), Some(json!({"key": "k", "allowed_models": []}))),
    ] {
        file.admin.call(method, &path, body).await.fails(409, &message);
    }
}

#[tokio::test]
async fn the_file_is_read_with_its_generation_as_revision() {
    let file = InFile::new().await;
    let path = format!("/admin/v1/models/{}", id_of(Kind::Models, "m"));
    let model = file.admin.get(&path).await.json();
    assert_eq!((&model["value"]["display_name"], &model["revision"]), (&json!("m"), &json!(1)));
    let keys = file.admin.get("/admin/v1/provider_keys").await;
    assert_eq!(keys.json()[0]["value"]["secret"], "***");
    assert!(!keys.text.contains("sk-of-the-provider"));
    file.store.reload().unwrap();
    assert_eq!(file.admin.get(&path).await.json()["revision"], 2);
    assert_eq!(file.admin.get("/aisix/admin/models").await.json()["total"], 1);
    let health = file.admin.get("/admin/v1/health").await.json();
    assert_eq!((&health["status"], health.get("config")), (&json!("ok"), None));
}

/// Opens nothing.
struct Locked;

impl SecretResolver for Locked {
    fn resolve(&self, _: &SecretField<'_>, _: &str) -> Result<Option<Secret>, SecretProblem> {
        Err(SecretProblem("refers to nothing".to_owned()))
    }
}

#[tokio::test]
async fn a_secret_that_cannot_be_followed_rejects_its_entry_only() {
    let file = InFile::with(Arc::new(Locked)).await;
    let config = file.config().await;
    assert_eq!(config["state"], "degraded", "{config}");
    assert_eq!(config["applied"]["resource_counts"], json!({"models": 1}));
    assert_eq!(config["rejected"][0]["last_error"], "secret: refers to nothing");
    assert_eq!(config["rejected"][0]["resource_id"], "p", "as the file calls it");
    // The file was taken over, and yet not all of it serves.
    file.store.reload().unwrap();
    assert!(file.applied.reached(2, wait::DEADLINE).await);
    let metrics = file.monitored("/metrics").await;
    for line in [
        "aisix_config_last_reload_successful 0",
        "aisix_config_reloads_total 2",
        "aisix_config_reload_failures_total{reason=\"validate\"} 2",
    ] {
        assert!(metrics.lines().any(|found| found == line), "no {line} in {metrics}");
    }
    let timestamp = "aisix_config_last_reload_success_timestamp_seconds";
    assert!(!metrics.lines().any(|line| line.starts_with(timestamp)), "{metrics}");
}

#[tokio::test]
async fn monitoring_sees_a_rejected_file_and_what_serves_on() {
    let file = InFile::new().await;
    let synced = file.config().await;
    assert_eq!((&synced["state"], &synced["source"]["type"]), (&json!("synced"), &json!("file")));
    for absent in ["connected", "observed_revision"] {
        assert_eq!(synced["source"].get(absent), None, "{synced}");
    }
    assert_eq!(synced["applied"].get("applied_revision"), None, "{synced}");
    assert_eq!(synced["applied"]["config_hash"], synced["source"]["source_hash"]);

    file.write(&RESOURCES.replace("provider_key: p", "provider_key: nobody, color: red"));
    file.store.reload().expect_err("a bad file");
    let bad = file.config().await;
    assert_eq!(
        (&bad["state"], &bad["last_reload"]["successful"]),
        (&json!("out_of_sync"), &json!(false))
    );
    assert_eq!(bad["applied"], synced["applied"]);
    assert_ne!(bad["source"]["source_hash"], synced["source"]["source_hash"]);
    let rejected = &bad["rejected"][0];
    assert_eq!(
        (&rejected["resource_kind"], &rejected["resource_id"], &rejected["last_error_kind"]),
        (&json!("models"), &json!("m"), &json!("schema_failed"))
    );
    assert_eq!(
        rejected["last_error"],
        "provider_key: names no provider key of this file; it has 'p'; color: unknown field"
    );
    assert!(rejected["serving_stale_since"].is_string(), "{rejected}");
    assert_eq!(bad["last_failure"]["last_error_kind"], "schema_failed");
    let metrics = file.monitored("/metrics").await;
    for line in [
        "aisix_config_last_reload_successful 0",
        "aisix_config_reloads_total 2",
        "aisix_config_reload_failures_total{reason=\"validate\"} 1",
        "aisix_config_rejected_resources{kind=\"models\"} 1",
        "aisix_config_stale_served_resources{kind=\"models\"} 1",
    ] {
        assert!(metrics.lines().any(|found| found == line), "no {line} in {metrics}");
    }
    for absent in ["_revision", "source_connected"] {
        assert!(!metrics.contains(absent), "{absent} is in {metrics}");
    }

    file.write("models: [");
    file.store.reload().expect_err("no YAML");
    let worse = file.config().await;
    let rejected = &worse["rejected"][0];
    assert_eq!((&rejected["resource_kind"], &rejected["resource_id"]), (&json!(""), &json!("")));
    assert_eq!(rejected["last_error_kind"], "non_json");

    file.write(RESOURCES);
    file.store.reload().unwrap();
    let good = file.config().await;
    assert_eq!((&good["state"], &good["rejected"]), (&json!("synced"), &json!([])));
    assert!(
        file.monitored("/metrics")
            .await
            .contains("aisix_config_reload_failures_total{reason=\"parse\"} 1")
    );
}
