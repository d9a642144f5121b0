//! Who serves what, and writes that wait for all of them.

use aisix_store::{Identity, Receipt, ReceiptSink as _, Served};
use serde_json::{Value, json};

use crate::support::{Admin, Answer, GATEWAY, api_key, group, provider_key};

impl Admin {
    /// Makes the gateway say that it serves everything up to a revision.
    async fn reports(&self, revision: Option<u64>) {
        self.reports_rejecting(revision, vec![]).await;
    }

    /// Makes the gateway say that it rejects these writes.
    async fn reports_rejecting(&self, revision: Option<u64>, rejected: Vec<u64>) {
        let identity = Identity {
            id: GATEWAY.to_owned(),
            environment: "default".to_owned(),
            version: "1.2.3".to_owned(),
            address: "127.0.0.1:3000".to_owned(),
            started_at: Some("2026-01-02T03:04:05Z".parse().unwrap()),
        };
        let served = Served {
            applied_revision: revision,
            newest_revision: Some(5),
            applied_at: Some("2026-01-02T03:04:06Z".parse().unwrap()),
            rejected: 2,
            rejected_revisions: rejected,
        };
        self.receipts.report(&Receipt { identity, served }).await.unwrap();
    }
}

impl Answer {
    #[track_caller]
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }
}

/// Every kind of write of both APIs, and what it answers when it is served.
async fn writes(admin: &Admin) -> Vec<(&'static str, String, Option<Value>, u16)> {
    let replaced = admin.create("provider_keys", provider_key("replaced")).await;
    let deleted = admin.create("provider_keys", provider_key("deleted")).await;
    let rotated = admin.create("apikeys", api_key("rotated")).await;
    let older = json!({"key": "sk-older", "allowed_models": []});
    let new = json!({"key": "sk-new", "allowed_models": []});
    let one = |kind: &str, id: &str| format!("/admin/v1/{kind}/{id}");
    vec![
        ("POST", "/admin/v1/models".to_owned(), Some(group("g", &["m"])), 201),
        ("PUT", one("provider_keys", &replaced), Some(provider_key("replaced")), 200),
        ("DELETE", one("provider_keys", &deleted), None, 200),
        ("POST", format!("{}/rotate", one("apikeys", &rotated)), None, 200),
        ("POST", "/aisix/admin/apikeys".to_owned(), Some(older), 201),
        ("PUT", "/aisix/admin/apikeys/x".to_owned(), Some(new.clone()), 201),
        ("PUT", "/aisix/admin/apikeys/x".to_owned(), Some(new), 200),
        ("DELETE", "/aisix/admin/apikeys/x".to_owned(), None, 200),
    ]
}

#[tokio::test]
async fn every_write_can_wait_until_all_gateways_serve_it() {
    let admin = Admin::new();
    let writes = writes(&admin).await;
    admin.reports(Some(u64::MAX)).await;
    for (method, path, body, status) in writes {
        let answer = admin.call(method, &format!("{path}?wait=applied"), body).await;
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.text);
        assert_eq!(answer.header("x-aisix-receipt"), Some("applied;gateways=1"), "{path}");
        assert_eq!(answer.header("x-aisix-behind"), None);
        assert!(answer.revision() > 0);
    }
}

#[tokio::test]
async fn every_write_says_who_is_behind_when_the_time_is_over_and_keeps_its_body() {
    let admin = Admin::new();
    admin.reports(Some(3)).await;
    for (method, path, body, _) in writes(&admin).await {
        let path = format!("{path}?timeout_ms=1&wait=applied");
        let answer = admin.call(method, &path, body).await;
        assert_eq!(answer.status, 202, "{method} {path}: {}", answer.text);
        let receipt = answer.header("x-aisix-receipt");
        assert_eq!(receipt, Some("pending;gateways=1;behind=1"), "{path}");
        let behind = format!("\"{GATEWAY}\";state=live;applied=3");
        assert_eq!(answer.header("x-aisix-behind"), Some(&*behind));
        let body = answer.json();
        assert!(body.get("error_msg").is_none() && body.is_object(), "{body}");
    }
}

#[tokio::test]
async fn a_write_that_waits_is_answered_as_soon_as_the_last_gateway_serves_it() {
    let admin = Admin::new();
    admin.reports(None).await;
    let path = "/admin/v1/provider_keys?wait=applied&timeout_ms=60000";
    let reporting = async {
        let written = || async { admin.store.list().await.unwrap().revision };
        aisix_testing::wait::until_async("the write", async || written().await > 0).await;
        admin.reports(Some(written().await)).await;
    };
    let (answer, ()) = tokio::join!(admin.post(path, provider_key("one")), reporting);
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.header("x-aisix-receipt"), Some("applied;gateways=1"));
}

