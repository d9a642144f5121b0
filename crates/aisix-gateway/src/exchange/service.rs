//! The innermost service: what is left when the caller is known.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aisix_core::{Caller, Error, Operation};
use aisix_dialects::CallerDialect;
use aisix_hooks::RequestInfo;
use aisix_telemetry::{AccessRecord, AuthDecision, ClientType, Finished, Metrics};
use bytes::Bytes;
use http::header::USER_AGENT;
use http::{HeaderMap, Method, Request, Response};
use http_body::Body;
use jiff::Timestamp;
use tokio::time::Instant;
use tower::Service;

use super::completion::Completion;
use super::{Exchange, models};
use crate::body::{AnswerBody, BodyError};
use crate::client::Client;
use crate::endpoints::{Endpoint, Inbound};
use crate::generation::Generation;
use crate::published::Shared;
use crate::{labels, respond};

/// What is known of a request when its endpoint is found; travels in its extensions.
pub(crate) struct Arrival {
    pub(crate) request_id: Arc<str>,
    /// As the caller sent it: `HEAD` reaches the endpoints of `GET`.
    pub(crate) method: Method,
    pub(crate) endpoint: &'static Endpoint,
    pub(crate) operation: Operation,
    pub(crate) inbound: Inbound,
    /// The dialect of errors.
    pub(crate) dialect: &'static dyn CallerDialect,
    /// The configuration that the whole request is served from.
    pub(crate) generation: Arc<Generation>,
    pub(crate) started: Instant,
    /// Where the request comes from, where that is known.
    pub(crate) client_ip: Option<IpAddr>,
}

impl Arrival {
    /// The wall clock, in seconds since 1970.
    pub(super) fn unix_seconds(&self) -> i64 {
        Timestamp::now().as_second()
    }
}

/// Answers the requests of authenticated callers; [`Arrival`] and [`Caller`] are among the
/// extensions of each.
#[derive(Debug, Clone)]
pub(crate) struct ExchangeService {
    pub(crate) shared: Arc<Shared>,
    pub(crate) client: Client,
}

impl<B> Service<Request<B>> for ExchangeService
where
    B: Body<Data = Bytes> + Unpin + Send + 'static,
    B::Error: Into<BodyError>,
{
    type Response = Response<AnswerBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<AnswerBody>, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let Self { shared, client } = self.clone();
        Box::pin(async move {
            let (mut head, body) = request.into_parts();
            let arrival = head.extensions.remove::<Arc<Arrival>>();
            let caller = head.extensions.remove::<Caller>();
            let (Some(arrival), Some(caller)) = (arrival, caller) else {
                let error = Error::internal("the layers around the exchange did not run");
                return Ok(respond::error(&aisix_dialects::OPENAI_CHAT, &error));
            };
            shared.metrics.authenticated(AuthDecision::Allowed);
            Ok(match arrival.operation {
                Operation::ListModels => list_models(&arrival, &caller, &shared.metrics),
                _ => {
                    let user_agent = head.headers.get(USER_AGENT).map(|value| value.as_bytes());
                    let program = shared.metrics.client_type(user_agent);
                    let exchange = Exchange::new((shared, client), arrival, caller, program);
                    exchange.with_headers(head.headers).run(body).await
                }
            })
        })
    }
}

fn list_models(arrival: &Arrival, caller: &Caller, metrics: &Metrics) -> Response<AnswerBody> {
    let list = models::list(&arrival.generation.snapshot, caller, arrival.unix_seconds());
    let (status, duration) = (200, arrival.started.elapsed());
    let labels = labels::of_caller(arrival.endpoint, caller);
    metrics.finished(&Finished { labels, status, duration, ..Finished::default() });
    let record = AccessRecord {
        request_id: &arrival.request_id,
        method: arrival.method.as_str(),
        path: arrival.endpoint.path,
        status,
        latency: duration,
        api_key_id: Some(caller.api_key().id.as_str()),
        ..AccessRecord::default()
    };
    record.write();
    respond::json(list)
}

impl Exchange {
    fn new(
        (shared, client): (Arc<Shared>, Client),
        arrival: Arc<Arrival>,
        caller: Caller,
        program: ClientType,
    ) -> Self {
        let info = Arc::new(RequestInfo {
            request_id: arrival.request_id.clone(),
            operation: arrival.operation,
            caller,
            snapshot: arrival.generation.snapshot.clone(),
            client_ip: arrival.client_ip,
        });
        let hooks = arrival.generation.pipeline.start(&info);
        let of = (shared.clone(), program);
        let completion = Completion::new(arrival.clone(), info.clone(), hooks, of);
        Self { shared, client, arrival, info, headers: HeaderMap::new(), completion }
    }

    /// Keeps the headers of the caller's request: a provider key may want some of them.
    fn with_headers(self, headers: HeaderMap) -> Self {
        Self { headers, ..self }
    }
}

impl std::fmt::Debug for Arrival {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Arrival")
            .field("request_id", &self.request_id)
            .field("endpoint", &self.endpoint)
            .finish_non_exhaustive()
    }
}
