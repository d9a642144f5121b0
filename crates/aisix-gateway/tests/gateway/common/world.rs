//! A gateway in memory, in front of scripted upstreams.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aisix_adapters::Adapters;
use aisix_gateway::serve::{self, Listener, Workers};
use aisix_gateway::{AnswerBody, Client, Gateway, Settings, Shared, UpstreamTrust};
use aisix_hooks::HookFactory;
use aisix_testing::fixtures::openai;
use aisix_testing::{Response, ScriptedUpstream, wait};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt as _, Full};
use tower::Service as _;

use super::documents::{self, Documents};
use super::{CALLER, Recorder, Streamed, logs, secured};

/// A gateway with a configuration.
pub struct World {
    pub shared: Arc<Shared>,
    pub recorder: Recorder,
    gateway: Gateway,
    trust: Arc<UpstreamTrust>,
    revision: AtomicU64,
}

impl World {
    /// The standard configuration in front of this upstream.
    pub fn of(upstream: &ScriptedUpstream) -> Self {
        Self::with(Settings::default(), &documents::standard(&upstream.base_url()))
    }

    /// The standard configuration in front of this upstream, with other settings.
    pub fn set(upstream: &ScriptedUpstream, settings: Settings) -> Self {
        Self::with(settings, &documents::standard(&upstream.base_url()))
    }

    /// These documents.
    pub fn with(settings: Settings, documents: &Documents) -> Self {
        Self::hooked(settings, documents, Vec::new())
    }

    /// These documents and further hooks.
    pub fn hooked(
        settings: Settings,
        documents: &Documents,
        hooks: Vec<Arc<dyn HookFactory>>,
    ) -> Self {
        Self::built(settings, documents, hooks, trust())
    }

    /// These documents in front of upstreams that are met with this trust.
    pub fn trusting(settings: Settings, documents: &Documents, trust: Arc<UpstreamTrust>) -> Self {
        Self::built(settings, documents, Vec::new(), trust)
    }

    fn built(
        settings: Settings,
        documents: &Documents,
        mut hooks: Vec<Arc<dyn HookFactory>>,
        trust: Arc<UpstreamTrust>,
    ) -> Self {
        logs::keep();
        let recorder = Recorder::default();
        hooks.push(Arc::new(recorder.clone()));
        let shared = Shared::with_hooks(settings, Adapters::builtin(), hooks);
        let client = Client::new(&shared.settings().upstream, trust.clone());
        let gateway = Gateway::new(shared.clone(), client);
        let world = Self { shared, recorder, gateway, trust, revision: AtomicU64::new(0) };
        world.publish(documents);
        world
    }

    /// Puts the same gateway on a port of loopback.
    pub fn serve(&self, workers: usize) -> Served {
        let any = SocketAddr::from(([127, 0, 0, 1], 0));
        let listener = Listener::bind(any, workers).expect("a port");
        let address = listener.local_addr();
        let workers = serve::start(listener, &self.shared, &self.trust).expect("threads");
        Served { address, workers }
    }

    /// Serves later requests from these documents.
    pub fn publish(&self, documents: &Documents) {
        let revision = self.revision.fetch_add(1, Ordering::Relaxed) + 1;
        self.shared.publish(Arc::new(documents::snapshot(documents, revision)));
    }

    /// Sends a request and reads the whole answer.
    pub async fn send<B>(&self, request: Request<B>) -> Response
    where
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let (head, body) = self.call(request).await.into_parts();
        let Ok(body) = wait::within("the answer's body", body.collect()).await;
        Response { status: head.status.as_u16(), headers: head.headers, body: body.to_bytes() }
    }

    /// Sends a request and reads the head of the answer.
    pub async fn stream<B>(&self, request: Request<B>) -> Streamed
    where
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Streamed::new(self.call(request).await)
    }

    /// Sends a chat request of the standard caller and reads the whole answer.
    pub async fn chat(&self, body: impl Into<Bytes>) -> Response {
        self.send(chat(body)).await
    }

    async fn call<B>(&self, request: Request<B>) -> http::Response<AnswerBody>
    where
        B: http_body::Body<Data = Bytes> + Unpin + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let Ok(response) = wait::within("an answer", self.gateway.clone().call(request)).await;
        response
    }
}

/// A gateway on a port.
pub struct Served {
    pub address: SocketAddr,
    pub workers: Workers,
}

/// A chat request of the standard caller.
pub fn chat(body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    let mut request = post("/v1/chat/completions", body);
    let credential = format!("Bearer {CALLER}").parse().expect("a header value");
    request.headers_mut().insert("authorization", credential);
    request
}

/// A request without a credential.
pub fn post(path: &str, body: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::post(path)
        .header("content-type", "application/json")
        .body(Full::new(body.into()))
        .expect("a request")
}

/// The body of a request that is to be streamed, for the standard model.
pub fn streamed(text: &str) -> String {
    openai::chat_stream_request(super::MODEL, text)
}

/// The body of a request for the standard model.
pub fn whole(text: &str) -> String {
    openai::chat_request(super::MODEL, text)
}

/// No certificate is trusted: few upstreams here speak TLS.
pub fn trust() -> Arc<UpstreamTrust> {
    secured::trusting(secured::no_files())
}
