//! From a source of documents to a sequence of published snapshots.

mod applied;
mod documents;
mod keeper;
mod loads;
mod record;
mod rejections;
mod report;
mod status;
mod touched;

#[cfg(test)]
mod cached;
#[cfg(test)]
mod tests;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aisix_core::resource::SecretResolver;
use aisix_core::{Change, Snapshot};
use tokio::sync::watch;
use tokio::time::{Instant, Interval, MissedTickBehavior};

pub use applied::Applied;
use applied::{Published, State};
use documents::Documents;
use keeper::{Keeper, Kept};
pub use loads::{LoadedBytes, Loads, ServedBytes};
use record::{Record, Reload};
pub use status::{
    AppliedStatus, ConfigStatus, IgnoredField, LastFailure, LastReload, Rejected, ReloadCounts,
    SourceStatus,
};
use touched::Touched;

use crate::cache::{Image, SnapshotCache, Unusable};
use crate::source::{ConfigSource, Listing, StoreError};

/// The wait before a lost source is listed again, the first time.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// Waits double up to this one.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// How often it is looked whether references lead to other secrets than before.
const LOOK: Duration = Duration::from_secs(2);

/// How many revisions become one snapshot where the source is faster than the gateway.
const AT_ONCE: usize = 256;

/// Follows a source: publishes its documents as a snapshot, and another one after every change.
///
/// A source that is lost is listed again, after waits of 1 s that double to 60 s. Meanwhile the last
/// snapshot serves on; afterwards so do the last good values of documents that are rejected now.
pub struct Supervisor {
    source: Arc<dyn ConfigSource>,
    secrets: Arc<dyn SecretResolver>,
    publish: Box<dyn Fn(Arc<Snapshot>) + Send + Sync>,
    state: watch::Sender<State>,
    snapshot: Arc<Snapshot>,
    documents: Documents,
    record: Record,
    cache: Option<Arc<SnapshotCache>>,
    /// Where to put what the cache is to hold.
    keep: Option<watch::Sender<Option<Kept>>>,
    /// Whether the log says that the source is lost.
    lost: bool,
}

/// How following a source came to its end.
enum Lost {
    /// It failed, or closed the watch.
    Source(Option<StoreError>),
    /// It forgot the revision to watch from.
    Compacted,
}

impl Supervisor {
    /// A supervisor that calls `publish` with every snapshot, in order, before [`Applied`] announces
    /// it: who waits for a revision is then served from it.
    pub fn new(
        source: Arc<dyn ConfigSource>,
        secrets: Arc<dyn SecretResolver>,
        publish: impl Fn(Arc<Snapshot>) + Send + Sync + 'static,
    ) -> (Self, Applied) {
        let (state, applied) = watch::channel(State::default());
        let supervisor = Self {
            source: source.clone(),
            secrets,
            publish: Box::new(publish),
            state,
            snapshot: Arc::new(Snapshot::default()),
            documents: Documents::default(),
            record: Record::default(),
            cache: None,
            keep: None,
            lost: false,
        };
        (supervisor, Applied::new(applied, source))
    }

    /// Serves what this cache holds until the source is read, and keeps it up to date from then on.
    #[must_use]
    pub fn with_cache(self, cache: SnapshotCache) -> Self {
        Self { cache: Some(Arc::new(cache)), ..self }
    }

    /// Follows the source until `shutdown` is ready.
    pub async fn run(mut self, shutdown: impl Future<Output = ()>) {
        let keeper = self.start_from_cache().await;
        let following = async {
            tokio::select! {
                () = shutdown => {}
                () = self.follow() => {}
            }
            // The keeper's end, once it has written what there is.
            drop(self);
        };
        match keeper {
            Some(keeper) => drop(tokio::join!(following, keeper.run())),
            None => following.await,
        }
    }

    /// Serves what the cache holds, where there is one.
    async fn start_from_cache(&mut self) -> Option<Keeper> {
        let cache = self.cache.clone()?;
        let reader = cache.clone();
        let loaded = keeper::blocking(move || {
            let image = reader.load()?;
            Ok((image.fingerprint(), image))
        });
        let loaded = loaded.await.map_err(Unusable::from).flatten();
        let mut saved = None;
        match loaded {
            Ok((fingerprint, image)) => {
                saved = Some(fingerprint);
                self.restore(image);
                report::restored(cache.path(), &self.snapshot);
            }
            Err(problem) => report::not_restored(cache.path(), &problem),
        }
        let (keeper, keep) = Keeper::new(cache, saved);
        self.keep = Some(keep);
        Some(keeper)
    }

    async fn follow(&mut self) {
        let mut wait = SHORTEST_WAIT;
        let mut compacted = false;
        loop {
            let lost = self.follow_once().await;
            if self.state.borrow().connected {
                (wait, compacted) = (SHORTEST_WAIT, false);
            }
            self.disconnected(&lost);
            // A source that forgets faster than it can be listed is as good as lost.
            if matches!(lost, Lost::Compacted) && !compacted {
                compacted = true;
                continue;
            }
            self.rest(wait).await;
            wait = LONGEST_WAIT.min(wait * 2);
        }
    }

    /// Lists, then watches for as long as that goes well.
    async fn follow_once(&mut self) -> Lost {
        let listing = match self.source.list().await {
            Ok(listing) => listing,
            Err(error) => return Lost::Source(Some(error)),
        };
        let after = listing.revision;
        self.load(listing);
        let mut watch = match self.source.watch(after).await {
            Ok(watch) => watch,
            Err(StoreError::Compacted(_)) => return Lost::Compacted,
            Err(error) => return Lost::Source(Some(error)),
        };
        self.connected();
        let mut revisions = Vec::new();
        let mut look = look();
        loop {
            tokio::select! {
                count = watch.recv_many(&mut revisions, AT_ONCE) => match count {
                    0 => return Lost::Source(None),
                    _ => self.change(revisions.drain(..).flatten()),
                },
                _ = look.tick() => self.look(),
            }
        }
    }

