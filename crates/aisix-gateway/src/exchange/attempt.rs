//! One try of one candidate, up to the commit point.

use std::sync::Arc;
use std::time::Duration;

use aisix_adapters::{Adapter, Answers, Call, FailedReply, Prepared, scrubbed};
use aisix_core::{Caller, Error, ErrorCode, Operation};
use aisix_dialects::embed::{self, EmbedCalls};
use aisix_dialects::{Depth, Dialect, Dropped, Encoded, RelayFormat, UpstreamRequest};
use aisix_hooks::Payload;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use tokio::time::{Instant, timeout, timeout_at};

use super::Source;
use super::discretion::Discretion;
use super::upstream::UpstreamStream;
use crate::body::announced;
use crate::client::{Client, transport};
use crate::endpoints::Inbound;
use crate::proxies::Proxy;
use crate::published::Shared;
use crate::route::Candidate;
use crate::timeouts::{Timeouts, timed_out};

/// The most that is kept of an answer that has to be there as a whole before any of it passes on,
/// in bytes (64 MiB). Answers are some kilobytes; an upstream must not fill the memory.
pub(super) const LARGEST_ANSWER: usize = 64 << 20;

/// The most that is read of a failed answer's body, in bytes.
pub(super) const LONGEST_ERROR_BODY: usize = 64 << 10;

/// One try of one candidate.
pub(super) struct Attempt<'a> {
    pub(super) candidate: &'a Candidate,
    pub(super) shared: &'a Shared,
    pub(super) client: &'a Client,
    pub(super) request_id: &'a str,
    pub(super) caller: &'a Caller,
    /// The headers of the caller's request.
    pub(super) headers: &'a HeaderMap,
    /// What the caller asks for.
    pub(super) operation: Operation,
    /// What it sends.
    pub(super) inbound: Inbound,
    /// How closely the hooks look at the answer.
    pub(super) looks_inside: Depth,
}

/// How a candidate is spoken to, and until when it must have answered.
pub(super) struct Way<'a> {
    pub(super) adapter: &'a Arc<dyn Adapter>,
    pub(super) dialect: &'static dyn Dialect,
    pub(super) upstream: UpstreamRequest<'a>,
    pub(super) deadline: Deadline,
}

/// What is asked of a candidate that can do what the caller wants.
pub(super) struct Plan<'a> {
    way: Way<'a>,
    asks: Asks,
}

enum Asks {
    /// One call with this body.
    Once(Bytes),
    /// As many as the texts take.
    Embeddings(EmbedCalls),
}

