use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use super::Canaries;

/// Asserts that the planted secret is found in what `leak` makes of it, and nowhere without it.
#[track_caller]
fn check(form: &str, leak: impl Fn(&str) -> Vec<u8>) {
    let mut canaries = Canaries::new();
    let secret = canaries.plant("provider key");
    let found = canaries.find(&leak(&secret)).expect("a leak");
    assert!(found.contains("\"provider key\"") && found.contains(form), "{found}");
    assert!(!found.contains(&secret), "the report repeats the secret: {found}");
    assert_eq!(canaries.find(&leak("sk-another/0123456789abcdef+xx==")), None);
}

fn percent(secret: &str, write: impl Fn(u8) -> String) -> Vec<u8> {
    secret.bytes().map(write).collect::<String>().into_bytes()
}

#[test]
fn finds_a_secret_as_it_is() {
    check("as it is", |secret| format!("INFO key={secret}\n").into_bytes());
}

#[test]
fn finds_base64_at_every_offset() {
    for before in ["", "a", "ab", "abc", "user:"] {
        for after in ["", "z", "zz"] {
            let whole = |secret: &str| format!("{before}{secret}{after}");
            check("base64", |secret| STANDARD.encode(whole(secret)).into_bytes());
            check("base64", |secret| URL_SAFE_NO_PAD.encode(whole(secret)).into_bytes());
        }
    }
}

#[test]
fn finds_hexadecimal_in_either_case() {
    check("hexadecimal", |secret| percent(secret, |byte| format!("{byte:02x}")));
    check("hexadecimal", |secret| percent(secret, |byte| format!("{byte:02X}")));
}

#[test]
fn finds_url_encoding_of_some_or_all_characters() {
    check("URL-encoded", |secret| percent(secret, |byte| format!("%{byte:02x}")));
    check("URL-encoded", |secret| {
        percent(secret, |byte| match byte {
            b'/' | b'+' | b'=' => format!("%{byte:02X}"),
            other => char::from(other).to_string(),
        })
    });
}

#[test]
fn finds_form_encoding_of_a_secret_with_spaces() {
    let mut canaries = Canaries::new();
    canaries.add("phrase", "correct horse battery staple");
    assert!(canaries.find(b"p=correct+horse+battery+staple").unwrap().contains("form-encoded"));
}

#[test]
fn finds_json_escapes() {
    check("JSON-escaped", |secret| secret.replace('/', "\\/").into_bytes());
    check("JSON-escaped", |secret| secret.replace('+', "\\u002b").into_bytes());
    let mut canaries = Canaries::new();
    canaries.add("document", "{\"key\":\"0123456789\"}");
    assert!(canaries.find(br#"{"s":"{\"key\":\"0123456789\"}"}"#).is_some());
}

#[test]
fn finds_printed_byte_arrays() {
    check("as numbers", |secret| format!("{:?}", secret.as_bytes()).into_bytes());
    check("as numbers", |secret| serde_json::to_vec(secret.as_bytes()).unwrap());
}

#[test]
fn each_name_has_its_own_secret() {
    let mut canaries = Canaries::new();
    let (first, second) = (canaries.plant("first"), canaries.plant("other"));
    assert_ne!(first, second);
    assert!(canaries.find(second.as_bytes()).unwrap().contains("\"other\""));
}

#[test]
#[should_panic(
    expected = "the secret \"admin key\" leaked (as it is) after \"Bearer \" in the log"
)]
fn the_failure_says_which_secret_leaked_where() {
    let mut canaries = Canaries::new();
    let secret = canaries.plant("admin key");
    canaries.assert_absent("the log", format!("Bearer {secret}").as_bytes());
}

#[test]
#[should_panic(expected = "shorter than 16 bytes")]
fn refuses_a_secret_that_could_be_found_by_chance() {
    Canaries::new().add("short", "password");
}
