//! The end of an exchange, told exactly once.

use std::sync::Arc;
use std::time::Duration;

use aisix_core::chat::{
    ChatEvents, ChatResponse, FrameKind, FrameOutline, ResponseOutline, Usage, fold, unfold,
};
use aisix_core::snapshot::Stored;
use aisix_core::{Carried, Error, ErrorCode, Model};
use aisix_dialects::Depth;
use aisix_hooks::{Access, ActiveHooks, HookRequest, Outcome, RequestInfo};
use aisix_telemetry::{AccessRecord, ClientType, Finished, RequestLabels};
use bytes::Bytes;

use super::aside::aside;
use super::evidence::Evidence;
use super::omissions::Omissions;
use super::service::Arrival;
use crate::labels;
use crate::published::Shared;
use crate::route::Candidate;

/// What metrics call a model whose name leads nowhere.
const UNRESOLVED: &str = "unresolved";

/// The most that is logged of the name of an event, in bytes: it is the upstream's own.
const LONGEST_EVENT_NAME: usize = 64;

/// What is told when an exchange ends, gathered on its way.
///
/// Dropped without having been told that the exchange succeeded or failed, it reports that the
/// caller left.
pub(crate) struct Completion {
    arrival: Arc<Arrival>,
    info: Arc<RequestInfo>,
    hooks: ActiveHooks,
    shared: Arc<Shared>,
    /// The program that asks.
    program: ClientType,
    outcome: Outcome,
    stream: bool,
    /// When the first event went to the caller, counted from the request's arrival.
    first_event: Option<Duration>,
    /// The name that the caller sent, of a model that it may use.
    model: Option<Arc<str>>,
    /// The model that it leads to, whether the caller may use it or not.
    addressed: Option<Arc<Stored<Model>>>,
    /// Who was called last.
    called: Option<Called>,
    omissions: Omissions,
    /// How many events of the stream had types that are not known.
    unknown_events: u64,
    /// What an estimate is made of, where nobody says what the answer took.
    evidence: Evidence,
    error: Option<Error>,
    reported: bool,
}

/// A candidate that was called.
struct Called {
    candidate: Candidate,
    /// Whether it answered.
    served: bool,
}

impl Completion {
    pub(super) fn new(
        arrival: Arc<Arrival>,
        info: Arc<RequestInfo>,
        hooks: ActiveHooks,
        (shared, program): (Arc<Shared>, ClientType),
    ) -> Self {
        let outcome = Outcome { status: 499, cancelled: true, ..Outcome::default() };
        Self {
            arrival,
            info,
            hooks,
            shared,
            program,
            outcome,
            stream: false,
            first_event: None,
            model: None,
            addressed: None,
            called: None,
            omissions: Omissions::default(),
            unknown_events: 0,
            evidence: Evidence::default(),
            error: None,
            reported: false,
        }
    }

    pub(super) fn hooks(&mut self) -> &mut ActiveHooks {
        &mut self.hooks
    }

    /// What the hooks want of the answer: nothing else than conversations is read.
    fn interest(&self) -> Access {
        if self.arrival.operation.is_conversation() {
            self.hooks.interest().response
        } else {
            Access::None
        }
    }

    /// How closely an upstream's stream has to be read for the hooks.
    pub(super) fn looks_inside(&self) -> Depth {
        match self.interest() {
            Access::None => Depth::Outline,
            Access::Read | Access::Write | Access::Hold => Depth::Full,
        }
    }

    /// Whether a hook must see the whole answer before anything of it passes.
    pub(super) fn holds(&self) -> bool {
        self.interest() == Access::Hold
    }

    /// Whether a stream is asked for.
    pub(super) fn asked(&mut self, stream: bool) {
        self.stream = stream;
    }

    /// The hooks have seen the request, whether they let it pass or not.
    pub(super) fn seen(&mut self, request: &HookRequest) {
        let named = || self.info.snapshot.resolve_model(request.payload.model()?);
        self.addressed = request.model.as_ref().or_else(named).cloned();
    }

    /// The model exists, and the caller may use it: from here on its name is safe to report.
    pub(super) fn model(&mut self, name: &Arc<str>) {
        self.model = Some(name.clone());
    }

    /// This candidate is about to be called; says whether another one was before.
    pub(super) fn attempted(&mut self, candidate: &Candidate) -> bool {
        self.outcome.attempts += 1;
        self.called = Some(Called { candidate: candidate.clone(), served: false });
        self.outcome.attempts > 1
    }

    /// The candidate that was called last answers.
    pub(super) fn served(&mut self) {
        if let Some(called) = &mut self.called {
            called.served = true;
            self.outcome.served_by = Some(called.candidate.target.display_name.clone());
        }
    }

