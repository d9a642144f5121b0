//! Tests of a supervisor with a snapshot cache.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use aisix_core::Entry;
use aisix_testing::wait;
use bytes::Bytes;
use tempfile::TempDir;
use tokio::sync::mpsc;

use super::tests::{BROKEN, Running, Scripted, entry, lines, listen, listing, model, start_with};
use crate::{ConfigSource, ConfigStore, Expect, MemoryStore, SnapshotCache};

fn start(source: Arc<dyn ConfigSource>, path: &Path) -> Running {
    start_with(source, Some(SnapshotCache::new(path, "/aisix/")))
}

fn file() -> (TempDir, std::path::PathBuf) {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("cache.json");
    (directory, path)
}

/// What is served, and that the supervisor ends and has written its cache then.
async fn stopped(running: Running) {
    running.stop.send(()).unwrap();
    wait::within("the supervisor's end", running.task).await.unwrap();
}

fn broken() -> Bytes {
    Bytes::from_static(BROKEN.as_bytes())
}

/// A cache with a good, a stale and a waiting document.
async fn filled(path: &Path) -> MemoryStore {
    let store = MemoryStore::new();
    // Created in another order than that of their keys: the first one owns the name.
    for (key, name) in [("models/z", "twice"), ("models/a", "twice"), ("models/b", "b")] {
        store.put(key, model(name), Expect::Any).await.unwrap();
    }
    let running = start(Arc::new(store.clone()), path);
    running.reaches(3).await;
    wait::until("the watch", || running.applied.connected()).await;
    let bad = store.put("models/b", broken(), Expect::Any).await.unwrap();
    running.reaches(bad.revision).await;
    stopped(running).await;
    store
}

fn stale_since(running: &Running) -> Option<SystemTime> {
    running.applied.status().rejected.iter().find_map(|rejected| rejected.stale_since)
}

#[tokio::test]
async fn a_cache_serves_what_was_served_also_last_good_values_while_the_source_is_away() {
    let (_directory, path) = file();
    let store = filled(&path).await;

    let running = start(Scripted::new([], []), &path);
    running.reaches(4).await;
    assert!(!running.applied.connected());
    let snapshot = running.last();
    assert!(snapshot.model_named("b").is_some(), "the last good value");
    assert_eq!(snapshot.model_named("twice").unwrap().id.as_str(), "z", "the first one created");
    let status = running.applied.status();
    let rejected: Vec<_> = status.rejected.iter().map(|rejected| &*rejected.key).collect();
    assert_eq!(rejected, ["models/a", "models/b"]);
    let reloads = status.reloads;
    assert_eq!(
        (reloads.all, status.last_success),
        (reloads.failed_fetch, None),
        "nothing was read"
    );
    assert!(status.source.is_none(), "nothing was observed");
    let before = stale_since(&running).unwrap();
    stopped(running).await;

    // The source is back, and has the same to say.
    let written = fs::metadata(&path).unwrap().modified().unwrap();
    let running = start(Arc::new(store), &path);
    wait::until("the watch", || running.applied.connected()).await;
    assert!(running.last().model_named("b").is_some());
    assert_eq!(stale_since(&running), Some(before));
    assert!(running.applied.status().source.is_some());
    assert_eq!(running.published.lock().unwrap().len(), 2, "one snapshot for the cache, one after");
    stopped(running).await;
    assert_eq!(fs::metadata(&path).unwrap().modified().unwrap(), written, "nothing has changed");
}

#[tokio::test]
async fn the_first_listing_replaces_everything_at_once() {
    let (_directory, path) = file();
    filled(&path).await;
    let (_sender, watch) = mpsc::channel(1);
    let listed: [Entry; 3] = [
        entry("models/a", model("twice"), 2, 2),
        // Deleted and created again while nobody looked.
        entry("models/b", broken(), 6, 6),
        entry("models/c", model("c"), 7, 7),
    ];
    let running = start(Scripted::new([Ok(listing(7, listed))], [Ok(watch)]), &path);
    running.reaches(7).await;
    assert_eq!(running.published.lock().unwrap().len(), 2);
    let snapshot = running.last();
    assert_eq!(snapshot.model_named("twice").unwrap().id.as_str(), "a");
    assert!(snapshot.model_named("b").is_none() && snapshot.model_named("c").is_some());
    assert_eq!(stale_since(&running), None);
    stopped(running).await;

    let running = start(Scripted::new([], []), &path);
    running.reaches(7).await;
    assert!(running.last().model_named("c").is_some(), "what was written at the end");
}

#[tokio::test]
async fn a_cache_that_cannot_be_used_is_replaced() {
    let (_directory, path) = file();
    fs::write(&path, "[").unwrap();
    let store = MemoryStore::new();
    store.put("models/a", model("a"), Expect::Any).await.unwrap();
    let running = start(Arc::new(store.clone()), &path);
    running.reaches(1).await;
    stopped(running).await;

    let running = start(Scripted::new([], []), &path);
    running.reaches(1).await;
    assert!(running.last().model_named("a").is_some(), "it was replaced by a good one");
}

#[tokio::test(start_paused = true)]
async fn a_cache_that_cannot_be_written_is_one_warning_until_it_heals() {
    let (directory, path) = file();
    let path = directory.path().join("later").join(path.file_name().unwrap());
    let (log, _guard) = listen();
    let store = MemoryStore::new();
    let running = start(Arc::new(store.clone()), &path);
    for revision in 1..4 {
        store.put("models/a", model(&format!("a{revision}")), Expect::Any).await.unwrap();
        running.reaches(revision).await;
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
    }
    wait::until("the warning", || lines(&log, "cannot write the snapshot cache") > 0).await;
    assert_eq!(lines(&log, "cannot write the snapshot cache"), 1);

    fs::create_dir(path.parent().unwrap()).unwrap();
    // Nothing changes any more: it is tried again all the same.
    wait::until("the file", || path.exists()).await;
    wait::until("the news", || lines(&log, "is written again") == 1).await;
    assert_eq!(lines(&log, "cannot write the snapshot cache"), 1);
    stopped(running).await;
}

#[tokio::test(start_paused = true)]
async fn writes_are_a_second_apart_and_the_last_one_is_at_the_end() {
    let (_directory, path) = file();
    let store = MemoryStore::new();
    let running = start(Arc::new(store.clone()), &path);
    wait::until("the first write", || path.exists()).await;
    let first = fs::read(&path).unwrap();
    for revision in 1..=5 {
        store.put("models/a", model(&format!("a{revision}")), Expect::Any).await.unwrap();
        running.reaches(revision).await;
    }
    assert_eq!(fs::read(&path).unwrap(), first, "the second is not over");
    stopped(running).await;
    let running = start(Scripted::new([], []), &path);
    running.reaches(5).await;
    assert!(running.last().model_named("a5").is_some());
}
