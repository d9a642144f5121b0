//! Watching documents.

use aisix_core::Change;
use aisix_core::snapshot::Revision;
use tokio::sync::mpsc;
use tonic::Streaming;
use tracing::debug;

use super::client::Client;
use super::read::{self, Range, signed, unsigned};
use super::wire::{Event, EventType, RangeRequest, WatchCreateRequest, WatchResponse};
use crate::source::{StoreError, Watch};

/// How many revisions wait for a slow reader before etcd has to keep them.
const AHEAD: usize = 256;

const WATCH: &str = "watch";

/// The changes after a revision.
pub(super) async fn start(
    client: &Client,
    prefix: &str,
    after: Revision,
) -> Result<Watch, StoreError> {
    let range = Range::below(prefix);
    let from = signed(after.saturating_add(1));
    remembered(client, &range, after, from).await?;
    let create = WatchCreateRequest {
        key: range.key,
        range_end: range.end,
        start_revision: from,
        fragment: true,
    };
    let (first, responses) = client.watch(create).await.map_err(|failure| failure.doing(WATCH))?;
    if first.compact_revision > 0 {
        return Err(StoreError::Compacted(after));
    }
    if first.canceled || !first.created {
        let reason =
            if first.cancel_reason.is_empty() { "it was cancelled" } else { &first.cancel_reason };
        return Err(StoreError::unavailable("cannot watch etcd", reason));
    }
    // An etcd that has not come so far is another one than was listed, or lags behind it.
    if first.header.is_none_or(|header| unsigned(header.revision) < after) {
        return Err(StoreError::Compacted(after));
    }
    let (sender, watch) = mpsc::channel(AHEAD);
    let follower = Follower { prefix: prefix.to_owned(), sender, events: Vec::new() };
    tokio::spawn(follower.run(responses));
    Ok(watch)
}

/// Makes sure that etcd still knows what happened after a revision. It would say so in the watch as
/// well, but only some time after it has opened it.
async fn remembered(
    client: &Client,
    range: &Range,
    after: Revision,
    from: i64,
) -> Result<(), StoreError> {
    let request = RangeRequest { revision: from, count_only: true, ..range.request() };
    match client.range(request).await {
        Ok(_) => Ok(()),
        Err(failure) if failure.is_of_the_future() => Ok(()),
        Err(failure) if failure.is_compacted() => Err(StoreError::Compacted(after)),
        Err(failure) => Err(failure.doing(WATCH)),
    }
}

/// Passes on what etcd tells. It ends with the watch, or when nobody listens any more.
struct Follower {
    prefix: String,
    sender: mpsc::Sender<Vec<Change>>,
    /// Events of a revision whose other parts are still to come.
    events: Vec<Event>,
}

impl Follower {
    async fn run(mut self, mut responses: Streaming<WatchResponse>) {
        loop {
            let response = tokio::select! {
                () = self.sender.closed() => return,
                response = responses.message() => response,
            };
            match response {
                Ok(Some(response)) if !response.canceled => {
                    if self.pass_on(response).await.is_err() {
                        return;
                    }
                }
                Ok(Some(WatchResponse { cancel_reason: reason, compact_revision, .. })) => {
                    debug!(reason, compact_revision, "etcd cancelled the watch");
                    return;
                }
                Ok(None) => return,
                Err(status) => {
                    debug!(error = status.message(), "the watch of etcd broke off");
                    return;
                }
            }
        }
    }

    async fn pass_on(
        &mut self,
        response: WatchResponse,
    ) -> Result<(), mpsc::error::SendError<Vec<Change>>> {
        self.events.extend(response.events);
        if response.fragment {
            return Ok(());
        }
        let changes: Vec<_> =
            self.events.drain(..).filter_map(|event| change(&self.prefix, event)).collect();
        for changes in changes.chunk_by(|a, b| a.revision() == b.revision()) {
            self.sender.send(changes.to_vec()).await?;
        }
        Ok(())
    }
}

fn change(prefix: &str, event: Event) -> Option<Change> {
    let deleted = event.r#type() == EventType::Delete;
    let found = event.kv?;
    Some(if deleted {
        Change::Delete {
            key: read::relative(prefix, &found.key),
            revision: unsigned(found.mod_revision),
        }
    } else {
        Change::Put(read::entry(prefix, found))
    })
}
