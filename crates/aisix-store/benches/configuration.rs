//! What a configuration costs the supervisor: `cargo bench -p aisix-store --bench configuration`.
//!
//! Prints, as tables in Markdown, time and memory of taking over everything that a source lists, and
//! the time of one change among several numbers of resources. The way is the gateway's own: a source
//! that lists and watches, secrets that are sealed, the supervisor, and its allocator. The source is
//! as fast as memory, so that nothing but the supervisor is measured.
#![expect(clippy::expect_used, reason = "a benchmark that cannot measure ends there")]
#![expect(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use aisix_core::hash::KeyHash;
use aisix_core::snapshot::Revision;
use aisix_core::{Change, Document, Entry, Kind};
use aisix_store::{
    Applied, ConfigSource, Listing, MasterKey, References, Sealer, Secrets, StoreError, Supervisor,
    Watch,
};
use async_trait::async_trait;
use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often everything is taken over.
const BUILDS: usize = 5;
/// How many changes of one sort are measured.
const CHANGES: usize = 1000;
/// Of callers' keys, one in so many is rejected where some are.
const REJECTED: usize = 10;
const PATIENCE: Duration = Duration::from_secs(60);

/// How many resources there are, and how many of them are no good.
#[derive(Clone, Copy)]
struct Size {
    provider_keys: usize,
    models: usize,
    callers: usize,
    /// Of the callers' keys, one in so many is rejected; 0 for none.
    rejected: usize,
}

impl Size {
    /// One in a hundred is a provider key, one in ten a model, the others are callers' keys.
    fn of(resources: usize) -> Self {
        let (provider_keys, models) = (resources / 100, resources / 10);
        let callers = resources - provider_keys - models;
        Self { provider_keys, models, callers, rejected: 0 }
    }
}

/// A source that lists once, and whose changes come when they are told.
struct Source {
    listing: Mutex<Option<Listing>>,
    watch: Mutex<Option<Watch>>,
}

#[async_trait]
impl ConfigSource for Source {
    async fn list(&self) -> Result<Listing, StoreError> {
        Ok(self.listing.lock().expect("one thread").take().expect("it is listed once"))
    }

    async fn watch(&self, _after: Revision) -> Result<Watch, StoreError> {
        Ok(self.watch.lock().expect("one thread").take().expect("it is watched once"))
    }
}

/// A supervisor at work.
struct Following {
    applied: Applied,
    changes: mpsc::Sender<Vec<Change>>,
    revision: Revision,
    task: JoinHandle<()>,
}

impl Following {
    /// Follows a source with these documents, and says how long it took to serve them.
    async fn start(size: Size) -> (Self, Duration) {
        let secrets = secrets();
        let listing = listing(size, &secrets);
        let revision = listing.revision;
        let (changes, watch) = mpsc::channel(1);
        let source = Source { listing: Mutex::new(Some(listing)), watch: Mutex::new(Some(watch)) };
        // As the gateway does, it drops the previous snapshot when the next one is there.
        let serving = Mutex::new(None);
        let publish = move |snapshot| {
            drop(serving.lock().expect("one thread").replace(snapshot));
        };
        let began = Instant::now();
        let (supervisor, applied) = Supervisor::new(Arc::new(source), Arc::new(secrets), publish);
        let task = tokio::spawn(supervisor.run(std::future::pending()));
        assert!(applied.reached(revision, PATIENCE).await, "everything is served");
        let took = began.elapsed();
        (Self { applied, changes, revision, task }, took)
    }

    /// The middle of how long single changes took, each until it was served.
    async fn change(&mut self, change: impl Fn(usize, Revision) -> Change) -> Duration {
        let mut times = Vec::with_capacity(CHANGES);
        for number in 0..CHANGES {
            self.revision += 1;
            let change = change(number, self.revision);
            let began = Instant::now();
            self.changes.send(vec![change]).await.expect("the supervisor runs");
            assert!(self.applied.reached(self.revision, PATIENCE).await, "the change is served");
            times.push(began.elapsed());
        }
        median(times)
    }

    async fn end(self) {
        self.task.abort();
        assert!(self.task.await.is_err_and(|ended| ended.is_cancelled()), "it ran until now");
    }
}

fn secrets() -> Secrets {
    let key = MasterKey::generate().expect("random numbers");
    Secrets::new(Sealer::with(&key), Arc::new(References::default()))
}

