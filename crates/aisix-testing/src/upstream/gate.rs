//! A gate that a test opens when the script may go on.

use std::sync::Arc;

use tokio::sync::watch;

use crate::wait;

/// Holds scripts back until the test opens it. Clones are the same gate.
#[derive(Debug, Clone)]
pub struct Gate(Arc<watch::Sender<State>>);

#[derive(Debug, Default)]
struct State {
    is_open: bool,
    arrivals: usize,
}

impl Gate {
    /// A closed gate.
    #[must_use]
    pub fn new() -> Self {
        Self(Arc::new(watch::Sender::default()))
    }

    /// Lets everyone through, now and later.
    pub fn open(&self) {
        self.0.send_modify(|state| state.is_open = true);
    }

    /// Waits until a script has arrived at this gate, so that everything before it has been written
    /// to the socket.
    ///
    /// # Panics
    ///
    /// When none arrives within [`wait::DEADLINE`].
    pub async fn reached(&self) {
        self.reached_times(1).await;
    }

    /// Waits until scripts have arrived at this gate `times` times in all.
    ///
    /// # Panics
    ///
    /// When fewer arrive within [`wait::DEADLINE`].
    pub async fn reached_times(&self, times: usize) {
        let mut state = self.0.subscribe();
        let arrived = state.wait_for(|state| state.arrivals >= times);
        let what = format!("arrival number {times} at a gate");
        wait::within(&what, arrived).await.expect("this gate holds the sender");
    }

    /// Arrives, and waits for the gate to be open. No deadline: the script waits for the test, and
    /// the test has deadlines of its own.
    pub(super) async fn pass(&self) {
        self.0.send_modify(|state| state.arrivals += 1);
        let mut state = self.0.subscribe();
        state.wait_for(|state| state.is_open).await.expect("this gate holds the sender");
    }
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}
