//! References to secrets, which a file holds as a whole or not at all.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use aisix_core::Snapshot;
use aisix_store::file::{Validated, format::id_of, validate};
use aisix_store::{Applied, FileStore, References, Sealer, Secrets, Supervisor};
use aisix_testing::wait;
use tempfile::TempDir;

use crate::{Resources, environment, variables, versioned};

/// A directory with a secret that may be referred to.
struct Host {
    directory: TempDir,
    secrets: Arc<Secrets>,
}

impl Host {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let references = References::new([], [directory.path().to_owned()]);
        let secrets = Arc::new(Secrets::new(Sealer::plain(), Arc::new(references)));
        let host = Self { directory, secrets };
        fs::write(host.secret(), "sk-one").unwrap();
        host
    }

    fn secret(&self) -> PathBuf {
        self.directory.path().join("secret")
    }

    fn reference(&self) -> String {
        format!("file:{}", self.secret().display())
    }
}

/// Provider keys by name, each with its secret.
fn keys(keys: &[(&str, &str)]) -> String {
    let entries = keys.iter().map(|(name, secret)| {
        format!("  - {{display_name: {name}, adapter: bedrock, secret: '{secret}'}}\n")
    });
    versioned(&format!("provider_keys:\n{}", entries.collect::<String>()))
}

/// A file that a supervisor follows.
struct Followed {
    store: FileStore,
    applied: Applied,
    snapshot: Arc<Mutex<Arc<Snapshot>>>,
}

impl Followed {
    async fn start(file: &Resources, host: &Host) -> Self {
        let store = FileStore::open(file.path(), variables(), host.secrets.clone()).unwrap();
        let snapshot = Arc::new(Mutex::new(Arc::default()));
        let published = snapshot.clone();
        let publish = move |snapshot| *published.lock().unwrap() = snapshot;
        let source = Arc::new(store.clone());
        let (supervisor, applied) = Supervisor::new(source, host.secrets.clone(), publish);
        tokio::spawn(supervisor.run(std::future::pending()));
        assert!(applied.reached(1, wait::DEADLINE).await);
        Self { store, applied, snapshot }
    }

    fn secret(&self, name: &str) -> Option<String> {
        let id = id_of(aisix_core::Kind::ProviderKeys, name);
        let snapshot = self.snapshot.lock().unwrap().clone();
        Some(snapshot.provider_key(id.as_str())?.spec.secret.expose().to_owned())
    }
}

#[test]
fn a_file_with_references_that_cannot_be_followed_is_not_opened() {
    let host = Host::new();
    let file = Resources::raw(keys(&[
        ("variable", "env:SECRET_NAME"),
        ("good", &host.reference()),
        ("outside", "file:/etc/passwd"),
        ("missing", &format!("{}-not", host.reference())),
        ("sealed", "aisix-sealed:v1:00000000:AAAA"),
    ]));
    let report = FileStore::open(file.path(), variables(), host.secrets).unwrap_err();
    let report = file.shown(&report);
    let lines: Vec<_> = report.lines().collect();
    assert_eq!(lines.len(), 5, "{report}");
    assert_eq!(
        lines[1..3],
        [
            "  - provider_keys[0] (\"variable\"): secret: refers to an environment variable that \
             secrets.allow_env does not list",
            "  - provider_keys[2] (\"outside\"): secret: refers to a file outside of the \
             directories of secrets.file_dirs",
        ]
    );
    assert!(lines[3].contains("(\"missing\"): secret: refers to the file"), "{report}");
    assert!(lines[4].contains("(\"sealed\"): secret: "), "{report}");
    assert!(!report.contains("SECRET_NAME"), "{report}");
}

#[tokio::test]
async fn a_reload_with_a_broken_reference_changes_nothing() {
    let host = Host::new();
    let file = Resources::raw(keys(&[("a", &host.reference()), ("b", "sk-b")]));
    let followed = Followed::start(&file, &host).await;
    let before = followed.applied.status();
    file.write(keys(&[("a", "env:NOBODY"), ("b", "sk-other"), ("c", "sk-c")]));
    followed.store.reload().unwrap_err();
    let status = followed.applied.status();
    assert!(status.out_of_sync);
    assert_eq!(status.applied, before.applied);
    assert_eq!(status.last_success, before.last_success);
    let rejected: Vec<_> = status.rejected.iter().map(|one| (&*one.key, one.kind)).collect();
    let kind = aisix_core::snapshot::RejectionKind::SchemaFailed;
    assert_eq!(rejected, [("provider_keys/a", kind)]);
    assert_eq!((status.reloads.all, status.reloads.failed_validate), (2, 1));
    assert_eq!(followed.secret("a").as_deref(), Some("sk-one"));
    assert_eq!(followed.secret("b").as_deref(), Some("sk-b"));
    assert_eq!(followed.secret("c"), None);
}

#[tokio::test(start_paused = true)]
async fn a_reference_that_breaks_later_is_reported_by_the_name_of_its_entry() {
    let host = Host::new();
    let file = Resources::raw(keys(&[("a", &host.reference())]));
    let followed = Followed::start(&file, &host).await;
    let before = followed.applied.status();
    fs::remove_file(host.secret()).unwrap();
    wait::until("the report", || !followed.applied.status().rejected.is_empty()).await;
    let status = followed.applied.status();
    assert_eq!(status.rejected[0].key, "provider_keys/a");
    assert!(status.rejected[0].stale_since.is_some() && !status.out_of_sync);
    assert!(!status.last_reload.unwrap().successful);
    assert_eq!(status.last_success, before.last_success);
    assert_eq!(status.applied, before.applied, "no byte that serves has changed");
    assert_eq!(followed.secret("a").as_deref(), Some("sk-one"));

    // Rejected by the file now, and once only.
    followed.store.reload().unwrap_err();
    assert_eq!(followed.applied.status().rejected.len(), 1);
    fs::write(host.secret(), "sk-two").unwrap();
    wait::until("the new secret", || followed.secret("a").as_deref() == Some("sk-two")).await;
}

#[test]
fn validation_counts_references_and_follows_none() {
    let host = Host::new();
    let file = Resources::raw(keys(&[
        ("a", "env:NOBODY"),
        ("b", "file:/nowhere"),
        ("c", "sk-c"),
        ("d", &host.reference()),
    ]));
    let validated = validate(&file.path(), &environment).unwrap();
    assert_eq!(validated, Validated { resources: 4, references: 3 });
}
