//! HTTP/1.1 on one connection, whoever answers.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::timeout;

use super::patience::{Patience, Patient};
use super::progress::{Answering, Progress, RequestBody};
use crate::body::BodyError;

/// Answers the requests of one connection until it ends, or until told to close: then the request
/// that is being answered, or has begun to arrive, is the last.
pub async fn talk<S, A, F, B>(
    socket: S,
    patience: Patience,
    answer: A,
    mut closing: watch::Receiver<bool>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
    A: Fn(Request<RequestBody>) -> F,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Unpin + 'static,
    B::Error: Into<BodyError>,
{
    let progress = Progress::default();
    let socket = Patient::new(socket, progress.clone(), patience);
    let requests = Requests { answer, progress: progress.clone() };
    let mut builder = http1::Builder::new();
    // The socket sees to it: hyper would also close connections that rest between requests.
    builder.header_read_timeout(None);
    let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(socket), requests));
    let mut ended = tokio::select! {
        ended = connection.as_mut() => Some(ended),
        _ = closing.wait_for(|closing| *closing) => None,
    };
    if ended.is_none() {
        ended = last_request(connection.as_mut(), &progress).await;
    }
    let ended = match ended {
        Some(ended) => ended,
        None => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(cause) = ended {
        tracing::debug!(%cause, "a connection ended early");
    }
}

/// How long a connection may take to bring its request when there is to be no other.
const LAST_CALL: Duration = Duration::from_secs(1);

/// Serves on until the request is there that the connection was made for, or that has begun to
/// arrive: told to shut down before, the connection would be closed without an answer.
async fn last_request(
    mut connection: Pin<&mut impl Future<Output = hyper::Result<()>>>,
    progress: &Progress,
) -> Option<hyper::Result<()>> {
    let coming = poll_fn(|cx| match connection.as_mut().poll(cx) {
        Poll::Ready(ended) => Poll::Ready(Some(ended)),
        Poll::Pending if progress.head_is_due() => Poll::Pending,
        Poll::Pending => Poll::Ready(None),
    });
    timeout(LAST_CALL, coming).await.unwrap_or(None)
}

/// The requests of one connection.
struct Requests<A> {
    answer: A,
    progress: Progress,
}

impl<A, F, B> Service<Request<Incoming>> for Requests<A>
where
    A: Fn(Request<RequestBody>) -> F,
    F: Future<Output = Response<B>> + Send + 'static,
{
    type Response = Response<During<B>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<During<B>>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (head, body) = request.into_parts();
        let (body, answering) = self.progress.begin(body);
        let answer = (self.answer)(Request::from_parts(head, body));
        Box::pin(async move {
            let response = answer.await;
            Ok(response.map(|body| During { body, _answering: answering }))
        })
    }
}

/// The body of an answer; the request is being answered until it is dropped.
struct During<B> {
    body: B,
    _answering: Answering,
}

impl<B: Body + Unpin> Body for During<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
