use bytes::Bytes;
use jiff::Timestamp;

use super::{Change, Diagnostic, Entry, Finding, RejectionKind, Revision, Snapshot};
use crate::error::ErrorCode;
use crate::hash::KeyHash;
use crate::resource::{Kind, PlainSecrets, SecretField, SecretProblem, SecretResolver};
use crate::secret::Secret;

fn entry(key: &str, value: &str, created: Revision, modified: Revision) -> Entry {
    let (key, value) = (key.to_owned(), Bytes::copy_from_slice(value.as_bytes()));
    Entry { key, value, version: 1, created, modified }
}

fn put(key: &str, value: &str, created: Revision, modified: Revision) -> Change {
    Change::Put(entry(key, value, created, modified))
}

fn delete(key: &str, revision: Revision) -> Change {
    Change::Delete { key: key.to_owned(), revision }
}

fn model(name: &str) -> String {
    format!(
        r#"{{"display_name": "{name}", "provider": "p", "model_name": "m", "provider_key_id": "k"}}"#
    )
}

fn api_key(plaintext: &str, more: &str) -> String {
    format!(r#"{{"key_hash": "{}", "allowed_models": ["*"]{more}}}"#, KeyHash::of(plaintext))
}

fn provider_key(name: &str, secret: &str) -> String {
    format!(r#"{{"display_name": "{name}", "provider": "openai", "secret": "{secret}"}}"#)
}

fn build(entries: impl IntoIterator<Item = Entry>) -> (Snapshot, Vec<Diagnostic>) {
    Snapshot::build(entries, 100, &PlainSecrets)
}

/// What is there after the changes, the last one's diagnostics with it.
fn follow(changes: impl IntoIterator<Item = Change>) -> (Snapshot, Vec<Diagnostic>) {
    let start = (Snapshot::default(), Vec::new());
    changes.into_iter().fold(start, |(snapshot, _), change| snapshot.apply(&change, &PlainSecrets))
}

/// The id of the model that a name leads to.
fn resolves<'s>(snapshot: &'s Snapshot, name: &str) -> Option<&'s str> {
    snapshot.resolve_model(name).map(|model| model.id.as_str())
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The id of the API key that a plaintext authenticates at noon, or why it does not.
fn authenticates<'s>(snapshot: &'s Snapshot, plaintext: &str) -> Result<&'s str, ErrorCode> {
    let noon = || time("2030-01-01T12:00:00Z");
    let key = snapshot.authenticate(&KeyHash::of(plaintext), noon);
    key.map(|key| key.id.as_str()).map_err(|error| error.code())
}

fn keys(diagnostics: &[Diagnostic]) -> Vec<&str> {
    diagnostics.iter().map(|found| &*found.key).collect()
}

fn message(diagnostic: &Diagnostic) -> (RejectionKind, &str) {
    match &diagnostic.finding {
        Finding::Rejected { kind, message } => (*kind, message),
        Finding::Partial { fields } => panic!("partial: {fields:?}"),
    }
}

#[test]
fn an_exact_name_goes_before_patterns_and_longer_patterns_before_shorter() {
    let (snapshot, diagnostics) = build([
        entry("models/all", &model("*"), 1, 1),
        entry("models/gpt", &model("gpt-*"), 2, 2),
        entry("models/gpt4", &model("gpt-4*"), 3, 3),
        entry("models/mini", &model("*-mini"), 4, 4),
        entry("models/exact", &model("gpt-4o"), 5, 5),
        entry("models/many", &model("*-*-longer-than-all"), 6, 6),
    ]);
    assert!(diagnostics.is_empty());
    for (name, id) in [
        ("gpt-4o", "exact"),
        ("gpt-4o-2024", "gpt4"),
        ("gpt-4", "gpt4"),
        ("gpt-3.5", "gpt"),
        ("gpt-", "gpt"),
        // Of two patterns of one length the later one in the alphabet.
        ("gpt-4-mini", "gpt4"),
        ("o1-mini", "mini"),
        ("claude", "all"),
        ("x-y-longer-than-all", "all"),
    ] {
        assert_eq!(resolves(&snapshot, name), Some(id), "{name}");
    }
    let model = snapshot.resolve_model("gpt-4o-2024").unwrap();
    assert_eq!(model.spec.wildcard().unwrap().capture("gpt-4o-2024"), Some("o-2024"));
}