    /// What the format of the other side could not express.
    pub(super) fn omissions(&mut self) -> &mut Omissions {
        &mut self.omissions
    }

    /// Something of a streamed answer goes to the caller.
    pub(super) fn event_sent(&mut self) {
        let arrival = &self.arrival;
        self.first_event.get_or_insert_with(|| arrival.started.elapsed());
    }

    pub(super) fn usage(&mut self, usage: Option<Usage>) {
        if let Some(usage) = usage {
            if usage.input > 0 {
                self.evidence.prompt_is_counted();
            }
            self.outcome.usage = Some(self.outcome.usage.unwrap_or_default().max(usage));
        }
    }

    /// What was asked and what is answered, in case that an estimate is needed.
    pub(super) fn evidence(&mut self) -> &mut Evidence {
        &mut self.evidence
    }

    /// The head of a streamed answer goes out.
    pub(super) fn begun(&mut self) {
        self.outcome.status = 200;
    }

    pub(super) fn succeed(&mut self) {
        self.outcome.status = 200;
        self.outcome.cancelled = false;
    }

    pub(super) fn fail(&mut self, error: Error) {
        // An error after the head leaves the status that the caller saw.
        if self.outcome.status == 499 {
            self.outcome.status = error.status();
        }
        self.outcome.cancelled = false;
        self.outcome.error = Some(error.code());
        self.error = Some(error);
    }

    /// Shows a frame of the answer to the hooks.
    pub(super) fn pass(&mut self, frame: &mut Carried<ChatEvents>) -> Result<(), Error> {
        self.usage(frame.outline().usage);
        self.evidence.frame(frame);
        if frame.outline().kind == FrameKind::Unknown {
            self.unknown_event(frame.outline());
        }
        if self.arrival.operation.is_conversation() { self.hooks.on_event(frame) } else { Ok(()) }
    }

    /// Nobody here knows what this says: the first is logged, all are counted.
    fn unknown_event(&mut self, outline: &FrameOutline) {
        if self.unknown_events == 0 {
            let name = outline.name.as_deref().unwrap_or_default();
            let name = &name[..name.len().min(LONGEST_EVENT_NAME)];
            let request_id = &*self.arrival.request_id;
            tracing::debug!(
                request_id,
                event = ?String::from_utf8_lossy(name),
                "the upstream sends an event of a type that is not known"
            );
        }
        self.unknown_events += 1;
    }

    /// Shows a whole answer to the hooks that look at answers: as one frame.
    pub(super) async fn inspect(
        &mut self,
        answer: &mut Carried<ChatResponse>,
    ) -> Result<(), Error> {
        if self.hooks.interest().response == Access::None {
            return Ok(());
        }
        let dialect = answer.dialect();
        let events = unfold(answer.value()?.clone());
        let decoded = |_: &[u8]| Err(Error::internal("a whole answer is decoded already"));
        let frame = Carried::arrived(dialect, Bytes::new(), FrameOutline::default(), decoded);
        let mut frames = vec![frame.with_value(events)];
        frames.iter_mut().try_for_each(|frame| self.hooks.on_event(frame))?;
        if self.holds() {
            self.hooks.on_release(&mut frames).await?;
        }
        let untouched = frames.len() == 1 && frames[0].verbatim(dialect).is_some();
        if !untouched {
            let mut events = Vec::new();
            for frame in &mut frames {
                events.extend(frame.value()?.iter().cloned());
            }
            let outline = ResponseOutline { usage: answer.outline().usage, model_span: None };
            *answer = Carried::made(dialect, outline, fold(events));
        }
        Ok(())
    }

    /// Tells the hooks, the log and the metrics, unless they have been told; where what the answer
    /// took has to be estimated first, it is done beside the threads that serve.
    pub(super) fn report(&mut self) {
        if std::mem::replace(&mut self.reported, true) {
            return;
        }
        // What is told later ended when it ended.
        if self.outcome.duration.is_zero() {
            self.outcome.duration = self.arrival.started.elapsed();
        }
        if !self.lacks_usage() {
            return self.tell();
        }
        let evidence = std::mem::take(&mut self.evidence);
        let mut detached = self.detached();
        aside(self.shared.enter(), evidence.size(), move || {
            let complete = !detached.outcome.cancelled && detached.error.is_none();
            let usage = aisix_tokens::fill(detached.outcome.usage, evidence.estimate(), complete);
            (detached.outcome.usage, detached.outcome.usage_estimated) = usage;
            detached.report();
        });
    }

