//! A chat service of somebody's own, with the gateway's authentication and hooks, but without the
//! gateway: axum serves, a parrot answers, and no upstream is ever called.
//!
//! [`main`] puts three things together: the configuration (a [`Snapshot`]), a tower layer that
//! turns a caller's key into a [`Caller`], and a [`Pipeline`] that the handler runs each request
//! through.
//!
//! **Not here.** No streaming, no store: the configuration is fixed. `aisix-store` would watch one.

mod turn_limit;

use std::sync::Arc;

use aisix_auth::{AuthenticateLayer, SnapshotCredentials};
use aisix_core::chat::{ChatResponse, Choice, FinishReason, Part, ResponseOutline};
use aisix_core::{Caller, Carried, Error, Operation, Snapshot};
use aisix_dialects::{AnswerContext, CallerDialect as _, Dialect as _, OPENAI_CHAT};
use aisix_hooks::{
    Flow, HookRequest, Outcome, Payload, Pipeline, RequestInfo, ValidateBodyHook, ValidateModelHook,
};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{StatusCode, request::Parts};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use axum::{Extension, Router};

use crate::turn_limit::TurnLimitHook;

/// Who may call, and what: the documents of the admin API. No provider key stands behind the
/// models, because nothing calls an upstream here.
const RESOURCES: [(&str, &str); 3] = [
    (
        "models/parrot",
        r#"{"display_name": "parrot", "provider": "us", "model_name": "-", "provider_key_id": "-"}"#,
    ),
    (
        "models/raven",
        r#"{"display_name": "raven", "provider": "us", "model_name": "-", "provider_key_id": "-"}"#,
    ),
    (
        "api_keys/reader",
        // The hash of "sk-of-a-reader".
        r#"{"key_hash": "a9107b0159c474a2156d20e1dd3b4d126327e6cdf35bbd6242ef9cde1803447a", "allowed_models": ["parrot"]}"#,
    ),
];

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let (snapshot, problems) = Snapshot::of(RESOURCES);
    anyhow::ensure!(problems.is_empty(), "{problems:?}");
    // The gates, in this order; what one refuses, no later one sees.
    let pipeline =
        Pipeline::new().then(ValidateModelHook).then(ValidateBodyHook).then(TurnLimitHook(4));
    let service = Router::new()
        .route("/v1/chat/completions", post(chat))
        .with_state(Arc::new(pipeline))
        .layer(AuthenticateLayer::new(SnapshotCredentials::default(), refuse))
        .layer(Extension(Arc::new(snapshot)));

    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:4000".to_owned());
    let listener = tokio::net::TcpListener::bind(address).await?;
    say(&format!("listening on {}", listener.local_addr()?));
    Ok(axum::serve(listener, service).await?)
}

async fn chat(
    State(pipeline): State<Arc<Pipeline>>,
    Extension(caller): Extension<Caller>,
    Extension(snapshot): Extension<Arc<Snapshot>>,
    body: Bytes,
) -> Response {
    let info = Arc::new(RequestInfo::new(Operation::Chat, caller, snapshot));
    let mut hooks = pipeline.start(&info);
    let answer = async {
        let payload = Payload::Chat(OPENAI_CHAT.decode_request(body)?);
        let mut request = HookRequest { info, payload, model: None };
        let context = AnswerContext::new(request.payload.model().unwrap_or_default());
        let response = match hooks.on_request(&mut request).await? {
            Flow::Answer(answer) => answer.response,
            Flow::Continue => parrot(&mut request.payload)?,
        };
        let made = ResponseOutline::default();
        let mut response = Carried::made(OPENAI_CHAT.id(), made, response);
        OPENAI_CHAT.encode_response(&mut response, &context)
    };
    let response = match answer.await {
        Ok(encoded) => json(StatusCode::OK, encoded.body),
        Err(error) => error_answer(&error),
    };
    // Hooks that were started are told how it ended; one that is dropped hears of a caller who left.
    hooks.complete(&Outcome { status: response.status().as_u16(), ..Outcome::default() });
    response
}

/// The model: it says what it was told last.
fn parrot(payload: &mut Payload) -> Result<ChatResponse, Error> {
    let Payload::Chat(chat) = payload else {
        return Err(Error::internal("chat takes nothing but conversations"));
    };
    let heard = chat.value()?.turns.last().into_iter().flat_map(|turn| &turn.parts);
    let parts = heard.filter(|part| matches!(part, Part::Text(_))).cloned().collect();
    let choice = Choice { parts, finish: Some(FinishReason::Stop), ..Choice::default() };
    Ok(ChatResponse { id: "squawk".to_owned(), choices: vec![choice], ..ChatResponse::default() })
}

/// How a caller without a good key is answered; the layer leaves that to the service.
fn refuse(_: &Parts, error: Error) -> Response {
    error_answer(&error)
}

fn error_answer(error: &Error) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    json(status, OPENAI_CHAT.encode_error(error))
}

fn json(status: StatusCode, body: Bytes) -> Response {
    (status, [(CONTENT_TYPE, "application/json")], body).into_response()
}

#[expect(clippy::print_stdout, reason = "a program tells its user where it is")]
fn say(line: &str) {
    println!("{line}");
}
