use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use aisix_core::resource::{SecretField, SecretResolver};
use aisix_core::{Document, Kind};
use bytes::Bytes;
use tempfile::TempDir;

use super::{MasterKey, SealError, Sealer};
use crate::{ConfigStore, Expect, MemoryStore};

const PLAINTEXT: &str = "sk-the-plaintext";

/// Every place of a provider key where a secret may stand.
const DOCUMENT: &str = r#"{
    "display_name": "openai",
    "secret": "sk-the-plaintext",
    "request": {
        "default_headers": {"x-token": "sk-the-plaintext"},
        "default_body_fields": {"token": "sk-the-plaintext", "depth": 3}
    }
}"#;

fn key() -> MasterKey {
    MasterKey::generate().unwrap()
}

fn document() -> Document {
    Document::parse(DOCUMENT.as_bytes()).unwrap()
}

fn sealed_by(key: &MasterKey, id: &str) -> Document {
    let mut document = document();
    Sealer::with(key).seal_document(Kind::ProviderKeys, id, &mut document).unwrap();
    document
}

fn secrets(document: &Document) -> Vec<String> {
    let mut secrets = Vec::new();
    let mut collect = |_, text: &str| {
        secrets.push(text.to_owned());
        Ok::<_, SealError>(None)
    };
    document.clone().visit_secrets(Kind::ProviderKeys, &mut collect).unwrap();
    secrets
}

fn opened(sealer: &Sealer, id: &str, mut document: Document) -> Result<Vec<String>, String> {
    let opened = document.resolve_secrets(Kind::ProviderKeys, id, sealer);
    opened.map(|()| secrets(&document)).map_err(|invalid| invalid.to_string())
}

#[test]
fn what_is_sealed_opens_again() {
    let key = key();
    let document = sealed_by(&key, "a");
    let beginning = format!("aisix-sealed:v1:{}:", key.id());
    for secret in secrets(&document) {
        assert!(secret.starts_with(&beginning), "{secret}");
    }
    let stored = String::from_utf8(document.to_bytes()).unwrap();
    assert!(!stored.contains("plaintext"), "{stored}");
    assert!(stored.contains("openai") && stored.contains("\"depth\":3"), "{stored}");
    assert_eq!(opened(&Sealer::with(&key), "a", document).unwrap(), [PLAINTEXT; 3]);
}

#[test]
fn one_text_is_sealed_differently_every_time() {
    let key = key();
    let mut sealed = secrets(&sealed_by(&key, "a"));
    sealed.extend(secrets(&sealed_by(&key, "a")));
    sealed.sort();
    sealed.dedup();
    assert_eq!(sealed.len(), 6);
}

#[test]
fn what_is_sealed_already_stays_as_it_is() {
    let key = key();
    let mut document = sealed_by(&key, "a");
    let before = document.clone();
    Sealer::with(&key).seal_document(Kind::ProviderKeys, "a", &mut document).unwrap();
    assert!(document == before);
}

#[test]
fn a_secret_that_was_sealed_for_another_document_or_field_does_not_open() {
    let key = key();
    let sealer = Sealer::with(&key);
    let problem = opened(&sealer, "b", sealed_by(&key, "a")).unwrap_err();
    assert!(problem.starts_with("secret: was not sealed for this field"), "{problem}");

    let at = |path: &str| SecretField { kind: Kind::ProviderKeys, id: "a", path: path.to_owned() };
    let sealed = secrets(&sealed_by(&key, "a")).remove(0);
    assert_eq!(sealer.resolve(&at("secret"), &sealed).unwrap().unwrap().expose(), PLAINTEXT);
    assert!(sealer.resolve(&at("api_key"), &sealed).is_err());

    let mut copied = sealed_by(&key, "a");
    let refused = sealer.seal_document(Kind::ProviderKeys, "b", &mut copied).unwrap_err();
    assert!(matches!(&refused, SealError::NotOurs { field, .. } if field == "secret"), "{refused}");
}

#[test]
fn a_damaged_secret_does_not_open() {
    let key = key();
    let at = SecretField { kind: Kind::ProviderKeys, id: "a", path: "secret".to_owned() };
    let sealed = secrets(&sealed_by(&key, "a")).remove(0);
    let begin = sealed.rfind(':').unwrap() + 1;
    for position in begin..sealed.len() {
        let mut damaged = sealed.clone().into_bytes();
        damaged[position] = if damaged[position] == b'A' { b'B' } else { b'A' };
        let damaged = String::from_utf8(damaged).unwrap();
        assert!(Sealer::with(&key).resolve(&at, &damaged).is_err(), "{damaged}");
    }
}

