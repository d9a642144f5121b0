//! A file that holds a secret takes effect when it changes, without a write and without a restart.
#![expect(clippy::unwrap_used, reason = "a test may say: this must hold")]

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use aisix_core::Snapshot;
use aisix_store::{
    Applied, ConfigStore, Expect, MasterKey, MemoryStore, References, Sealer, Secrets, Supervisor,
};
use aisix_testing::wait;
use bytes::Bytes;
use tempfile::TempDir;
use tokio::task::JoinHandle;

/// A store that is followed, and a directory with a secret that its documents may refer to.
struct Following {
    directory: TempDir,
    store: MemoryStore,
    applied: Applied,
    snapshot: Arc<Mutex<Arc<Snapshot>>>,
    task: JoinHandle<()>,
}

impl Following {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let references = References::new([], [directory.path().to_owned()]);
        let sealer = Sealer::with(&MasterKey::generate().unwrap());
        let secrets = Arc::new(Secrets::new(sealer, Arc::new(references)));
        let snapshot = Arc::new(Mutex::new(Arc::new(Snapshot::default())));
        let published = snapshot.clone();
        let store = MemoryStore::new();
        let (supervisor, applied) =
            Supervisor::new(Arc::new(store.clone()), secrets, move |snapshot| {
                *published.lock().unwrap() = snapshot;
            });
        let task = tokio::spawn(supervisor.run(std::future::pending()));
        Self { directory, store, applied, snapshot, task }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("secret")
    }

    async fn write(&self, id: &str, secret: &str) {
        let document =
            format!(r#"{{"display_name": "{id}", "provider": "p", "secret": "{secret}"}}"#);
        let key = format!("provider_keys/{id}");
        let written = self.store.put(&key, Bytes::from(document), Expect::Any).await.unwrap();
        assert!(self.applied.reached(written.revision, wait::DEADLINE).await);
    }

    fn secret(&self, id: &str) -> Option<String> {
        let snapshot = self.snapshot.lock().unwrap().clone();
        Some(snapshot.provider_key(id)?.spec.secret.expose().to_owned())
    }

    async fn comes_to(&self, id: &str, secret: &str) {
        wait::until(secret, || self.secret(id).as_deref() == Some(secret)).await;
    }
}

fn to(path: &Path) -> String {
    format!("file:{}", path.display())
}

#[tokio::test(start_paused = true)]
async fn a_file_that_changes_takes_effect() {
    let following = Following::start();
    let file = following.file();
    std::fs::write(&file, "sk-one\n").unwrap();
    for id in ["a", "b"] {
        following.write(id, &to(&file)).await;
    }
    following.write("c", "sk-plain").await;
    following.comes_to("a", "sk-one").await;
    let seq = following.applied.status().applied.unwrap().seq;

    std::fs::write(&file, "sk-two\n").unwrap();
    following.comes_to("a", "sk-two").await;
    following.comes_to("b", "sk-two").await;
    assert_eq!(following.secret("c").unwrap(), "sk-plain");
    let status = following.applied.status();
    assert_eq!(status.applied.unwrap().seq, seq, "no document has changed");
    assert!(status.rejected.is_empty());
    following.task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_file_that_goes_is_reported_serves_on_and_heals() {
    let following = Following::start();
    let file = following.file();
    std::fs::write(&file, "sk-one").unwrap();
    following.write("a", &to(&file)).await;
    following.comes_to("a", "sk-one").await;

    std::fs::remove_file(&file).unwrap();
    wait::until("the report", || !following.applied.status().rejected.is_empty()).await;
    let rejected = following.applied.status().rejected.remove(0);
    assert_eq!(rejected.key, "provider_keys/a");
    assert_eq!(rejected.kind.as_str(), "schema_failed");
    assert!(rejected.message.starts_with("secret: refers to the file "), "{}", rejected.message);
    assert!(rejected.stale_since.is_some(), "the last good value serves on");
    assert_eq!(following.secret("a").unwrap(), "sk-one");

    std::fs::write(&file, "sk-two").unwrap();
    following.comes_to("a", "sk-two").await;
    wait::until("the end of it", || following.applied.status().rejected.is_empty()).await;
    following.task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_document_whose_file_is_not_there_yet_heals_when_it_comes() {
    let following = Following::start();
    let file = following.file();
    following.write("a", &to(&file)).await;
    assert_eq!(following.applied.status().rejected.len(), 1);
    assert_eq!(following.secret("a"), None);
    std::fs::write(&file, "sk-late").unwrap();
    following.comes_to("a", "sk-late").await;
    following.task.abort();
}

#[tokio::test(start_paused = true)]
async fn a_reference_to_what_is_not_listed_is_rejected_and_not_repeated() {
    let following = Following::start();
    following.write("a", "env:sk-not-a-name").await;
    following.write("b", "file:/etc/passwd").await;
    let rejected = following.applied.status().rejected;
    let messages: Vec<_> = rejected.iter().map(|rejected| &*rejected.message).collect();
    assert_eq!(
        messages,
        [
            "secret: refers to an environment variable that secrets.allow_env does not list",
            "secret: refers to a file outside of the directories of secrets.file_dirs",
        ]
    );
    following.task.abort();
}
