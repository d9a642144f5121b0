use aisix_testing::conformance::resources;
use serde_json::json;

use super::base::{endpoint, newer_endpoint};
use super::vendors::has_responses;

#[track_caller]
fn check(base: &str, expected: &str) {
    let url = endpoint(Some(base), "/chat/completions").expect("the base is usable");
    assert_eq!(url.to_string(), expected, "for base {base:?}");
}

#[test]
fn mends_copy_paste_mistakes_and_guesses_nothing() {
    check("https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions");
    check("  https://api.openai.com/v1/ ", "https://api.openai.com/v1/chat/completions");
    check("https://api.openai.com", "https://api.openai.com/v1/chat/completions");
    check("https://api.openai.com/", "https://api.openai.com/v1/chat/completions");
    check(
        "https://api.openai.com/v1/chat/completions",
        "https://api.openai.com/v1/chat/completions",
    );
    check("https://api.openai.com/v1/embeddings/", "https://api.openai.com/v1/chat/completions");
    check("https://api.openai.com/chat/completions", "https://api.openai.com/v1/chat/completions");
    check("https://h", "https://h/chat/completions");
    check("https://h/prefix/v2//", "https://h/prefix/v2/chat/completions");
    check(
        "https://generativelanguage.googleapis.com/v1beta/openai",
        "https://generativelanguage.googleapis.com/v1beta/openai/chat/completions",
    );
    check("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1/chat/completions");
    check("https://h/v1/completions", "https://h/v1/chat/completions");
    check("http://completions", "http://completions/chat/completions");
    check("HTTPS://API.openai.com", "https://API.openai.com/v1/chat/completions");
    check("HTTP://h:8080/v1", "http://h:8080/v1/chat/completions");
}

#[test]
fn below_a_bare_host_responses_stand_where_openai_has_them() {
    for (base, expected) in [
        ("https://h", "https://h/v1/responses"),
        ("https://h/v2", "https://h/v2/responses"),
        ("https://h/v1/responses/", "https://h/v1/responses"),
        ("https://h/v1/chat/completions", "https://h/v1/responses"),
        ("https://h/responses", "https://h/v1/responses"),
        ("https://api.openai.com", "https://api.openai.com/v1/responses"),
        ("https://api.openai.com/v1", "https://api.openai.com/v1/responses"),
    ] {
        let url = newer_endpoint(Some(base), "/responses").expect("the base is usable");
        assert_eq!(url.to_string(), expected, "for base {base:?}");
    }
}

#[test]
fn refuses_a_base_that_is_missing_or_no_url() {
    for base in [
        None,
        Some(""),
        Some("   "),
        Some("api.openai.com/v1"),
        Some("ftp://h/v1"),
        Some("https://h/v1?key=value"),
        Some("https://h/v1#part"),
        Some("https://name:word@h/v1"),
        // `Uri` reads each of these ports as none at all.
        Some("http://127.0.0.1:99999"),
        Some("http://h:/v1"),
        Some("http://[::1]:65536/v1"),
    ] {
        let error = endpoint(base, "/chat/completions").expect_err("the base is unusable");
        assert_eq!(error.status(), 400, "for base {base:?}");
        assert!(error.message().starts_with("invalid upstream configuration: "), "{error}");
    }
}

#[test]
fn responses_are_asked_of_vendors_that_have_them_and_a_keys_own_word_wins() {
    for (provider, said, expected) in [
        ("openai", json!(null), true),
        ("deepseek", json!(null), true),
        ("whoever", json!(null), true),
        ("gemini", json!(null), false),
        (" Mistral ", json!(null), false),
        ("mistral", json!(true), true),
        ("openai", json!(false), false),
    ] {
        let key = resources::provider_key(json!({
            "display_name": "key", "provider": provider, "adapter": "openai", "secret": "sk-x",
            "api_base": "https://h/v1", "request": {"responses_endpoint": said},
        }));
        assert_eq!(has_responses(&key.spec), expected, "for {provider} that says {said}");
    }
}
