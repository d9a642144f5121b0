//! Who is told of every write.

use aisix_core::Change;
use tokio::sync::mpsc;

use super::super::source::Watch;

/// How many revisions a watcher may fall behind before it is let go and has to list again.
const BEHIND: usize = 1024;

/// Everyone who watches.
#[derive(Debug, Default)]
pub(crate) struct Watchers(Vec<Watcher>);

#[derive(Debug)]
struct Watcher {
    prefix: String,
    sender: mpsc::Sender<Vec<Change>>,
}

impl Watchers {
    /// A watch that begins with what was `missed`, with keys relative to `prefix`.
    pub(crate) fn add(&mut self, prefix: &str, missed: &[Change]) -> Watch {
        let revisions = || missed.chunk_by(|a, b| a.revision() == b.revision());
        let (sender, watch) = mpsc::channel(revisions().count() + BEHIND);
        let watcher = Watcher { prefix: prefix.to_owned(), sender };
        // The channel has room for all of them.
        if revisions().all(|changes| watcher.keeps_up(changes)) {
            self.0.push(watcher);
        }
        watch
    }

    /// Tells everyone of the changes of one revision.
    pub(crate) fn tell(&mut self, changes: &[Change]) {
        self.0.retain(|watcher| watcher.keeps_up(changes));
    }
}

impl Watcher {
    /// Passes on what concerns this watcher; false once it has left or fallen too far behind.
    fn keeps_up(&self, changes: &[Change]) -> bool {
        let seen: Vec<_> =
            changes.iter().filter_map(|change| relative(change, &self.prefix)).collect();
        if seen.is_empty() { !self.sender.is_closed() } else { self.sender.try_send(seen).is_ok() }
    }
}

fn relative(change: &Change, prefix: &str) -> Option<Change> {
    let key = change.key().strip_prefix(prefix)?.to_owned();
    let mut change = change.clone();
    match &mut change {
        Change::Put(entry) => entry.key = key,
        Change::Delete { key: whole, .. } => *whole = key,
    }
    Some(change)
}