/// A whole answer.
pub(super) struct Reply {
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Attempt<'_> {
    /// What the candidate is asked; fails, before anybody is called, where it cannot do that. What
    /// its format cannot express is added to `dropped`.
    pub(super) fn plan(
        &self,
        payload: &mut Payload,
        dropped: &mut Vec<Dropped>,
    ) -> Result<Plan<'_>, Error> {
        let target = &self.candidate.target;
        let stream = payload.outline().stream;
        let adapter = self.shared.adapters.of(&target.provider_key.spec)?;
        let dialect = adapter.dialect(target, self.operation, stream)?;
        let upstream = UpstreamRequest { model: &target.upstream_model, stream };
        let deadline = Deadline::of(&self.candidate.timeouts, stream);
        let way = Way { adapter, dialect, upstream, deadline };
        if let Payload::Embed(request) = payload
            && let Some(format) = adapter.embedding(target)?
        {
            let calls = EmbedCalls::of(format, request, &way.upstream)?;
            return Ok(Plan { way, asks: Asks::Embeddings(calls) });
        }
        let Encoded { body, dropped: left_out } = self.encode(payload, &way)?;
        *dropped = left_out;
        Ok(Plan { way, asks: Asks::Once(body) })
    }

    /// Calls the candidate; what comes back is an answer that has begun, or why there is none.
    /// What is taken from the request on its way is added to `dropped`.
    pub(super) async fn run(
        &self,
        Plan { way, asks }: Plan<'_>,
        dropped: &mut Vec<Dropped>,
    ) -> Result<Source, Error> {
        let body = match asks {
            Asks::Once(body) => body,
            Asks::Embeddings(calls) => return self.embed(&way, &calls, dropped).await,
        };
        let (Prepared { request, dropped: lost }, discretion) = self.prepared(&way, body).await?;
        dropped.extend(lost);
        let answer = if way.upstream.stream {
            self.stream(&way, request, &discretion).await
        } else {
            let reply = self.whole(&way, request).await;
            reply.and_then(|reply| self.read(reply.body, way.dialect))
        };
        answer.map_err(|error| failed(error, &discretion))
    }

    /// The body for an upstream that is spoken to in this way.
    fn encode(&self, payload: &mut Payload, way: &Way<'_>) -> Result<Encoded, Error> {
        let Way { dialect, upstream, .. } = way;
        if self.inbound.relayed().is_some_and(|format| format.dialect().id() != dialect.id()) {
            let name = self.operation.name();
            return Err(Error::unsupported(format_args!("'{name}' is not translated")));
        }
        match payload {
            Payload::Chat(chat) => {
                let Encoded { body, dropped } = dialect.encode_request(chat, upstream)?;
                let body = match self.candidate.cache_mark() {
                    Some(mark) => dialect.mark_for_cache(body, &mark),
                    None => body,
                };
                Ok(Encoded { body, dropped })
            }
            Payload::Embed(request) => embed::encode(request, upstream),
            Payload::Relay(request) => Ok(RelayFormat::encode_request(request, upstream)),
            _ => Err(Error::internal("a payload that no endpoint takes")),
        }
    }

    /// A request with this body that is ready to be sent, and what its answer must not tell.
    pub(super) async fn prepared(
        &self,
        way: &Way<'_>,
        body: Bytes,
    ) -> Result<(Prepared, Discretion), Error> {
        let target = &self.candidate.target;
        let call = Call::new(target, self.operation, body).stream(way.upstream.stream);
        let call = call.request_id(self.request_id).transport(self.client);
        let call = call.of_caller(self.caller, self.headers);
        let prepared = way.deadline.bounds(call.prepared_by(&**way.adapter)).await?;
        let discretion = Discretion::about(&prepared.request, way.adapter, target);
        Ok((prepared, discretion))
    }

    /// Sends the request and reads the whole of its answer.
    pub(super) async fn whole(
        &self,
        way: &Way<'_>,
        request: http::Request<Bytes>,
    ) -> Result<Reply, Error> {
        let answer = async {
            let (head, body) = self.accepted(&**way.adapter, request).await?.into_parts();
            let body = way.adapter.unwrapped(self.operation, collect(body).await?)?;
            Ok(Reply { headers: head.headers, body: self.quirks(way.dialect).whole(body) })
        };
        way.deadline.bounds(answer).await
    }

    /// What a whole answer says.
    fn read(&self, body: Bytes, dialect: &dyn Dialect) -> Result<Source, Error> {
        match self.inbound.relayed() {
            Some(format) => format.decode_answer(body).map(Source::Relayed),
            None => dialect.decode_response(body).map(Source::Whole),
        }
    }

    async fn stream(
        &self,
        way: &Way<'_>,
        request: http::Request<Bytes>,
        discretion: &Discretion,
    ) -> Result<Source, Error> {
        let &Way { adapter, dialect, ref deadline, .. } = way;
        let reply = deadline.bounds(self.accepted(&**adapter, request)).await?;
        let target = &self.candidate.target;
        let quirks = self.quirks(dialect);
        let marker = quirks.done_marker();
        let framing = quirks.frames(adapter.framing(target, self.operation).decoder());
        // Within one dialect frames are relayed as they are, unless somebody looks inside.
        let depth = if dialect.id() == self.inbound.dialect().id() {
            self.looks_inside
        } else {
            Depth::Full
        };
        let spoken = (dialect, depth);
        let gap = self.candidate.timeouts.gap;
        let discretion = discretion.clone();
        let mut stream = UpstreamStream::new(reply.into_body(), framing, spoken, discretion, gap);
        stream.expects(marker);
        self.await_first(&mut stream).await?;
        Ok(Source::Stream(Box::new(stream)))
    }

    /// How the answer differs from what its format says.
    fn quirks(&self, dialect: &dyn Dialect) -> Answers {
        Answers::of(&self.candidate.target.provider_key.spec, dialect.id())
    }

    /// The commit point: as long as nothing has come, another candidate can still answer. Callers
    /// are not kept waiting for that longer than they are between heartbeats, unless the model or
    /// its group says how long the first event may take.
    async fn await_first(&self, stream: &mut UpstreamStream) -> Result<(), Error> {
        let patience = match self.shared.settings.heartbeat {
            Some(heartbeat) if !self.candidate.timeouts.awaits_first_event => heartbeat,
            _ => Duration::MAX,
        };
        match timeout(patience, stream.next()).await {
            Ok(first) => stream.first = first?.unwrap_or_default(),
            Err(_still_nothing) => {}
        }
        Ok(())
    }

    /// Sends the request; an answer that is not a success is an error.
    async fn accepted(
        &self,
        adapter: &dyn Adapter,
        request: http::Request<Bytes>,
    ) -> Result<Response<Incoming>, Error> {
        let target = &self.candidate.target;
        let proxy = self.client.forwarding(request.uri());
        let reply = self.client.call(request, target.provider_key.spec.tls.as_ref()).await?;
        if reply.status().is_success() {
            return Ok(reply);
        }
        let (head, body) = reply.into_parts();
        let body = beginning(body).await;
        let failed = FailedReply { status: head.status, headers: &head.headers, body: &body };
        // Some proxies quote what they were sent, and some upstreams what a proxy left in.
        let error = adapter.classify(target, &failed);
        Err(proxy.into_iter().flat_map(Proxy::secrets).fold(error, scrubbed))
    }
}

