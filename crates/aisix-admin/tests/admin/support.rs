//! A router over a store in memory, beside a gateway that does what the test says.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aisix_admin::AdminApi;
use aisix_auth::AdminKeys;
use aisix_gateway::{ConfigurationStatus, GatewayHandle, ModelHealth, Readiness};
use aisix_store::{ConfigStore, LocalReceipts, MasterKey, MemoryStore, Sealer, Secrets};
use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::{Value, json};
use tower::ServiceExt as _;

/// The key that every request of [`Admin`] carries.
pub(crate) const ADMIN_KEY: &str = "admin-local-only-change-me";

/// The id of the only gateway that may report.
pub(crate) const GATEWAY: &str = "11111111-2222-4333-8444-555555555555";

/// A gateway as the admin APIs see it.
pub(crate) struct FakeGateway {
    pub(crate) catches_up: AtomicBool,
    pub(crate) waited_for: Mutex<Vec<u64>>,
    pub(crate) readiness: Mutex<Readiness>,
    pub(crate) configuration: Mutex<ConfigurationStatus>,
    pub(crate) models: Mutex<Vec<ModelHealth>>,
}

impl Default for FakeGateway {
    fn default() -> Self {
        Self {
            catches_up: AtomicBool::new(true),
            waited_for: Mutex::default(),
            readiness: Mutex::new(Readiness { draining: false, configured: true }),
            configuration: Mutex::new(ConfigurationStatus {
                revision: 7,
                age: Some(Duration::from_secs(3)),
            }),
            models: Mutex::default(),
        }
    }
}

#[async_trait]
impl GatewayHandle for FakeGateway {
    fn readiness(&self) -> Readiness {
        *self.readiness.lock().unwrap()
    }

    fn configuration(&self) -> ConfigurationStatus {
        *self.configuration.lock().unwrap()
    }

    fn models(&self) -> Vec<ModelHealth> {
        self.models.lock().unwrap().clone()
    }

    async fn serves(&self, revision: u64, _: Duration) -> bool {
        self.waited_for.lock().unwrap().push(revision);
        self.catches_up.load(Ordering::Relaxed)
    }
}

/// The router under test, with what stands behind it.
pub(crate) struct Admin {
    pub(crate) router: Router,
    pub(crate) store: Arc<dyn ConfigStore>,
    pub(crate) gateway: Arc<FakeGateway>,
    pub(crate) receipts: LocalReceipts,
}

/// An answer, read to its end.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Admin {
    pub(crate) fn new() -> Self {
        Self::on(Arc::new(MemoryStore::new()))
    }

    pub(crate) fn on(store: Arc<dyn ConfigStore>) -> Self {
        Self::with(store, Secrets::new(sealer(), Arc::default()))
    }

    pub(crate) fn with(store: Arc<dyn ConfigStore>, secrets: Secrets) -> Self {
        let gateway = Arc::new(FakeGateway::default());
        let receipts = LocalReceipts::new(GATEWAY);
        let router = AdminApi::router(
            store.clone(),
            Arc::new(secrets),
            gateway.clone(),
            receipts.roster(),
            AdminKeys::new([ADMIN_KEY, "your-strong-admin-key-here"]),
        );
        Self { router, store, gateway, receipts }
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        Answer { status: head.status, headers: head.headers, text }
    }

    /// Sends a request with the admin key and, where there is one, a JSON body.
    pub(crate) async fn call(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let text = body.map(|body| body.to_string());
        self.send(request(method, path, text)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.call("PUT", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.call("DELETE", path, None).await
    }

    /// Creates a resource and returns its id.
    pub(crate) async fn create(&self, collection: &str, body: Value) -> String {
        let answer = self.post(&format!("/admin/v1/{collection}"), body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// Every byte that the store holds.
    pub(crate) async fn stored(&self) -> String {
        let listing = self.store.list().await.unwrap();
        let texts = listing.entries.iter().map(|entry| String::from_utf8_lossy(&entry.value));
        texts.collect::<Vec<_>>().join("\n")
    }

    /// The stored document, secrets sealed.
    pub(crate) async fn document(&self, key: &str) -> Option<Value> {
        let entry = self.store.get(key).await.unwrap()?;
        Some(serde_json::from_slice(&entry.value).unwrap())
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Asserts status and message of an error, whose body holds nothing else.
    #[track_caller]
    pub(crate) fn fails(&self, status: u16, message: &str) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.text, json!({"error_msg": message}).to_string());
    }

    /// Asserts status and body, the order of fields included.
    #[track_caller]
    pub(crate) fn is(&self, status: u16, body: &Value) {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.text, body.to_string());
    }

    /// The store's revision that the answer names.
    #[track_caller]
    pub(crate) fn revision(&self) -> u64 {
        self.headers["x-aisix-config-revision"].to_str().unwrap().parse().unwrap()
    }
}

/// Seals as every router under test does.
pub(crate) fn sealer() -> Sealer {
    Sealer::with(&MasterKey::from_text(&"ab".repeat(32)).unwrap())
}

/// A request with the admin key; JSON where it has a body.
pub(crate) fn request(method: &str, path: &str, body: Option<String>) -> Request<Body> {
    let mut builder = Request::builder()
        .method(Method::from_bytes(method.as_bytes()).unwrap())
        .uri(path)
        .header("authorization", format!("Bearer {ADMIN_KEY}"));
    if body.is_some() {
        builder = builder.header("content-type", "application/json");
    }
    builder.body(body.map_or_else(Body::empty, Body::from)).unwrap()
}

pub(crate) fn provider_key(name: &str) -> Value {
    json!({
        "display_name": name,
        "provider": "openai",
        "adapter": "openai",
        "secret": format!("sk-upstream-of-{name}"),
        "api_base": "https://api.openai.com/v1",
    })
}

pub(crate) fn model(name: &str, provider_key_id: &str) -> Value {
    json!({
        "display_name": name,
        "provider": "openai",
        "model_name": "gpt-4o",
        "provider_key_id": provider_key_id,
    })
}

pub(crate) fn group(name: &str, targets: &[&str]) -> Value {
    let targets: Vec<_> = targets.iter().map(|target| json!({"model": target})).collect();
    json!({"display_name": name, "routing": {"targets": targets}})
}

/// SHA-256 of a text, in hexadecimal.
pub(crate) fn hash(plaintext: &str) -> String {
    aisix_core::KeyHash::of(plaintext).to_string()
}

pub(crate) fn api_key(plaintext: &str) -> Value {
    json!({"key_hash": hash(plaintext), "allowed_models": ["gpt-4o-prod"]})
}
