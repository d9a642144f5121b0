//! The older API, over the same store.

use serde_json::{Value, json};

use crate::support::{Admin, Answer, api_key, group, hash, model, provider_key};

fn older_key(plaintext: &str) -> Value {
    json!({"key": plaintext, "allowed_models": ["openai-gpt4-mini"]})
}

fn older_model(name: &str) -> Value {
    json!({
        "name": name,
        "model": "openai/gpt-4o-mini",
        "provider_config": {"api_key": "sk-upstream-credential"},
    })
}

fn id_of(answer: &Answer) -> String {
    assert_eq!(answer.status, 201, "{}", answer.text);
    answer.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn creates_a_key_as_the_page_prints_it_and_never_shows_it_again() {
    let admin = Admin::new();
    let created = admin.post("/aisix/admin/apikeys", older_key("my-secret-key")).await;
    let id = id_of(&created);
    let item = json!({
        "key": format!("/apikeys/{id}"),
        "value": {"key": "***", "allowed_models": ["openai-gpt4-mini"]},
        "created_index": created.revision(),
        "modified_index": created.revision(),
        "id": id,
    });
    created.is(201, &item);
    admin.get(&format!("/aisix/admin/apikeys/{id}")).await.is(200, &item);
    admin.get("/aisix/admin/apikeys").await.is(200, &json!({"total": 1, "list": [item]}));
    assert!(!admin.stored().await.contains("my-secret-key"));
    let elsewhere = admin.get(&format!("/admin/v1/apikeys/{id}")).await.json();
    assert_eq!(elsewhere["value"]["key_hash"], hash("my-secret-key"));
}

#[tokio::test]
async fn keys_are_unique_whichever_api_made_them() {
    let admin = Admin::new();
    let id = id_of(&admin.post("/aisix/admin/apikeys", older_key("one")).await);
    let taken = format!("key: this key is already used by API key {id}");
    admin.post("/aisix/admin/apikeys", older_key("one")).await.fails(409, &taken);
    let taken = format!("key_hash: this key is already used by API key {id}");
    admin.post("/admin/v1/apikeys", api_key("one")).await.fails(409, &taken);
    let second = admin.create("apikeys", api_key("two")).await;
    let taken = format!("key: this key is already used by API key {second}");
    let path = format!("/aisix/admin/apikeys/{id}");
    admin.put(&path, older_key("two")).await.fails(409, &taken);
}

#[tokio::test]
async fn put_creates_and_then_replaces_a_key() {
    let admin = Admin::new();
    let path = "/aisix/admin/apikeys/team-a";
    let created = admin.put(path, older_key("one")).await;
    assert_eq!(id_of(&created), "team-a");
    let replaced = admin.put(path, older_key("two")).await;
    assert_eq!(replaced.status, 200, "{}", replaced.text);
    let item = replaced.json();
    assert_eq!(item["created_index"], created.revision());
    assert_eq!(item["modified_index"], replaced.revision());
    assert_eq!(admin.document("api_keys/team-a").await.unwrap()["key_hash"], hash("two"));

    let kept = admin.put(path, json!({"key": "***", "allowed_models": []})).await;
    assert_eq!(kept.status, 200);
    let stored = admin.document("api_keys/team-a").await.unwrap();
    assert_eq!(stored, json!({"key_hash": hash("two"), "allowed_models": []}));

    let gone = admin.delete(path).await;
    gone.is(200, &json!({"deleted": 1, "key": "/apikeys/team-a"}));
    assert!(gone.revision() > replaced.revision());
    admin.get(path).await.fails(404, "resource not found");
    admin.delete(path).await.fails(404, "resource not found");
}

#[tokio::test]
async fn fields_that_the_older_api_does_not_know_survive_it() {
    let admin = Admin::new();
    let mut body = api_key("one");
    body["team_id"] = json!("billing");
    let id = admin.create("apikeys", body).await;
    let rotate = format!("/admin/v1/apikeys/{id}/rotate");
    admin.call("POST", &rotate, Some(json!({"grace_seconds": 60}))).await;
    let answer = admin.put(&format!("/aisix/admin/apikeys/{id}"), older_key("two")).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let value = admin.get(&format!("/admin/v1/apikeys/{id}")).await.json()["value"].clone();
    assert_eq!(value["team_id"], "billing");
    assert_eq!(value["previous_keys"], Value::Null, "a replaced key has no grace");
}

#[tokio::test]
async fn a_key_that_no_header_can_carry_is_refused() {
    let admin = Admin::new();
    for key in ["", " one", "one ", "ключ", "a\nb"] {
        let answer = admin.post("/aisix/admin/apikeys", older_key(key)).await;
        answer.fails(
            400,
            "key: must be printable ASCII, not empty, and without white space at its ends",
        );
    }
    let answer = admin.post("/aisix/admin/apikeys", older_key("***")).await;
    answer.fails(400, "key: is the mask '***': write the key");
}

#[tokio::test]
async fn a_model_owns_its_provider_key_from_create_to_delete() {
    let admin = Admin::new();
    let created = admin.post("/aisix/admin/models", older_model("mini")).await;
    let id = id_of(&created);
    let item = json!({
        "key": format!("/models/{id}"),
        "value": {
            "name": "mini",
            "model": "openai/gpt-4o-mini",
            "provider_config": {"api_key": "***", "api_base": "https://api.openai.com/v1"},
        },
        "created_index": created.revision(),
        "modified_index": created.revision(),
        "id": id,
    });
    created.is(201, &item);
    admin.get(&format!("/aisix/admin/models/{id}")).await.is(200, &item);

    let keys = admin.get("/admin/v1/provider_keys").await.json();
    let key = &keys.as_array().unwrap()[0];
    assert_eq!(key["value"]["display_name"], format!("models/{id}"));
    assert_eq!(key["value"]["secret"], "***");
    assert_eq!(key["value"]["adapter"], "openai");
    let model = admin.get(&format!("/admin/v1/models/{id}")).await.json();
    assert_eq!(model["value"]["provider_key_id"], key["id"]);
    assert_eq!(model["value"]["model_name"], "gpt-4o-mini");

    let gone = admin.delete(&format!("/aisix/admin/models/{id}")).await;
    gone.is(200, &json!({"deleted": 1, "key": format!("/models/{id}")}));
    assert_eq!(admin.stored().await, "");
}

#[tokio::test]
async fn both_documents_of_a_model_are_written_at_one_revision() {
    let admin = Admin::new();
    admin.post("/aisix/admin/models", older_model("mini")).await;
    let listing = admin.store.list().await.unwrap();
    let revisions: Vec<_> = listing.entries.iter().map(|entry| entry.modified).collect();
    assert_eq!(revisions, [listing.revision; 2]);
}

#[tokio::test]
async fn put_replaces_a_model_and_its_own_provider_key() {
    let admin = Admin::new();
    let path = "/aisix/admin/models/mine";
    assert_eq!(id_of(&admin.put(path, older_model("mini")).await), "mine");
    let body = json!({
        "name": "claude",
        "model": "anthropic/claude-sonnet-4",
        "provider_config": {"api_key": "***"},
        "rate_limit": {"rpm": 10},
    });
    let replaced = admin.put(path, body).await;
    assert_eq!(replaced.status, 200, "{}", replaced.text);
    let value = json!({
        "name": "claude",
        "model": "anthropic/claude-sonnet-4",
        "provider_config": {"api_key": "***", "api_base": "https://api.anthropic.com"},
        "rate_limit": {"rpm": 10},
    });
    assert_eq!(replaced.json()["value"].to_string(), value.to_string());
    let keys = admin.get("/admin/v1/provider_keys").await.json();
    assert_eq!(keys.as_array().unwrap().len(), 1);
    assert_eq!(keys[0]["value"]["adapter"], "anthropic");
    assert_eq!(keys[0]["revision"], 2);
}

#[tokio::test]
async fn the_catalogue_fills_a_missing_base() {
    let admin = Admin::new();
    for (vendor, adapter, base) in [
        ("openai", "openai", "https://api.openai.com/v1"),
        ("gemini", "openai", "https://generativelanguage.googleapis.com/v1beta/openai"),
        ("anthropic", "anthropic", "https://api.anthropic.com"),
        ("deepseek", "openai", "https://api.deepseek.com"),
    ] {
        let mut body = older_model(vendor);
        body["model"] = json!(format!("{vendor}/some/model"));
        let answer = admin.post("/aisix/admin/models", body).await;
        assert_eq!(answer.json()["value"]["provider_config"]["api_base"], base);
        assert_eq!(answer.json()["value"]["model"], format!("{vendor}/some/model"));
        let keys = admin.get("/admin/v1/provider_keys").await.json();
        assert_eq!(keys.as_array().unwrap().last().unwrap()["value"]["adapter"], adapter);
    }
    let mut body = older_model("private");
    body["provider_config"]["api_base"] = json!("https://llm.example.internal/v1");
    let answer = admin.post("/aisix/admin/models", body).await;
    let base = &answer.json()["value"]["provider_config"]["api_base"];
    assert_eq!(base, "https://llm.example.internal/v1");
}

#[tokio::test]
async fn a_model_with_a_shared_provider_key_is_shown_but_not_changed() {
    let admin = Admin::new();
    let key = admin.create("provider_keys", provider_key("shared")).await;
    let id = admin.create("models", model("mini", &key)).await;
    let path = format!("/aisix/admin/models/{id}");
    let shown = admin.get(&path).await.json();
    assert_eq!(shown["value"]["model"], "openai/gpt-4o");
    assert_eq!(
        shown["value"]["provider_config"],
        json!({"api_key": "***", "api_base": "https://api.openai.com/v1"})
    );
    let shared = "this model uses a shared provider key, which is not changed here: use \
                  /admin/v1/models and /admin/v1/provider_keys";
    admin.put(&path, older_model("mini")).await.fails(409, shared);
    assert_eq!(admin.delete(&path).await.status, 200);
    let kept = admin.get(&format!("/admin/v1/provider_keys/{key}")).await;
    assert_eq!(kept.status, 200, "a shared key outlives its models");
}

#[tokio::test]
async fn an_owned_key_that_others_came_to_use_is_shared() {
    let admin = Admin::new();
    let id = id_of(&admin.post("/aisix/admin/models", older_model("mini")).await);
    let keys = admin.get("/admin/v1/provider_keys").await.json();
    let key = keys[0]["id"].as_str().unwrap().to_owned();
    admin.create("models", model("other", &key)).await;
    let path = format!("/aisix/admin/models/{id}");
    assert_eq!(admin.put(&path, older_model("mini")).await.status, 409);
    assert_eq!(admin.delete(&path).await.status, 200);
    assert_eq!(admin.get(&format!("/admin/v1/provider_keys/{key}")).await.status, 200);
}

#[tokio::test]
async fn an_owned_key_goes_when_its_model_is_deleted_or_repointed_through_the_other_api() {
    let admin = Admin::new();
    let shared = admin.create("provider_keys", provider_key("shared")).await;
    let first = id_of(&admin.post("/aisix/admin/models", older_model("first")).await);
    let second = id_of(&admin.post("/aisix/admin/models", older_model("second")).await);
    assert_eq!(admin.get("/admin/v1/provider_keys").await.json().as_array().unwrap().len(), 3);
    admin.delete(&format!("/admin/v1/models/{first}")).await;
    admin.put(&format!("/admin/v1/models/{second}"), model("second", &shared)).await;
    let keys = admin.get("/admin/v1/provider_keys").await.json();
    assert_eq!(keys.as_array().unwrap().len(), 1, "{keys}");
    assert_eq!(keys[0]["id"], shared);
}

#[tokio::test]
async fn a_model_whose_own_key_was_deleted_is_shown_and_can_be_mended() {
    let admin = Admin::new();
    let id = id_of(&admin.post("/aisix/admin/models", older_model("mini")).await);
    let keys = admin.get("/admin/v1/provider_keys").await.json();
    let key = keys[0]["id"].as_str().unwrap().to_owned();
    admin.delete(&format!("/admin/v1/provider_keys/{key}")).await;
    let path = format!("/aisix/admin/models/{id}");
    assert_eq!(admin.get(&path).await.json()["value"]["provider_config"], Value::Null);
    let mut masked = older_model("mini");
    masked["provider_config"]["api_key"] = json!("***");
    admin.put(&path, masked).await.fails(
        400,
        "provider_config.api_key: is the mask '***', and there is no stored secret to keep: write \
         the secret",
    );
    assert_eq!(admin.put(&path, older_model("mini")).await.status, 200);
    assert_eq!(admin.get(&format!("/admin/v1/provider_keys/{key}")).await.status, 200);
}

#[tokio::test]
async fn groups_are_listed_but_read_only() {
    let admin = Admin::new();
    let id = admin.create("models", group("all", &["mini"])).await;
    let list = admin.get("/aisix/admin/models").await.json();
    assert_eq!(list["total"], 1);
    assert_eq!(
        list["list"][0]["value"],
        json!({"name": "all", "model": null, "provider_config": null})
    );
    let path = format!("/aisix/admin/models/{id}");
    let read_only = "this model is a group, which is read-only here: use /admin/v1/models";
    admin.put(&path, older_model("all")).await.fails(409, read_only);
    admin.delete(&path).await.fails(409, read_only);
    assert_eq!(admin.get(&path).await.status, 200);
}

#[tokio::test]
async fn names_what_is_wrong_in_its_own_words() {
    let admin = Admin::new();
    id_of(&admin.post("/aisix/admin/models", older_model("mini")).await);
    let path = "/aisix/admin/models";
    let answer = admin.post(path, older_model("mini")).await;
    assert_eq!(answer.status, 409);
    let message = answer.json()["error_msg"].as_str().unwrap().to_owned();
    assert!(message.starts_with("name: 'mini' is already used by model "), "{message}");

    admin.post(path, older_model("")).await.fails(400, "name: must not be empty");
    let mut body = older_model("other");
    body["model"] = json!("gpt-4o");
    let form = "model: must be <provider>/<model>, for example openai/gpt-4o-mini";
    admin.post(path, body.clone()).await.fails(400, form);
    body["model"] = json!("mistral/large");
    let answer = admin.post(path, body.clone()).await;
    assert!(answer.text.contains("the provider must be openai, gemini, anthropic or deepseek"));
    body["model"] = json!("openai/gpt-4o");
    body["provider_config"]["api_base"] = json!("ftp://example");
    let url = "provider_config.api_base: must be an http:// or https:// URL";
    admin.post(path, body.clone()).await.fails(400, url);
    body["provider_config"] = json!({"api_key": "sk-1", "region": "eu"});
    admin.post(path, body).await.fails(400, "provider_config.region: unknown field");
    for id in [".hidden", "a%20b", "a%2Fb", &"x".repeat(129)] {
        let answer = admin.put(&format!("{path}/{id}"), older_model("fresh")).await;
        assert_eq!(answer.status, 400, "{id}: {}", answer.text);
        assert!(answer.text.contains("id: must be 1 to 128"), "{}", answer.text);
    }
}
