//! What each quirk makes of a body, case by case.

use aisix_core::DialectId;
use aisix_dialects::{anthropic_messages, converse, gemini, openai_chat};
use bytes::Bytes;
use serde_json::{Value, json};

use super::super::body::Rules;
use super::key;

fn applied(dialect: DialectId, quirks: (Value, Value), body: &str) -> (String, Vec<String>) {
    let key = key(quirks.0, quirks.1);
    let body = Bytes::copy_from_slice(body.as_bytes());
    let Some(rules) = Rules::of(&key.spec) else {
        panic!("the key has quirks");
    };
    let (body, dropped) = rules.apply(body, dialect);
    let body = String::from_utf8(body.to_vec()).expect("it stays text");
    (body, dropped.into_iter().map(|lost| lost.field).collect())
}

/// What a key with these request quirks makes of bodies, whichever of these formats they are in.
#[track_caller]
fn check(request: Value, cases: &[(&str, &str)]) {
    for dialect in [openai_chat::ID, anthropic_messages::ID] {
        for (body, expected) in cases {
            let (made, dropped) = applied(dialect, (request.clone(), json!({})), body);
            assert_eq!(made, *expected, "for {body} with {request}");
            assert_eq!(dropped, [""; 0], "for {body}");
        }
    }
}

#[track_caller]
fn flat(body: &str, expected: &str, lost: &[&str]) {
    let quirks = (json!({}), json!({"content_list_to_string": true}));
    let (made, dropped) = applied(openai_chat::ID, quirks.clone(), body);
    assert_eq!(made, expected, "for {body}");
    assert_eq!(dropped, lost, "for {body}");
    let (untouched, dropped) = applied(anthropic_messages::ID, quirks, body);
    assert_eq!((untouched.as_str(), dropped.len()), (body, 0), "blocks are Anthropic's own form");
}

#[test]
fn a_key_without_quirks_has_nothing_to_apply() {
    assert!(Rules::of(&key(Value::Null, Value::Null).spec).is_none());
    let headers = json!({"default_headers": {"x-a": "b"}, "forward_client_headers": ["x-*"]});
    assert!(Rules::of(&key(headers, json!({"reasoning_field": "delta.a"})).spec).is_none());
}

