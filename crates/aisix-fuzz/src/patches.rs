//! Whatever is patched: JSON stays JSON, with the fields that it is to have and every other one as it
//! was.

use aisix_adapters::{Answers, Call};
use aisix_core::Operation;
use aisix_core::chat::CacheMark;
use aisix_dialects::json::{members, reshaped};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::keys::{adapter, done, target_with};
use crate::wires::UPSTREAMS;

pub(crate) fn check(body: &[u8]) {
    let body = Bytes::copy_from_slice(body);
    let value = serde_json::from_slice::<Value>(&body).ok();
    reshapes(&body, value.as_ref());
    let Some(Value::Object(object)) = value else {
        return;
    };
    for wire in &UPSTREAMS {
        let mark = CacheMark { ttl: Some("1h".to_owned()), ..CacheMark::default() };
        let marked = wire.dialect.mark_for_cache(body.clone(), &mark);
        serde_json::from_slice::<Value>(&marked).expect("a mark leaves JSON");
    }
    quirks(&body, &object);
}

fn reshapes(body: &[u8], value: Option<&Value>) {
    let shaped = reshaped(body, &["model", "stream"], &[("version", "\"v\"")]);
    let Some(Value::Object(before)) = value else {
        return;
    };
    let shaped = shaped.expect("any object can be reshaped");
    let after: Value = serde_json::from_slice(&shaped).expect("it stays JSON");
    let mut expected = before.clone();
    for gone in ["model", "stream"] {
        expected.shift_remove(gone);
    }
    expected.insert("version".to_owned(), json!("v"));
    assert_eq!(after, Value::Object(expected), "every other field is there");
}

/// The quirks of a vendor that differs in everything.
fn quirks(body: &Bytes, before: &Map<String, Value>) {
    let quirks = json!({
        "request": {
            "param_renames": {"max_tokens": "limit", "stop": "ends"},
            "param_constraints": {"temperature_min": 0.25, "temperature_max": 0.5},
            "default_body_fields": {"added": {"x": 1}},
        },
        "response": {"content_list_to_string": true, "reasoning_field": "delta.thinking"},
    });
    let (adapters, target) = target_with("openai", "m", "a-secret", &quirks).expect("it is a key");
    let adapter = adapter(&adapters, &target);
    let call = Call::new(&target, Operation::Chat, body.clone());
    let prepared = done(call.prepared_by(adapter)).expect("any body is sent");
    let sent: Map<String, Value> =
        serde_json::from_slice(prepared.request.body()).expect("it stays an object");
    let text = std::str::from_utf8(body).expect("JSON is UTF-8");
    let names: Vec<_> = members(text).expect("it is an object");
    let once = |name: &str| names.iter().filter(|member| member.name == name).count() == 1;
    let touched = ["max_tokens", "limit", "stop", "ends", "temperature", "added", "messages"];
    for (name, value) in before.iter().filter(|(name, _)| !touched.contains(&name.as_str())) {
        assert_eq!(sent.get(name), Some(value), "{name} stays what it was");
    }
    if once("max_tokens") {
        assert_eq!(sent.get("limit"), before.get("max_tokens"), "it has another name");
    }
    assert!(!sent.contains_key("max_tokens"), "the old name is gone");
    assert!(sent.contains_key("added"), "the default is there");
    for wire in &UPSTREAMS {
        let answers = Answers::of(&target.provider_key.spec, wire.id());
        let whole = answers.whole(body.clone());
        serde_json::from_slice::<Value>(&whole).expect("an answer stays JSON");
    }
}
