//! What resources say of one another.

use serde_json::json;

use crate::support::{Admin, api_key, group, model, provider_key};

#[tokio::test]
async fn a_model_needs_its_provider_key_on_create_and_on_update() {
    let admin = Admin::new();
    let dangling = "provider_key_id: there is no provider key with the id 'absent'";
    admin.post("/admin/v1/models", model("one", "absent")).await.fails(400, dangling);
    let key = admin.create("provider_keys", provider_key("one")).await;
    let id = admin.create("models", model("one", &key)).await;
    let path = format!("/admin/v1/models/{id}");
    admin.put(&path, model("one", "absent")).await.fails(400, dangling);
    let kept = admin.get(&path).await.json();
    assert_eq!(kept["value"]["provider_key_id"], key);
    assert_eq!(kept["revision"], 1);
}

#[tokio::test]
async fn a_provider_key_that_models_use_can_be_deleted() {
    let admin = Admin::new();
    let key = admin.create("provider_keys", provider_key("one")).await;
    let id = admin.create("models", model("one", &key)).await;
    let answer = admin.delete(&format!("/admin/v1/provider_keys/{key}")).await;
    answer.is(200, &json!({"id": key, "deleted": true}));
    assert_eq!(admin.get(&format!("/admin/v1/models/{id}")).await.status, 200);
}

#[tokio::test]
async fn names_of_models_may_come_later_than_what_refers_to_them() {
    let admin = Admin::new();
    admin.create("apikeys", api_key("one")).await;
    admin.create("models", group("all", &["not-yet"])).await;
}

#[tokio::test]
async fn several_models_share_a_provider_key_and_several_providers_a_family() {
    let admin = Admin::new();
    let key = admin.create("provider_keys", provider_key("one")).await;
    admin.create("models", model("first", &key)).await;
    admin.create("models", model("second", &key)).await;
}

#[tokio::test]
async fn a_group_leads_to_no_model_that_stands_for_many() {
    let admin = Admin::new();
    let key = admin.create("provider_keys", provider_key("one")).await;
    admin.create("models", model("gpt-*", &key)).await;
    let many = "routing.targets: 'gpt-*' stands for many models, a target must be one";
    admin.post("/admin/v1/models", group("all", &["x", "gpt-*"])).await.fails(400, many);

    admin.create("models", group("all", &["x", "o*"])).await;
    let targeted = "display_name: the group 'all' has 'o*' as a target, so it cannot stand for \
                    many models";
    admin.post("/admin/v1/models", model("o*", &key)).await.fails(400, targeted);
    let x = admin.create("models", model("x", &key)).await;
    let mut many_upstream = model("x", &key);
    many_upstream["model_name"] = json!("gpt-*");
    let targeted = "model_name: the group 'all' has 'x' as a target, so it cannot stand for many \
                    models";
    let path = format!("/admin/v1/models/{x}");
    admin.put(&path, many_upstream).await.fails(400, targeted);
    admin.put(&path, model("x", &key)).await;
}

#[tokio::test]
async fn a_group_leads_to_direct_models_only() {
    let admin = Admin::new();
    let own = "routing.targets: the group 'all' cannot be its own target";
    admin.post("/admin/v1/models", group("all", &["x", "all"])).await.fails(400, own);

    let inner = admin.create("models", group("inner", &["x"])).await;
    let nested = "routing.targets: 'inner' is a group, not a direct model";
    admin.post("/admin/v1/models", group("outer", &["x", "inner"])).await.fails(400, nested);

    let outer = admin.create("models", group("outer", &["y"])).await;
    let targeted =
        "routing.targets: the group 'outer' has 'y' as a target, so it cannot be a group";
    admin.post("/admin/v1/models", group("y", &["x"])).await.fails(400, targeted);
    let path = format!("/admin/v1/models/{inner}");
    admin.put(&path, group("y", &["x"])).await.fails(400, targeted);
    let path = format!("/admin/v1/models/{outer}");
    admin.put(&path, group("outer", &["inner"])).await.fails(400, nested);

    let key = admin.create("provider_keys", provider_key("one")).await;
    admin.create("models", model("y", &key)).await;
}

#[tokio::test]
async fn a_name_is_free_again_after_its_resource_is_gone_or_renamed() {
    let admin = Admin::new();
    let id = admin.create("provider_keys", provider_key("one")).await;
    let taken = format!("display_name: 'one' is already used by provider key {id}");
    admin.post("/admin/v1/provider_keys", provider_key("one")).await.fails(409, &taken);
    let path = format!("/admin/v1/provider_keys/{id}");
    assert_eq!(admin.put(&path, provider_key("one")).await.status, 200, "its own name is free");
    assert_eq!(admin.put(&path, provider_key("two")).await.status, 200);
    let second = admin.create("provider_keys", provider_key("one")).await;
    admin.delete(&format!("/admin/v1/provider_keys/{second}")).await;
    admin.create("provider_keys", provider_key("one")).await;
}

#[tokio::test]
async fn two_kinds_may_share_a_name() {
    let admin = Admin::new();
    let key = admin.create("provider_keys", provider_key("same")).await;
    admin.create("models", model("same", &key)).await;
}
