//! One request and its answer, a straight line.

mod aside;
mod attempt;
mod completion;
mod discretion;
mod embedding;
mod events;
mod evidence;
mod models;
mod omissions;
mod service;
mod upstream;

use std::sync::Arc;

use aisix_adapters::Target;
use aisix_core::chat::{
    ChatEvents, ChatResponse, FrameOutline, RequestOutline, ResponseOutline, unfold,
};
use aisix_core::snapshot::Stored;
use aisix_core::{Carried, DialectId, Error, ErrorKind, Model};
use aisix_dialects::{AnswerContext, Asked, CallerDialect, Encoded, EventEncoder, RelayedAnswer};
use aisix_hooks::{Answer, AttemptFlow, AttemptInfo, Flow, HookRequest, Payload, RequestInfo};
use aisix_telemetry::Metrics;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue, Response};
use http_body::Body;

pub(crate) use events::EventBody;
pub(crate) use service::{Arrival, ExchangeService};

use self::attempt::Attempt;
use self::completion::Completion;
use self::upstream::UpstreamStream;
use crate::body::{self, AnswerBody, BodyError, Oversized};
use crate::client::Client;
use crate::published::Shared;
use crate::respond;
use crate::route::{Candidate, Failover, Route};

/// The id of the call, on successful conversations: the request's id under its older name.
const CALL_ID: HeaderName = HeaderName::from_static("x-aisix-call-id");
/// Which target served, where the caller named a group.
const SERVED_BY: HeaderName = HeaderName::from_static("x-aisix-served-by");

/// What was left out of the request and the answer, as far as that is known when the answer begins.
const DROPPED: HeaderName = HeaderName::from_static("x-aisix-dropped");

/// A conversation turn: one request of a caller's, and its answer.
pub(crate) struct Exchange {
    shared: Arc<Shared>,
    client: Client,
    arrival: Arc<Arrival>,
    info: Arc<RequestInfo>,
    /// The headers of the caller's request.
    headers: HeaderMap,
    completion: Completion,
}

/// An answer that is ready to be sent.
enum Answered {
    /// All of it.
    Whole(Response<AnswerBody>),
    /// Its head; the rest streams.
    Begun { head: Response<()>, upstream: Box<UpstreamStream>, encoder: Box<dyn EventEncoder> },
}

/// Where an answer comes from.
enum Source {
    /// A hook had it.
    Hook(Box<Answer>),
    /// An upstream gave it whole.
    Whole(Carried<ChatResponse>),
    /// An upstream gave it whole, and it is passed on.
    Relayed(RelayedAnswer),
    /// An upstream streams it, and has begun to.
    Stream(Box<UpstreamStream>),
}

impl Source {
    /// The format that an upstream's answer came in.
    fn dialect(&self) -> Option<DialectId> {
        match self {
            Self::Whole(answer) => Some(answer.dialect()),
            Self::Stream(stream) => Some(stream.dialect.id()),
            Self::Hook(_) | Self::Relayed(_) => None,
        }
    }
}

impl Exchange {
    /// Runs it. Dropping the future abandons the exchange: the upstream call is dropped with it,
    /// and the hooks are told.
    pub(crate) async fn run<B>(mut self, body: B) -> Response<AnswerBody>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<BodyError>,
    {
        match self.answer(body).await {
            Ok(Answered::Whole(response)) => {
                self.completion.succeed();
                response
            }
            Ok(Answered::Begun { head, upstream, encoder }) => {
                // From here on the answer has begun: the completion goes with its body.
                let heartbeat = self.shared.settings.heartbeat;
                let events = EventBody::new(*upstream, encoder, self.completion, heartbeat);
                head.map(|()| AnswerBody::events(events))
            }
            Err(error) => {
                let response = respond::error(self.dialect(), &error);
                self.completion.fail(error);
                response
            }
        }
    }

    async fn answer<B>(&mut self, body: B) -> Result<Answered, Error>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Into<BodyError>,
    {
        // 1 decode
        let oversized = Oversized::at(self.arrival.endpoint, &self.shared.metrics);
        let bytes = body::read(body, &self.shared.settings, oversized).await?;
        body::refuse_other_than_json(&self.headers, &bytes)?;
        let payload = self.arrival.inbound.decode(bytes)?;
        let (stream, context) = (payload.outline().stream, self.context(payload.outline()));
        self.completion.asked(stream);
        // 2 hooks
        let mut request = HookRequest { info: self.info.clone(), payload, model: None };
        let flow = self.completion.hooks().on_request(&mut request).await;
        self.completion.seen(&request);
        if let Flow::Answer(answer) = flow? {
            return self.respond(Source::Hook(answer), stream, context, None).await;
        }
        let HookRequest { mut payload, model, .. } = request;
        let model = model.ok_or_else(|| Error::internal("no hook resolved the model"))?;
        // 3 attempts, up to the commit point
        self.completion.model(&context.model);
        let route = self.route(&model, &context);
        let (source, served_by) = self.attempts(route, &mut payload).await?;
        let context = context.asked(self.asked(&payload, &source));
        self.completion.evidence().asked(payload, self.arrival.inbound.relayed());
        // 4 the answer, whole or streamed; 5 completion comes with its end
        self.respond(source, stream, context, served_by).await
    }

