//! The store that a file is, and what is said of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use aisix_core::resource::PlainSecrets;
use aisix_core::snapshot::RejectionKind;
use aisix_core::{Kind, Snapshot};
use aisix_store::file::format::id_of;
use aisix_store::{Applied, ConfigSource as _, ConfigStore, FileStore, StoreError, Supervisor};
use aisix_testing::conformance::store::{ReadOnlyFixture, run_read_only};
use async_trait::async_trait;

use crate::{Resources, secrets, variables, versioned};

/// Longer than any of this takes.
const PATIENCE: Duration = Duration::from_secs(30);

struct InFile {
    file: Resources,
    store: FileStore,
}

#[async_trait]
impl ReadOnlyFixture for InFile {
    fn store(&self) -> Arc<dyn ConfigStore> {
        Arc::new(self.store.clone())
    }

    async fn own(&mut self, documents: &[(&str, &str)]) -> Vec<String> {
        let mut text = String::new();
        let mut keys = Vec::new();
        for kind in [Kind::Models, Kind::CachePolicies] {
            text.push_str(&format!("{kind}:\n"));
            for (_, name) in documents.iter().filter(|(of, _)| *of == kind.plural()) {
                let ensemble = "ensemble: {panel: [{model: c}], judge: {model: c}}";
                text.push_str(&match kind {
                    Kind::Models => {
                        format!("  - {{display_name: {name}, {}}}\n", ensemble.replace('c', name))
                    }
                    _ => format!("  - {{name: {name}}}\n"),
                });
                keys.push(format!("{kind}/{}", id_of(kind, name)));
            }
        }
        self.file.write(versioned(&text));
        self.store.reload().unwrap();
        keys
    }
}

#[tokio::test]
async fn a_store_in_a_file_conforms() {
    run_read_only(async || {
        let file = Resources::new("");
        let store = FileStore::open(file.path(), variables(), secrets()).unwrap();
        InFile { file, store }
    })
    .await;
}

/// A supervisor that follows a file.
struct Followed {
    file: Resources,
    store: FileStore,
    applied: Applied,
    published: Arc<Mutex<Vec<Arc<Snapshot>>>>,
    _end: tokio::sync::oneshot::Sender<()>,
}

async fn follow(collections: &str) -> Followed {
    let file = Resources::new(collections);
    let store = FileStore::open(file.path(), variables(), secrets()).unwrap();
    let published = Arc::new(Mutex::new(Vec::new()));
    let log = published.clone();
    let publish = move |snapshot| log.lock().unwrap().push(snapshot);
    let (supervisor, applied) =
        Supervisor::new(Arc::new(store.clone()), Arc::new(PlainSecrets), publish);
    let (end, ended) = tokio::sync::oneshot::channel();
    tokio::spawn(supervisor.run(async { drop(ended.await) }));
    assert!(applied.reached(1, PATIENCE).await);
    Followed { file, store, applied, published, _end: end }
}

const POLICIES: &str = "cache_policies: [{name: a}, {name: b}]";

#[tokio::test]
async fn a_reload_swaps_everything_at_once() {
    let followed = follow(POLICIES).await;
    let before = followed.applied.status();
    followed
        .file
        .write(versioned("cache_policies: [{name: b}, {name: c}]\nmcp_servers: [{name: s}]"));
    let reloaded = followed.store.reload().unwrap();
    assert_eq!((reloaded.generation, reloaded.resources), (2, 3));
    assert!(followed.applied.reached(2, PATIENCE).await);
    let counts: Vec<_> = followed
        .published
        .lock()
        .unwrap()
        .iter()
        .map(|snapshot| (snapshot.count(Kind::CachePolicies), snapshot.count(Kind::McpServers)))
        .collect();
    assert_eq!(counts, [(2, 0), (2, 1)], "never anything in between");
    let entries = followed.store.list().await.unwrap().entries;
    assert!(entries.iter().all(|entry| (entry.version, entry.modified) == (2, 2)), "{entries:?}");

    let after = followed.applied.status();
    let (was, is) = (before.applied.unwrap(), after.applied.clone().unwrap());
    assert_eq!((was.seq, is.seq), (1, 2));
    assert_ne!(was.hash, is.hash);
    assert_eq!(is.hash, after.source.unwrap().hash);
    assert_eq!((before.reloads.all, after.reloads.all), (1, 2));
    assert!(after.whole && after.rejected.is_empty() && after.last_failure.is_none());
}

