use proptest::prelude::*;
use serde_json::json;

use super::*;

#[track_caller]
fn check(text: &str, expected: Value) {
    assert_eq!(parse(text), Ok(Some(expected)), "{text}");
}

#[track_caller]
fn refuses(text: &str, expected: &str) {
    let problem = parse(text).expect_err(text);
    assert_eq!(problem.to_string(), expected, "{text}");
}

#[test]
fn scalars_are_those_of_the_core_schema() {
    check(
        "[~, null, '', \"\", true, False, yes, on, 'true']",
        json!([null, null, "", "", true, false, "yes", "on", "true"]),
    );
    check(
        "[0, -7, +7, 0x1F, 0o17, 18446744073709551615, 007]",
        json!([0, -7, 7, 31, 15, u64::MAX, 7]),
    );
    check("[1.5, -.5, 1., 1e3, +1.5E-1]", json!([1.5, -0.5, 1.0, 1000.0, 0.15]));
    check("[1.2.3, 1e, ., '-', 0x, 1_000, 12:30, 2030-01-31]", {
        json!(["1.2.3", "1e", ".", "-", "0x", "1_000", "12:30", "2030-01-31"])
    });
    check("[!!str 5, ! 5, !!int '5', !!float 5]", json!(["5", "5", 5, 5]));
    refuses("a: .inf", "line 1, column 4: a number that is too large, or none");
    refuses("a: .nan", "line 1, column 4: a number that is too large, or none");
}

#[test]
fn texts_may_have_many_lines() {
    check("a: |\n  one\n  two\nb: >-\n  one\n  two\n", json!({"a": "one\ntwo\n", "b": "one two"}));
}

#[test]
fn nothing_is_nothing() {
    for text in ["", "\n\n", "# a comment\n", "---\n", "---\n...\n", "null"] {
        assert_eq!(parse(text), Ok(None), "{text:?}");
    }
}

#[test]
fn an_alias_repeats_what_it_names() {
    check("a: &x [1, {b: 2}]\nc: *x\nd: [*x]\n", {
        json!({"a": [1, {"b": 2}], "c": [1, {"b": 2}], "d": [[1, {"b": 2}]]})
    });
}

#[test]
fn what_could_be_read_in_two_ways_is_refused() {
    refuses("a: 1\nb: 2\na: 3\n", "line 3, column 1: duplicate key 'a'");
    refuses("x: {a: 1, \"a\": 2}", "line 1, column 11: duplicate key 'a'");
    refuses("a: 1\n---\nb: 2\n", "line 2, column 1: the file must hold one document only");
    refuses("x: &x {a: 1}\ny:\n  <<: *x\n", {
        "line 3, column 3: merge keys (<<) are not supported: write the fields out"
    });
    refuses("? [a]\n: 1\n", "line 1, column 3: a key must be a plain word");
    refuses("x: &x a\n*x : 1\n", "line 2, column 1: a key must be a plain word");
    refuses("a: !secret b", {
        "line 1, column 12: tags other than YAML's own types are not supported"
    });
    refuses("a: !!int b", "line 1, column 10: not what its tag !!int says");
}

#[test]
fn nothing_grows_without_bound() {
    let mut laughs = String::from("a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]\n");
    for level in 1..12 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        laughs.push_str(&format!("a{level}: &a{level} [{before}]\n"));
    }
    let problem = parse(&laughs).expect_err("a text that stands for a huge one").to_string();
    assert!(problem.ends_with("aliases repeat too much"), "{problem}");
    refuses("a: &a [*a]", "line 1, column 8: an alias of what it stands in");
    let deep = "- ".repeat(65);
    let problem = parse(&format!("{deep}x")).expect_err("deep nesting").to_string();
    assert!(problem.ends_with("nested deeper than 64 levels"), "{problem}");
    let deep = format!("{}{}", "[".repeat(2000), "]".repeat(2000));
    parse(&deep).expect_err("deep nesting");
}

#[test]
fn a_text_that_is_no_yaml_is_located_and_not_quoted() {
    for text in [
        "api_key: \"sk-secret\n",
        "a: [sk-secret",
        "a: b: sk-secret",
        "a:\n  - sk-secret\n b: c\n",
        "a: 'sk-secret' more",
        "*sk-secret",
        "%sk-secret\n",
        "a: {b: sk-secret]",
    ] {
        let problem = parse(text).expect_err(text).to_string();
        assert!(problem.starts_with("line ") && problem.contains(": not YAML: "), "{problem}");
        assert!(!problem.contains("sk-secret") && !problem.contains('\n'), "{problem}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "[a-c:\\-\\[\\]{}&*!|>'\"%#, \\n\\t0-9.~<]{0,60}") {
        drop(parse(&text));
    }

    #[test]
    fn json_says_the_same_in_yaml(words in prop::collection::vec("[ -~]{0,12}", 0..6), n: i64) {
        let value = json!({"words": words, "n": n, "deep": {"x": [words.len(), null, true]}});
        prop_assert_eq!(parse(&value.to_string()), Ok(Some(value)));
    }
}
