//! What a file comes to that nothing is wrong with.

use std::ffi::OsString;

use aisix_core::{Id, KeyHash, Kind};
use aisix_store::file::{format::id_of, validate};
use aisix_store::{ConfigSource as _, FileStore};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::{Resources, environment, secrets, variables, versioned};

/// The documents of a file, by their keys.
async fn documents(collections: &str) -> Vec<(String, Value)> {
    let file = Resources::new(collections);
    let store = FileStore::open(file.path(), variables(), secrets()).unwrap();
    let entries = store.list().await.unwrap().entries.into_iter();
    entries.map(|entry| (entry.key, serde_json::from_slice(&entry.value).unwrap())).collect()
}

fn id(kind: Kind, name: &str) -> Id {
    id_of(kind, name)
}

async fn document(collections: &str, kind: Kind, name: &str) -> Value {
    let key = format!("{kind}/{}", id(kind, name));
    let found = documents(collections).await.into_iter().find(|(known, _)| *known == key);
    found.unwrap().1
}

const MODELS: &str = "
provider_keys:
  - {display_name: openai, adapter: openai, api_base: 'https://x', secret: '${OPENAI_KEY}'}
models:
  - {display_name: gpt-4o, provider: openai, model_name: gpt-4o, provider_key: openai}
  - {display_name: 'many-*', provider: openai, model_name: '*', provider_key: openai}
api_keys:
  - {display_name: team, key_env: CALLER_KEY, allowed_models: [gpt-4o, many-more, '*']}
";

#[tokio::test]
async fn names_become_ids() {
    let known = format!("models/{}", id(Kind::Models, "gpt-4o"));
    assert_eq!(known, "models/6efd592d-a73b-573d-8e2c-e9e103692f92");
    let openai = id(Kind::ProviderKeys, "openai");
    let model = json!({
        "display_name": "gpt-4o", "provider": "openai", "model_name": "gpt-4o",
        "provider_key_id": openai,
    });
    assert_eq!(document(MODELS, Kind::Models, "gpt-4o").await, model);

    let more = format!(
        "{MODELS}
rate_limit_policies:
  - {{name: a, scope: model, scope_ref: gpt-4o, window: minute, max_requests: 1}}
  - {{name: b, scope: api_key, scope_ref: team, window: minute, max_requests: 1}}
  - {{name: c, scope: team, scope_ref: gpt-4o, window: minute, max_requests: 1}}
  - name: d
    limits: {{rpm: 1}}
    conditions:
      - {{dimension: model, operator: in, value: [gpt-4o]}}
      - {{dimension: model_name, operator: ==, value: gpt-4o}}
      - {{logic: or, children: [{{dimension: api_key, operator: ==, value: team}}]}}
oidc_providers:
  - {{name: okta, issuer: 'https://okta.example', audiences: [a]}}
claim_mappings:
  - name: m
    jwt_provider: okta
    match: [{{claim: a, op: exact, values: [b]}}]
    resolve: {{api_key: team}}
passthrough_routes:
  - display_name: r
    path_prefix: /r
    target_url: 'https://x'
    provider_key: openai
    auth_mode: anonymous
    anonymous_key: team
    source_cidrs: [10.0.0.0/8]
mcp_auth_settings: [{{mode: x}}]
a2a_agents: ~
"
    );
    let (gpt, team) = (id(Kind::Models, "gpt-4o"), id(Kind::ApiKeys, "team"));
    let policy = async |name| document(&more, Kind::RateLimitPolicies, name).await;
    assert_eq!(policy("a").await["scope_ref"], json!(gpt));
    assert_eq!(policy("b").await["scope_ref"], json!(team));
    assert_eq!(policy("c").await["scope_ref"], "gpt-4o");
    let conditions = &policy("d").await["conditions"];
    assert_eq!(conditions[0]["value"], json!([gpt]));
    assert_eq!(conditions[1]["value"], "gpt-4o");
    assert_eq!(conditions[2]["children"][0]["value"], json!(team));
    let mapping = document(&more, Kind::ClaimMappings, "m").await;
    assert_eq!(mapping["resolve"], json!({"api_key_id": team}));
    let route = document(&more, Kind::PassthroughRoutes, "r").await;
    assert_eq!(route["provider_key_id"], json!(openai));
    assert_eq!(route["anonymous_key_id"], json!(team));
    let setting = document(&more, Kind::McpAuthSettings, "default").await;
    assert_eq!(setting, json!({"mode": "x"}));
}