#[test]
fn fields_are_renamed_where_they_stand() {
    let renames = json!({"param_renames": {"max_tokens": "max_completion_tokens", "same": "same"}});
    check(
        renames,
        &[
            (r#"{"model":"m"}"#, r#"{"model":"m"}"#),
            (r#"{"a":1, "max_tokens" : 5 }"#, r#"{"a":1, "max_completion_tokens" : 5 }"#),
            (r#"{"max_tokens":null}"#, r#"{"max_completion_tokens":null}"#),
            (r#"{"max\u005ftokens":5}"#, r#"{"max_completion_tokens":5}"#),
            (r#"{"b":{"max_tokens":5}}"#, r#"{"b":{"max_tokens":5}}"#),
            (r#"{"same":1}"#, r#"{"same":1}"#),
            (r#"{"max_tokens":1,"max_tokens":2}"#, TWICE),
            ("{}", "{}"),
            ("[]", "[]"),
            ("null", "null"),
            ("not JSON", "not JSON"),
        ],
    );
    let odd = json!({"param_renames": {"a": "a \"quoted\" ☃\n"}});
    check(odd, &[(r#"{"a":1}"#, r#"{"a \"quoted\" ☃\u000a":1}"#)]);
}

const TWICE: &str = r#"{"max_completion_tokens":1,"max_completion_tokens":2}"#;

#[test]
fn a_renamed_field_overwrites_the_one_that_has_its_new_name() {
    check(
        json!({"param_renames": {"a": "b"}}),
        &[
            (r#"{"a":1,"b":2}"#, r#"{"b":1}"#),
            (r#"{"b":2,"a":1}"#, r#"{"b":1}"#),
            (r#"{ "b" : 2 , "a" : 1 }"#, r#"{ "b" : 1 }"#),
            (r#"{"x":0,"b":2,"a":1,"y":3}"#, r#"{"x":0,"b":1,"y":3}"#),
            (r#"{"b":2,"\u0062":3,"a":1,"b":4}"#, r#"{"b":1}"#),
            (r#"{"b":2}"#, r#"{"b":2}"#),
            (r#"{"b":2,"a":null}"#, r#"{"b":null}"#),
        ],
    );
}

#[test]
fn all_fields_are_renamed_at_once() {
    check(
        json!({"param_renames": {"a": "b", "b": "a"}}),
        &[(r#"{"a":1,"b":2}"#, r#"{"b":1,"a":2}"#), (r#"{"b":2}"#, r#"{"a":2}"#)],
    );
    check(
        json!({"param_renames": {"a": "b", "b": "c"}}),
        &[(r#"{"a":1,"b":2,"c":3}"#, r#"{"b":1,"c":2}"#), (r#"{"a":1}"#, r#"{"b":1}"#)],
    );
    check(
        json!({"param_renames": {"a": "c", "b": "c"}}),
        &[
            (r#"{"b":2,"a":1}"#, r#"{"c":2}"#),
            (r#"{"a":1,"c":3,"b":2}"#, r#"{"c":2}"#),
            (r#"{"a":1,"c":3}"#, r#"{"c":1}"#),
        ],
    );
}

#[test]
fn a_temperature_outside_its_bounds_is_brought_to_the_bound() {
    check(
        json!({"param_constraints": {"temperature_min": 0.25, "temperature_max": 1}}),
        &[
            (r#"{"temperature":1.7}"#, r#"{"temperature":1}"#),
            (r#"{"temperature" : 2 , "a":1}"#, r#"{"temperature" : 1 , "a":1}"#),
            (r#"{"temperature":0}"#, r#"{"temperature":0.25}"#),
            (r#"{"temperature":-1e400}"#, r#"{"temperature":0.25}"#),
            (r#"{"temperature":1E+999}"#, r#"{"temperature":1}"#),
            (r#"{"temperature":1.0}"#, r#"{"temperature":1.0}"#),
            (r#"{"temperature":0.70}"#, r#"{"temperature":0.70}"#),
            (r#"{"temperature":9,"\u0074emperature":8}"#, FLAT_TWICE),
        ],
    );
}

const FLAT_TWICE: &str = r#"{"temperature":1,"\u0074emperature":1}"#;

#[test]
fn what_is_no_number_is_left_to_the_upstream() {
    let bounds = json!({"param_constraints": {"temperature_max": 1}});
    for value in ["null", "\"2\"", "\"inf\"", "true", "[2]", r#"{"temperature":2}"#] {
        let body = format!(r#"{{"temperature":{value}}}"#);
        check(bounds.clone(), &[(&body, &body)]);
    }
    check(bounds, &[(r#"{"a":{"temperature":2}}"#, r#"{"a":{"temperature":2}}"#)]);
}

#[test]
fn a_temperature_is_found_where_the_format_has_it() {
    let bounds = json!({"param_constraints": {"temperature_max": 1}});
    let body = r#"{"temperature":5,"inferenceConfig": {"topP":2, "temperature": 5},"a":[5]}"#;
    let clamped = r#"{"temperature":5,"inferenceConfig": {"topP":2, "temperature": 1},"a":[5]}"#;
    let gemini = body.replace("inferenceConfig", "generationConfig");
    assert_eq!(applied(converse::ID, (bounds.clone(), json!({})), body).0, clamped);
    let made = applied(gemini::ID, (bounds.clone(), json!({})), &gemini).0;
    assert_eq!(made, clamped.replace("inferenceConfig", "generationConfig"));
    for odd in [r#"{"inferenceConfig":null}"#, r#"{"inferenceConfig":{"temperature":"5"}}"#] {
        assert_eq!(applied(converse::ID, (bounds.clone(), json!({})), odd).0, odd);
    }
}

#[test]
fn defaults_are_added_only_where_a_field_is_absent() {
    check(
        json!({"default_body_fields": {"a": {"b": [1, "x"]}, "c": "d\"e", "n": null}}),
        &[
            ("{}", r#"{"a":{"b":[1,"x"]},"c":"d\"e","n":null}"#),
            (" { } ", r#" {"a":{"b":[1,"x"]},"c":"d\"e","n":null } "#),
            (r#"{"x":1}"#, r#"{"a":{"b":[1,"x"]},"c":"d\"e","n":null,"x":1}"#),
            (r#"{"a":null,"c":0,"n":1}"#, r#"{"a":null,"c":0,"n":1}"#),
            (r#"{ "\u0061":1,"n":1}"#, r#"{"c":"d\"e", "\u0061":1,"n":1}"#),
            (r#"{"x":{"a":1,"c":2,"n":3}}"#, NESTED),
        ],
    );
}

const NESTED: &str = r#"{"a":{"b":[1,"x"]},"c":"d\"e","n":null,"x":{"a":1,"c":2,"n":3}}"#;

#[test]
fn quirks_are_applied_one_after_the_other() {
    // Renamed first, so that the bounds see the new name, and a default its absence.
    check(
        json!({
            "param_renames": {"temp": "temperature", "user": "safety_identifier"},
            "param_constraints": {"temperature_max": 1},
            "default_body_fields": {"user": "u", "safety_identifier": "s", "temperature": 9},
        }),
        &[
            (
                r#"{"temp":5,"user":"me"}"#,
                r#"{"user":"u","temperature":1,"safety_identifier":"me"}"#,
            ),
            // A default is what the key says it is.
            ("{}", r#"{"safety_identifier":"s","temperature":9,"user":"u"}"#),
            (
                r#"{"temperature":7,"temp":5,"user":"me"}"#,
                r#"{"user":"u","temperature":1,"safety_identifier":"me"}"#,
            ),
        ],
    );
}

#[test]
fn lists_of_text_parts_become_texts_and_what_is_lost_is_named() {
    flat(
        r#"{"messages":[{"role":"user","content":[{"type":"text","text":"a\n"},{"type":"text","text":"\u00e9"}]}]}"#,
        r#"{"messages":[{"role":"user","content":"a\n\u00e9"}]}"#,
        &[],
    );
    flat(
        r#"{"messages":[{"content":[{"type":"image_url","image_url":{}},{"type":"text","text":""},{"type":"image_url"},5,{"text":"x"}]}, {"content":"b"}]}"#,
        r#"{"messages":[{"content":""}, {"content":"b"}]}"#,
        &["content", "content.image_url"],
    );
}

#[test]
fn contents_without_texts_and_lists_elsewhere_are_left_alone() {
    for body in [
        r#"{"messages":[{"content":[{"type":"image_url","image_url":{"url":"u"}}]}]}"#,
        r#"{"messages":[{"content":[]},{"content":null},{"content":{"type":"text","text":"x"}}]}"#,
        r#"{"messages":[{"content":[{"type":"text","text":5}]}]}"#,
        r#"{"messages":[{"a":{"content":[{"type":"text","text":"x"}]}}]}"#,
        r#"{"a":[{"content":[{"type":"text","text":"x"}]}],"messages":5}"#,
        r#"{"messages":[5,null,[{"content":[{"type":"text","text":"x"}]}]]}"#,
    ] {
        flat(body, body, &[]);
    }
}

#[test]
fn long_bodies_and_bodies_of_many_fields_are_patched_too() {
    let long = "x".repeat(10 << 20);
    let body = format!(r#"{{"a":"{long}","temperature":3,"b":"{long}"}}"#);
    let request = json!({
        "param_renames": {"a": "c"}, "param_constraints": {"temperature_max": 1},
        "default_body_fields": {"d": 1},
    });
    let expected = format!(r#"{{"d":1,"c":"{long}","temperature":1,"b":"{long}"}}"#);
    let (made, _) = applied(openai_chat::ID, (request.clone(), json!({})), &body);
    assert!(made == expected, "{} bytes", made.len());
    // Were each field compared with each, this would take minutes.
    let fields: Vec<_> = (0..200_000).map(|n| format!(r#""c":{n}"#)).collect();
    let body = format!(r#"{{{},"a":1}}"#, fields.join(","));
    assert_eq!(applied(openai_chat::ID, (request, json!({})), &body).0, r#"{"d":1,"c":1}"#);
}
