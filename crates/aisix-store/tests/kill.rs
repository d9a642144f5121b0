//! A killed process loses nothing that it acknowledged.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may say: this must hold")]
#![expect(clippy::print_stdout, reason = "the process that is killed acknowledges to a pipe")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use aisix_store::{ConfigSource, ConfigStore, EmbeddedStore, Expect, Transaction};
use bytes::Bytes;

/// How many writes are acknowledged before the process is killed, once for each number.
const KILLED_AFTER: [usize; 6] = [1, 2, 13, 60, 61, 200];

const WRITERS: usize = 4;

/// Set for the process that writes until it is killed: which round it is, and the store's path.
const TASK: &str = "KILLED_WRITER_TASK";

/// What one acknowledgement says.
#[derive(Debug, PartialEq, Eq)]
struct Acknowledged {
    revision: u64,
    key: String,
    counter: u64,
}

#[test]
fn a_killed_process_loses_no_acknowledged_write() {
    // This test runs itself again, as the process to kill.
    if let Some(task) = task() {
        return write_until_killed(&task);
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("store.db");
    let mut all: BTreeMap<String, Acknowledged> = BTreeMap::new();
    for (round, limit) in KILLED_AFTER.into_iter().enumerate() {
        for acknowledged in run_and_kill(&path, round, limit) {
            all.insert(acknowledged.key.clone(), acknowledged);
        }
        let acknowledged = KILLED_AFTER[..=round].iter().sum::<usize>();
        assert!(all.len() >= acknowledged, "{} of {acknowledged}", all.len());
        block_on(check(&path, &all));
    }
}

#[expect(clippy::disallowed_methods, reason = "a process that a test starts is told so this way")]
fn task() -> Option<String> {
    std::env::var(TASK).ok()
}

/// Lets a process write until it has acknowledged `limit` writes, kills it, and answers everything
/// that it acknowledged.
fn run_and_kill(path: &Path, round: usize, limit: usize) -> Vec<Acknowledged> {
    let mut child = spawn(path, round);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut acknowledged = Vec::new();
    while acknowledged.len() < limit {
        let line = lines.next().expect("it writes until it is killed").unwrap();
        acknowledged.extend(parse(&line));
        if acknowledged.len() == 1 {
            assert_locked(path);
        }
    }
    child.kill().unwrap();
    // What is in the pipe was acknowledged before the end, but for a line that was cut.
    let rest = lines.map_while(Result::ok);
    acknowledged.extend(rest.filter_map(|line| parse(&line)));
    child.wait().unwrap();
    acknowledged
}

fn spawn(path: &Path, round: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_killed_process_loses_no_acknowledged_write", "--nocapture"])
        .env(TASK, format!("{round} {}", path.display()))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn assert_locked(path: &Path) {
    let error = block_on(EmbeddedStore::open(path)).unwrap_err().to_string();
    assert!(error.contains("in use by another process"), "{error}");
}

/// `acknowledged <revision> <key> <counter>.`
fn parse(line: &str) -> Option<Acknowledged> {
    let said = line.strip_prefix("acknowledged ")?.strip_suffix('.')?;
    let mut words = said.split(' ');
    Some(Acknowledged {
        revision: words.next()?.parse().ok()?,
        key: words.next()?.to_owned(),
        counter: words.next()?.parse().ok()?,
    })
}

async fn check(path: &Path, all: &BTreeMap<String, Acknowledged>) {
    let store = EmbeddedStore::open(path).await.unwrap();
    let listing = store.list().await.unwrap();
    for Acknowledged { revision, key, counter } in all.values() {
        let entry = store.get(key).await.unwrap().expect("it was acknowledged");
        assert_eq!((entry.modified, entry.value), (*revision, counter.to_string().into()));
    }
    let newest = all.values().map(|acknowledged| acknowledged.revision).max();
    assert!(Some(listing.revision) >= newest);

    // One transaction writes a document, its twin and the counter: all of them or none.
    let (documents, twins) = (count(&store, "documents/").await, count(&store, "twins/").await);
    assert_eq!(documents, twins);
    let counter = store.get("counter").await.unwrap().unwrap();
    assert_eq!(counter.value, documents.to_string());
    assert_eq!(counter.version, documents as u64);
    store.close().await;
}

async fn count(store: &EmbeddedStore, prefix: &str) -> usize {
    store.list_under(prefix).await.unwrap().entries.len()
}

fn write_until_killed(task: &str) {
    let (round, path) = task.split_once(' ').unwrap();
    // Ends the line that the test harness began.
    println!();
    block_on(async {
        let store = EmbeddedStore::open(path).await.unwrap();
        let writers = (0..WRITERS)
            .map(|writer| tokio::spawn(write_for_ever(store.clone(), format!("{round}-{writer}"))));
        for writer in writers.collect::<Vec<_>>() {
            writer.await.unwrap();
        }
    });
}

async fn write_for_ever(store: EmbeddedStore, name: String) {
    for number in 0u64.. {
        let key = format!("documents/{name}-{number}");
        let twin = format!("twins/{name}-{number}");
        let (revision, counter) = loop {
            let before = store.get("counter").await.unwrap();
            let expect = before.as_ref().map_or(Expect::Absent, |it| Expect::Version(it.version));
            let counter = before.map_or(1, |it| it.version + 1);
            let value = Bytes::from(counter.to_string());
            let transaction = Transaction::new()
                .expect("counter", expect)
                .put("counter", value.clone())
                .put(&*key, value.clone())
                .put(&*twin, value);
            if let Ok(written) = store.commit(transaction).await {
                break (written.revision, counter);
            }
        };
        println!("acknowledged {revision} {key} {counter}.");
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build();
    runtime.unwrap().block_on(future)
}
