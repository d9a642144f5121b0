//! A snapshot that followed every change answers as one that is built from the listing.
#![expect(clippy::expect_used, reason = "a test may say: this must hold")]

use std::collections::BTreeMap;

use aisix_core::error::ErrorCode;
use aisix_core::resource::PlainSecrets;
use aisix_core::{Change, Entry, KeyHash, Kind, Snapshot};
use bytes::Bytes;
use proptest::prelude::*;

/// Few enough of each that names collide.
const IDS: [&str; 4] = ["a", "b", "c", "d"];
const NAMES: [&str; 6] = ["gpt", "gpt-4", "gpt-*", "gpt-4*", "*", "*-*"];
const ASKED: [&str; 8] = ["gpt", "gpt-4", "gpt-4o", "gpt-*", "gpt-4*", "*", "*-*", "other"];
const PLAINTEXTS: [&str; 4] = ["sk-0", "sk-1", "sk-2", "sk-3"];

const BAD: [&str; 5] = ["", "{", "[]", "{}", "null"];

/// What a write does to a document.
#[derive(Debug, Clone)]
enum Step {
    Put { key: String, value: String },
    Delete { key: String },
}

impl Step {
    fn key(&self) -> &str {
        match self {
            Self::Put { key, .. } | Self::Delete { key } => key,
        }
    }

    /// Whether it writes something that is rejected.
    fn is_bad(&self) -> bool {
        matches!(self, Self::Put { value, .. } if BAD.contains(&value.as_str()))
    }
}

fn model() -> impl Strategy<Value = String> {
    let name = proptest::sample::select(&NAMES);
    (name, any::<bool>()).prop_map(|(name, group)| {
        if group {
            format!(r#"{{"display_name": "{name}", "routing": {{"targets": [{{"model": "x"}}]}}}}"#)
        } else {
            format!(
                r#"{{"display_name": "{name}", "provider": "p", "model_name": "m",
                    "provider_key_id": "k"}}"#
            )
        }
    })
}

fn api_key() -> impl Strategy<Value = String> {
    let plaintext = || proptest::sample::select(&PLAINTEXTS);
    let until = proptest::sample::select(&["2029-01-01T00:00:00Z", "2031-01-01T00:00:00Z"][..]);
    let previous = proptest::collection::vec((plaintext(), until), 0..3);
    (plaintext(), previous, any::<bool>()).prop_map(|(plaintext, previous, disabled)| {
        let previous = previous.into_iter().map(|(plaintext, until)| {
            let hash = KeyHash::of(plaintext);
            format!(r#"{{"key_hash": "{hash}", "expires_at": "{until}"}}"#)
        });
        format!(
            r#"{{"key_hash": "{}", "allowed_models": [], "disabled": {disabled},
                "previous_keys": [{}]}}"#,
            KeyHash::of(plaintext),
            previous.collect::<Vec<_>>().join(",")
        )
    })
}

