//! The state that a scripted upstream and its server thread share.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use tokio::sync::watch;

use super::{Received, Reply};
use crate::wait;

pub(super) type Responder = Arc<dyn Fn(&Received) -> Reply + Send + Sync>;

/// The script and everything that happened, with wake-ups for whoever waits for more.
#[derive(Default)]
pub(super) struct Record(watch::Sender<State>);

#[derive(Default)]
pub(super) struct State {
    pub(super) queue: VecDeque<Reply>,
    pub(super) responder: Option<Responder>,
    pub(super) received: Taken,
    pub(super) abandoned: Taken,
    pub(super) connections: usize,
    pub(super) open_connections: usize,
    pub(super) problems: Vec<String>,
}

/// Requests in order, of which the first few have been handed out.
#[derive(Default)]
pub(super) struct Taken {
    all: Vec<Received>,
    taken: usize,
}

impl Taken {
    pub(super) fn all(&self) -> &[Received] {
        &self.all
    }

    pub(super) fn next(&mut self) -> Option<Received> {
        let next = self.all.get(self.taken)?;
        self.taken += 1;
        Some(next.clone())
    }
}

impl Record {
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let mut result = None;
        self.0.send_modify(|state| result = Some(change(state)));
        result.expect("send_modify has called the closure")
    }

    pub(super) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.0.borrow())
    }

    /// Waits until `take` finds something.
    pub(super) async fn take<T>(
        &self,
        what: &str,
        mut take: impl FnMut(&mut State) -> Option<T>,
    ) -> T {
        let mut changes = self.0.subscribe();
        let taking = async {
            loop {
                changes.mark_unchanged();
                let mut found = None;
                self.0.send_if_modified(|state| {
                    found = take(state);
                    false
                });
                if let Some(found) = found {
                    return found;
                }
                changes.changed().await.expect("this record holds the sender");
            }
        };
        wait::within(what, taking).await
    }

    /// Counts a new connection and returns its number.
    pub(super) fn connected(&self) -> usize {
        self.change(|state| {
            state.connections += 1;
            state.open_connections += 1;
            state.connections - 1
        })
    }

    pub(super) fn disconnected(&self) {
        self.change(|state| state.open_connections -= 1);
    }

    pub(super) fn abandoned(&self, request: Received) {
        self.change(|state| state.abandoned.all.push(request));
    }

    pub(super) fn problem(&self, problem: String) {
        self.change(|state| state.problems.push(problem));
    }

    /// Records a request and decides on its reply.
    pub(super) fn reply_to(&self, request: &Received) -> Reply {
        let (queued, responder) = self.change(|state| {
            state.received.all.push(request.clone());
            (state.queue.pop_front(), state.responder.clone())
        });
        let name = format!("{} {}", request.method, request.path_and_query);
        let problem = match (queued, responder) {
            (Some(reply), _) => return reply,
            (None, Some(responder)) => {
                match catch_unwind(AssertUnwindSafe(|| responder(request))) {
                    Ok(reply) => return reply,
                    Err(_) => format!("the responder panicked at {name}"),
                }
            }
            (None, None) => format!("no reply is scripted for {name}"),
        };
        let reply = Reply::text(500, problem.clone());
        self.problem(problem);
        reply
    }
}
