//! What holds of every body and every set of quirks.

use std::collections::BTreeMap;

use aisix_dialects::openai_chat;
use bytes::Bytes;
use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};
use serde_json::{Map, Value, json};

use super::super::body::Rules;
use super::key;

/// A field as somebody may write it: white space, name, white space, value, white space.
#[derive(Debug, Clone)]
struct Written {
    spaces: [String; 4],
    name: String,
    value: String,
}

fn spaces() -> impl Strategy<Value = String> {
    "[ \t\r\n]{0,2}"
}

fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just("temperature".to_owned()), "[a-e]", "[a-e]{2}"]
}

fn value() -> impl Strategy<Value = String> {
    let text = any::<String>().prop_map(|text| json!(text).to_string());
    let nested = prop_oneof![Just("{\"a\": 1,\"temperature\" :9}"), Just("[ {\"b\":[]} ]")];
    let number = (-40i32..40).prop_map(|tenths| format!("{}e-1", tenths));
    prop_oneof![text, nested.prop_map(str::to_owned), number, Just("null".to_owned())]
}

fn written() -> impl Strategy<Value = Written> {
    let spaces = [spaces(), spaces(), spaces(), spaces()];
    (spaces, name(), value()).prop_map(|(spaces, name, value)| Written { spaces, name, value })
}

/// An object without a name that stands there twice.
fn object() -> impl Strategy<Value = Vec<Written>> {
    prop::collection::vec(written(), 0..6).prop_map(|mut fields| {
        let mut seen = std::collections::BTreeSet::new();
        fields.retain(|field| seen.insert(field.name.clone()));
        fields
    })
}

fn quirks() -> impl Strategy<Value = (BTreeMap<String, String>, BTreeMap<String, i32>)> {
    let renames = prop::collection::btree_map(name(), name(), 0..4);
    (renames, prop::collection::btree_map(name(), any::<i32>(), 0..3))
}

fn text_of(fields: &[Written]) -> String {
    let fields: Vec<_> = fields.iter().map(text_of_one).collect();
    format!("{{{}}}", fields.join(","))
}

fn text_of_one(field: &Written) -> String {
    let [a, b, c, d] = &field.spaces;
    format!("{a}{}{b}:{c}{}{d}", json!(field.name), field.value)
}

fn clamped(value: &str) -> String {
    match value.parse::<f64>() {
        Ok(number) if number > 1.0 => "1".to_owned(),
        Ok(number) if number < -1.0 => "-1".to_owned(),
        _ => value.to_owned(),
    }
}

fn applied(
    renames: &BTreeMap<String, String>,
    defaults: &BTreeMap<String, i32>,
    body: &str,
) -> String {
    let bounds = json!({"temperature_min": -1, "temperature_max": 1});
    let request = json!({
        "param_renames": renames, "param_constraints": bounds, "default_body_fields": defaults,
    });
    let key = key(request, Value::Null);
    let rules = Rules::of(&key.spec).expect("the key has quirks");
    let (made, dropped) = rules.apply(Bytes::copy_from_slice(body.as_bytes()), openai_chat::ID);
    assert!(dropped.is_empty());
    String::from_utf8(made.to_vec()).expect("it stays text")
}

proptest! {
    #[test]
    fn bytes_outside_the_patches_are_unchanged(
        fields in object(),
        new_names in prop::collection::vec("[f-j]{3}", 6),
        defaults in prop::collection::btree_map("[k-o]", any::<i32>(), 0..3),
    ) {
        // New names that nobody has: every field keeps its place.
        let renames: BTreeMap<_, _> = fields
            .iter()
            .zip(new_names.iter().collect::<std::collections::BTreeSet<_>>())
            .filter(|(field, _)| field.name != "temperature")
            .map(|(field, to)| (field.name.clone(), to.clone()))
            .collect();
        let mut expected = fields.clone();
        for field in &mut expected {
            if field.name == "temperature" {
                field.value = clamped(&field.value);
            }
            if let Some(to) = renames.get(&field.name) {
                field.name.clone_from(to);
            }
        }
        let added: Vec<_> = defaults.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
        let comma = if added.is_empty() || fields.is_empty() { "" } else { "," };
        let expected = text_of(&expected).replacen('{', &format!("{{{}{comma}", added.join(",")), 1);
        prop_assert_eq!(applied(&renames, &defaults, &text_of(&fields)), expected);
    }

    #[test]
    fn a_patched_body_says_what_the_quirks_say(fields in object(), quirks in quirks()) {
        let (renames, defaults) = quirks;
        let made = applied(&renames, &defaults, &text_of(&fields));
        let made: Value = serde_json::from_str(&made).expect("it stays JSON");
        // The same done to the object as a whole: those that are renamed are taken out, and put
        // back under their new names in the order of the old ones.
        let mut left: BTreeMap<_, _> = fields
            .iter()
            .map(|field| (field.name.clone(), serde_json::from_str::<Value>(&field.value).expect("JSON")))
            .collect();
        let moved: Vec<_> = renames
            .iter()
            .filter(|(from, to)| from != to)
            .filter_map(|(from, to)| Some((to.clone(), left.remove(from)?)))
            .collect();
        left.extend(moved);
        if let Some(temperature) = left.get_mut("temperature")
            && let Some(number) = temperature.as_f64()
        {
            *temperature = json!(number.clamp(-1.0, 1.0));
        }
        for (name, value) in &defaults {
            left.entry(name.clone()).or_insert_with(|| json!(value));
        }
        let numbers_alike = |value: &Value| value.as_f64().map_or(value.clone(), |n| json!(n));
        let alike = |object: &Map<String, Value>| -> BTreeMap<String, Value> {
            object.iter().map(|(name, value)| (name.clone(), numbers_alike(value))).collect()
        };
        prop_assert_eq!(alike(made.as_object().expect("an object")), alike(&Map::from_iter(left)));
    }
}
