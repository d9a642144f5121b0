//! What a hook is.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use aisix_core::chat::{ChatEvents, ChatResponse, Usage};
use aisix_core::{Caller, Carried, Error, ErrorCode, Operation, Snapshot};
use async_trait::async_trait;
use http::HeaderMap;

use crate::request::{AttemptInfo, HookRequest};

/// Makes hooks: configured once for a generation of the configuration.
pub trait HookFactory: Send + Sync + 'static {
    /// The name used in logs.
    fn name(&self) -> &'static str;

    /// What the hooks want of bodies; folded over the pipeline when it is built.
    fn interest(&self) -> Interest {
        Interest::default()
    }

    /// A hook for one request; `None` where it does not concern this factory.
    fn start(&self, info: &Arc<RequestInfo>) -> Option<Box<dyn Hook>>;
}

/// So that one factory can serve several pipelines.
impl<T: HookFactory + ?Sized> HookFactory for Arc<T> {
    fn name(&self) -> &'static str {
        (**self).name()
    }

    fn interest(&self) -> Interest {
        (**self).interest()
    }

    fn start(&self, info: &Arc<RequestInfo>) -> Option<Box<dyn Hook>> {
        (**self).start(info)
    }
}

/// What happens with one request, phase by phase; every phase is optional.
#[async_trait]
pub trait Hook: Send + Sync {
    /// The request was decoded; nothing was sent yet.
    ///
    /// # Errors
    /// The caller gets the error, and no later hook sees the request.
    async fn on_request(&mut self, request: &mut HookRequest) -> Result<Flow, Error> {
        let _ = request;
        Ok(Flow::Continue)
    }

    /// A candidate is about to be called; once for each attempt.
    async fn on_attempt(&mut self, attempt: &AttemptInfo) -> AttemptFlow {
        let _ = attempt;
        AttemptFlow::Proceed
    }

    /// The answer begins: its headers may be added to.
    fn on_head(&mut self, headers: &mut HeaderMap) {
        let _ = headers;
    }

    /// A frame of a conversation's answer passes; a whole answer passes as one. Answers to anything
    /// else are passed on unread.
    ///
    /// # Errors
    /// The answer ends here with this error.
    fn on_event(&mut self, events: &mut Carried<ChatEvents>) -> Result<(), Error> {
        let _ = events;
        Ok(())
    }

    /// The answer was held back until its end, because a hook asked for [`Access::Hold`]: it may
    /// still be changed or refused as a whole.
    ///
    /// # Errors
    /// The caller gets the error instead of the answer.
    async fn on_release(&mut self, held: &mut Vec<Carried<ChatEvents>>) -> Result<(), Error> {
        let _ = held;
        Ok(())
    }

    /// The exchange is over, one way or another.
    ///
    /// Must not block: work that remains is put into a queue that something else drains.
    fn on_complete(&mut self, outcome: &Outcome) {
        let _ = outcome;
    }
}

/// What is known of a request before its body is read.
#[derive(Debug)]
pub struct RequestInfo {
    /// The request's id: in every log line, header and record of it.
    pub request_id: Arc<str>,
    /// What is asked for.
    pub operation: Operation,
    /// Who asks.
    pub caller: Caller,
    /// The configuration that the whole request is served from.
    pub snapshot: Arc<Snapshot>,
    /// Where the request comes from, where that is known.
    pub client_ip: Option<IpAddr>,
}

impl RequestInfo {
    /// A request of this caller's, without an id, from nobody knows where.
    #[must_use]
    pub fn new(operation: Operation, caller: Caller, snapshot: Arc<Snapshot>) -> Self {
        Self { request_id: Arc::from(""), operation, caller, snapshot, client_ip: None }
    }
}

/// What a hook wants of bodies.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Interest {
    /// Of the request.
    pub request: Access,
    /// Of the answer.
    pub response: Access,
}

impl Interest {
    /// Field by field the larger.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            request: self.request.max(other.request),
            response: self.response.max(other.response),
        }
    }
}

/// How closely a body concerns a hook; each includes those before it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Not at all.
    #[default]
    None,
    /// It looks inside.
    Read,
    /// It may change it.
    Write,
    /// It must see it whole before anything of it passes.
    Hold,
}

/// How a request goes on.
#[derive(Debug)]
pub enum Flow {
    /// To the next hook.
    Continue,
    /// To the caller: this hook has the answer.
    Answer(Box<Answer>),
}

/// An answer that needs no upstream.
#[derive(Debug)]
pub struct Answer {
    /// What is answered.
    pub response: ChatResponse,
    /// Headers to add.
    pub headers: HeaderMap,
}

/// How an attempt goes on.
#[derive(Debug)]
pub enum AttemptFlow {
    /// The candidate is called.
    Proceed,
    /// The candidate is passed over, for this reason.
    Skip(Error),
    /// To the caller: this hook has the answer.
    Answer(Box<Answer>),
}

/// How an exchange ended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// The HTTP status that the caller saw; 499 where it left before one was sent.
    pub status: u16,
    /// The error, where there was one; also after the status was sent.
    pub error: Option<ErrorCode>,
    /// Whether the caller left before the end.
    pub cancelled: bool,
    /// What it took, where that is known.
    pub usage: Option<Usage>,
    /// Whether some of that is the gateway's estimate, because the provider did not count it.
    pub usage_estimated: bool,
    /// The name of the model that served, where one did.
    pub served_by: Option<Arc<str>>,
    /// How many candidates were called.
    pub attempts: u32,
    /// From the request's arrival to its end.
    pub duration: Duration,
}
