//! What every [`ReceiptSink`] keeps of its promises, together with the [`Roster`] that reads it.

use std::sync::Arc;
use std::time::Duration;

use aisix_core::snapshot::Revision;
use aisix_store::{Convergence, Forgotten, Identity, Receipt, ReceiptSink, Roster, Served};

use crate::wait;

/// No case waits that long.
const LONG: Duration = Duration::from_secs(60);

/// How long a case waits that waits in vain.
const SHORT: Duration = Duration::from_millis(300);

/// A record that is empty: the sink of the gateway with this id, and who reads it.
pub type Fixture = (Arc<dyn ReceiptSink>, Roster);

/// Runs the whole suite, each case on a record of its own. `create` makes one for a gateway's id.
///
/// # Panics
///
/// Where the sink breaks a promise.
pub async fn run(mut create: impl AsyncFnMut(&'static str) -> Fixture) {
    nobody_is_on_record_at_first(create("a").await).await;
    what_was_reported_last_is_on_record(create("a").await).await;
    a_live_gateway_is_not_forgotten(create("a").await).await;
    whoever_withdraws_is_gone(create("a").await).await;
    a_wait_ends_with_the_report_that_it_waits_for(create("a").await).await;
    a_wait_ends_in_time_and_names_who_is_behind(create("a").await).await;
}

/// Waits for a revision that nobody comes to serve, until the record was read in the time of such a
/// wait: a busy machine may not read it so soon.
async fn in_vain(roster: &Roster, revision: Revision) -> Convergence {
    let waiting = async {
        loop {
            if let Ok(found) = roster.converged(revision, SHORT).await {
                return found;
            }
        }
    };
    wait::within("the record to be read", waiting).await
}

/// What the gateway `a` says when it serves up to a revision.
#[must_use]
pub fn receipt(revision: Option<Revision>) -> Receipt {
    let identity = Identity { id: "a".to_owned(), version: "1".to_owned(), ..Identity::default() };
    let served = Served { applied_revision: revision, rejected: 3, ..Served::default() };
    Receipt { identity, served }
}

async fn report(sink: &Arc<dyn ReceiptSink>, revision: Option<Revision>) {
    sink.report(&receipt(revision)).await.expect("a record that can be written");
}

async fn nobody_is_on_record_at_first((_sink, roster): Fixture) {
    assert_eq!(roster.members().await.expect("a record that can be read"), []);
    assert_eq!(roster.forget("a").await.expect("a record"), Forgotten::Unknown);
    let found = in_vain(&roster, 0).await;
    assert!(!found.is_complete(), "nobody says that it is served");
}

async fn what_was_reported_last_is_on_record((sink, roster): Fixture) {
    for revision in [None, Some(1), Some(1), Some(7), None] {
        report(&sink, revision).await;
        let members = roster.members().await.expect("a record that can be read");
        let found: Vec<_> = members.iter().map(|member| (&member.receipt, member.live)).collect();
        assert_eq!(found, [(&receipt(revision), true)]);
    }
}

async fn a_live_gateway_is_not_forgotten((sink, roster): Fixture) {
    report(&sink, Some(1)).await;
    assert_eq!(roster.forget("a").await.expect("a record"), Forgotten::Live);
    assert_eq!(roster.members().await.expect("a record").len(), 1);
}

async fn whoever_withdraws_is_gone((sink, roster): Fixture) {
    sink.withdraw().await.expect("nothing to withdraw is no error");
    report(&sink, Some(1)).await;
    sink.withdraw().await.expect("a record that can be written");
    assert_eq!(roster.members().await.expect("a record"), []);
}

async fn a_wait_ends_with_the_report_that_it_waits_for((sink, roster): Fixture) {
    report(&sink, None).await;
    let reporting = async {
        for revision in [None, Some(6), Some(7)] {
            report(&sink, revision).await;
        }
    };
    let waiting = wait::within("the report", roster.converged(7, LONG));
    let (found, ()) = tokio::join!(waiting, reporting);
    let found = found.expect("a record that can be read");
    assert!(found.is_complete() && found.gateways == 1, "{found:?}");
}

async fn a_wait_ends_in_time_and_names_who_is_behind((sink, roster): Fixture) {
    for revision in [None, Some(6)] {
        report(&sink, revision).await;
        let found = in_vain(&roster, 7).await;
        assert!(!found.is_complete());
        assert_eq!((found.gateways, found.behind.len()), (1, 1));
        assert_eq!(found.behind[0].receipt, receipt(revision));
    }
}