#[test]
fn a_group_with_a_star_in_its_name_is_no_pattern() {
    let group = r#"{"display_name": "g*", "routing": {"targets": [{"model": "a"}]}}"#;
    let (snapshot, _) = build([entry("models/g", group, 1, 1)]);
    assert_eq!(resolves(&snapshot, "gpt"), None);
    assert_eq!(resolves(&snapshot, "g*"), Some("g"));
}

#[test]
fn a_pattern_comes_and_goes_with_its_model() {
    let (snapshot, _) = follow([put("models/a", &model("gpt-*"), 1, 1)]);
    assert_eq!(resolves(&snapshot, "gpt-4"), Some("a"));
    let (renamed, _) = snapshot.apply(&put("models/a", &model("o*"), 1, 2), &PlainSecrets);
    assert_eq!((resolves(&renamed, "gpt-4"), resolves(&renamed, "o1")), (None, Some("a")));
    let (deleted, _) = renamed.apply(&delete("models/a", 3), &PlainSecrets);
    assert_eq!(resolves(&deleted, "o1"), None);
    assert_eq!(resolves(&snapshot, "gpt-4"), Some("a"), "a snapshot never changes");
}

#[test]
fn of_two_with_one_name_the_earliest_created_serves_and_the_other_takes_over() {
    let later = entry("models/a", &model("gpt"), 7, 7);
    let earlier = entry("models/z", &model("gpt"), 3, 9);
    for entries in [[later.clone(), earlier.clone()], [earlier, later]] {
        let (snapshot, diagnostics) = build(entries);
        assert_eq!(resolves(&snapshot, "gpt"), Some("z"));
        assert!(snapshot.model("a").is_none());
        assert_eq!(snapshot.count(Kind::Models), 1);
        assert_eq!(keys(&diagnostics), ["models/a"]);
        let expected = "display_name: is already used by models/z";
        assert_eq!(message(&diagnostics[0]), (RejectionKind::SchemaFailed, expected));

        let (snapshot, diagnostics) = snapshot.apply(&delete("models/z", 101), &PlainSecrets);
        assert_eq!(resolves(&snapshot, "gpt"), Some("a"));
        assert!(diagnostics.is_empty() && snapshot.diagnostics().is_empty());
    }
}

#[test]
fn who_waits_for_a_name_may_take_another_or_leave() {
    let (snapshot, diagnostics) = follow([
        put("models/a", &model("gpt"), 1, 1),
        put("models/b", &model("gpt"), 2, 2),
        put("models/c", &model("gpt"), 3, 3),
    ]);
    assert_eq!(keys(&diagnostics), ["models/c"], "a change reports what it touches");
    assert_eq!(keys(&snapshot.diagnostics()), ["models/b", "models/c"]);
    let (snapshot, _) = snapshot.apply(&put("models/b", &model("other"), 2, 4), &PlainSecrets);
    assert_eq!(resolves(&snapshot, "other"), Some("b"));
    let (snapshot, _) = snapshot.apply(&delete("models/c", 5), &PlainSecrets);
    assert!(snapshot.diagnostics().is_empty());
    let (snapshot, _) = snapshot.apply(&delete("models/a", 6), &PlainSecrets);
    assert_eq!(resolves(&snapshot, "gpt"), None, "nobody waits any more");
}

#[test]
fn who_was_created_earlier_may_take_a_name_away() {
    let (snapshot, diagnostics) = follow([
        put("models/old", &model("a"), 1, 1),
        put("models/new", &model("gpt-*"), 2, 2),
        put("models/old", &model("gpt-*"), 1, 3),
    ]);
    assert_eq!(keys(&diagnostics), ["models/new"]);
    assert_eq!(resolves(&snapshot, "gpt-4"), Some("old"));
    let (snapshot, _) = snapshot.apply(&put("models/old", &model("a"), 1, 4), &PlainSecrets);
    assert_eq!(resolves(&snapshot, "gpt-4"), Some("new"), "its pattern serves again");
}

#[test]
fn writing_the_owner_of_a_name_again_reports_nobody_anew() {
    let (snapshot, diagnostics) = follow([
        put("models/a", &model("gpt"), 1, 1),
        put("models/b", &model("gpt"), 2, 2),
        put("models/a", &model("gpt"), 1, 3),
    ]);
    assert!(diagnostics.is_empty());
    assert_eq!(keys(&snapshot.diagnostics()), ["models/b"]);
    assert_eq!(resolves(&snapshot, "gpt"), Some("a"));
}

