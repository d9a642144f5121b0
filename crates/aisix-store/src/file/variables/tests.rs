use proptest::prelude::*;

use super::*;

fn environment(name: &str) -> Option<OsString> {
    use std::os::unix::ffi::OsStringExt as _;
    match name {
        "HOST" => Some("example.com".into()),
        "TRICK" => Some("${HOST} $$".into()),
        "EMPTY" => Some("".into()),
        "BYTES" => Some(OsString::from_vec(vec![0xff])),
        _ => None,
    }
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(interpolate(text, &environment).as_deref(), Ok(expected), "{text}");
}

#[track_caller]
fn refuses(text: &str, expected: &[&str]) {
    let problems = interpolate(text, &environment).expect_err(text);
    assert_eq!(problems, expected, "{text}");
}

#[test]
fn variables_are_put_in_wherever_they_stand() {
    check("${HOST}", "example.com");
    check("https://${HOST}/v1?x=${HOST}", "https://example.com/v1?x=example.com");
    check("plain", "plain");
}

#[test]
fn a_dollar_is_only_special_before_a_dollar_or_a_brace() {
    check("$HOST costs $5 $", "$HOST costs $5 $");
    check("$$", "$");
    check("$${HOST}", "${HOST}");
    check("$$$${HOST}", "$${HOST}");
    check("$$${HOST}", "$example.com");
}

#[test]
fn a_value_is_not_read_again() {
    check("${TRICK}", "${HOST} $$");
}

#[test]
fn everything_that_is_wrong_is_said() {
    refuses(
        "${NONE}-${EMPTY}-${BYTES}",
        &[
            "the variable NONE is not set",
            "the variable EMPTY is empty",
            "the variable BYTES is not UTF-8",
        ],
    );
    let syntax = "holds '${' without the name of a variable and '}' behind it: write ${NAME}, or \
                  $$ for a dollar sign";
    for text in ["${HOST", "${}", "${1A}", "${A-B}", "${A:-b}", "a ${ b } c", "${Ä}"] {
        refuses(text, &[syntax]);
    }
}

proptest! {
    #[test]
    fn a_literal_stands_for_itself(text in "[$\\{\\}a-zA-Z ]{0,20}") {
        let written = super::super::format::literal(&text);
        let read = interpolate(&written, &environment);
        prop_assert_eq!(read.as_deref(), Ok(&*text));
    }
}
