//! Secrets go in and never come out.

use std::cell::RefCell;
use std::io::Write;
use std::sync::{Arc, Once};

use aisix_core::Document;
use aisix_core::Kind;
use aisix_store::ConfigSource as _;
use aisix_testing::{Canaries, wait};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::stores::Meddled;
use crate::support::{ADMIN_KEY, Admin, Answer, api_key, provider_key};

thread_local! {
    /// Everything that was logged on this thread: a test has one to itself.
    static LOGGED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Writes to the log of the thread.
struct Logged;

impl Write for Logged {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LOGGED.with_borrow_mut(|logged| logged.extend_from_slice(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Keeps what is logged from now on.
///
/// The subscriber is the process's own: one for a thread would miss the call sites that another
/// thread reached first.
fn keep_log() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(|| Logged)
            .init();
        tracing::callsite::rebuild_interest_cache();
    });
    LOGGED.take();
}

fn logged() -> String {
    LOGGED.with_borrow(|logged| String::from_utf8(logged.clone()).unwrap())
}

impl Admin {
    /// The secret that the gateway would send upstream.
    pub(crate) async fn secret(&self, key: &str) -> String {
        let entry = self.store.get(key).await.unwrap().unwrap();
        let mut document = Document::parse(&entry.value).unwrap();
        let (_, id) = key.split_once('/').unwrap();
        document.resolve_secrets(Kind::ProviderKeys, id, &crate::support::sealer()).unwrap();
        let mut found = String::new();
        let look = |path: String, text: &str| {
            if path == "secret" || path == "api_key" {
                text.clone_into(&mut found);
            }
            Ok::<_, ()>(None)
        };
        document.visit_secrets(Kind::ProviderKeys, look).unwrap();
        found
    }
}

#[tokio::test]
async fn the_mask_keeps_the_stored_secret_on_put() {
    let admin = Admin::new();
    let mut body = provider_key("one");
    body["request"] = json!({
        "default_headers": {"x-org": "sk-header-secret"},
        "default_body_fields": {"user": "sk-field-secret", "n": 1},
    });
    let id = admin.create("provider_keys", body).await;
    let (path, key) = (format!("/admin/v1/provider_keys/{id}"), format!("provider_keys/{id}"));
    let shown = admin.get(&path).await.json()["value"].clone();
    assert_eq!(shown["secret"], "***");
    assert_eq!(shown["request"]["default_headers"]["x-org"], "***");
    assert_eq!(shown["request"]["default_body_fields"], json!({"user": "***", "n": 1}));

    let mut round_trip = shown.clone();
    round_trip["display_name"] = json!("two");
    let answer = admin.put(&path, round_trip).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(admin.secret(&key).await, "sk-upstream-of-one");

    let mut replaced = shown;
    replaced["secret"] = json!("sk-newer");
    assert_eq!(admin.put(&path, replaced.clone()).await.status, 200);
    assert_eq!(admin.secret(&key).await, "sk-newer");

    replaced["request"]["default_headers"] = json!({"x-other": "***"});
    let message = "request.default_headers.x-other: is the mask '***', and there is no stored \
                   secret to keep: write the secret";
    admin.put(&path, replaced).await.fails(400, message);
}

#[tokio::test]
async fn the_mask_keeps_a_secret_under_either_of_its_names() {
    let admin = Admin::new();
    let document =
        json!({"display_name": "by hand", "provider": "openai", "api_key": "sk-by-hand"});
    let bytes = document.to_string().into();
    admin.store.put("provider_keys/k", bytes, aisix_store::Expect::Absent).await.unwrap();
    let mut body = provider_key("one");
    body["secret"] = json!("***");
    assert_eq!(admin.put("/admin/v1/provider_keys/k", body).await.status, 200);
    assert_eq!(admin.secret("provider_keys/k").await, "sk-by-hand");
    assert!(!admin.stored().await.contains("sk-by-hand"), "it is sealed now");
}

#[tokio::test]
async fn the_mask_is_no_secret_on_post() {
    let admin = Admin::new();
    for name in ["secret", "api_key"] {
        let mut body = provider_key("one");
        body.as_object_mut().unwrap().remove("secret");
        body[name] = json!("***");
        let message = "secret: is the mask '***', and there is no stored secret to keep: write \
                       the secret";
        admin.post("/admin/v1/provider_keys", body).await.fails(400, message);
    }
}

#[tokio::test]
async fn a_sealed_secret_of_another_key_is_refused() {
    let admin = Admin::new();
    let id = admin.create("provider_keys", provider_key("one")).await;
    let sealed = admin.document(&format!("provider_keys/{id}")).await.unwrap()["secret"].clone();
    let mut body = provider_key("two");
    body["secret"] = sealed;
    let answer = admin.post("/admin/v1/provider_keys", body).await;
    assert_eq!(answer.status, 400, "{}", answer.text);
    assert!(answer.text.contains("secret: "), "{}", answer.text);
}

#[tokio::test]
async fn no_answer_log_or_stored_byte_holds_a_secret() {
    keep_log();
    let mut canaries = Canaries::new();
    canaries.add("admin key", ADMIN_KEY);
    let store = Meddled::default();
    let admin = Admin::on(Arc::new(store.clone()));
    let mut answers: Vec<Answer> = Vec::new();
    let mut call = async |method: &str, path: &str, body: Value| {
        let body = (!body.is_null()).then_some(body);
        let answer = admin.call(method, path, body).await;
        answers.push(Answer { text: answer.text.clone(), ..answer });
        serde_json::from_str::<Value>(&answers.last().unwrap().text).unwrap()
    };

    let mut body = provider_key("one");
    body["secret"] = json!(canaries.plant("provider secret"));
    body["request"] = json!({
        "default_headers": {"x-org": canaries.plant("header secret")},
        "default_body_fields": {"user": canaries.plant("field secret")},
    });
    let created = call("POST", "/admin/v1/provider_keys", body.clone()).await;
    let path = format!("/admin/v1/provider_keys/{}", created["id"].as_str().unwrap());
    call("POST", "/admin/v1/provider_keys", body.clone()).await;
    call("PUT", &path, body.clone()).await;
    call("GET", &path, Value::Null).await;
    for (field, name) in [
        ("adapter", "secret in a closed field"),
        ("api_base", "secret in the base"),
        ("tls", "secret in place of an object"),
        ("strip_headers", "secret in place of a list"),
    ] {
        let mut wrong = body.clone();
        wrong["display_name"] = json!("wrong");
        wrong[field] = json!(canaries.plant(name));
        call("POST", "/admin/v1/provider_keys", wrong).await;
    }
    let plaintext = canaries.plant("caller key");
    let older = json!({"key": plaintext, "allowed_models": []});
    let made = call("POST", "/aisix/admin/apikeys", older.clone()).await;
    call("POST", "/aisix/admin/apikeys", older).await;
    let mut misplaced = api_key("x");
    misplaced["key_hash"] = json!(canaries.plant("plaintext in place of its hash"));
    call("POST", "/admin/v1/apikeys", misplaced).await;
    let rotate = format!("/admin/v1/apikeys/{}/rotate", made["id"].as_str().unwrap());
    let rotated = call("POST", &rotate, json!({"grace_seconds": 9})).await;
    let model = json!({
        "name": "mini",
        "model": "openai/gpt-4o-mini",
        "provider_config": {"api_key": canaries.plant("older provider secret")},
    });
    call("POST", "/aisix/admin/models", model.clone()).await;
    call("POST", "/aisix/admin/models", model).await;
    for path in ["/admin/v1/provider_keys", "/admin/v1/models", "/admin/v1/apikeys"] {
        call("GET", path, Value::Null).await;
        call("GET", &path.replace("/admin/v1", "/aisix/admin"), Value::Null).await;
    }
    let stored = admin.stored().await;
    store.break_down("the disk is gone");
    call("PUT", &path, body).await;

    for answer in &answers {
        canaries.assert_absent("an answer", answer.text.as_bytes());
        canaries.assert_absent("an answer's head", format!("{:?}", answer.headers).as_bytes());
    }
    // The new plaintext is shown once, and is no secret of the answer that shows it.
    canaries.add("rotated plaintext", rotated["plaintext"].as_str().unwrap());
    canaries.assert_absent("the log", logged().as_bytes());
    canaries.assert_absent("the store", stored.as_bytes());
    assert!(logged().contains("the disk is gone"), "causes are logged: {}", logged());
    let last = &answers.last().unwrap().text;
    assert!(!last.contains("the disk is gone"), "and not answered: {last}");
}

#[tokio::test]
async fn every_write_leaves_one_line_without_values() {
    keep_log();
    let admin = Admin::new();
    let id = admin.create("provider_keys", provider_key("a-name")).await;
    let path = format!("/admin/v1/provider_keys/{id}");
    admin.put(&path, provider_key("another-name")).await;
    admin.delete(&path).await;
    admin.delete(&path).await;
    let text = logged();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("aisix::audit")).collect();
    assert_eq!(lines.len(), 3, "{text}");
    for (line, (action, revision)) in
        lines.iter().zip([("create", 1), ("update", 2), ("delete", 3)])
    {
        for part in [
            format!("id=\"{id}\""),
            format!("action=\"{action}\""),
            format!("revision={revision}"),
            "kind=provider_keys".to_owned(),
        ] {
            assert!(line.contains(&part), "{part} is missing: {line}");
        }
    }
    assert!(!text.contains("a-name") && !text.contains("another-name"), "{text}");
}