fn provider_key() -> impl Strategy<Value = String> {
    (proptest::sample::select(&NAMES), 0..3u8).prop_map(|(name, secret)| {
        format!(r#"{{"display_name": "{name}", "provider": "p", "secret": "s{secret}"}}"#)
    })
}

fn cache_policy() -> impl Strategy<Value = String> {
    proptest::sample::select(&NAMES).prop_map(|name| format!(r#"{{"name": "{name}"}}"#))
}

/// The kind whose resources have no names.
fn attachment() -> impl Strategy<Value = String> {
    Just(r#"{"guardrail_id": "g", "scope_type": "env"}"#.to_owned())
}

fn step() -> impl Strategy<Value = Step> {
    let id = || proptest::sample::select(&IDS);
    let put = prop_oneof![
        (Just("models"), model()),
        (Just("api_keys"), api_key()),
        (Just("provider_keys"), provider_key()),
        (Just("cache_policies"), cache_policy()),
        (Just("guardrail_attachments"), attachment()),
    ];
    let put = (put, id()).prop_map(|((kind, value), id)| {
        let key = format!("{kind}/{id}");
        Step::Put { key, value }
    });
    let kind = proptest::sample::select(&Kind::ALL);
    let bad = proptest::sample::select(&BAD);
    let bad = (kind.clone(), id(), bad).prop_map(|(kind, id, value)| {
        let key = format!("{kind}/{id}");
        Step::Put { key, value: value.to_owned() }
    });
    let misplaced = proptest::sample::select(&["models", "cats/tom", "/"][..])
        .prop_map(|key| Step::Put { key: key.to_owned(), value: "{}".to_owned() });
    let delete = (kind, id()).prop_map(|(kind, id)| Step::Delete { key: format!("{kind}/{id}") });
    prop_oneof![8 => put, 1 => bad, 1 => misplaced, 3 => delete]
}

/// Plays the store: keeps what is there, and says what changed.
struct Store {
    documents: BTreeMap<String, Entry>,
    revision: u64,
}

impl Store {
    fn write(&mut self, step: Step) -> Option<Change> {
        let revision = self.revision + 1;
        let change = match step {
            Step::Delete { key } => {
                self.documents.remove(&key)?;
                Change::Delete { key, revision }
            }
            Step::Put { key, value } => {
                let before = self.documents.get(&key);
                let entry = Entry {
                    key: key.clone(),
                    value: Bytes::from(value),
                    version: before.map_or(1, |before| before.version + 1),
                    created: before.map_or(revision, |before| before.created),
                    modified: revision,
                };
                self.documents.insert(key, entry.clone());
                Change::Put(entry)
            }
        };
        self.revision = revision;
        Some(change)
    }
}

/// Every answer that a request could depend on.
fn answers(snapshot: &Snapshot) -> Vec<String> {
    let noon = || "2030-01-01T12:00:00Z".parse().expect("a time");
    let mut answers = vec![format!("revision {}", snapshot.revision())];
    for name in ASKED {
        let resolved = snapshot.resolve_model(name);
        answers.push(format!("{name} leads to {resolved:?}"));
        answers.push(format!("{name} is {:?}", snapshot.model_named(name)));
    }
    for plaintext in PLAINTEXTS {
        let key = snapshot.authenticate(&KeyHash::of(plaintext), noon);
        let key: Result<_, ErrorCode> = key.map_err(|error| error.code());
        answers.push(format!("{plaintext} is {key:?}"));
    }
    for id in IDS {
        answers.push(format!("models/{id} is {:?}", snapshot.model(id)));
        answers.push(format!("api_keys/{id} is {:?}", snapshot.api_key(id)));
        let key = snapshot.provider_key(id);
        let secret = key.map(|key| key.spec.secret.expose());
        answers.push(format!("provider_keys/{id} is {key:?} with {secret:?}"));
    }
    for kind in Kind::ALL {
        answers.push(format!("{} {kind}", snapshot.count(kind)));
    }
    answers.extend(snapshot.diagnostics().iter().map(|found| format!("{found:?}")));
    answers
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn following_changes_and_building_from_a_listing_agree(
        steps in proptest::collection::vec(step(), 0..40)
    ) {
        let mut store = Store { documents: BTreeMap::new(), revision: 0 };
        let mut followed = Snapshot::default();
        for step in steps {
            // An older value would serve on where there is one, and a listing does not hold it.
            if step.is_bad() && store.documents.contains_key(step.key()) {
                continue;
            }
            let Some(change) = store.write(step) else { continue };
            let before = followed.clone();
            (followed, _) = followed.apply(&change, &PlainSecrets);
            let listing = || store.documents.values().cloned();
            let (built, _) = Snapshot::build(listing(), store.revision, &PlainSecrets);
            prop_assert_eq!(answers(&followed), answers(&built));
            // Who lost the source for a while knows the same when it is back.
            let (rebuilt, _) = before.rebuild(listing(), store.revision, &PlainSecrets);
            prop_assert_eq!(answers(&rebuilt), answers(&built));
        }
    }

    #[test]
    fn last_good_values_survive_a_relist_as_they_survive_a_change(
        steps in proptest::collection::vec(step(), 0..40)
    ) {
        let mut store = Store { documents: BTreeMap::new(), revision: 0 };
        let mut followed = Snapshot::default();
        for step in steps {
            let Some(change) = store.write(step) else { continue };
            (followed, _) = followed.apply(&change, &PlainSecrets);
            let listing = store.documents.values().cloned();
            let (relisted, _) = followed.rebuild(listing, store.revision, &PlainSecrets);
            prop_assert_eq!(answers(&relisted), answers(&followed));
        }
    }
}
