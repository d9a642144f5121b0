//! The proxy listener's service: an ordered list, outermost first.
//!
//! 1. **request id**, because every answer carries one, also a refusal;
//! 2. **generation**, loaded once, so that no request sees two configurations;
//! 3. **rewritten path and endpoint**, before authentication: what does not exist needs no credential;
//! 4. **declared size**, before authentication: an oversized body is refused by its head;
//! 5. **authentication**, before anything of the body is read;
//! 6. the **exchange**: decode, hooks, attempts, stream, completion.
//!
//! What is refused at 3 and 4 gets its access line here, what comes as far as 6 gets it there. What
//! is refused at 5 is logged as a denial instead, and probes are not logged.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aisix_auth::{Authenticate, AuthenticateLayer, SnapshotCredentials};
use aisix_core::{Error, ErrorCode};
use aisix_dialects::Dialect;
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::request::Parts;
use http::{Request, Response};
use http_body::Body;
use tokio::time::Instant;
use tower::{Layer, Service};

use crate::body::{self, AnswerBody, BodyError};
use crate::client::Client;
use crate::endpoints::{self, Action, Match};
use crate::exchange::{Arrival, ExchangeService};
use crate::handle::GatewayHandle;
use crate::published::Shared;
use crate::{early, probe, request_id, respond, rewrite};

/// Answers a request that authentication refused.
type Refuse = fn(&Parts, Error) -> Response<AnswerBody>;

/// The data plane as a [`tower::Service`]: one for each worker, sharing what [`Shared`] holds.
#[derive(Debug, Clone)]
pub struct Gateway {
    shared: Arc<Shared>,
    authenticated: Authenticate<ExchangeService, SnapshotCredentials, Refuse>,
}

impl Gateway {
    /// A gateway that reaches upstreams through this client.
    #[must_use]
    pub fn new(shared: Arc<Shared>, client: Client) -> Self {
        let credentials = SnapshotCredentials::new(|extensions| {
            let arrival: &Arc<Arrival> = extensions.get()?;
            Some(&*arrival.generation.snapshot)
        });
        let exchange = ExchangeService { shared: shared.clone(), client };
        let authenticated = AuthenticateLayer::new(credentials, refuse as Refuse).layer(exchange);
        Self { shared, authenticated }
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.shared
    }

    pub(crate) async fn handle<B>(self, request: Request<B>) -> Response<AnswerBody>
    where
        B: Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BodyError>,
    {
        let started = Instant::now();
        let shared = self.shared.clone();
        let in_flight = shared.enter();
        let id = request_id::of(request.headers(), &shared.settings.request_id_headers);
        let asked = early::Asked::of(&request);
        let mut response = match self.route(request, &id, started).await {
            Routed::Answered(response) => response,
            Routed::Early(refusal) => {
                asked.record(&refusal, &id, started.elapsed());
                refusal
            }
        };
        respond::finish(&mut response, &id, shared.draining());
        response.map(|body| body.counted(in_flight))
    }

    async fn route<B>(self, mut request: Request<B>, id: &Arc<str>, started: Instant) -> Routed
    where
        B: Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BodyError>,
    {
        let generation = self.shared.generation();
        if let Some(uri) = rewrite::rewrite(&self.shared.settings.url_rewrites, request.uri()) {
            *request.uri_mut() = uri;
        }
        let endpoint = match endpoints::find(request.method(), request.uri().path()) {
            Match::Endpoint(endpoint) => endpoint,
            Match::OtherMethods(allowed) => {
                return Routed::Early(respond::method_not_allowed(&allowed));
            }
            Match::Nothing => return Routed::Early(respond::not_found()),
        };
        let verbose = probe::is_verbose(request.uri().query());
        match endpoint.action {
            Action::Live => probed(probe::livez(self.shared.readiness(), verbose)),
            Action::Ready => probed(probe::readyz(self.shared.readiness(), verbose)),
            Action::Operate(operation, dialect) => {
                let Some(generation) = generation else {
                    return Routed::Early(respond::error(dialect, &not_ready()));
                };
                let real_ip = &self.shared.settings.real_ip;
                let arrival = Arrival {
                    request_id: id.clone(),
                    method: request.method().clone(),
                    endpoint,
                    operation,
                    dialect,
                    generation,
                    started,
                    client_ip: real_ip.resolve(request.extensions(), request.headers()),
                };
                self.operate(request, arrival).await
            }
        }
    }

    async fn operate<B>(mut self, mut request: Request<B>, arrival: Arrival) -> Routed
    where
        B: Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BodyError>,
    {
        let settings = &self.shared.settings;
        if settings.body_limit.is_some_and(|limit| declared_size(&request) > limit as u64) {
            let refusal = respond::error(arrival.dialect, &body::too_large(settings));
            body::discard(request.into_body()).await;
            return Routed::Early(refusal);
        }
        request.extensions_mut().insert(Arc::new(arrival));
        match self.authenticated.call(request).await {
            Ok(response) => Routed::Answered(response),
            Err(impossible) => match impossible {},
        }
    }
}

/// An answer, and whether it still needs a line in the access log.
enum Routed {
    /// Whoever answered saw to that.
    Answered(Response<AnswerBody>),
    /// A refusal before anybody was asked.
    Early(Response<AnswerBody>),
}

fn probed(outcome: (http::StatusCode, String)) -> Routed {
    Routed::Answered(respond::probe(outcome))
}

fn declared_size<B>(request: &Request<B>) -> u64 {
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    declared.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn not_ready() -> Error {
    Error::new(ErrorCode::NotReady, "the gateway has no configuration yet")
}

fn refuse(head: &Parts, error: Error) -> Response<AnswerBody> {
    let arrival: Option<&Arc<Arrival>> = head.extensions.get();
    let dialect: &dyn Dialect = match arrival {
        Some(arrival) => {
            early::denied(arrival, &error);
            arrival.dialect
        }
        None => &aisix_dialects::OPENAI_CHAT,
    };
    respond::error(dialect, &error)
}

impl<B> Service<Request<B>> for Gateway
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
        let gateway = self.clone();
        Box::pin(async move { Ok(gateway.handle(request).await) })
    }
}