    /// Whether tokens were spent that the provider did not count.
    fn lacks_usage(&self) -> bool {
        let served = self.called.as_ref().is_some_and(|called| called.served);
        if !served || !self.arrival.operation.spends_tokens() || self.evidence.is_empty() {
            return false;
        }
        let complete = !self.outcome.cancelled && self.error.is_none();
        self.outcome.usage.is_none_or(|usage| {
            let answer = usage.output == 0 || !complete;
            usage.input == 0 || (answer && !self.evidence.answers_nothing())
        })
    }

    /// All that is to be told, which this one tells no more.
    fn detached(&mut self) -> Self {
        Self {
            arrival: self.arrival.clone(),
            info: self.info.clone(),
            hooks: std::mem::take(&mut self.hooks),
            shared: self.shared.clone(),
            program: self.program,
            outcome: std::mem::take(&mut self.outcome),
            stream: self.stream,
            first_event: self.first_event,
            model: self.model.take(),
            addressed: self.addressed.take(),
            called: self.called.take(),
            omissions: std::mem::take(&mut self.omissions),
            unknown_events: self.unknown_events,
            evidence: Evidence::default(),
            error: self.error.take(),
            reported: false,
        }
    }

    fn tell(&mut self) {
        self.hooks.complete(&self.outcome);
        if let Some(cause) = self.error.as_ref().and_then(std::error::Error::source) {
            let called = self.called.as_ref().map(|called| &called.candidate);
            let provider = called.map(Candidate::provider);
            let model = called.map(|candidate| &candidate.target.display_name);
            let model = model.or(self.model.as_ref()).map(|name| &**name);
            let request_id = &*self.arrival.request_id;
            tracing::warn!(request_id, provider, model, cause, "request failed");
        }
        let dropped_fields = self.omissions.listed();
        AccessRecord { dropped_fields: dropped_fields.as_deref(), ..self.record() }.write();
        let metrics = self.shared.metrics();
        self.omissions.count(|| self.labels(), metrics);
        if self.unknown_events > 0 {
            metrics.events_unknown(&self.labels(), self.unknown_events);
        }
        metrics.finished(&self.finished());
    }

    fn finished(&self) -> Finished<'_> {
        let called = self.called.as_ref().map(|called| &called.candidate);
        let Outcome { status, cancelled, attempts, duration, usage, .. } = self.outcome;
        Finished {
            labels: self.labels(),
            to_model: self.arrival.endpoint.leads_to_models(),
            stream: self.stream,
            is_fallback: attempts > 1,
            status,
            left_early: cancelled && status == 499,
            duration,
            first_token: self.first_event.filter(|_| self.stream),
            usage: called.zip(usage).map(|(candidate, usage)| candidate.bill(usage)),
            usage_estimated: self.outcome.usage_estimated,
            client: self.program,
        }
    }

    fn labels(&self) -> RequestLabels<'_> {
        let mut labels = labels::of_caller(self.arrival.endpoint, &self.info.caller);
        if let Some(model) = &self.addressed {
            labels.model = &model.spec.display_name;
        } else if self.outcome.error == Some(ErrorCode::ModelNotFound) {
            labels.model = UNRESOLVED;
        }
        if let Some(Called { candidate, .. }) = &self.called {
            let target = candidate.labels();
            labels.provider = target.provider;
            labels.upstream_model = target.upstream_model;
            labels.provider_key_id = target.provider_key_id;
            labels.provider_key_name = &candidate.target.provider_key.spec.display_name;
        }
        labels
    }

    fn record(&self) -> AccessRecord<'_> {
        let usage = self.outcome.usage;
        let served_by = self.outcome.served_by.as_deref();
        let served = self.called.as_ref().filter(|called| called.served);
        AccessRecord {
            request_id: &self.arrival.request_id,
            method: self.arrival.method.as_str(),
            path: self.arrival.endpoint.path,
            status: self.outcome.status,
            latency: self.outcome.duration,
            model: self.model.as_deref(),
            provider: served.map(|called| called.candidate.provider()),
            api_key_id: Some(self.info.caller.api_key().id.as_str()),
            served_by_model: served_by.filter(|name| self.model.as_deref() != Some(name)),
            attempts: (self.outcome.attempts > 0).then_some(self.outcome.attempts),
            prompt_tokens: usage.map(|usage| usage.input),
            completion_tokens: usage.map(|usage| usage.output),
            usage_estimated: self.outcome.usage_estimated.then_some(true),
            dropped_fields: None,
            error_kind: self.error.as_ref().map(|error| error.code().error_type()),
            error: self.error.as_ref().map(Error::message),
        }
    }
}

impl Drop for Completion {
    fn drop(&mut self) {
        self.report();
    }
}

impl std::fmt::Debug for Completion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Completion").field("outcome", &self.outcome).finish_non_exhaustive()
    }
}