    fn dialect(&self) -> &'static dyn CallerDialect {
        self.arrival.dialect
    }

    fn context(&self, outline: &RequestOutline) -> AnswerContext {
        AnswerContext::new(outline.model.as_deref().unwrap_or_default())
            .stream_options(outline.stream_options)
            .minted(self.arrival.request_id.clone(), self.arrival.unix_seconds())
    }

    /// What the answer takes over from the request, where it is translated.
    fn asked(&self, payload: &Payload, source: &Source) -> Asked {
        let (id, made_in) = (self.dialect().id(), source.dialect());
        match payload {
            Payload::Chat(chat) if made_in.is_some_and(|made_in| made_in != id) => {
                chat.decoded().map(|request| self.dialect().asked(request)).unwrap_or_default()
            }
            _ => Asked::default(),
        }
    }

    fn route(&self, model: &Arc<Stored<Model>>, context: &AnswerContext) -> Route {
        let upstream = &self.shared.settings.upstream;
        Route::of(model, &context.model, self.info.client_ip, &self.info.snapshot, upstream)
    }

    /// Tries the candidates in their order until one commits to an answer; says who served, where
    /// the caller named a group.
    async fn attempts(
        &mut self,
        route: Route,
        payload: &mut Payload,
    ) -> Result<(Source, Option<Arc<str>>), Error> {
        let Route { candidates, failover } = route;
        let mut last = Error::internal("a route has at least one candidate");
        for (index, candidate) in (0..).zip(candidates) {
            let candidate = match candidate {
                Ok(candidate) => candidate,
                Err(unusable) => {
                    last = unusable;
                    continue;
                }
            };
            match self.completion.hooks().on_attempt(&info(index, &candidate.target)).await {
                AttemptFlow::Proceed => {}
                AttemptFlow::Skip(reason) => {
                    last = reason;
                    continue;
                }
                AttemptFlow::Answer(answer) => return Ok((Source::Hook(answer), None)),
            }
            match self.attempt(candidate, &failover, payload).await {
                Ok(served) => return Ok(served),
                // That a target could not be asked says less than how another one failed.
                Err(error) if failover.moves_on(&error) => {
                    if error.kind() != ErrorKind::Unsupported || !last.kind().blames_upstream() {
                        last = error;
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Err(last)
    }

    async fn attempt(
        &mut self,
        candidate: Candidate,
        failover: &Failover,
        payload: &mut Payload,
    ) -> Result<(Source, Option<Arc<str>>), Error> {
        let fallback = self.completion.attempted(&candidate);
        let attempt = Attempt {
            candidate: &candidate,
            shared: &self.shared,
            client: &self.client,
            request_id: &self.arrival.request_id,
            caller: &self.info.caller,
            headers: &self.headers,
            operation: self.arrival.operation,
            inbound: self.arrival.inbound,
            looks_inside: self.completion.looks_inside(),
        };
        let mut dropped = Vec::new();
        let outcome = match attempt.plan(payload, &mut dropped) {
            Ok(plan) => {
                let call = attempt.run(plan, &mut dropped);
                counted(call, &self.shared.metrics, &candidate, failover.group(), fallback).await
            }
            // A target that was not called has not failed.
            Err(error) => Err(error),
        };
        self.completion.omissions().of_request(dropped);
        let model = &candidate.target.model_id;
        match outcome {
            Ok(source) => {
                self.shared.health.succeeded(model);
                self.completion.served();
                let name = candidate.target.display_name.clone();
                Ok((source, failover.group().map(|_| name)))
            }
            Err(error) => {
                if error.kind().blames_upstream() {
                    self.shared.health.failed(model);
                }
                Err(error)
            }
        }
    }

    async fn respond(
        &mut self,
        source: Source,
        stream: bool,
        context: AnswerContext,
        served_by: Option<Arc<str>>,
    ) -> Result<Answered, Error> {
        let mut headers = self.headers(served_by);
        let mut response = match source {
            Source::Stream(upstream) if !self.completion.holds() => {
                self.completion.evidence().stream(upstream.dialect);
                let mut head = respond::events(());
                head.headers_mut().extend(headers);
                self.tell_omissions(head.headers_mut());
                self.completion.hooks().on_head(head.headers_mut());
                let encoder = self.arrival.inbound.event_encoder(context);
                return Ok(Answered::Begun { head, upstream, encoder });
            }
            Source::Stream(upstream) => {
                self.completion.evidence().stream(upstream.dialect);
                let mut held = upstream.collect(&mut self.completion).await?;
                self.completion.hooks().on_release(&mut held).await?;
                self.completion.event_sent();
                self.stream_whole(&mut held, context)?
            }
            Source::Hook(answer) => {
                headers.extend(answer.headers);
                self.completion.event_sent();
                self.made(answer.response, stream, context)?
            }
            Source::Relayed(answer) => {
                self.completion.usage(answer.usage);
                self.completion.evidence().body(&answer.body);
                respond::json(answer.body)
            }
            Source::Whole(mut answer) => {
                // It was produced, whatever the hooks make of it.
                self.completion.usage(answer.outline().usage);
                let body = self.inspected(&mut answer, &context).await;
                self.completion.evidence().turn(answer);
                respond::json(body?)
            }
        };
        response.headers_mut().extend(headers);
        self.tell_omissions(response.headers_mut());
        self.completion.hooks().on_head(response.headers_mut());
        Ok(Answered::Whole(response))
    }

    /// A whole answer, as the hooks leave it.
    async fn inspected(
        &mut self,
        answer: &mut Carried<ChatResponse>,
        context: &AnswerContext,
    ) -> Result<Bytes, Error> {
        self.completion.inspect(answer).await?;
        self.encode(answer, context)
    }

    fn encode(
        &mut self,
        answer: &mut Carried<ChatResponse>,
        context: &AnswerContext,
    ) -> Result<Bytes, Error> {
        let Encoded { body, dropped } = self.dialect().encode_response(answer, context)?;
        self.completion.omissions().of_answer(&dropped);
        Ok(body)
    }

    /// An answer that never was bytes, in the form that the caller asked for.
    fn made(
        &mut self,
        answer: ChatResponse,
        stream: bool,
        context: AnswerContext,
    ) -> Result<Response<AnswerBody>, Error> {
        if !self.arrival.operation.is_conversation() {
            return Err(Error::internal("a hook answered a conversation where there is none"));
        }
        let id = self.dialect().id();
        if stream {
            let frame = Carried::made(id, FrameOutline::default(), unfold(answer));
            return self.stream_whole(&mut [frame], context);
        }
        let mut answer = Carried::made(id, ResponseOutline::default(), answer);
        Ok(respond::json(self.encode(&mut answer, &context)?))
    }

    /// A stream whose frames are all there.
    fn stream_whole(
        &mut self,
        frames: &mut [Carried<ChatEvents>],
        context: AnswerContext,
    ) -> Result<Response<AnswerBody>, Error> {
        let mut encoder = self.dialect().event_encoder(context);
        let mut out = BytesMut::new();
        for frame in frames {
            encoder.push(frame, &mut out)?;
        }
        encoder.finish(&mut out);
        self.completion.omissions().of_answer(encoder.dropped());
        Ok(respond::events(AnswerBody::whole(out.freeze())))
    }

    fn tell_omissions(&mut self, headers: &mut HeaderMap) {
        if let Some(dropped) = self.completion.omissions().header() {
            headers.insert(DROPPED, dropped);
        }
    }

    fn headers(&self, served_by: Option<Arc<str>>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Ok(id) = HeaderValue::from_str(&self.arrival.request_id) {
            headers.insert(CALL_ID, id);
        }
        if let Some(Ok(name)) = served_by.map(|name| HeaderValue::from_str(&name)) {
            headers.insert(SERVED_BY, name);
        }
        headers
    }
}

/// Calls a target, and counts that, where the caller named a group.
async fn counted(
    call: impl Future<Output = Result<Source, Error>>,
    metrics: &Metrics,
    candidate: &Candidate,
    group: Option<&Model>,
    fallback: bool,
) -> Result<Source, Error> {
    let Some(group) = group else {
        return call.await;
    };
    metrics.attempt_begun(candidate.labels());
    let outcome = call.await;
    metrics.attempted(candidate.labels(), outcome.is_ok());
    if fallback {
        let target = &candidate.target.display_name;
        metrics.fell_back(&group.display_name, target, outcome.is_ok());
    }
    outcome
}

fn info(index: u32, target: &Target) -> AttemptInfo {
    AttemptInfo {
        index,
        model_id: target.model_id.clone(),
        display_name: target.display_name.clone(),
        provider_key_id: target.provider_key.id.clone(),
    }
}
