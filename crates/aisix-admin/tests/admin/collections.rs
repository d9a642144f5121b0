//! Create, list, get, replace and delete, for every kind alike.

use aisix_admin::AdminApi;
use aisix_core::Kind;
use serde_json::{Value, json};

use crate::support::{Admin, api_key, model, provider_key};

/// Each collection with two valid bodies that differ.
async fn kinds(admin: &Admin) -> Vec<(&'static str, Value, Value)> {
    let key = admin.create("provider_keys", provider_key("shared")).await;
    vec![
        ("provider_keys", provider_key("one"), provider_key("two")),
        ("models", model("one", &key), model("two", &key)),
        ("api_keys", api_key("one"), api_key("two")),
        ("apikeys", api_key("three"), api_key("four")),
    ]
    .into_iter()
    .chain(Kind::ALL.into_iter().skip(3).map(documented))
    .collect()
}

/// The example of the reference, and one that differs: proves too that the example is valid.
fn documented(kind: Kind) -> (&'static str, Value, Value) {
    let document: Value = serde_json::from_str(&AdminApi::openapi()).unwrap();
    let post = &document["paths"][format!("/admin/v1/{kind}")]["post"];
    let one = post["requestBody"]["content"]["application/json"]["example"].clone();
    let mut two = one.clone();
    match kind {
        Kind::GuardrailAttachments => two["priority"] = json!(20),
        _ => two["name"] = json!("renamed"),
    }
    (kind.plural(), one, two)
}

/// The kinds whose resources have names.
fn named() -> impl Iterator<Item = (&'static str, Value, Value)> {
    let kinds = Kind::ALL.into_iter().skip(3);
    kinds.filter(|kind| *kind != Kind::GuardrailAttachments).map(documented)
}

#[tokio::test]
async fn no_two_resources_of_a_kind_share_a_name() {
    let admin = Admin::new();
    for (collection, one, two) in named() {
        let path = format!("/admin/v1/{collection}");
        let id = admin.create(collection, one.clone()).await;
        let again = admin.post(&path, one.clone()).await;
        assert_eq!(again.status, 409, "{}", again.text);
        let name = one["name"].as_str().unwrap();
        assert!(
            again.text.contains(&format!("name: '{name}' is already used by")),
            "{}",
            again.text
        );
        assert!(again.text.contains(&id), "{}", again.text);
        admin.create(collection, two).await;
    }
}

#[tokio::test]
async fn what_a_kind_does_not_take_is_refused() {
    let admin = Admin::new();
    for (collection, one, _) in named() {
        let path = format!("/admin/v1/{collection}");
        for (name, problem) in [(json!(5), "must be"), (json!(""), "name: must not be empty")] {
            let mut body = one.clone();
            body["name"] = name;
            let answer = admin.post(&path, body).await;
            assert_eq!(answer.status, 400, "{collection}: {}", answer.text);
            assert!(answer.text.contains(problem), "{collection}: {}", answer.text);
        }
        let mut body = one;
        body["colour"] = json!("red");
        let answer = admin.post(&path, body).await;
        let open = answer.status == 201;
        let known_whole = !matches!(
            collection,
            "mcp_servers" | "mcp_policies" | "mcp_auth_settings" | "a2a_agents"
        );
        assert_eq!(open, !known_whole, "{collection}: {}", answer.text);
        if known_whole {
            answer.fails(400, "colour: unknown field");
        }
    }
    let mut attachment = documented(Kind::GuardrailAttachments).1;
    attachment["scope_type"] = json!("planet");
    let answer = admin.post("/admin/v1/guardrail_attachments", attachment).await;
    assert!(answer.text.contains("scope_type: must be one of"), "{}", answer.text);
}

#[tokio::test]
async fn attachments_have_no_names_so_two_may_be_alike() {
    let admin = Admin::new();
    let (collection, one, _) = documented(Kind::GuardrailAttachments);
    let ids = [admin.create(collection, one.clone()).await, admin.create(collection, one).await];
    let list = admin.get("/admin/v1/guardrail_attachments").await.json();
    let listed: Vec<_> = list.as_array().unwrap().iter().map(|it| it["id"].clone()).collect();
    assert_eq!(listed, ids);
}

#[tokio::test]
async fn a_route_needs_its_provider_key() {
    let admin = Admin::new();
    let mut route = documented(Kind::PassthroughRoutes).1;
    route["credential_mode"] = json!("inject");
    route["provider_key_id"] = json!("absent");
    let message = "provider_key_id: there is no provider key with the id 'absent'";
    admin.post("/admin/v1/passthrough_routes", route.clone()).await.fails(400, message);
    route["provider_key_id"] = json!(admin.create("provider_keys", provider_key("one")).await);
    admin.create("passthrough_routes", route).await;
}

