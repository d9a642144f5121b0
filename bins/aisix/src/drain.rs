//! The orderly end of serving.

use std::time::Duration;

use aisix_gateway::Shared;
use tokio::time::{Instant, interval, sleep};
use tracing::info;

/// How often the requests in flight are counted.
const LOOK: Duration = Duration::from_millis(100);

/// How often the log says that it still waits.
const WORD: Duration = Duration::from_secs(5);

/// Fails the probes at once, serves on for `window`, then waits for the requests in flight, however
/// long they take: how long that may be is for whoever sends SIGKILL to decide.
pub(crate) async fn drain(shared: &Shared, window: Duration) {
    shared.drain();
    let in_flight = shared.in_flight();
    info!(min_drain_secs = window.as_secs(), in_flight, "draining started");
    sleep(window).await;
    let mut looks = interval(LOOK);
    let mut said = Instant::now();
    while shared.in_flight() > 0 {
        looks.tick().await;
        if said.elapsed() >= WORD {
            info!(in_flight = shared.in_flight(), "draining waits for requests in flight");
            said = Instant::now();
        }
    }
    info!("drain complete");
}