#[tokio::test]
async fn variables_become_texts_and_keys_become_hashes() {
    let key = document(MODELS, Kind::ProviderKeys, "openai").await;
    assert_eq!(key["secret"], "sk-of-openai");
    let key = document(MODELS, Kind::ApiKeys, "team").await;
    assert_eq!(key["key_hash"], KeyHash::of("sk-of-caller").to_string());
    assert_eq!(key.get("key_env"), None);
    let named = "cache_policies: [{name: '${MODEL}', applies_to: 'model:$${x}'}]";
    let policy = document(named, Kind::CachePolicies, "gpt-secret").await;
    assert_eq!(policy["applies_to"], "model:${x}");
}

#[tokio::test]
async fn references_may_be_ids_of_the_file() {
    let openai = id(Kind::ProviderKeys, "openai");
    let by_id = MODELS.replace("provider_key: openai", &format!("provider_key_id: {openai}"));
    assert_eq!(documents(&by_id).await, documents(MODELS).await);
    let scoped = |of: &str| {
        format!(
            "{MODELS}rate_limit_policies: [{{name: a, scope: model, scope_ref: {of}, \
             window: minute, max_requests: 1}}]"
        )
    };
    let model = id(Kind::Models, "gpt-4o");
    assert_eq!(documents(&scoped(model.as_str())).await, documents(&scoped("gpt-4o")).await);
}

#[test]
fn a_file_of_five_mebibytes_is_nothing_special() {
    let mut text = String::from("mcp_servers:\n");
    let filler = "x".repeat(50_000);
    for server in 0..100 {
        text.push_str(&format!("  - {{name: server-{server}, note: {filler}}}\n"));
    }
    let file = Resources::new(&text);
    assert_eq!(validate(&file.path(), &environment).unwrap().resources, 100);
}

#[test]
fn an_empty_file_of_the_format_holds_nothing() {
    for text in [versioned(""), format!("\u{feff}{}", versioned("models:\napi_keys: []\n"))] {
        assert_eq!(validate(&Resources::raw(text).path(), &environment).unwrap().resources, 0);
    }
}

/// The shape of a value, and its texts.
fn shape(value: &Value, texts: &mut Vec<String>) -> Value {
    match value {
        Value::String(text) => {
            texts.push(text.clone());
            Value::Null
        }
        Value::Array(items) => items.iter().map(|item| shape(item, texts)).collect(),
        Value::Object(fields) => {
            fields.iter().map(|(key, value)| (key.clone(), shape(value, texts))).collect()
        }
        other => other.clone(),
    }
}

const TEMPLATE: &str = "
guardrails:
  - {name: g, kind: keyword, patterns: [{kind: literal, value: 'a ${X} b'}, {kind: regex, value: \"${X}\"}]}
mcp_servers:
  - name: s
    headers: {x: '${X}', y: plain}
    text: |
      block ${X}
    list: ['${X}${X}', $X]
";

fn loaded(value: &str) -> Vec<(String, Value)> {
    let value = OsString::from(value);
    let file = Resources::new(TEMPLATE);
    let store =
        FileStore::open(file.path(), Box::new(move |_| Some(value.clone())), secrets()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let listing = runtime.block_on(store.list()).unwrap();
    let entries = listing.entries.into_iter();
    entries.map(|entry| (entry.key, serde_json::from_slice(&entry.value).unwrap())).collect()
}

proptest! {
    #[test]
    fn what_a_variable_holds_never_becomes_structure(
        value in "[\\[\\]{}:,#&*!|>'\"%@`\\- \\n\\tA-Za-z0-9$\\\\~?ä]{1,30}"
    ) {
        let (plain, tricky) = (loaded("VALUE"), loaded(&value));
        for ((key, plain), (found, tricky)) in plain.iter().zip(&tricky) {
            prop_assert_eq!(key, found);
            let (mut expected, mut texts) = (Vec::new(), Vec::new());
            prop_assert_eq!(shape(plain, &mut expected), shape(tricky, &mut texts));
            let expected: Vec<_> =
                expected.iter().map(|text| text.replace("VALUE", &value)).collect();
            prop_assert_eq!(expected, texts);
        }
        prop_assert_eq!(plain.len(), tricky.len());
    }
}