#[tokio::test]
async fn every_kind_lives_from_create_to_delete() {
    let admin = Admin::new();
    for (collection, one, two) in kinds(&admin).await {
        let path = format!("/admin/v1/{collection}");
        let created = admin.post(&path, one).await;
        assert_eq!(created.status, 201, "{}", created.text);
        let id = created.json()["id"].as_str().unwrap().to_owned();
        let item = format!("{path}/{id}");
        admin.get(&item).await.is(200, &created.json());

        let replaced = admin.put(&item, two).await;
        assert_eq!(replaced.status, 200, "{}", replaced.text);
        assert_eq!(replaced.json()["revision"], 2);
        assert_eq!(replaced.json()["id"], id);
        assert_ne!(replaced.json()["value"], created.json()["value"]);
        admin.get(&item).await.is(200, &replaced.json());
        let list = admin.get(&path).await.json();
        assert!(list.as_array().unwrap().contains(&replaced.json()), "{list}");

        let deleted = admin.delete(&item).await;
        deleted.is(200, &json!({"id": id, "deleted": true}));
        admin.get(&item).await.fails(404, "resource not found");
        admin.delete(&item).await.fails(404, "resource not found");
        let revisions = [&created, &replaced, &deleted].map(|answer| answer.revision());
        assert!(revisions.is_sorted_by(|a, b| a < b), "{revisions:?}");
        assert_eq!(*admin.gateway.waited_for.lock().unwrap().last().unwrap(), revisions[2]);
    }
}

#[tokio::test]
async fn a_list_is_a_bare_array_in_the_order_of_creation() {
    let admin = Admin::new();
    admin.get("/admin/v1/provider_keys").await.is(200, &json!([]));
    let mut ids = Vec::new();
    for name in ["z", "a", "m", "b", "y"] {
        ids.push(admin.create("provider_keys", provider_key(name)).await);
    }
    admin.put(&format!("/admin/v1/provider_keys/{}", ids[0]), provider_key("zz")).await;
    let list = admin.get("/admin/v1/provider_keys").await.json();
    let listed: Vec<_> =
        list.as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect();
    assert_eq!(listed, ids);
}

#[tokio::test]
async fn both_names_of_the_collection_are_the_same_keys() {
    let admin = Admin::new();
    let id = admin.create("apikeys", api_key("one")).await;
    let by_either = [
        admin.get(&format!("/admin/v1/api_keys/{id}")).await.text,
        admin.get(&format!("/admin/v1/apikeys/{id}")).await.text,
    ];
    assert_eq!(by_either[0], by_either[1]);
    let answer = admin.post("/admin/v1/api_keys", api_key("one")).await;
    answer.fails(409, &format!("key_hash: this key is already used by API key {id}"));
}

#[tokio::test]
async fn put_never_creates() {
    let admin = Admin::new();
    for (collection, one, _) in kinds(&admin).await {
        let path = format!("/admin/v1/{collection}/0b5e5a0e-0000-4000-8000-000000000000");
        admin.put(&path, one).await.fails(404, "resource not found");
    }
}

#[tokio::test]
async fn fields_that_were_set_are_shown_after_those_that_always_are() {
    let admin = Admin::new();
    let mut body = api_key("one");
    body["disabled"] = json!(true);
    body["display_name"] = json!("billing");
    body["rate_limit"] = json!({"rpm": 5});
    let answer = admin.post("/admin/v1/apikeys", body).await;
    let expected = json!({
        "key_hash": crate::support::hash("one"),
        "allowed_models": ["gpt-4o-prod"],
        "display_name": "billing",
        "rate_limit": {"rpm": 5},
        "disabled": true,
    });
    assert_eq!(answer.json()["value"].to_string(), expected.to_string());
}

#[tokio::test]
async fn what_is_stored_is_what_was_written_with_one_name_for_the_secret() {
    let admin = Admin::new();
    let mut body = provider_key("one");
    body["api_key"] = body.as_object_mut().unwrap().remove("secret").unwrap();
    let id = admin.create("provider_keys", body).await;
    let stored = admin.document(&format!("provider_keys/{id}")).await.unwrap();
    let fields: Vec<_> = stored.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["display_name", "provider", "adapter", "api_base", "secret"]);
    assert!(stored["secret"].as_str().unwrap().starts_with("aisix-sealed:"), "{stored}");
}

#[tokio::test]
async fn a_write_that_the_gateway_does_not_serve_in_time_is_accepted_with_its_revision() {
    let admin = Admin::new();
    admin.gateway.catches_up.store(false, std::sync::atomic::Ordering::Relaxed);
    let answer = admin.post("/admin/v1/apikeys", api_key("one")).await;
    assert_eq!(answer.status, 202);
    assert_eq!(answer.json()["revision"], 1);
    assert_eq!(answer.revision(), admin.store.list().await.unwrap().revision);
    let id = answer.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/admin/v1/apikeys/{id}");
    assert_eq!(admin.put(&path, api_key("two")).await.status, 202);
    assert_eq!(admin.call("POST", &format!("{path}/rotate"), None).await.status, 202);
    admin.delete(&path).await.is(202, &json!({"id": id, "deleted": true}));
}
