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
//! is refused at 5 is logged as a denial instead. All of it is counted where it is logged; probes
//! are neither logged nor counted.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aisix_auth::{Authenticate, AuthenticateLayer, SnapshotCredentials};
use aisix_core::{Error, ErrorCode};
use bytes::Bytes;
use http::header::CONTENT_LENGTH;
use http::{Request, Response};
use http_body::Body;
use tokio::time::Instant;
use tower::{Layer, Service};

use crate::body::{self, AnswerBody, BodyError, Oversized};
use crate::client::Client;
use crate::early::{Asked, Denials};
use crate::endpoints::{self, Action, Match};
use crate::exchange::{Arrival, ExchangeService};
use crate::handle::GatewayHandle;
use crate::published::{InFlight, Shared};
use crate::{probe, request_id, respond, rewrite};

/// The data plane as a [`tower::Service`]: one for each worker, sharing what [`Shared`] holds.
#[derive(Debug, Clone)]
pub struct Gateway {
    shared: Arc<Shared>,
    authenticated: Authenticate<ExchangeService, SnapshotCredentials, Denials>,
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
        let denials = Denials { metrics: shared.metrics().clone() };
        let authenticated = AuthenticateLayer::new(credentials, denials).layer(exchange);
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
        let mut in_flight = shared.enter();
        let id = request_id::of(request.headers(), &shared.settings.request_id_headers);
        let asked = Asked::of(&request, id.clone(), started, shared.metrics());
        let mut response = self.route(request, &asked, &mut in_flight).await;
        respond::finish(&mut response, &id, shared.draining());
        response.map(|body| body.counted(in_flight))
    }

    async fn route<B>(
        self,
        mut request: Request<B>,
        asked: &Asked,
        in_flight: &mut InFlight,
    ) -> Response<AnswerBody>
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
            Match::OtherMethods(endpoint, allowed) => {
                return asked.refused(respond::method_not_allowed(&allowed), Some(endpoint));
            }
            Match::Nothing => return asked.refused(respond::not_found(), None),
        };
        let verbose = probe::is_verbose(request.uri().query());
        match endpoint.action {
            Action::Live => respond::probe(probe::livez(self.shared.readiness(), verbose)),
            Action::Ready => respond::probe(probe::readyz(self.shared.readiness(), verbose)),
            Action::Operate(operation, inbound) => {
                let dialect = inbound.dialect();
                in_flight.arrived(endpoint);
                let Some(generation) = generation else {
                    return asked.refused(respond::error(dialect, &not_ready()), Some(endpoint));
                };
                let real_ip = &self.shared.settings.real_ip;
                let arrival = Arrival {
                    request_id: asked.request_id.clone(),
                    method: request.method().clone(),
                    endpoint,
                    operation,
                    inbound,
                    dialect,
                    generation,
                    started: asked.started,
                    client_ip: real_ip.resolve(request.extensions(), request.headers()),
                };
                self.operate(request, asked, arrival).await
            }
        }
    }

    async fn operate<B>(
        mut self,
        mut request: Request<B>,
        asked: &Asked,
        arrival: Arrival,
    ) -> Response<AnswerBody>
    where
        B: Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<BodyError>,
    {
        let settings = &self.shared.settings;
        if settings.body_limit.is_some_and(|limit| declared_size(&request) > limit as u64) {
            let (dialect, endpoint) = (arrival.dialect, arrival.endpoint);
            let refusal = respond::error(dialect, &body::too_large(settings));
            // Its caller may leave before it has sent all.
            let refusal = asked.refused(refusal, Some(endpoint));
            let oversized = Oversized::at(endpoint, &self.shared.metrics);
            body::discard(request.into_body(), oversized).await;
            return refusal;
        }
        request.extensions_mut().insert(Arc::new(arrival));
        match self.authenticated.call(request).await {
            Ok(response) => response,
            Err(impossible) => match impossible {},
        }
    }
}

fn declared_size<B>(request: &Request<B>) -> u64 {
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    declared.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

fn not_ready() -> Error {
    Error::new(ErrorCode::NotReady, "the gateway has no configuration yet")
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