/// Everything, in the order of keys.
fn listing(size: Size, secrets: &Secrets) -> Listing {
    let callers = (0..size.callers).map(|number| match size.rejected {
        0 => caller(number, false),
        every if number % every == 0 => Bytes::from_static(br#"{"key_hash":"none"}"#),
        _ => caller(number, false),
    });
    let callers = callers.enumerate().map(|(number, value)| (caller_key(number), value));
    let models = (0..size.models).map(|number| (model_key(number), model(number, size)));
    let provider_keys = (0..size.provider_keys).map(|number| provider_key(number, secrets));
    let documents = callers.chain(models).chain(provider_keys);
    let entries: Vec<_> = documents
        .zip(1..)
        .map(|((key, value), revision)| entry(key, value, revision, revision))
        .collect();
    let revision = entries.len() as Revision;
    Listing { entries, revision }
}

fn entry(key: String, value: Bytes, created: Revision, modified: Revision) -> Entry {
    Entry { key, value, version: 1, created, modified }
}

fn caller_key(number: usize) -> String {
    format!("api_keys/{}", id(1, number))
}

fn caller(number: usize, disabled: bool) -> Bytes {
    let hash = KeyHash::of(&format!("sk-bench-{number}"));
    let text = format!(
        r#"{{"display_name":"team-{number}","key_hash":"{hash}","allowed_models":["model-1","gpt-*"],"disabled":{disabled}}}"#
    );
    Bytes::from(text)
}

fn model_key(number: usize) -> String {
    format!("models/{}", id(2, number))
}

fn model(number: usize, size: Size) -> Bytes {
    let key = id(3, number % size.provider_keys);
    let text = format!(
        r#"{{"display_name":"model-{number}","provider":"openai","model_name":"gpt-4o-mini","provider_key_id":"{key}","timeout":30000}}"#
    );
    Bytes::from(text)
}

/// A key with its secret sealed.
fn provider_key(number: usize, secrets: &Secrets) -> (String, Bytes) {
    let id = id(3, number);
    let text = format!(
        r#"{{"display_name":"account-{number}","provider":"openai","adapter":"openai","secret":"sk-upstream-{number}","api_base":"https://api.example.com/v1"}}"#
    );
    let mut document = Document::parse(text.as_bytes()).expect("a document");
    secrets.seal(Kind::ProviderKeys, &id, &mut document).expect("it can be sealed");
    (format!("provider_keys/{id}"), document.to_bytes().into())
}

/// As long as the UUIDs of the admin API, and in the order of numbers.
fn id(kind: usize, number: usize) -> String {
    format!("{number:08x}-0000-4000-8000-{kind:012x}")
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// A line of `/proc/self/status`, in MiB.
fn memory(line: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let number = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':'));
    let kib = number.and_then(|text| text.split_whitespace().next()?.parse::<f64>().ok());
    kib.expect("a number of KiB") / 1024.0
}

async fn print_builds() {
    let size = Size { provider_keys: 100, models: 10_000, callers: 100_000, rejected: 0 };
    let before = memory("VmRSS");
    let mut times = Vec::new();
    let (following, took) = Following::start(size).await;
    let (held, peak) = (memory("VmRSS") - before, memory("VmHWM") - before);
    times.push(took);
    following.end().await;
    for _ in 1..BUILDS {
        let (following, took) = Following::start(size).await;
        times.push(took);
        following.end().await;
    }
    println!("| 10,000 models, 100,000 caller keys, 100 sealed provider keys | |\n|---|---:|");
    println!("| listed to served, median of {BUILDS} | {} ms |", median(times).as_millis());
    println!("| resident memory it adds | {held:.0} MiB |");
    println!("| the same at its peak, the listing included | {peak:.0} MiB |");
}

async fn print_changes() {
    println!(
        "\n| One change, in µs (median of {CHANGES}) | caller key replaced | model replaced | \
         caller key created | caller key deleted | caller key replaced, a tenth of them rejected |\n\
         |---|---:|---:|---:|---:|---:|"
    );
    for (resources, name) in [(1000, "1,000"), (10_000, "10,000"), (100_000, "100,000")] {
        let size = Size::of(resources);
        // Spread over all of them: what is in a cache is not what is measured.
        let some = |number: usize, of: usize| (number * 7919) % of;
        // A rejected one would be healed, and soon there would be none.
        let replace = |number, revision| {
            let number = some(number, size.callers / REJECTED) * REJECTED + 1;
            let created = number as Revision + 1;
            Change::Put(entry(caller_key(number), caller(number, true), created, revision))
        };
        let replace_model = |number, revision| {
            let number = some(number, size.models);
            let created = (size.callers + number) as Revision + 1;
            Change::Put(entry(model_key(number), model(number, size), created, revision))
        };
        let new = |number| size.callers + number;
        let create = |number, revision| {
            let number = new(number);
            Change::Put(entry(caller_key(number), caller(number, false), revision, revision))
        };
        let delete = |number, revision| Change::Delete { key: caller_key(new(number)), revision };
        let (mut following, _) = Following::start(size).await;
        let mut row = vec![
            following.change(replace).await,
            following.change(replace_model).await,
            following.change(create).await,
            following.change(delete).await,
        ];
        following.end().await;
        let (mut following, _) = Following::start(Size { rejected: REJECTED, ..size }).await;
        row.push(following.change(replace).await);
        following.end().await;
        let cells = row.iter().map(|time| format!(" {:.1} |", time.as_secs_f64() * 1e6));
        println!("| {name} resources |{}", cells.collect::<String>());
    }
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.expect("a runtime").block_on(async {
        print_builds().await;
        print_changes().await;
    });
}
