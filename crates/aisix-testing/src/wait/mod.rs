//! Waiting for something to become true: the one place that sleeps.
//!
//! Deadlines are measured in real time. A test that pauses the clock of its runtime therefore still
//! gets them right while sockets and threads outside that runtime do their work.

#[cfg(test)]
mod tests;

use std::future::Future;
use std::pin::pin;
use std::time::{Duration, Instant};

/// How long any wait may take before it fails. Generous, because a loaded machine is not a failure,
/// and harmless, because a wait that succeeds ends as soon as it can.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// How often a condition is looked at.
const INTERVAL: Duration = Duration::from_millis(2);

/// How often a wait looks at the clock while its future is pending.
const TICK: Duration = Duration::from_millis(50);

/// Returns once `condition` holds.
///
/// # Panics
///
/// When it does not hold within [`DEADLINE`]; the message names `what`.
pub async fn until(what: &str, mut condition: impl FnMut() -> bool) {
    some(what, || condition().then_some(())).await;
}

/// Returns once the asynchronous `condition` holds.
///
/// # Panics
///
/// When it does not hold within [`DEADLINE`]; the message names `what`.
pub async fn until_async(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let polling = async {
        while !condition().await {
            tokio::time::sleep(INTERVAL).await;
        }
    };
    within(what, polling).await;
}

/// Returns the first value that `find` finds.
///
/// # Panics
///
/// When it finds none within [`DEADLINE`]; the message names `what`.
pub async fn some<T>(what: &str, mut find: impl FnMut() -> Option<T>) -> T {
    let polling = async {
        loop {
            if let Some(found) = find() {
                return found;
            }
            tokio::time::sleep(INTERVAL).await;
        }
    };
    within(what, polling).await
}

/// Awaits `future`.
///
/// # Panics
///
/// When it is not done within [`DEADLINE`]; the message names `what`.
pub async fn within<T>(what: &str, future: impl Future<Output = T>) -> T {
    within_deadline(DEADLINE, what, future).await
}

async fn within_deadline<T>(deadline: Duration, what: &str, future: impl Future<Output = T>) -> T {
    let start = Instant::now();
    let mut future = pin!(future);
    loop {
        tokio::select! {
            biased;
            output = &mut future => return output,
            () = tokio::time::sleep(TICK) => {}
        }
        assert!(start.elapsed() < deadline, "waited {deadline:?} in vain for: {what}");
    }
}

/// Holds a scripted wire back between two pieces, which is the script's content and not a wait.
pub(crate) async fn pause(duration: Duration) {
    if duration.is_zero() {
        tokio::task::yield_now().await;
    } else {
        tokio::time::sleep(duration).await;
    }
}
