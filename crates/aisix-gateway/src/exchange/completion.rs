//! The end of an exchange, told exactly once.

use std::sync::Arc;

use aisix_core::chat::{
    ChatEvents, ChatResponse, FrameOutline, ResponseOutline, Usage, fold, unfold,
};
use aisix_core::{Carried, Error, Id};
use aisix_dialects::Depth;
use aisix_hooks::{Access, ActiveHooks, Outcome};
use aisix_telemetry::AccessRecord;
use bytes::Bytes;

use super::service::Arrival;

/// What is told when an exchange ends, gathered on its way.
///
/// Dropped without having been told that the exchange succeeded or failed, it reports that the
/// caller left.
pub(crate) struct Completion {
    arrival: Arc<Arrival>,
    api_key_id: Id,
    hooks: ActiveHooks,
    outcome: Outcome,
    model: Option<Arc<str>>,
    provider: Option<String>,
    /// Who was called last without success: the provider, and the name of the model.
    failed_at: Option<(String, Arc<str>)>,
    error: Option<Error>,
    reported: bool,
}

impl Completion {
    pub(super) fn new(arrival: Arc<Arrival>, api_key_id: Id, hooks: ActiveHooks) -> Self {
        let outcome = Outcome { status: 499, cancelled: true, ..Outcome::default() };
        Self {
            arrival,
            api_key_id,
            hooks,
            outcome,
            model: None,
            provider: None,
            failed_at: None,
            error: None,
            reported: false,
        }
    }

    pub(super) fn request_id(&self) -> &str {
        &self.arrival.request_id
    }

    pub(super) fn hooks(&mut self) -> &mut ActiveHooks {
        &mut self.hooks
    }

    /// How closely an upstream's stream has to be read for the hooks.
    pub(super) fn looks_inside(&self) -> Depth {
        match self.hooks.interest().response {
            Access::None => Depth::Outline,
            Access::Read | Access::Write | Access::Hold => Depth::Full,
        }
    }

    /// Whether a hook must see the whole answer before anything of it passes.
    pub(super) fn holds(&self) -> bool {
        self.hooks.interest().response == Access::Hold
    }

    /// The model exists, and the caller may use it: from here on its name is safe to report.
    pub(super) fn model(&mut self, name: &Arc<str>) {
        self.model = Some(name.clone());
    }

    pub(super) fn attempted(&mut self) {
        self.outcome.attempts += 1;
    }

    pub(super) fn served(&mut self, provider: String, model: Arc<str>) {
        self.failed_at = None;
        self.provider = Some(provider);
        self.outcome.served_by = Some(model);
    }

    pub(super) fn failed_at(&mut self, provider: String, model: Arc<str>) {
        self.failed_at = Some((provider, model));
    }

    pub(super) fn usage(&mut self, usage: Option<Usage>) {
        if let Some(usage) = usage {
            self.outcome.usage = Some(self.outcome.usage.unwrap_or_default().max(usage));
        }
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
        self.hooks.on_event(frame)
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

    /// Tells the hooks and the log, unless they have been told.
    pub(super) fn report(&mut self) {
        if std::mem::replace(&mut self.reported, true) {
            return;
        }
        self.outcome.duration = self.arrival.started.elapsed();
        self.hooks.complete(&self.outcome);
        if let Some(cause) = self.error.as_ref().and_then(std::error::Error::source) {
            let failed_at = self.failed_at.as_ref();
            let provider = failed_at.map(|(provider, _)| provider).or(self.provider.as_ref());
            let model = failed_at.map(|(_, model)| model).or(self.outcome.served_by.as_ref());
            let model = model.or(self.model.as_ref()).map(|name| &**name);
            let request_id = &*self.arrival.request_id;
            tracing::warn!(request_id, provider, model, cause, "request failed");
        }
        self.record().write();
    }

    fn record(&self) -> AccessRecord<'_> {
        let usage = self.outcome.usage;
        let served_by = self.outcome.served_by.as_deref();
        AccessRecord {
            request_id: &self.arrival.request_id,
            method: self.arrival.method.as_str(),
            path: self.arrival.endpoint.path,
            status: self.outcome.status,
            latency: self.outcome.duration,
            model: self.model.as_deref(),
            provider: self.provider.as_deref(),
            api_key_id: Some(self.api_key_id.as_str()),
            served_by_model: served_by.filter(|name| self.model.as_deref() != Some(name)),
            attempts: (self.outcome.attempts > 0).then_some(self.outcome.attempts),
            prompt_tokens: usage.map(|usage| usage.input),
            completion_tokens: usage.map(|usage| usage.output),
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