#[tokio::test]
async fn a_write_whose_client_leaves_takes_place_with_its_line() {
    keep_log();
    let store = Meddled::default();
    let admin = Admin::on(Arc::new(store.clone()));
    let (begin, begun) = oneshot::channel();
    let (release, released) = oneshot::channel();
    store.before_commit(async move {
        begin.send(()).unwrap();
        // Broken off, the write does not take place.
        let () = released.await.unwrap();
    });
    tokio::select! {
        biased;
        _ = begun => {}
        answer = admin.post("/admin/v1/provider_keys", provider_key("one")) => {
            panic!("answered before the write: {}", answer.text);
        }
    }
    let mut watch = store.watch(0).await.unwrap();
    let _ = release.send(());
    assert!(wait::within("the write", watch.recv()).await.is_some());
    wait::until("its line", || logged().contains("aisix::audit")).await;
}

#[tokio::test]
async fn every_kind_stores_its_secrets_sealed_and_shows_the_mask() {
    let admin = Admin::new();
    for (collection, body, shown) in [
        (
            "guardrails",
            json!({"name": "g", "kind": "openai_moderation", "api_key": "sk-canary"}),
            json!({"name": "g", "kind": "openai_moderation", "api_key": "***"}),
        ),
        (
            "guardrails",
            json!({
                "name": "b", "kind": "bedrock", "guardrail_id": "i", "guardrail_version": "1",
                "region": "r", "latency_mode": "serial",
                "aws_credentials": {"access_key_id": "AK", "secret_access_key": "sk-canary"},
            }),
            json!({
                "name": "b", "kind": "bedrock", "guardrail_id": "i", "guardrail_version": "1",
                "region": "r", "latency_mode": "serial",
                "aws_credentials": {"access_key_id": "AK", "secret_access_key": "***"},
            }),
        ),
        (
            "observability_exporters",
            json!({
                "name": "o", "kind": "otlp_http", "endpoint": "https://o/v1/traces",
                "headers": {"authorization": "sk-canary"},
            }),
            json!({
                "name": "o", "kind": "otlp_http", "endpoint": "https://o/v1/traces",
                "headers": {"authorization": "***"},
            }),
        ),
        (
            "mcp_servers",
            json!({"name": "m", "auth": [{"secret": "sk-canary"}], "url": "https://m"}),
            json!({"name": "m", "auth": [{"secret": "***"}], "url": "https://m"}),
        ),
        (
            "a2a_agents",
            json!({"display_name": "a", "secret": "sk-canary"}),
            json!({"display_name": "a", "secret": "***"}),
        ),
    ] {
        let id = admin.create(collection, body.clone()).await;
        let path = format!("/admin/v1/{collection}/{id}");
        assert_eq!(admin.get(&path).await.json()["value"], shown);
        let stored = admin.stored().await;
        assert!(!stored.contains("sk-canary"), "{stored}");

        let replaced = admin.put(&path, shown.clone()).await;
        assert_eq!(replaced.status, 200, "{}", replaced.text);
        let key = format!("{collection}/{id}");
        let kind = Kind::from_plural(collection).unwrap();
        let kept = admin.store.get(&key).await.unwrap().unwrap();
        let mut kept = Document::parse(&kept.value).unwrap();
        kept.resolve_secrets(kind, &id, &crate::support::sealer()).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&kept.to_bytes()).unwrap(), body);

        let answer = admin.post(&format!("/admin/v1/{collection}"), shown).await;
        assert_eq!(answer.status, 400, "{}", answer.text);
        assert!(answer.text.contains("is the mask '***'"), "{}", answer.text);
    }
}
