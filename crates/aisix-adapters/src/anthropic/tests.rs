use super::base::endpoint;

#[track_caller]
fn check(base: &str, expected: &str) {
    let url = endpoint(Some(base), "/v1/messages").expect("the base is usable");
    assert_eq!(url.to_string(), expected, "for base {base:?}");
}

#[test]
fn mends_copy_paste_mistakes_and_guesses_nothing() {
    for base in
        ["https://h", "https://h/", " https://h/v1 ", "https://h/v1/", "https://h/v1/messages"]
    {
        check(base, "https://h/v1/messages");
    }
    check("https://h/v1/messages/count_tokens/", "https://h/v1/messages");
    check("https://h/anthropic", "https://h/anthropic/v1/messages");
    check("https://h/anthropic/v1", "https://h/anthropic/v1/messages");
    check("https://h/prefix/v2", "https://h/prefix/v2/v1/messages");
    check("https://api.anthropic.com", "https://api.anthropic.com/v1/messages");
    check("http://127.0.0.1:8080", "http://127.0.0.1:8080/v1/messages");
    check("http://v1", "http://v1/v1/messages");
}

#[test]
fn refuses_a_base_that_is_missing_or_no_url() {
    for base in
        [None, Some(" "), Some("api.anthropic.com"), Some("https://h?x=1"), Some("http://h:/")]
    {
        let error = endpoint(base, "/v1/messages").expect_err("the base is unusable");
        assert_eq!(error.status(), 400, "for base {base:?}");
        assert!(error.message().starts_with("invalid upstream configuration: "), "{error}");
    }
}
