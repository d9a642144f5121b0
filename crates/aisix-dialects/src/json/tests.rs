use serde_json::{Value, json};

use super::{members, quoted, reshaped, splice, unambiguous, written};

#[test]
fn splicing_replaces_the_ranges_and_nothing_else() {
    let edits = [(1..1, "ab".into()), (2..4, "".into()), (5..6, "xyz".into())];
    assert_eq!(splice(b"012345", &edits), &b"0ab14xyz"[..]);
}

#[test]
fn splicing_nothing_is_a_copy() {
    assert_eq!(splice(b"0123", &[]), &b"0123"[..]);
}

#[test]
fn a_quoted_text_reads_as_the_text() {
    let text = "a\"b\\c\n\t\u{0}\u{1f}\u{7f}é😀/\u{2028}";
    assert_eq!(serde_json::from_str::<String>(&quoted(text)).ok().as_deref(), Some(text));
}

#[test]
fn reads_json_as_any_reader_does() {
    let text = br#"{"a": [1, -2, 0.5, true, null, "x", {"b": {}}], "c": 18446744073709551615}"#;
    let plain: Value = serde_json::from_slice(text).expect("it is JSON");
    assert_eq!(unambiguous(text).expect("it is JSON"), plain);
}

#[test]
fn refuses_a_field_that_stands_twice_at_any_depth() {
    for text in [r#"{"a": 1, "a": 1}"#, r#"[{"b": {"a": 1, "\u0061": 2}}]"#] {
        let error = unambiguous(text.as_bytes()).expect_err("it is ambiguous");
        assert!(error.is_data(), "{error}");
    }
}

#[test]
fn the_same_name_in_two_objects_is_no_duplicate() {
    let text = br#"{"a": {"a": 1}, "b": {"a": 1}}"#;
    assert_eq!(unambiguous(text).expect("it is JSON"), json!({"a": {"a": 1}, "b": {"a": 1}}));
}

#[test]
fn refuses_what_follows_the_value() {
    assert!(unambiguous(b"{} {}").is_err());
}

#[track_caller]
fn check_reshaped(object: &str, expected: &str) {
    let with = [("version", "\"v1\"")];
    let shape = reshaped(object.as_bytes(), &["model", "stream"], &with).expect("it is an object");
    assert_eq!(shape, expected, "for {object}");
}

#[test]
fn an_object_is_reshaped_and_keeps_every_other_byte() {
    check_reshaped("{}", r#"{"version":"v1"}"#);
    check_reshaped(" { } ", r#" {"version":"v1" } "#);
    check_reshaped(r#"{"model":"m"}"#, r#"{"version":"v1"}"#);
    check_reshaped(r#"{"a": 1 , "b":{"model":2}}"#, r#"{"version":"v1","a": 1 , "b":{"model":2}}"#);
    check_reshaped(r#"{"model":"m","stream":true, "a":[1, 2]}"#, r#"{"version":"v1", "a":[1, 2]}"#);
    check_reshaped(r#"{"a":"x,{y","stream":true}"#, r#"{"version":"v1","a":"x,{y"}"#);
    check_reshaped(
        r#"{"a":1,"mod\u0065l":"m",  "b" : 1.50}"#,
        r#"{"version":"v1","a":1,  "b" : 1.50}"#,
    );
    for theirs in [
        r#"{"version":"v0","a":1}"#,
        r#"{"a":1,"version":"v0"}"#,
        r#"{"version":"v0","a":1,"v\u0065rsion":null}"#,
    ] {
        check_reshaped(theirs, r#"{"version":"v1","a":1}"#);
    }
    assert!(reshaped(b"[]", &[], &[]).is_err(), "a list has no fields");
    assert!(reshaped(b"{\"a\":1", &[], &[]).is_err(), "it is cut off");
}

#[test]
fn members_are_found_where_they_stand_escaped_and_repeated_ones_too() {
    let text = r#" { "a" : 1 , "\u0061\"": [ {"a": 2} ], "a":null,"é":"x"} "#;
    let found = members(text).expect("it is an object");
    let names: Vec<_> = found.iter().map(|member| &*member.name).collect();
    assert_eq!(names, ["a", "a\"", "a", "é"]);
    let spelled: Vec<_> = found.iter().map(|member| &text[member.name_span.clone()]).collect();
    assert_eq!(spelled, [r#""a""#, r#""\u0061\"""#, r#""a""#, r#""é""#]);
    let values: Vec<_> = found.iter().map(|member| &text[member.value_span.clone()]).collect();
    assert_eq!(values, ["1", r#"[ {"a": 2} ]"#, "null", r#""x""#]);
}

#[test]
fn what_is_no_object_has_no_members() {
    for text in ["[]", "null", "", "{", r#"{"a": 1} 2"#, r#"{"a": }"#, r#""a""#] {
        assert!(members(text).is_err(), "for {text:?}");
    }
}

fn check_written(value: Value) {
    let object = [("name \"\\\u{1}".to_owned(), value)].into_iter().collect();
    let expected = serde_json::to_string(&object).expect("values are JSON");
    assert_eq!(String::from_utf8(written(&object)).expect("JSON is text"), expected);
}

#[test]
fn writes_every_character_in_every_place_as_serde_does() {
    let plain = "plain and é and 😀, more than two strides of a text: ".repeat(2);
    let places = plain.char_indices().map(|(place, _)| place).chain([plain.len()]);
    for place in places {
        for character in ('\0'..='\u{7f}').chain(['\u{80}', '\u{2028}', '😀']) {
            let mut text = plain.clone();
            text.insert(place, character);
            check_written(text.into());
        }
    }
}

#[test]
fn writes_every_kind_of_value_as_serde_does() {
    check_written(json!([]));
    check_written(json!({}));
    check_written(json!([null, true, false, "", "\n\n", [[]], {"a": {"b": 1}, "": []}]));
    check_written(json!([0, -1, 1.0, 0.1, 1e300, -1.5e-7, u64::MAX, i64::MIN]));
}
