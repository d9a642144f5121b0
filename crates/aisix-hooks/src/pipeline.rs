//! Hooks in their order.

use std::fmt;
use std::sync::Arc;

use aisix_core::chat::ChatEvents;
use aisix_core::{Carried, Error};
use http::HeaderMap;

use crate::hook::{AttemptFlow, Flow, Hook, HookFactory, Interest, Outcome, RequestInfo};
use crate::request::{AttemptInfo, HookRequest};

/// The factories of one generation, in the order of the gates.
#[derive(Clone, Default)]
pub struct Pipeline {
    factories: Vec<Arc<dyn HookFactory>>,
    interest: Interest,
}

impl Pipeline {
    /// A pipeline without hooks.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// These hooks, then this one.
    #[must_use]
    pub fn then(mut self, factory: impl HookFactory) -> Self {
        self.interest = self.interest.union(factory.interest());
        self.factories.push(Arc::new(factory));
        self
    }

    /// What the hooks together want of bodies: known before any request.
    #[must_use]
    pub fn interest(&self) -> Interest {
        self.interest
    }

    /// Starts the hooks for one request.
    #[must_use]
    pub fn start(&self, info: &Arc<RequestInfo>) -> ActiveHooks {
        let hooks = self.factories.iter().filter_map(|factory| factory.start(info)).collect();
        ActiveHooks { hooks, interest: self.interest, completed: false }
    }
}

impl fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.factories.iter().map(|factory| factory.name())).finish()
    }
}

/// The hooks of one request.
///
/// Dropped without [`ActiveHooks::complete`], they are told that the caller left.
#[derive(Default)]
pub struct ActiveHooks {
    hooks: Vec<Box<dyn Hook>>,
    interest: Interest,
    completed: bool,
}

impl ActiveHooks {
    /// What the pipeline wants of bodies.
    #[must_use]
    pub fn interest(&self) -> Interest {
        self.interest
    }

    /// Runs `on_request` in order, up to the first hook that answers or refuses.
    ///
    /// # Errors
    /// The first refusal.
    pub async fn on_request(&mut self, request: &mut HookRequest) -> Result<Flow, Error> {
        for hook in &mut self.hooks {
            if let answer @ Flow::Answer(_) = hook.on_request(request).await? {
                return Ok(answer);
            }
        }
        Ok(Flow::Continue)
    }

    /// Runs `on_attempt` in order, up to the first hook that does not let the attempt proceed.
    pub async fn on_attempt(&mut self, attempt: &AttemptInfo) -> AttemptFlow {
        for hook in &mut self.hooks {
            match hook.on_attempt(attempt).await {
                AttemptFlow::Proceed => {}
                other => return other,
            }
        }
        AttemptFlow::Proceed
    }

    /// Runs `on_head` in order.
    pub fn on_head(&mut self, headers: &mut HeaderMap) {
        for hook in &mut self.hooks {
            hook.on_head(headers);
        }
    }

    /// Runs `on_event` in order.
    ///
    /// # Errors
    /// The first refusal.
    pub fn on_event(&mut self, events: &mut Carried<ChatEvents>) -> Result<(), Error> {
        self.hooks.iter_mut().try_for_each(|hook| hook.on_event(events))
    }

    /// Runs `on_release` in order.
    ///
    /// # Errors
    /// The first refusal.
    pub async fn on_release(&mut self, held: &mut Vec<Carried<ChatEvents>>) -> Result<(), Error> {
        for hook in &mut self.hooks {
            hook.on_release(held).await?;
        }
        Ok(())
    }

    /// Runs `on_complete` in order; later calls do nothing.
    pub fn complete(&mut self, outcome: &Outcome) {
        if !std::mem::replace(&mut self.completed, true) {
            for hook in &mut self.hooks {
                hook.on_complete(outcome);
            }
        }
    }
}

impl Drop for ActiveHooks {
    fn drop(&mut self) {
        self.complete(&Outcome { status: 499, cancelled: true, ..Outcome::default() });
    }
}

impl fmt::Debug for ActiveHooks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActiveHooks")
            .field("hooks", &self.hooks.len())
            .field("completed", &self.completed)
            .finish_non_exhaustive()
    }
}
