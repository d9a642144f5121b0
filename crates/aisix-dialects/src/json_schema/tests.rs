use serde_json::{Map, Value, json};

use super::can_bind;

#[track_caller]
fn check(schema: Value, expected: bool) {
    assert_eq!(can_bind(&schema), expected, "{schema}");
}

#[test]
fn an_object_binds_that_asks_for_all_of_its_fields_and_allows_no_others() {
    let of = |required: Value, more: Value| {
        let properties = json!({"a": {"type": "string"}, "b": {"type": "null"}});
        json!({"properties": properties, "required": required, "additionalProperties": more})
    };
    check(of(json!(["b", "a"]), json!(false)), true);
    check(of(json!(["a"]), json!(false)), false);
    check(of(json!("a"), json!(false)), false);
    check(of(json!(["a", "b"]), json!(true)), false);
    check(json!({"type": "object", "additionalProperties": false}), true);
    check(json!({"type": "object"}), false);
    check(json!({"type": "string"}), true);
}

#[test]
fn a_hundred_thousand_fields_are_looked_at_at_once() {
    const FIELDS: u32 = 100_000;
    let properties: Map<_, _> = (0..FIELDS).map(|n| (n.to_string(), json!({}))).collect();
    // The last field is the first that is asked for.
    let required: Vec<_> = (0..FIELDS).rev().map(|n| n.to_string()).collect();
    let schema = |required: &[String]| json!({"properties": properties, "required": required, "additionalProperties": false});
    assert!(can_bind(&schema(&required)));
    assert!(!can_bind(&schema(&required[1..])));
}