/// An error of a call, as it may be told.
pub(super) fn failed(error: Error, discretion: &Discretion) -> Error {
    if error.upstream().is_some_and(|upstream| upstream.status == 401) {
        discretion.refused();
    }
    discretion.told(error)
}

/// Until when an answer must have come or begun, whatever has to be asked before: tokens too.
pub(super) struct Deadline {
    started: Instant,
    ends: Option<Instant>,
}

impl Deadline {
    fn of(timeouts: &Timeouts, stream: bool) -> Self {
        let started = Instant::now();
        let patience = if stream { timeouts.gap } else { timeouts.total };
        Self { started, ends: patience.and_then(|patience| started.checked_add(patience)) }
    }

    async fn bounds<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        match self.ends {
            None => work.await,
            Some(ends) => {
                let late = |_| Err(timed_out(self.started.elapsed()));
                timeout_at(ends, work).await.unwrap_or_else(late)
            }
        }
    }
}

/// Reads the whole of an answer, unless it is too large. What is only announced is not set aside.
async fn collect(mut body: Incoming) -> Result<Bytes, Error> {
    if body.size_hint().lower() > LARGEST_ANSWER as u64 {
        return Err(too_large());
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame.map_err(|broken| transport(&broken))?.into_data() else {
            continue;
        };
        if whole.is_empty() && body.is_end_stream() {
            return Ok(data);
        }
        if whole.len() + data.len() > LARGEST_ANSWER {
            return Err(too_large());
        }
        if whole.is_empty() {
            whole.reserve(data.len() + announced(&body));
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

pub(super) fn too_large() -> Error {
    let message = format!("upstream response is too large: it exceeds {LARGEST_ANSWER} bytes");
    Error::new(ErrorCode::UpstreamDecode, message)
}

/// What there is of a failed answer's body; the status says the rest.
async fn beginning(mut body: Incoming) -> Bytes {
    let mut beginning = BytesMut::new();
    while beginning.len() < LONGEST_ERROR_BODY {
        let Some(Ok(frame)) = body.frame().await else {
            break;
        };
        let Some(data) = frame.data_ref() else {
            continue;
        };
        let wanted = data.len().min(LONGEST_ERROR_BODY - beginning.len());
        beginning.extend_from_slice(&data[..wanted]);
    }
    beginning.freeze()
}
