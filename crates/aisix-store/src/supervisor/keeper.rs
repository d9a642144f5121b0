//! The task that keeps the snapshot cache up to date.

use std::io;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aisix_core::snapshot::Revision;
use tokio::sync::watch;
use tokio::time::{Instant, timeout};

use super::documents::Documents;
use super::rejections::Rejections;
use super::report;
use crate::cache::{Fingerprint, Image, SnapshotCache};

/// The least time from one write to the next.
const SHORTEST_REST: Duration = Duration::from_secs(1);

/// The longest time until a failed write is tried again.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// A write of many documents takes long: then the disk rests this many times as long.
const RESTS: u32 = 10;

/// What is to be kept. Cheap to clone.
#[derive(Clone)]
pub(super) struct Kept {
    pub(super) revision: Revision,
    pub(super) documents: Documents,
    pub(super) rejected: Rejections,
}

/// Writes what it is given, the newest only, until whoever gives has gone.
pub(super) struct Keeper {
    cache: Arc<SnapshotCache>,
    kept: watch::Receiver<Option<Kept>>,
    /// What the file says.
    saved: Option<Fingerprint>,
    /// Whether the log says that it cannot be written.
    failing: bool,
}

/// Does work of the disk on a thread that may block.
#[expect(clippy::disallowed_methods, reason = "it is awaited by the supervisor, and so by drain")]
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)
}

impl Kept {
    fn image(&self) -> Image {
        let since = |key: &str| {
            let known = self.rejected.get(key);
            known
                .map_or_else(SystemTime::now, |known| known.stale_since.unwrap_or(known.first_seen))
        };
        self.documents.image(self.revision, since)
    }
}

impl Keeper {
    /// `saved` is what the file says already.
    pub(super) fn new(
        cache: Arc<SnapshotCache>,
        saved: Option<Fingerprint>,
    ) -> (Self, watch::Sender<Option<Kept>>) {
        let (sender, kept) = watch::channel(None);
        (Self { cache, kept, saved, failing: false }, sender)
    }

    pub(super) async fn run(mut self) {
        let mut again = None;
        while self.wanted(again).await {
            let began = Instant::now();
            self.save().await;
            let wait = again.map_or(SHORTEST_REST, |wait: Duration| LONGEST_WAIT.min(wait * 2));
            again = self.failing.then_some(wait);
            self.rest(SHORTEST_REST.max(began.elapsed() * RESTS)).await;
        }
        if self.failing {
            self.save().await;
        }
    }

    /// Waits until there is something to write; answers `false` where there never will be.
    async fn wanted(&mut self, again: Option<Duration>) -> bool {
        let given = self.kept.changed();
        match again {
            None => given.await.is_ok(),
            Some(wait) => timeout(wait, given).await.map_or(true, |given| given.is_ok()),
        }
    }

    /// Waits, but not longer than there is somebody to wait for.
    async fn rest(&self, time: Duration) {
        let mut givers = self.kept.clone();
        let gone = async { while givers.changed().await.is_ok() {} };
        // Either is the end of it.
        let _: Result<(), _> = timeout(time, gone).await;
    }

    /// Writes what was given last, unless the file says so already, on a thread that may block.
    async fn save(&mut self) {
        let Some(kept) = self.kept.borrow_and_update().clone() else {
            return;
        };
        let (cache, saved) = (self.cache.clone(), self.saved);
        let written = blocking(move || {
            let image = kept.image();
            let fingerprint = image.fingerprint();
            if saved != Some(fingerprint) {
                cache.save(&image)?;
            }
            Ok(fingerprint)
        });
        match written.await.flatten() {
            Ok(fingerprint) => {
                self.saved = Some(fingerprint);
                if std::mem::take(&mut self.failing) {
                    report::cache_written_again(self.cache.path());
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut self.failing, true) {
                    report::cache_not_written(self.cache.path(), &error);
                }
            }
        }
    }
}
