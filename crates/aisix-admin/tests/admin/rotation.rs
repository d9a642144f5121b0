//! New plaintexts for old keys.

use std::collections::BTreeSet;

use aisix_core::{Snapshot, resource::PlainSecrets};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::support::{Admin, api_key, hash, request};

async fn rotate(admin: &Admin, id: &str, body: Option<Value>) -> Value {
    let answer = admin.call("POST", &format!("/admin/v1/apikeys/{id}/rotate"), body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json()
}

/// Whether the gateway lets this plaintext in, `later` from now.
async fn opens(admin: &Admin, plaintext: &str, later: SignedDuration) -> bool {
    let listing = admin.store.list().await.unwrap();
    let (snapshot, problems) = Snapshot::build(listing.entries, listing.revision, &PlainSecrets);
    assert!(problems.is_empty(), "{problems:?}");
    let hash = aisix_core::KeyHash::of(plaintext);
    snapshot.authenticate(&hash, || Timestamp::now() + later).is_ok()
}

const NOW: SignedDuration = SignedDuration::ZERO;

#[tokio::test]
async fn the_old_plaintext_dies_at_once_and_every_other_field_stays() {
    let admin = Admin::new();
    let mut body = api_key("old");
    body["display_name"] = json!("billing");
    body["rate_limit"] = json!({"rpm": 3});
    let id = admin.create("apikeys", body).await;
    let rotated = rotate(&admin, &id, None).await;
    let plaintext = rotated["plaintext"].as_str().unwrap();
    let expected = json!({
        "key_hash": hash(plaintext),
        "allowed_models": ["gpt-4o-prod"],
        "display_name": "billing",
        "rate_limit": {"rpm": 3},
    });
    assert_eq!(rotated["entry"]["value"].to_string(), expected.to_string());
    assert_eq!(rotated["entry"]["revision"], 2);
    assert!(opens(&admin, plaintext, NOW).await);
    assert!(!opens(&admin, "old", NOW).await);
}

#[tokio::test]
async fn a_plaintext_has_256_random_bits_and_is_stored_nowhere() {
    let admin = Admin::new();
    let id = admin.create("apikeys", api_key("old")).await;
    let mut seen = BTreeSet::new();
    for _ in 0..8 {
        let rotated = rotate(&admin, &id, Some(json!({}))).await;
        let plaintext = rotated["plaintext"].as_str().unwrap().to_owned();
        let digits = plaintext.strip_prefix("sk-").unwrap();
        assert_eq!(digits.len(), 64, "{digits}");
        assert!(digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        assert!(!admin.stored().await.contains(digits));
        let shown = admin.get(&format!("/admin/v1/apikeys/{id}")).await;
        assert!(!shown.text.contains(digits));
        assert!(seen.insert(plaintext), "a plaintext came twice");
    }
}

#[tokio::test]
async fn grace_keeps_replaced_plaintexts_alive_until_their_time() {
    let admin = Admin::new();
    let id = admin.create("apikeys", api_key("first")).await;
    let grace = |seconds: u32| Some(json!({"grace_seconds": seconds}));
    let second = rotate(&admin, &id, grace(3600)).await;
    let previous = &second["entry"]["value"]["previous_keys"];
    assert_eq!(previous[0]["key_hash"], hash("first"));
    let until: Timestamp = previous[0]["expires_at"].as_str().unwrap().parse().unwrap();
    let left = until.duration_since(Timestamp::now()).as_secs();
    assert!((3500..=3600).contains(&left), "{left}");
    assert!(opens(&admin, "first", NOW).await);
    assert!(!opens(&admin, "first", SignedDuration::from_secs(3601)).await);

    rotate(&admin, &id, grace(60)).await;
    let second = second["plaintext"].as_str().unwrap();
    assert!(opens(&admin, second, NOW).await);
    assert!(!opens(&admin, second, SignedDuration::from_secs(61)).await);
    assert!(opens(&admin, "first", SignedDuration::from_secs(61)).await);

    let last = rotate(&admin, &id, None).await;
    assert_eq!(last["entry"]["value"].get("previous_keys"), None);
    assert!(!opens(&admin, "first", NOW).await);
    assert!(!opens(&admin, second, NOW).await);
}

#[tokio::test]
async fn a_plaintext_within_its_grace_belongs_to_its_key() {
    let admin = Admin::new();
    let id = admin.create("apikeys", api_key("first")).await;
    rotate(&admin, &id, Some(json!({"grace_seconds": 3600}))).await;
    let taken = format!("key_hash: this key is already used by API key {id}");
    admin.post("/admin/v1/apikeys", api_key("first")).await.fails(409, &taken);
    let other = admin.create("apikeys", api_key("other")).await;
    let path = format!("/admin/v1/apikeys/{other}");
    admin.put(&path, api_key("first")).await.fails(409, &taken);
}

#[tokio::test]
async fn a_plaintext_after_its_grace_is_free() {
    let admin = Admin::new();
    let mut body = api_key("second");
    body["previous_keys"] =
        json!([{"key_hash": hash("first"), "expires_at": "2020-01-01T00:00:00Z"}]);
    admin.create("apikeys", body).await;
    admin.create("apikeys", api_key("first")).await;
}

#[tokio::test]
async fn refuses_what_is_no_rotation() {
    let admin = Admin::new();
    let id = admin.create("apikeys", api_key("one")).await;
    let path = format!("/admin/v1/apikeys/{id}/rotate");
    let absent = admin.call("POST", "/admin/v1/apikeys/absent/rotate", None).await;
    absent.fails(404, "resource not found");
    for (body, message) in [
        (json!({"grace": 1}), "grace: unknown field"),
        (
            json!({"grace_seconds": -1}),
            "grace_seconds: must be a whole number from 0 to 4294967295",
        ),
        (
            json!({"grace_seconds": "1"}),
            "grace_seconds: must be a whole number from 0 to 4294967295",
        ),
    ] {
        admin.post(&path, body).await.fails(400, message);
    }
    admin
        .send(request("POST", &path, Some("[]".to_owned())))
        .await
        .fails(400, "request body: must be a JSON object");
    let mut stale = request("POST", &path, None);
    stale.headers_mut().insert("if-match", "\"7\"".parse().unwrap());
    let message = "If-Match: the revision is 1, not 7: read it again";
    admin.send(stale).await.fails(409, message);
    let kept = admin.get(&format!("/admin/v1/apikeys/{id}")).await.json();
    assert_eq!(kept["value"]["key_hash"], hash("one"));
}

#[tokio::test]
async fn a_key_that_a_newer_version_wrote_can_be_rotated() {
    let admin = Admin::new();
    let document = json!({"key_hash": hash("one"), "allowed_models": [], "from_the_future": 1});
    let bytes = document.to_string().into();
    admin.store.put("api_keys/k", bytes, aisix_store::Expect::Absent).await.unwrap();
    rotate(&admin, "k", None).await;
    let stored = admin.document("api_keys/k").await.unwrap();
    assert_eq!(stored["from_the_future"], 1, "what this version does not know is kept");
}
