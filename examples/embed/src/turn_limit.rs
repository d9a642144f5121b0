//! A hook of this service's own.

use std::sync::Arc;

use aisix_core::Error;
use aisix_hooks::{Access, Flow, Hook, HookFactory, HookRequest, Interest, Payload, RequestInfo};
use async_trait::async_trait;

/// Refuses conversations of more turns than this.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TurnLimitHook(pub(crate) usize);

/// The factory lives as long as the pipeline; it makes a hook for each request.
impl HookFactory for TurnLimitHook {
    fn name(&self) -> &'static str {
        "turn_limit"
    }

    fn interest(&self) -> Interest {
        Interest { request: Access::Read, ..Interest::default() }
    }

    fn start(&self, _: &Arc<RequestInfo>) -> Option<Box<dyn Hook>> {
        Some(Box::new(*self))
    }
}

#[async_trait]
impl Hook for TurnLimitHook {
    async fn on_request(&mut self, request: &mut HookRequest) -> Result<Flow, Error> {
        let Payload::Chat(chat) = &mut request.payload else {
            return Ok(Flow::Continue);
        };
        let turns = chat.value()?.turns.len();
        if turns > self.0 {
            let most = self.0;
            return Err(Error::invalid_request(format_args!("{turns} turns, at most {most}")));
        }
        Ok(Flow::Continue)
    }
}