#[test]
fn a_missing_or_wrong_key_is_named_and_the_secret_is_not() {
    let (ours, theirs) = (key(), key());
    let document = sealed_by(&theirs, "a");
    let problem = opened(&Sealer::plain(), "a", document.clone()).unwrap_err();
    let expected =
        format!("secret: is sealed with key {}, and no master key is configured", theirs.id());
    assert_eq!(problem, expected);
    let problem = opened(&Sealer::with(&ours), "a", document).unwrap_err();
    assert!(problem.contains(&theirs.id()) && problem.contains(&ours.id()), "{problem}");
}

#[test]
fn a_malformed_sealed_secret_is_a_problem_that_quotes_nothing() {
    let key = key();
    let id = key.id();
    for text in [
        "aisix-sealed:".to_owned(),
        "aisix-sealed:v2:0a1b2c3d:QUJD".to_owned(),
        "aisix-sealed:v1:QUJD".to_owned(),
        format!("aisix-sealed:v1:{id}:QUJD"),
        format!("aisix-sealed:v1:{id}:***"),
        "aisix-sealed:v1:sk-quoted:QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqaw".to_owned(),
    ] {
        let at = SecretField { kind: Kind::ProviderKeys, id: "a", path: "secret".to_owned() };
        let problem = Sealer::with(&key).resolve(&at, &text).unwrap_err().to_string();
        assert!(problem.contains("no sealed secret that this version knows"), "{text}: {problem}");
        assert!(!problem.contains("quoted"), "{problem}");
    }
}

#[test]
fn a_plain_sealer_leaves_everything_as_it_is() {
    let mut plain = document();
    Sealer::plain().seal_document(Kind::ProviderKeys, "a", &mut plain).unwrap();
    assert!(plain == document());
    assert_eq!(opened(&Sealer::plain(), "a", plain).unwrap(), [PLAINTEXT; 3]);
}

#[test]
fn keys_are_read_from_base64_of_either_alphabet_and_from_hexadecimal() {
    let hex = "fbfffe".repeat(10) + "0001";
    let standard = "+//++//++//++//++//++//++//++//++//++//+AAE";
    let url_safe = standard.replace('+', "-").replace('/', "_");
    let key = MasterKey::from_text(&hex).unwrap();
    for text in [
        hex.to_uppercase(),
        standard.to_owned(),
        format!("{standard}="),
        format!("  {url_safe}=\n"),
        url_safe,
    ] {
        assert!(MasterKey::from_text(&text).unwrap() == key, "{text}");
    }
    for text in ["", "short", &hex[..62], &format!("{}x", &hex[..63]), &standard[..42]] {
        assert!(matches!(MasterKey::from_text(text), Err(SealError::NotAKey)), "{text}");
    }
}

#[test]
fn nothing_shows_a_key() {
    let key = MasterKey::from_text(&"ab".repeat(32)).unwrap();
    let shown = format!("{key:?} {:?}", Sealer::with(&key));
    assert!(!shown.contains("abab") && !shown.contains("171"), "{shown}");
    assert!(shown.contains(&key.id()), "{shown}");
}

fn key_file() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data/master.key");
    (directory, path)
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

async fn store_with_sealed_key(key: &MasterKey) -> MemoryStore {
    let store = MemoryStore::new();
    let value = Bytes::from(sealed_by(key, "a").to_bytes());
    store.put("provider_keys/a", value, Expect::Any).await.unwrap();
    store
}

#[tokio::test]
async fn a_key_file_is_made_once_for_its_owner_alone() {
    let (_guard, path) = key_file();
    let store = MemoryStore::new();
    let first = Sealer::with_key_file(&store, &path, &[]).await.unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let again = Sealer::with_key_file(&store, &path, &[]).await.unwrap();
    assert_eq!(first.key_id(), again.key_id());
    assert!(MasterKey::create(&path).is_err(), "a key file is never overwritten");
}

#[tokio::test]
async fn a_lost_key_file_is_not_replaced() {
    let (_guard, path) = key_file();
    let key = key();
    let store = store_with_sealed_key(&key).await;
    let lost = Sealer::with_key_file(&store, &path, &[]).await.unwrap_err().to_string();
    assert!(lost.contains("is missing") && lost.contains(&key.id()), "{lost}");
    assert!(lost.contains(&path.display().to_string()), "{lost}");
    assert!(!path.exists());
}

