//! The tower layer that turns a credential into a caller.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use aisix_core::{Caller, Error};
use async_trait::async_trait;
use http::request::Parts;
use http::{Extensions, Request, Response};
use tower::{Layer, Service};

use crate::credential::Credential;

/// Where credentials are looked up.
#[async_trait]
pub trait CredentialSource: Send + Sync + 'static {
    /// The caller that this credential proves.
    ///
    /// `extensions` are those of the request, so that a source can answer from the same
    /// configuration that the rest of the request is served from.
    ///
    /// # Errors
    /// An error of kind `Unauthenticated`, which never quotes the credential.
    async fn authenticate(
        &self,
        credential: Credential<'_>,
        extensions: &Extensions,
    ) -> Result<Caller, Error>;
}

/// How a refused request is answered: the one place where the embedder's format is known.
pub trait Refuse<B>: Send + Sync + 'static {
    /// The answer to a request with this head.
    fn refuse(&self, head: &Parts, error: Error) -> Response<B>;
}

impl<B, F> Refuse<B> for F
where
    F: Fn(&Parts, Error) -> Response<B> + Send + Sync + 'static,
{
    fn refuse(&self, head: &Parts, error: Error) -> Response<B> {
        self(head, error)
    }
}

/// Lets a request pass with its [`Caller`] in its extensions, or answers it with an error.
///
/// The body is not touched: a caller without a credential costs nothing but its head.
pub struct AuthenticateLayer<C, R> {
    source: Arc<C>,
    refuse: Arc<R>,
}

impl<C, R> AuthenticateLayer<C, R> {
    /// A layer that looks credentials up in `source` and answers refusals with `refuse`.
    pub fn new(source: C, refuse: R) -> Self {
        Self { source: Arc::new(source), refuse: Arc::new(refuse) }
    }
}

impl<S, C, R> Layer<S> for AuthenticateLayer<C, R> {
    type Service = Authenticate<S, C, R>;

    fn layer(&self, inner: S) -> Self::Service {
        Authenticate { inner, source: self.source.clone(), refuse: self.refuse.clone() }
    }
}

impl<C, R> Clone for AuthenticateLayer<C, R> {
    fn clone(&self) -> Self {
        Self { source: self.source.clone(), refuse: self.refuse.clone() }
    }
}

impl<C, R> fmt::Debug for AuthenticateLayer<C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthenticateLayer")
    }
}

/// The service of [`AuthenticateLayer`].
pub struct Authenticate<S, C, R> {
    inner: S,
    source: Arc<C>,
    refuse: Arc<R>,
}

impl<S: Clone, C, R> Clone for Authenticate<S, C, R> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), source: self.source.clone(), refuse: self.refuse.clone() }
    }
}

impl<S: fmt::Debug, C, R> fmt::Debug for Authenticate<S, C, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticate").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl<S, C, R, B, A> Service<Request<B>> for Authenticate<S, C, R>
where
    S: Service<Request<B>, Response = Response<A>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    C: CredentialSource,
    R: Refuse<A>,
    B: Send + 'static,
    A: Send + 'static,
{
    type Response = Response<A>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<A>, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The clone becomes ready later; the one that is ready now takes the request.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let (source, refuse) = (self.source.clone(), self.refuse.clone());
        Box::pin(async move {
            let (mut head, body) = request.into_parts();
            let proven = match Credential::of(&head.headers) {
                Ok(credential) => source.authenticate(credential, &head.extensions).await,
                Err(missing) => Err(missing),
            };
            match proven {
                Ok(caller) => {
                    head.extensions.insert(caller);
                    inner.call(Request::from_parts(head, body)).await
                }
                Err(error) => Ok(refuse.refuse(&head, error)),
            }
        })
    }
}