#[tokio::test]
async fn the_hash_is_that_of_the_file() {
    let followed = follow("").await;
    // printf '_format_version: "1"\n' | sha256sum
    let known = "ed4c291a4fb055bbd878924c9f46e333c2473111cf6c2e9f452611a394a833dc";
    let status = followed.applied.status();
    assert_eq!(status.source.unwrap().hash, known);
    assert_eq!(status.applied.unwrap().hash, known);
}

#[tokio::test]
async fn a_file_that_is_rejected_leaves_what_served() {
    let followed = follow(POLICIES).await;
    let before = followed.applied.status();
    followed.file.write(versioned(
        "cache_policies: [{name: a, ttl_seconds: 0, x: 1}, {name: d}, 5]\nmodles: []",
    ));
    let report = followed.store.reload().expect_err("a bad file");
    assert_eq!(report.problems().len(), 3);
    let status = followed.applied.status();
    assert_eq!(status.applied, before.applied, "what is served is what was");
    assert_ne!(status.source.unwrap().hash, before.source.unwrap().hash);
    assert!(!status.last_reload.unwrap().successful);
    assert_eq!(status.last_success, before.last_success);
    let failure = status.last_failure.clone().unwrap();
    assert_eq!(failure.kind, "parse_failed");
    let first = "(file): modles: unknown key";
    assert!(failure.message.starts_with(first) && failure.message.ends_with("(and 2 more)"));
    let rejected: Vec<_> = status
        .rejected
        .iter()
        .map(|one| (one.key.as_str(), one.kind, one.stale_since.is_some()))
        .collect();
    assert_eq!(
        rejected,
        [
            ("", RejectionKind::ParseFailed, false),
            ("cache_policies/[2]", RejectionKind::ParseFailed, false),
            ("cache_policies/a", RejectionKind::SchemaFailed, true),
        ]
    );
    assert_eq!((status.reloads.all, status.reloads.failed_parse), (2, 1));
    let first_seen = status.rejected[2].first_seen;

    followed.file.write(versioned("cache_policies: [{name: a, ttl_seconds: 0}]"));
    followed.store.reload().expect_err("a bad file");
    let status = followed.applied.status();
    assert_eq!(status.rejected.len(), 1);
    assert_eq!(status.rejected[0].first_seen, first_seen);
    assert_eq!((status.reloads.failed_parse, status.reloads.failed_validate), (1, 1));

    std::fs::remove_file(followed.file.path()).unwrap();
    let report = followed.store.reload().expect_err("no file");
    assert!(report.to_string().contains("(file): cannot be read: No such file"), "{report}");
    let status = followed.applied.status();
    assert!(status.rejected.is_empty() && !status.last_reload.unwrap().successful);
    assert_eq!(status.last_failure.unwrap().kind, "fetch");
    assert_eq!((status.reloads.all, status.reloads.failed_fetch), (4, 1));
    assert_eq!(followed.published.lock().unwrap().len(), 1, "nothing else was ever served");

    followed.file.write(versioned(POLICIES));
    assert_eq!(followed.store.reload().unwrap().generation, 2);
    assert!(followed.applied.reached(2, PATIENCE).await);
    let status = followed.applied.status();
    assert!(status.rejected.is_empty() && status.last_reload.unwrap().successful);
    assert!(status.last_failure.is_some(), "what went wrong is remembered");
    assert_eq!(status.applied.unwrap().hash, before.applied.unwrap().hash);
}

#[tokio::test]
async fn who_writes_hears_who_owns_the_documents() {
    let followed = follow(POLICIES).await;
    let Err(StoreError::ReadOnly(why)) = followed.store.writable() else {
        panic!("a file is not written");
    };
    let path = followed.file.path();
    assert!(why.contains(&path.display().to_string()) && why.contains("SIGHUP"), "{why}");
    assert!(!format!("{:?}", followed.store).contains("cache_policies"));
}
