use super::{ClientRule, ClientRuleError, ClientRules, ClientTypes, KNOWN, REMEMBERED};

fn named(types: &ClientTypes, user_agent: &str) -> String {
    types.name(types.of(Some(user_agent.as_bytes()))).to_owned()
}

#[test]
fn a_program_is_known_by_what_its_user_agent_contains() {
    let types = ClientTypes::new(ClientRules::default());
    for (user_agent, name) in [
        ("claude-cli/1.0.3 (external, cli)", "claude-code"),
        ("OpenAI/Python 1.99.0", "openai-python"),
        ("OpenAI/JS 5.1.0", "openai-node"),
        ("Anthropic/Python 0.40", "anthropic-python"),
        ("GitHubCopilotChat/0.20", "github-copilot"),
        ("Zed/0.180.0", "zed"),
        ("ai-sdk/provider-utils/3.0", "vercel-ai-sdk"),
        ("python-httpx/0.27", "httpx"),
        ("axios/1.7", "node"),
        ("curl/8.5.0", "curl"),
        ("Mozilla/5.0 Cursor/1.2", "cursor"),
        ("Mozilla/5.0 (X11)", "browser"),
        ("sk-a-key-in-the-wrong-place", "other"),
        ("", "other"),
    ] {
        assert_eq!(named(&types, user_agent), name, "{user_agent}");
    }
    assert_eq!(types.name(types.of(None)), "unknown");
    assert_eq!(types.name(types.of(Some(b"curl\xff"))), "curl");
}

#[test]
fn every_row_of_the_table_is_reachable() {
    let types = ClientTypes::new(ClientRules::default());
    for (name, parts) in KNOWN {
        for part in *parts {
            assert_eq!(named(&types, part), *name, "{part}");
        }
    }
}

#[test]
fn the_first_rule_that_fits_counts_before_the_table() {
    let rule = |pattern, client| ClientRule::new(pattern, client).unwrap();
    let rules = vec![rule("^Acme-(bot|cli)/", "acme"), rule("curl", "our-curl"), rule(".", "zed")];
    let types = ClientTypes::new(ClientRules::new(rules).unwrap());
    assert_eq!(named(&types, "ACME-bot/1 curl"), "acme");
    assert_eq!(named(&types, "not acme-bot/1 CURL"), "our-curl");
    assert_eq!(named(&types, "codex"), "zed");
}

#[test]
fn no_more_than_some_answers_are_remembered() {
    let types = ClientTypes::new(ClientRules::default());
    for number in 0..2 * REMEMBERED + 1 {
        assert_eq!(named(&types, &format!("curl/{number}")), "curl");
        assert!(types.remembered.read().unwrap().len() <= REMEMBERED);
    }
}

#[test]
fn a_rule_that_cannot_be_used_says_why() {
    let error = |pattern: &str, client: &str| ClientRule::new(pattern, client).unwrap_err();
    assert_eq!(error(&"a".repeat(513), "a"), ClientRuleError::LongPattern);
    assert_eq!(error("(", "a"), ClientRuleError::Pattern("unclosed group".into()));
    for client in ["", "A", "-a", "a b", "a\u{e9}", &"a".repeat(65)] {
        assert_eq!(error("a", client), ClientRuleError::Client, "{client}");
    }
    assert!(ClientRule::new(&"a".repeat(512), &"0.-_".repeat(16)).is_ok());
    let many = |count| ClientRules::new(vec![ClientRule::new("a", "a").unwrap(); count]);
    assert!(many(64).is_ok());
    assert_eq!(many(65).unwrap_err(), ClientRuleError::TooMany(65));
}