#[test]
fn what_is_said_of_one_document_is_what_is_said_of_it_among_all() {
    let (snapshot, all) = build([
        entry("models/a", &model("gpt"), 1, 1),
        entry("models/c", &model("gpt"), 2, 2),
        entry("models/b", &model("gpt"), 3, 3),
        entry("models/d", "{", 4, 4),
        entry("nonsense", "{}", 5, 5),
    ]);
    let (snapshot, _) = snapshot.apply(&put("models/c", "{", 2, 6), &PlainSecrets);
    let every = snapshot.diagnostics();
    assert_eq!(all.len() + 1, every.len(), "one is bad, and its former value waits");
    let keys = ["models/a", "models/b", "models/c", "models/d", "nonsense", "models/none"];
    let single: Vec<_> = keys.iter().flat_map(|key| snapshot.diagnostics_of(key)).collect();
    assert_eq!(single, every);
    let waiting = |key| snapshot.waiting_for(key).collect::<Vec<_>>();
    assert_eq!(waiting("models/a"), ["models/c", "models/b"], "in the order of their creation");
    assert!(["models/b", "nonsense", "models/none"].iter().all(|key| waiting(key).is_empty()));
}

#[test]
fn duplicate_hashes_and_provider_key_names_wait_as_well() {
    let (snapshot, diagnostics) = build([
        entry("api_keys/a", &api_key("sk-1", ""), 1, 1),
        entry("api_keys/b", &api_key("sk-1", ""), 2, 2),
        entry("provider_keys/a", &provider_key("p", "s1"), 3, 3),
        entry("provider_keys/b", &provider_key("p", "s2"), 4, 4),
    ]);
    assert_eq!(keys(&diagnostics), ["api_keys/b", "provider_keys/b"]);
    assert!(message(&diagnostics[0]).1.starts_with("key_hash: is already used by api_keys/a"));
    assert_eq!(authenticates(&snapshot, "sk-1"), Ok("a"));
    assert!(snapshot.provider_key("b").is_none());
    let (snapshot, _) = snapshot.apply(&delete("provider_keys/a", 101), &PlainSecrets);
    assert_eq!(snapshot.provider_key("b").unwrap().spec.secret.expose(), "s2");
}

#[test]
fn a_key_authenticates_by_its_plaintext_only() {
    let (snapshot, _) = build([entry("api_keys/a", &api_key("sk-1", ""), 1, 1)]);
    assert_eq!(authenticates(&snapshot, "sk-1"), Ok("a"));
    assert_eq!(authenticates(&snapshot, "sk-2"), Err(ErrorCode::InvalidApiKey));
    let hash = KeyHash::of("sk-1").to_string();
    assert_eq!(authenticates(&snapshot, &hash), Err(ErrorCode::InvalidApiKey));
}

