use std::error::Error;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use aisix_core::{Change, Entry};
use aisix_testing::wait;
use bytes::Bytes;
use rusqlite::Connection;
use rusqlite::types::Value;
use tempfile::TempDir;

use super::EmbeddedStore;
use super::sqlite::Sqlite;
use crate::engine::Records as _;
use crate::{ConfigSource, ConfigStore, Expect, StoreError};

fn directory() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("data/deep/store.db");
    (directory, path)
}

async fn open(path: &Path) -> EmbeddedStore {
    EmbeddedStore::open(path).await.unwrap()
}

/// The one line that an administrator sees, which names the file.
async fn refusal(path: &Path) -> String {
    let line = EmbeddedStore::open(path).await.unwrap_err().to_string();
    assert!(line.contains(&path.display().to_string()), "{line}");
    assert!(!line.contains('\n'), "{line}");
    line
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn new_files_are_the_owners_alone() {
    let (_guard, path) = directory();
    let store = open(&path).await;
    store.put("a", Bytes::new(), Expect::Any).await.unwrap();
    let data = path.parent().unwrap();
    assert_eq!(mode(data), 0o700);
    assert_eq!(mode(data.parent().unwrap()), 0o700);
    let files: Vec<_> = fs::read_dir(data).unwrap().collect();
    assert!(files.len() >= 2, "the log lies beside the file");
    for file in files {
        assert_eq!(mode(&file.unwrap().path()), 0o600);
    }
}

#[tokio::test]
async fn a_store_in_use_is_refused_until_it_is_closed() {
    let (_guard, path) = directory();
    let first = open(&path).await;
    let line = refusal(&path).await;
    assert!(line.contains("in use by another process"), "{line}");
    first.put("a", Bytes::new(), Expect::Any).await.unwrap();
    drop(first);
    let second = open(&path).await;
    assert!(second.get("a").await.unwrap().is_some());
}

#[tokio::test]
async fn the_file_is_open_until_the_last_handle_is_dropped() {
    let (_guard, path) = directory();
    let store = open(&path).await;
    let scope = store.scoped("models/");
    drop(store);
    refusal(&path).await;
    scope.put("a", Bytes::new(), Expect::Any).await.unwrap();
    drop(scope);
    open(&path).await;
}

#[tokio::test]
async fn a_closed_store_ends_its_watches_and_says_that_it_is_closed() {
    let (_guard, path) = directory();
    let store = open(&path).await;
    let mut watch = store.watch(0).await.unwrap();
    store.close().await;
    assert_eq!(wait::within("the watch's end", watch.recv()).await, None);
    let line = store.list().await.unwrap_err().to_string();
    assert!(line.contains("is closed"), "{line}");
    store.close().await;
}

#[tokio::test]
async fn a_write_that_nobody_awaits_happens() {
    let (_guard, path) = directory();
    let store = open(&path).await;
    {
        let mut write = Box::pin(store.put("a", Bytes::new(), Expect::Any));
        let waker = std::task::Waker::noop();
        let mut context = std::task::Context::from_waker(waker);
        drop(write.as_mut().poll(&mut context));
    }
    assert!(store.get("a").await.unwrap().is_some());
}

#[tokio::test]
async fn refuses_a_file_that_is_no_database() {
    let (guard, _) = directory();
    let path = guard.path().join("notes.txt");
    fs::write(&path, "no database, but long enough to look at as one. ".repeat(50)).unwrap();
    let line = refusal(&path).await;
    assert!(line.contains("is not an AISIX store"), "{line}");
    assert!(fs::read_to_string(&path).unwrap().starts_with("no database"));
}

#[tokio::test]
async fn refuses_the_database_of_another_program() {
    let (guard, _) = directory();
    let path = guard.path().join("other.db");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE cats (name TEXT)").unwrap();
    other.close().unwrap();
    let line = refusal(&path).await;
    assert!(line.contains("not an AISIX store"), "{line}");
}

#[tokio::test]
async fn refuses_a_store_of_a_newer_version() {
    let (_guard, path) = directory();
    open(&path).await.close().await;
    let file = Connection::open(&path).unwrap();
    file.pragma_update(None, "user_version", 2).unwrap();
    file.close().unwrap();
    let line = refusal(&path).await;
    assert!(line.contains("newer version (schema 2"), "{line}");
}

#[tokio::test]
async fn refuses_a_path_that_cannot_be_opened() {
    let (guard, _) = directory();
    let line = refusal(guard.path()).await;
    assert!(line.contains("cannot open the store"), "{line}");
    let file = guard.path().join("file");
    fs::write(&file, "").unwrap();
    let line = refusal(&file.join("store.db")).await;
    assert!(line.contains("cannot open the store"), "{line}");
}

#[test]
fn an_acknowledged_write_is_on_disk() {
    let (_guard, path) = directory();
    let connection = super::file::open(&path).unwrap();
    let setting = |name| connection.pragma_query_value(None, name, |row| row.get::<_, Value>(0));
    assert_eq!(setting("synchronous").unwrap(), Value::Integer(2), "FULL");
    assert_eq!(setting("journal_mode").unwrap(), Value::Text("wal".to_owned()));
}

/// An error, and each of its causes.
async fn told(path: &Path) -> Vec<String> {
    let error = EmbeddedStore::open(path).await.unwrap_err();
    let mut told = vec![error.to_string()];
    let mut next = error.source();
    while let Some(cause) = next {
        told.push(cause.to_string());
        next = cause.source();
    }
    told
}

#[tokio::test]
async fn an_error_says_its_cause_once() {
    let (guard, path) = directory();
    let notes = guard.path().join("notes.txt");
    fs::write(&notes, "x".repeat(4096)).unwrap();
    assert_eq!(told(&notes).await[1..], ["file is not a database (SQLite error 26)"]);

    let _store = open(&path).await;
    assert_eq!(told(&path).await[1..], ["database is locked (SQLite error 5)"]);

    let [line, cause] = &told(&notes.join("store.db")).await[..] else { panic!("one cause") };
    assert!(cause.contains("(os error "), "{cause}");
    assert!(!line.contains(cause), "{line}");
}

#[test]
fn a_disk_that_is_full_is_told_from_one_that_fails_and_what_is_there_can_be_read() {
    let (_guard, path) = directory();
    let mut sqlite = Sqlite::open(&path).unwrap();
    let put = |key: &str, bytes: usize| {
        let (value, key) = (vec![b'x'; bytes].into(), key.to_owned());
        [Change::Put(Entry { key, value, version: 1, created: 1, modified: 1 })]
    };
    sqlite.write(&put("a", 10), 0).unwrap();
    sqlite.is_as_large_as_it_may_be();
    let full = sqlite.write(&put("b", 1 << 20), 0).unwrap_err();
    assert!(matches!(full, StoreError::Full { .. }), "{full:?}");
    assert!(full.to_string().contains(&path.display().to_string()), "{full}");
    assert_eq!(sqlite.list("").unwrap().len(), 1);
}