#[tokio::test]
async fn a_gateway_that_says_nothing_is_behind_and_nobody_on_record_is_no_receipt() {
    let admin = Admin::new();
    let path = "/admin/v1/provider_keys?wait=applied&timeout_ms=1";
    let answer = admin.post(path, provider_key("one")).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    assert_eq!(answer.header("x-aisix-receipt"), Some("pending;gateways=0;behind=0"));
    admin.reports(None).await;
    let answer = admin.post(path, provider_key("two")).await;
    assert_eq!(answer.status, 202, "{}", answer.text);
    let behind = format!("\"{GATEWAY}\";state=live");
    assert_eq!(answer.header("x-aisix-behind"), Some(&*behind));
}

#[tokio::test]
async fn a_gateway_that_rejects_what_was_written_is_behind() {
    let admin = Admin::new();
    admin.reports_rejecting(Some(2), vec![2, 1]).await;
    let path = "/admin/v1/provider_keys?wait=applied&timeout_ms=1";
    let answer = admin.post(path, provider_key("one")).await;
    assert_eq!((answer.status.as_u16(), answer.revision()), (202, 1), "{}", answer.text);
    let behind = format!("\"{GATEWAY}\";state=live;applied=2;rejected");
    assert_eq!(answer.header("x-aisix-behind"), Some(&*behind));
}

#[tokio::test]
async fn a_write_without_a_wait_asks_nobody_else() {
    let admin = Admin::new();
    admin.reports(None).await;
    let answer = admin.post("/admin/v1/provider_keys?pretty=1", provider_key("one")).await;
    assert_eq!(answer.status, 201, "{}", answer.text);
    assert_eq!(answer.header("x-aisix-receipt"), None);
}

#[tokio::test]
async fn a_wait_that_nobody_understands_is_refused_before_anything_is_written() {
    let admin = Admin::new();
    let number = "timeout_ms: must be a number from 1 to 60000";
    for (query, message) in [
        ("wait=", "wait: must be 'applied'"),
        ("wait=true", "wait: must be 'applied'"),
        ("wait=applied&wait=applied", "wait: is given more than once"),
        ("wait=applied&timeout_ms=", number),
        ("wait=applied&timeout_ms=0", number),
        ("wait=applied&timeout_ms=60001", number),
        ("wait=applied&timeout_ms=1s", number),
        ("wait=applied&timeout_ms=-1", number),
        ("wait=applied&timeout_ms=99999999999999999999", number),
        ("wait=applied&timeout_ms=1&timeout_ms=1", "timeout_ms: is given more than once"),
        ("timeout_ms=1000", "timeout_ms: needs wait=applied beside it"),
    ] {
        for path in ["/admin/v1/provider_keys", "/aisix/admin/apikeys"] {
            admin.post(&format!("{path}?{query}"), json!({})).await.fails(400, message);
        }
    }
    assert_eq!(admin.store.list().await.unwrap().entries, []);
}

#[tokio::test]
async fn the_gateways_are_listed_with_what_they_serve() {
    let admin = Admin::new();
    admin.get("/admin/v1/gateways").await.is(200, &json!([]));
    admin.reports(Some(4)).await;
    let answer = admin.get("/admin/v1/gateways").await;
    let mut listed = answer.json();
    let age = listed[0]["age_seconds"].take();
    assert!(age.as_i64().is_some_and(|age| age >= 0), "{age}");
    let expected = json!([{
        "id": GATEWAY,
        "environment": "default",
        "state": "live",
        "address": "127.0.0.1:3000",
        "version": "1.2.3",
        "started_at": "2026-01-02T03:04:05Z",
        "applied_revision": 4,
        "desired_revision": 5,
        "applied_at": "2026-01-02T03:04:06Z",
        "age_seconds": null,
        "rejected": 2,
    }]);
    assert_eq!(listed, expected, "{}", answer.text);
}

#[tokio::test]
async fn only_a_lost_gateway_can_be_forgotten() {
    let admin = Admin::new();
    admin.reports(Some(4)).await;
    let message = "this gateway is live: it leaves by itself when it is stopped";
    admin.delete(&format!("/admin/v1/gateways/{GATEWAY}")).await.fails(409, message);
    admin.delete("/admin/v1/gateways/other").await.fails(404, "no such gateway");
    assert_eq!(admin.get("/admin/v1/gateways").await.json().as_array().unwrap().len(), 1);
}
