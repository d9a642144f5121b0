use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aisix_core::chat::ChatEvents;
use aisix_core::{Carried, Error};
use aisix_hooks::{Access, Flow, Hook, HookFactory, HookRequest, Interest, Payload, RequestInfo};
use async_trait::async_trait;

use super::check;

/// A hook that touches what it says it does not touch.
#[derive(Clone, Copy)]
struct Meddler {
    interest: Interest,
    writes: bool,
}

impl HookFactory for Meddler {
    fn name(&self) -> &'static str {
        "meddler"
    }

    fn interest(&self) -> Interest {
        self.interest
    }

    fn start(&self, _: &Arc<RequestInfo>) -> Option<Box<dyn Hook>> {
        Some(Box::new(*self))
    }
}

#[async_trait]
impl Hook for Meddler {
    async fn on_request(&mut self, request: &mut HookRequest) -> Result<Flow, Error> {
        if let Payload::Chat(chat) = &mut request.payload {
            if self.writes { chat.value_mut().map(drop)? } else { chat.value().map(drop)? }
        }
        Ok(Flow::Continue)
    }

    fn on_event(&mut self, events: &mut Carried<ChatEvents>) -> Result<(), Error> {
        if self.writes { events.value_mut().map(drop) } else { events.value().map(drop) }
    }
}

fn meddler(request: Access, response: Access, writes: bool) -> Meddler {
    Meddler { interest: Interest { request, response }, writes }
}

#[tokio::test]
#[should_panic(expected = "without interest in the request does not look inside")]
async fn sees_a_hook_look_inside_that_has_no_interest() {
    check(&meddler(Access::None, Access::Read, false)).await;
}

#[tokio::test]
#[should_panic(expected = "that does not write leaves the request as it is")]
async fn sees_a_hook_write_that_only_reads() {
    check(&meddler(Access::Read, Access::Write, true)).await;
}

#[tokio::test]
#[should_panic(expected = "that does not write leaves the response as it is")]
async fn sees_a_hook_rewrite_answers_that_only_reads_them() {
    check(&meddler(Access::Write, Access::Read, true)).await;
}

#[tokio::test]
async fn lets_a_hook_do_what_it_asked_for() {
    check(&meddler(Access::Write, Access::Hold, true)).await;
    check(&meddler(Access::Read, Access::Read, false)).await;
}

/// A factory that has another interest after its first request.
struct Fickle(AtomicBool);

impl HookFactory for Fickle {
    fn name(&self) -> &'static str {
        "fickle"
    }

    fn interest(&self) -> Interest {
        let request = if self.0.load(Ordering::Relaxed) { Access::Read } else { Access::None };
        Interest { request, ..Interest::default() }
    }

    fn start(&self, _: &Arc<RequestInfo>) -> Option<Box<dyn Hook>> {
        self.0.store(true, Ordering::Relaxed);
        None
    }
}

#[tokio::test]
#[should_panic(expected = "a factory does not change")]
async fn sees_a_factory_change_its_interest() {
    check(&Fickle(AtomicBool::new(false))).await;
}
