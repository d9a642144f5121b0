//! A stand-in for a provider: it speaks OpenAI's chat completions on loopback and understands
//! nothing.
//!
//! It accepts its own credential and no other. So an answer proves that the gateway has put the
//! provider's key where the caller's had been.

mod answer;
#[cfg(test)]
mod tests;

use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use futures_util::stream;
use http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use answer::{Answer, Asked};

/// The model that it pretends to be.
pub(crate) const MODEL: &str = "stand-in-1";

/// Between two words, so that one sees a stream arrive.
const PAUSE: Duration = Duration::from_millis(40);

/// The running stand-in; it ends with this value.
#[derive(Debug)]
pub(crate) struct StandIn {
    base_url: String,
    server: JoinHandle<io::Result<()>>,
}

impl StandIn {
    /// Starts it on a free port of loopback.
    ///
    /// # Errors
    /// Where the system gives no port.
    pub(crate) async fn start(secret: &str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let base_url = format!("http://{}/v1", listener.local_addr()?);
        let router = router(secret);
        let server = tokio::spawn(async move { axum::serve(listener, router).await });
        Ok(Self { base_url, server })
    }

    /// Where it answers.
    pub(crate) fn base_url(&self) -> &str {
        &self.base_url
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn router(secret: &str) -> Router {
    let credential: Arc<str> = format!("Bearer {secret}").into();
    Router::new().route("/v1/chat/completions", post(chat)).with_state(credential)
}

async fn chat(State(credential): State<Arc<str>>, headers: HeaderMap, body: Bytes) -> Response {
    let sent = headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if sent != Some(&credential) {
        return refuse(StatusCode::UNAUTHORIZED, "the stand-in was not sent its own key");
    }
    let Ok(asked) = serde_json::from_slice::<Asked>(&body) else {
        return refuse(StatusCode::BAD_REQUEST, "the body is no chat completion request");
    };
    if asked.model != MODEL {
        return refuse(StatusCode::NOT_FOUND, "the stand-in has another model");
    }
    let answer = Answer::to(&asked);
    if asked.stream { streamed(answer.frames(asked.wants_usage())) } else { whole(&answer) }
}

fn whole(answer: &Answer) -> Response {
    ([(CONTENT_TYPE, "application/json")], answer.whole().to_string()).into_response()
}

fn streamed(frames: Vec<String>) -> Response {
    let paced = stream::unfold(frames.into_iter(), |mut frames| async move {
        let frame = frames.next()?;
        tokio::time::sleep(PAUSE).await;
        Some((Ok::<_, io::Error>(frame), frames))
    });
    let headers = [(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-cache")];
    (headers, Body::from_stream(paced)).into_response()
}

fn refuse(status: StatusCode, message: &str) -> Response {
    let body = answer::error(status, message).to_string();
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}