    /// Waits until the source is to be tried again. What references lead to is looked at meanwhile.
    async fn rest(&mut self, wait: Duration) {
        let rest = tokio::time::sleep(wait);
        tokio::pin!(rest);
        let mut look = look();
        loop {
            tokio::select! {
                () = &mut rest => return,
                _ = look.tick() => self.look(),
            }
        }
    }

    /// Reads documents again whose secrets have changed, although they have not.
    fn look(&mut self) {
        if !self.secrets.changed() {
            return;
        }
        let referring: Vec<_> = self.documents.referring().map(Change::Put).collect();
        report::secrets_changed(referring.len());
        self.take_over(referring.into_iter(), Reload::Secrets);
    }

    /// Serves an image as if it had been listed after its former values.
    fn restore(&mut self, image: Image) {
        let Image { revision, entries, stale } = image;
        self.record.restored(&stale);
        let former: Vec<_> = stale.into_iter().map(|stale| stale.entry).collect();
        let (snapshot, _) = Snapshot::build(former.iter().cloned(), revision, &*self.secrets);
        self.documents = self.documents.reloaded(&former, &snapshot);
        self.snapshot = Arc::new(snapshot);
        self.take_all(Listing { entries, revision }, Reload::Cache);
    }

    fn load(&mut self, listing: Listing) {
        self.take_all(listing, Reload::Full);
    }

    fn take_all(&mut self, listing: Listing, reload: Reload) {
        let Listing { entries, revision } = listing;
        self.record.listed(entries.iter().map(|entry| entry.modified), revision);
        self.record.observed |= reload == Reload::Full;
        let before = (self.documents.clone(), self.snapshot.clone());
        let listed = entries.iter().cloned();
        let (snapshot, _) = self.snapshot.rebuild(listed, revision, &*self.secrets);
        self.documents = before.0.reloaded(&entries, &snapshot);
        let all = before.0.keys().chain(self.documents.keys()).map(str::to_owned).collect();
        self.serve(snapshot, &before, &Touched::All(all), reload);
    }

    fn change(&mut self, changes: impl Iterator<Item = Change>) {
        self.take_over(changes, Reload::Partial);
    }

    fn take_over(&mut self, changes: impl Iterator<Item = Change>, reload: Reload) {
        let before = (self.documents.clone(), self.snapshot.clone());
        let mut snapshot = Snapshot::clone(&self.snapshot);
        let mut touched = Touched::none();
        for change in changes {
            let (next, _) = snapshot.apply(&change, &*self.secrets);
            touched.add(&change, &snapshot, &next);
            snapshot = next;
            self.documents.change(&change, &snapshot);
            self.record.newest = change.revision();
        }
        self.serve(snapshot, &before, &touched, reload);
    }

    /// Publishes a snapshot that differs from the one before in what was touched only.
    fn serve(
        &mut self,
        snapshot: Snapshot,
        before: &(Documents, Arc<Snapshot>),
        touched: &Touched,
        reload: Reload,
    ) {
        let snapshot = Arc::new(snapshot);
        (self.publish)(snapshot.clone());
        let diagnostics = touched.diagnostics(&snapshot);
        report::documents(&touched.diagnostics(&self.snapshot), &diagnostics);
        let reads_differently = |key: &str| {
            let was = before.0.serving(key, &before.1);
            !documents::alike(was, self.documents.serving(key, &snapshot))
        };
        let differs = touched.written().any(reads_differently);
        let now = SystemTime::now();
        self.record.published(touched, &diagnostics, &snapshot, &self.documents, now);
        if reload != Reload::Cache {
            self.record.reloaded(reload, now);
        }
        self.record.applied(differs, now);
        self.snapshot = snapshot.clone();
        let published = Published::new(snapshot, self.documents.clone(), now);
        let record = self.record.clone();
        self.state.send_modify(|state| {
            state.published = Some(published);
            state.record = record;
        });
        if reload != Reload::Cache {
            self.keep();
        }
    }

    /// Gives what there is to whoever writes it down.
    fn keep(&self) {
        if let Some(keep) = &self.keep {
            let (revision, documents) = (self.snapshot.revision(), self.documents.clone());
            keep.send_replace(Some(Kept {
                revision,
                documents,
                rejected: self.record.rejected.clone(),
            }));
        }
    }

    fn connected(&mut self) {
        report::connected(&self.snapshot);
        self.lost = false;
        self.state.send_modify(|state| state.connected = true);
    }

    fn disconnected(&mut self, lost: &Lost) {
        if let Lost::Source(error) = lost {
            self.record.lost(report::lost_because(error.as_ref()), SystemTime::now());
        }
        let record = self.record.clone();
        self.state.send_modify(|state| {
            (state.connected, state.failed) = (false, true);
            state.record = record;
        });
        match lost {
            Lost::Compacted => report::compacted(),
            // Why it cannot be watched any more is known when it cannot be listed either.
            Lost::Source(None) => report::ended(),
            Lost::Source(Some(error)) if !self.lost => {
                self.lost = true;
                report::lost(error);
            }
            Lost::Source(Some(_)) => {}
        }
    }
}

/// The first look is not at once.
fn look() -> Interval {
    let mut look = tokio::time::interval_at(Instant::now() + LOOK, LOOK);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    look
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor").field("snapshot", &self.snapshot).finish_non_exhaustive()
    }
}