#[test]
fn a_disabled_or_expired_key_says_so() {
    let (snapshot, _) = build([
        entry("api_keys/disabled", &api_key("sk-1", r#", "disabled": true"#), 1, 1),
        entry(
            "api_keys/expired",
            &api_key("sk-2", r#", "expires_at": "2030-01-01T11:59:59Z""#),
            2,
            2,
        ),
        entry("api_keys/last", &api_key("sk-3", r#", "expires_at": "2030-01-01T12:00:00Z""#), 3, 3),
        entry(
            "api_keys/zone",
            &api_key("sk-4", r#", "expires_at": "2030-01-01T13:00:00+02:00""#),
            4,
            4,
        ),
    ]);
    assert_eq!(authenticates(&snapshot, "sk-1"), Err(ErrorCode::ApiKeyDisabled));
    assert_eq!(authenticates(&snapshot, "sk-2"), Err(ErrorCode::ApiKeyExpired));
    assert_eq!(authenticates(&snapshot, "sk-3"), Ok("last"));
    assert_eq!(authenticates(&snapshot, "sk-4"), Err(ErrorCode::ApiKeyExpired));
}

/// `, "previous_keys": […]` with one replaced plaintext.
fn replaced(plaintext: &str, until: &str) -> String {
    let hash = KeyHash::of(plaintext);
    format!(r#", "previous_keys": [{{"key_hash": "{hash}", "expires_at": "{until}"}}]"#)
}

#[test]
fn a_replaced_plaintext_works_within_its_grace() {
    let within = replaced("sk-old", "2030-01-01T12:00:00Z");
    let over = replaced("sk-older", "2030-01-01T11:59:59Z");
    let disabled = replaced("sk-off", "2031-01-01T00:00:00Z") + r#", "disabled": true"#;
    let (snapshot, _) = build([
        entry("api_keys/a", &api_key("sk-new", &within), 1, 1),
        entry("api_keys/b", &api_key("sk-newer", &over), 2, 2),
        entry("api_keys/c", &api_key("sk-on", &disabled), 3, 3),
    ]);
    assert_eq!(authenticates(&snapshot, "sk-new"), Ok("a"));
    assert_eq!(authenticates(&snapshot, "sk-old"), Ok("a"));
    assert_eq!(authenticates(&snapshot, "sk-older"), Err(ErrorCode::InvalidApiKey));
    assert_eq!(authenticates(&snapshot, "sk-off"), Err(ErrorCode::ApiKeyDisabled));

    let change = put("api_keys/a", &api_key("sk-new", ""), 1, 101);
    let (snapshot, _) = snapshot.apply(&change, &PlainSecrets);
    assert_eq!(authenticates(&snapshot, "sk-old"), Err(ErrorCode::InvalidApiKey));
    assert_eq!(authenticates(&snapshot, "sk-new"), Ok("a"));
}

#[test]
fn two_keys_may_have_replaced_the_same_plaintext() {
    let within = replaced("sk-old", "2031-01-01T00:00:00Z");
    let over = replaced("sk-old", "2029-01-01T00:00:00Z");
    let (snapshot, _) = follow([
        put("api_keys/a", &api_key("sk-a", &within), 1, 1),
        put("api_keys/b", &api_key("sk-b", &within), 2, 2),
    ]);
    assert_eq!(authenticates(&snapshot, "sk-old"), Ok("a"));
    let (expired, _) =
        snapshot.apply(&put("api_keys/a", &api_key("sk-a", &over), 1, 3), &PlainSecrets);
    assert_eq!(authenticates(&expired, "sk-old"), Ok("b"));
    let (deleted, _) = snapshot.apply(&delete("api_keys/a", 3), &PlainSecrets);
    assert_eq!(authenticates(&deleted, "sk-old"), Ok("b"));
}

#[test]
fn a_waiting_key_brings_its_replaced_plaintexts_when_it_serves() {
    let within = replaced("sk-old", "2031-01-01T00:00:00Z");
    let (snapshot, _) = follow([
        put("api_keys/a", &api_key("sk-1", ""), 1, 1),
        put("api_keys/b", &api_key("sk-1", &within), 2, 2),
    ]);
    assert_eq!(authenticates(&snapshot, "sk-old"), Err(ErrorCode::InvalidApiKey));
    let (renamed, _) =
        snapshot.apply(&put("api_keys/a", &api_key("sk-2", ""), 1, 3), &PlainSecrets);
    assert_eq!(authenticates(&renamed, "sk-old"), Ok("b"));
    assert_eq!(authenticates(&renamed, "sk-1"), Ok("b"));
}

#[test]
fn a_bad_document_is_reported_and_its_last_good_value_serves() {
    let (snapshot, _) = follow([put("models/a", &model("gpt"), 1, 1)]);
    let bad = [
        ("{", RejectionKind::NonJson),
        ("[]", RejectionKind::NonJson),
        ("{}", RejectionKind::SchemaFailed),
    ];
    for (value, kind) in bad {
        let (snapshot, diagnostics) = snapshot.apply(&put("models/a", value, 1, 2), &PlainSecrets);
        assert_eq!(keys(&diagnostics), ["models/a"]);
        assert_eq!(message(&diagnostics[0]).0, kind);
        assert_eq!(snapshot.diagnostics(), diagnostics);
        assert_eq!(resolves(&snapshot, "gpt"), Some("a"));
        assert_eq!(snapshot.revision(), 2);

        let (good, diagnostics) =
            snapshot.apply(&put("models/a", &model("new"), 1, 3), &PlainSecrets);
        assert!(diagnostics.is_empty() && good.diagnostics().is_empty());
        let (gone, _) = snapshot.apply(&delete("models/a", 3), &PlainSecrets);
        assert_eq!(resolves(&gone, "gpt"), None, "a deletion ends it");
        assert!(gone.diagnostics().is_empty());
    }
}

#[test]
fn a_bad_document_that_is_another_one_serves_nothing() {
    let (snapshot, _) = follow([
        put("models/a", &model("gpt"), 1, 1),
        // Deleted and created again, in one go for who watches.
        put("models/a", "{}", 3, 3),
    ]);
    assert_eq!(resolves(&snapshot, "gpt"), None);
}

#[test]
fn a_key_that_names_no_resource_is_reported() {
    let (snapshot, diagnostics) = build([
        entry("models", "{}", 1, 1),
        entry("models/", "{}", 2, 2),
        entry("/a", "{}", 3, 3),
        entry("cats/tom", "{}", 4, 4),
    ]);
    let kinds: Vec<_> = diagnostics.iter().map(|found| message(found).0.as_str()).collect();
    assert_eq!(keys(&diagnostics), ["/a", "cats/tom", "models", "models/"]);
    assert_eq!(kinds, ["bad_key", "unknown_kind", "bad_key", "bad_key"]);
    let (snapshot, _) = snapshot.apply(&delete("models", 101), &PlainSecrets);
    assert_eq!(keys(&snapshot.diagnostics()), ["/a", "cats/tom", "models/"]);
}

#[test]
fn a_document_with_unknown_fields_serves_without_them() {
    let colourful = model("gpt").replace('{', r#"{"colour": 1, "#);
    let (snapshot, diagnostics) = build([entry("models/a", &colourful, 1, 1)]);
    assert_eq!(resolves(&snapshot, "gpt"), Some("a"));
    let fields = vec!["colour".to_owned()];
    let partial = Diagnostic { key: "models/a".to_owned(), finding: Finding::Partial { fields } };
    assert_eq!(diagnostics, [partial]);
}

#[test]
fn an_id_may_hold_slashes() {
    let (snapshot, diagnostics) = build([entry("models/team/gpt", &model("gpt"), 1, 1)]);
    assert!(diagnostics.is_empty());
    assert_eq!(resolves(&snapshot, "gpt"), Some("team/gpt"));
}

/// Opens nothing.
struct Locked;

impl SecretResolver for Locked {
    fn resolve(&self, _: &SecretField<'_>, _: &str) -> Result<Option<Secret>, SecretProblem> {
        Err(SecretProblem("is sealed with another key".to_owned()))
    }
}

#[test]
fn a_secret_that_does_not_open_rejects_its_document_only() {
    let entries = [
        entry("provider_keys/a", &provider_key("p", "sk-sealed"), 1, 1),
        entry("models/a", &model("gpt"), 2, 2),
    ];
    let (snapshot, diagnostics) = Snapshot::build(entries, 2, &Locked);
    assert_eq!(resolves(&snapshot, "gpt"), Some("a"));
    assert!(snapshot.provider_key("a").is_none());
    assert_eq!(message(&diagnostics[0]).1, "secret: is sealed with another key");
}

#[test]
fn a_rebuild_keeps_last_good_values_and_nothing_else() {
    let before = [
        entry("models/bad", &model("a"), 1, 1),
        entry("models/gone", &model("b"), 2, 2),
        entry("models/again", &model("c"), 3, 3),
        entry("models/waits", &model("a"), 4, 4),
    ];
    let (before, _) = Snapshot::build(before, 4, &PlainSecrets);
    let listed = [
        entry("models/bad", "{}", 1, 5),
        entry("models/again", "{}", 6, 6),
        entry("models/waits", "{}", 4, 7),
    ];
    let (after, diagnostics) = before.rebuild(listed, 7, &PlainSecrets);
    assert_eq!(resolves(&after, "a"), Some("bad"));
    assert_eq!((resolves(&after, "b"), resolves(&after, "c")), (None, None));
    assert_eq!(after.revision(), 7);
    assert_eq!(keys(&diagnostics), ["models/again", "models/bad", "models/waits", "models/waits"]);
    let (after, _) = after.apply(&delete("models/bad", 8), &PlainSecrets);
    assert_eq!(
        resolves(&after, "a"),
        Some("waits"),
        "who waited waits on with its last good value"
    );
}

#[test]
fn debug_shows_counts_and_no_document() {
    let (snapshot, _) = build([entry("provider_keys/a", &provider_key("p", "sk-1"), 1, 1)]);
    let shown =
        format!("{snapshot:?} {:?}", entry("provider_keys/a", &provider_key("p", "sk-1"), 1, 1));
    assert!(shown.contains("provider_keys: 1") && !shown.contains("sk-1"), "{shown}");
}
