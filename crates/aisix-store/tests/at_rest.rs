//! No file of a store holds a credential that can be read.
#![expect(clippy::unwrap_used, reason = "a test may say: this must hold")]

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use aisix_core::{Document, Kind};
use aisix_store::{ConfigStore, EmbeddedStore, Expect, MasterKey, Sealer};
use aisix_testing::Canaries;
use bytes::Bytes;

/// A provider key whose every secret place holds a canary.
fn document(canaries: &mut Canaries, round: &str) -> Document {
    let mut secret = |place: &str| canaries.plant(&format!("{place} {round}"));
    let text = format!(
        r#"{{"display_name": "k", "secret": "{}", "request": {{
            "default_headers": {{"x-token": "{}"}}, "default_body_fields": {{"token": "{}"}}}}}}"#,
        secret("secret"),
        secret("header"),
        secret("body field")
    );
    Document::parse(text.as_bytes()).unwrap()
}

/// Creates, replaces and deletes provider keys, so that values also get into the log of changes and
/// into pages that are free again.
async fn write_and_erase(store: &EmbeddedStore, sealer: &Sealer, canaries: &mut Canaries) {
    for round in ["first", "second"] {
        for id in ["kept", "deleted"] {
            let mut document = document(canaries, &format!("{id} {round}"));
            sealer.seal_document(Kind::ProviderKeys, id, &mut document).unwrap();
            let key = format!("provider_keys/{id}");
            store.put(&key, Bytes::from(document.to_bytes()), Expect::Any).await.unwrap();
        }
    }
    store.delete("provider_keys/deleted", Expect::Present).await.unwrap();
}

fn search(directory: &Path, canaries: &Canaries) -> usize {
    let files: Vec<_> = fs::read_dir(directory).unwrap().map(|file| file.unwrap().path()).collect();
    for file in &files {
        canaries.assert_absent(&file.display().to_string(), &fs::read(file).unwrap());
    }
    files.len()
}

#[tokio::test]
async fn no_file_holds_a_plaintext_credential() {
    let directory = tempfile::tempdir().unwrap();
    let mut canaries = Canaries::new();
    let key = MasterKey::create(&directory.path().join("keys/master.key")).unwrap();
    let data = directory.path().join("data");
    let store = EmbeddedStore::open(data.join("store.db")).await.unwrap();
    write_and_erase(&store, &Sealer::with(&key), &mut canaries).await;
    assert!(search(&data, &canaries) >= 2, "the file and its log");
    store.close().await;
    assert!(search(&data, &canaries) >= 1);
    let reopened = EmbeddedStore::open(data.join("store.db")).await.unwrap();
    assert!(reopened.get("provider_keys/kept").await.unwrap().is_some());
    search(&data, &canaries);
}

#[tokio::test]
async fn the_search_finds_what_is_stored_in_clear() {
    let directory = tempfile::tempdir().unwrap();
    let mut canaries = Canaries::new();
    let store = EmbeddedStore::open(directory.path().join("store.db")).await.unwrap();
    write_and_erase(&store, &Sealer::plain(), &mut canaries).await;
    let found = catch_unwind(AssertUnwindSafe(|| search(directory.path(), &canaries)));
    assert!(found.is_err());
}
