//! Health and probes.

use std::time::Duration;

use aisix_core::Id;
use aisix_gateway::{ConfigurationStatus, ModelHealth, Readiness};
use axum::body::Body;
use http::Request;
use serde_json::json;

use crate::support::{Admin, Answer};

fn failing(name: &str, consecutive_failures: u32) -> ModelHealth {
    let id = Id::from(format!("id-{name}"));
    ModelHealth { id, name: name.to_owned(), direct: true, consecutive_failures }
}

async fn probe(admin: &Admin, path: &str) -> Answer {
    admin.send(Request::get(path).body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn health_tells_of_models_and_configuration() {
    let admin = Admin::new();
    *admin.gateway.models.lock().unwrap() = vec![failing("b", 3), failing("a", 0)];
    admin.get("/admin/v1/health").await.is(
        200,
        &json!({
            "status": "ok",
            "models": [
                {"id": "id-a", "name": "a", "health": 0},
                {"id": "id-b", "name": "b", "health": 0},
            ],
            "config": {"snapshot_revision": 7, "snapshot_age_seconds": 3},
        }),
    );
}

#[tokio::test]
async fn four_failures_in_a_row_degrade_and_eight_are_unhealthy() {
    for (failures, health, status) in [
        (3, 0, "ok"),
        (4, 1, "degraded"),
        (7, 1, "degraded"),
        (8, 2, "unhealthy"),
        (900, 2, "unhealthy"),
    ] {
        let admin = Admin::new();
        *admin.gateway.models.lock().unwrap() = vec![failing("a", 0), failing("b", failures)];
        let body = admin.get("/admin/v1/health").await.json();
        assert_eq!(
            (&body["status"], &body["models"][1]["health"]),
            (&json!(status), &json!(health))
        );
    }
}

#[tokio::test]
async fn a_gateway_without_configuration_is_degraded_and_an_idle_one_is_not() {
    let admin = Admin::new();
    *admin.gateway.configuration.lock().unwrap() = ConfigurationStatus { revision: 0, age: None };
    let body = admin.get("/admin/v1/health").await.json();
    assert_eq!(body["status"], "degraded");
    assert_eq!(body["config"], json!({"snapshot_revision": 0, "snapshot_age_seconds": null}));
    let age = Some(Duration::from_secs(86_400));
    *admin.gateway.configuration.lock().unwrap() = ConfigurationStatus { revision: 3, age };
    assert_eq!(admin.get("/admin/v1/health").await.json()["status"], "ok");
}

#[tokio::test]
async fn probes_answer_plain_text_without_a_key() {
    let admin = Admin::new();
    for (path, text) in [
        ("/livez", "ok"),
        ("/readyz", "ok"),
        ("/livez?verbose", "[+]ping ok\n[+]shutdown ok\nlivez check passed\n"),
        ("/readyz?verbose=1", "[+]shutdown ok\n[+]config ok\nreadyz check passed\n"),
    ] {
        let answer = probe(&admin, path).await;
        assert_eq!((answer.status.as_u16(), answer.text.as_str()), (200, text), "{path}");
        assert_eq!(answer.headers["content-type"], "text/plain; charset=utf-8");
        assert_eq!(answer.headers["x-content-type-options"], "nosniff");
    }
    *admin.gateway.readiness.lock().unwrap() = Readiness { draining: true, configured: false };
    let answer = probe(&admin, "/readyz").await;
    assert_eq!(answer.status, 503);
    assert_eq!(
        answer.text,
        "[-]shutdown failed: draining\n[-]config failed: not ready\nreadyz check failed"
    );
    assert_eq!(probe(&admin, "/livez").await.status, 503);
}

#[tokio::test]
async fn there_is_no_other_health() {
    let admin = Admin::new();
    for path in ["/health", "/healthz", "/metrics", "/status/config", "/status/models"] {
        admin.get(path).await.fails(404, "no such path");
    }
}
