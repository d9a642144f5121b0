//! Secrets that are kept on the host, and written as references.

use std::sync::Arc;

use aisix_store::{MemoryStore, References, Secrets};
use aisix_testing::Canaries;
use serde_json::json;

use crate::support::{Admin, provider_key, sealer};

/// An admin API that permits the variable `PERMITTED` and a directory.
fn admin(directory: &std::path::Path, value: &str) -> Admin {
    let variables = [
        ("PERMITTED".to_owned(), Some(value.into())),
        ("UNSET".to_owned(), None),
        ("TWO_LINES".to_owned(), Some("sk-first\nsk-second".into())),
    ];
    let references = Arc::new(References::new(variables, [directory.to_owned()]));
    Admin::with(Arc::new(MemoryStore::new()), Secrets::new(sealer(), references))
}

fn referring(name: &str, reference: &str) -> serde_json::Value {
    let mut body = provider_key(name);
    body["secret"] = json!(reference);
    body
}

#[tokio::test]
async fn a_reference_is_stored_as_it_is_shown_masked_and_kept_by_the_mask() {
    let directory = tempfile::tempdir().unwrap();
    let mut canaries = Canaries::new();
    let admin = admin(directory.path(), &canaries.plant("variable"));
    let file = directory.path().join("secret");
    std::fs::write(&file, canaries.plant("file")).unwrap();

    let mut body = referring("one", "env:PERMITTED");
    body["request"] = json!({"default_headers": {"x-org": format!("file:{}", file.display())}});
    let id = admin.create("provider_keys", body).await;
    let (path, key) = (format!("/admin/v1/provider_keys/{id}"), format!("provider_keys/{id}"));
    let shown = admin.get(&path).await;
    assert_eq!(shown.json()["value"]["secret"], "***");
    assert_eq!(shown.json()["value"]["request"]["default_headers"]["x-org"], "***");
    let stored = admin.document(&key).await.unwrap();
    assert_eq!(stored["secret"], "env:PERMITTED", "no secret, so it is not sealed");

    let mut kept = shown.json()["value"].clone();
    kept["display_name"] = json!("two");
    let answer = admin.put(&path, kept.clone()).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let kept_as = admin.document(&key).await.unwrap();
    assert_eq!(kept_as["secret"], "env:PERMITTED");
    assert_eq!(kept_as["request"], stored["request"]);

    // A reference gives way to a secret, beside another that stays one.
    kept["secret"] = json!("sk-written");
    assert_eq!(admin.put(&path, kept).await.status, 200);
    let mixed = admin.document(&key).await.unwrap();
    assert!(mixed["secret"].as_str().unwrap().starts_with("aisix-sealed:v1:"));
    assert_eq!(mixed["request"], stored["request"]);
    for text in [&shown.text, &answer.text, &admin.stored().await] {
        canaries.assert_absent("an answer or the store", text.as_bytes());
    }
}

#[tokio::test]
async fn a_reference_that_cannot_be_followed_is_refused_with_field_and_key() {
    let directory = tempfile::tempdir().unwrap();
    let admin = admin(directory.path(), "sk-permitted");
    let missing = directory.path().join("missing");
    for (reference, message) in [
        (
            "env:PATH".to_owned(),
            "secret: refers to an environment variable that secrets.allow_env does not list"
                .to_owned(),
        ),
        (
            "env:UNSET".to_owned(),
            "secret: refers to the environment variable UNSET, which is not set".to_owned(),
        ),
        (
            "file:/etc/passwd".to_owned(),
            "secret: refers to a file outside of the directories of secrets.file_dirs".to_owned(),
        ),
        (
            format!("file:{}", missing.display()),
            format!(
                "secret: refers to the file {}, which cannot be read: No such file or directory \
                 (os error 2)",
                missing.display()
            ),
        ),
        (
            "file:relative".to_owned(),
            "secret: begins with 'file:', but no absolute path without '..' follows, as in \
             file:/run/secrets/openai"
                .to_owned(),
        ),
    ] {
        let answer = admin.post("/admin/v1/provider_keys", referring("one", &reference)).await;
        answer.fails(400, &message);
    }
    // What it stands for must be a credential, too.
    let unfit = admin.post("/admin/v1/provider_keys", referring("one", "env:TWO_LINES")).await;
    assert_eq!(unfit.status, 400, "{}", unfit.text);
    assert!(unfit.text.contains("secret: ") && !unfit.text.contains("sk-"), "{}", unfit.text);
    assert_eq!(admin.stored().await, "");
}

#[tokio::test]
async fn the_older_api_takes_references_too() {
    let directory = tempfile::tempdir().unwrap();
    let admin = admin(directory.path(), "sk-permitted");
    let model = |reference: &str| {
        json!({
            "name": "mini", "model": "openai/gpt-4o-mini",
            "provider_config": {"api_key": reference},
        })
    };
    let refused = admin.post("/aisix/admin/models", model("env:PATH")).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    assert!(refused.text.contains("secrets.allow_env"), "{}", refused.text);
    let made = admin.post("/aisix/admin/models", model("env:PERMITTED")).await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert!(!made.text.contains("PERMITTED"), "{}", made.text);
    assert!(admin.stored().await.contains("env:PERMITTED"));
}
