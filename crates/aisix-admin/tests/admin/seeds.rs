//! The requests that the product's pages print, and the answers, field by field and in order.

use serde_json::json;

use crate::support::Admin;

#[tokio::test]
async fn creates_a_provider_key_as_the_page_prints_it() {
    let admin = Admin::new();
    let answer = admin
        .post(
            "/admin/v1/provider_keys",
            json!({
                "display_name": "openai-prod",
                "provider": "openai",
                "adapter": "openai",
                "secret": "sk-upstream-credential",
                "api_base": "https://api.openai.com/v1",
            }),
        )
        .await;
    let id = answer.json()["id"].clone();
    assert_eq!(id.as_str().unwrap().len(), 36, "{id} is no UUID");
    answer.is(
        201,
        &json!({
            "id": id,
            "value": {
                "display_name": "openai-prod",
                "secret": "***",
                "api_base": "https://api.openai.com/v1",
                "provider": "openai",
                "adapter": "openai",
                "telemetry_tags": {"featured": false},
                "strip_headers": ["authorization", "cookie", "set-cookie", "x-api-key"],
            },
            "revision": 1,
        }),
    );
    assert_eq!(answer.headers["content-type"], "application/json");
}

#[tokio::test]
async fn creates_and_rotates_a_caller_key_as_the_page_prints_it() {
    let admin = Admin::new();
    let hash = "43d758e3b4aa2aacdb4b49c09c26435fb5083148fda6cfc9c5e38078915c6bdb";
    let body = json!({"key_hash": hash, "allowed_models": ["gpt-4o-prod"]});
    let created = admin.post("/admin/v1/apikeys", body.clone()).await;
    let id = created.json()["id"].as_str().unwrap().to_owned();
    created.is(201, &json!({"id": id, "value": body, "revision": 1}));

    let rotated = admin.call("POST", &format!("/admin/v1/apikeys/{id}/rotate"), None).await;
    let plaintext = rotated.json()["plaintext"].as_str().unwrap().to_owned();
    let new_hash = crate::support::hash(&plaintext);
    assert_ne!(new_hash, hash);
    rotated.is(
        200,
        &json!({
            "entry": {
                "id": id,
                "value": {"key_hash": new_hash, "allowed_models": ["gpt-4o-prod"]},
                "revision": 2,
            },
            "plaintext": plaintext,
        }),
    );
}

#[tokio::test]
async fn every_access_pattern_of_the_page_is_accepted_and_shown() {
    let admin = Admin::new();
    for (index, pattern) in
        [json!(["gpt-4o-prod", "chat-prod"]), json!(["*"]), json!([])].into_iter().enumerate()
    {
        let mut body = crate::support::api_key(&format!("caller-{index}"));
        body["allowed_models"] = pattern.clone();
        let answer = admin.post("/admin/v1/apikeys", body).await;
        assert_eq!(answer.status, 201);
        assert_eq!(answer.json()["value"]["allowed_models"], pattern);
    }
}

#[tokio::test]
async fn takes_each_documented_pair_of_adapter_and_base() {
    let admin = Admin::new();
    for (provider, adapter, base) in [
        ("openai", "openai", Some("https://api.openai.com/v1")),
        ("deepseek", "openai", Some("https://api.deepseek.com")),
        ("gemini", "openai", Some("https://generativelanguage.googleapis.com/v1beta/openai")),
        ("anthropic", "anthropic", Some("https://api.anthropic.com")),
        ("azure", "azure-openai", Some("https://contoso.openai.azure.com")),
        ("aws", "bedrock", None),
        ("google", "vertex", Some("https://us-central1-aiplatform.googleapis.com")),
    ] {
        let mut body = json!({
            "display_name": provider,
            "provider": provider,
            "adapter": adapter,
            "secret": "sk-1",
        });
        if let Some(base) = base {
            body["api_base"] = json!(base);
        }
        let answer = admin.post("/admin/v1/provider_keys", body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        assert_eq!(answer.json()["value"]["api_base"].as_str(), base);
        assert_eq!(answer.json()["value"]["adapter"], adapter);
    }
}