#[tokio::test]
async fn a_wrong_key_file_is_refused() {
    let (_guard, path) = key_file();
    let ours = MasterKey::create(&path).unwrap();
    let theirs = key();
    let store = store_with_sealed_key(&theirs).await;
    let wrong = Sealer::with_key_file(&store, &path, &[]).await.unwrap_err().to_string();
    let expected = format!(
        "secret of provider_keys/a was sealed by key {}, and the configured master key \
         is {}: configure the master key that sealed it",
        theirs.id(),
        ours.id()
    );
    assert_eq!(wrong, expected);
}

#[tokio::test]
async fn a_store_in_clear_may_get_a_key() {
    let (_guard, path) = key_file();
    let store = MemoryStore::new();
    let value = Bytes::from_static(DOCUMENT.as_bytes());
    store.put("provider_keys/a", value, Expect::Any).await.unwrap();
    store.put("provider_keys/broken", Bytes::from_static(b"{"), Expect::Any).await.unwrap();
    store.put("cats/tom", Bytes::from_static(b"{}"), Expect::Any).await.unwrap();
    Sealer::with_key_file(&store, &path, &[]).await.unwrap();
}

#[tokio::test]
async fn a_new_key_file_is_made_where_previous_keys_open_what_is_there() {
    let (_guard, path) = key_file();
    let previous = key();
    let store = store_with_sealed_key(&previous).await;
    let sealer =
        Sealer::with_key_file(&store, &path, std::slice::from_ref(&previous)).await.unwrap();
    let made = MasterKey::load(&path).unwrap().unwrap();
    assert_eq!(sealer.key_ids(), [made.id(), previous.id()]);
}

#[test]
fn several_keys_open_and_the_first_one_seals() {
    let (new, old, foreign) = (key(), key(), key());
    let sealer = Sealer::with(&new).opening([&old]);
    for theirs in [&new, &old] {
        assert_eq!(opened(&sealer, "a", sealed_by(theirs, "a")).unwrap(), [PLAINTEXT; 3]);
    }
    let mut document = document();
    sealer.seal_document(Kind::ProviderKeys, "a", &mut document).unwrap();
    let beginning = format!("aisix-sealed:v1:{}:", new.id());
    assert!(secrets(&document).iter().all(|secret| secret.starts_with(&beginning)));
    let problem = opened(&sealer, "a", sealed_by(&foreign, "a")).unwrap_err();
    let expected = format!(
        "secret: is sealed with key {}, and the configured master keys are {}, {}",
        foreign.id(),
        new.id(),
        old.id()
    );
    assert_eq!(problem, expected);
}

#[test]
fn references_are_not_sealed() {
    let text = r#"{"display_name": "k", "secret": "env:NAME", "api_key": "file:/a/b"}"#;
    let mut document = Document::parse(text.as_bytes()).unwrap();
    let before = document.clone();
    Sealer::with(&key()).seal_document(Kind::ProviderKeys, "a", &mut document).unwrap();
    assert!(document == before);
}

#[test]
fn refuses_a_key_file_that_others_may_use() {
    let (_guard, path) = key_file();
    MasterKey::create(&path).unwrap();
    for mode in [0o604, 0o640, 0o620, 0o601] {
        chmod(&path, mode);
        let line = MasterKey::load(&path).unwrap_err().to_string();
        assert!(line.contains(&format!("mode {mode:04o}")), "{line}");
        assert!(line.contains(&path.display().to_string()), "{line}");
    }
    chmod(&path, 0o400);
    assert!(MasterKey::load(&path).unwrap().is_some());
}

#[test]
fn reads_raw_and_written_key_files() {
    let (_guard, path) = key_file();
    let written = MasterKey::create(&path).unwrap();
    assert!(MasterKey::load(&path).unwrap().unwrap() == written);
    fs::write(&path, [0xAB; 32]).unwrap();
    let raw = MasterKey::load(&path).unwrap().unwrap();
    fs::write(&path, "ab".repeat(32) + "\n").unwrap();
    assert!(MasterKey::load(&path).unwrap().unwrap() == raw);
    for content in [&b""[..], &[0xAB; 31], &[0xAB; 33], &[b'x'; 5000]] {
        fs::write(&path, content).unwrap();
        let line = MasterKey::load(&path).unwrap_err().to_string();
        assert!(line.contains("holds no master key"), "{line}");
        assert!(line.contains(&path.display().to_string()), "{line}");
    }
}
