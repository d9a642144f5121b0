//! The token of one credential.

use std::sync::{Mutex, MutexGuard, PoisonError};

use aisix_core::error::{Upstream, with_causes};
use aisix_core::{Error, ErrorCode, Secret};
use tokio::time::{Instant, timeout};

use super::answer::{self, Token};
use super::request::TokenRequest;
use super::{MARGIN, PATIENCE};
use crate::transport::Transport;

/// The most that is read of an answer, in bytes. Tokens are a few kilobytes.
const LARGEST_ANSWER: usize = 64 << 10;

/// The token of one credential, and the queue of those who need it minted.
#[derive(Default)]
pub(super) struct Slot {
    last: Mutex<Last>,
    /// Whoever holds it mints.
    turn: tokio::sync::Mutex<()>,
}

/// How minting went.
#[derive(Default)]
struct Last {
    /// How many mints came to an end.
    mints: u64,
    /// The last one's.
    outcome: Option<Result<Token, Failure>>,
    /// When a token was thrown away last.
    thrown: Option<Instant>,
}

/// An error that many can be told.
struct Failure {
    code: ErrorCode,
    message: String,
    upstream: Option<Upstream>,
    cause: Option<String>,
}

impl Slot {
    /// The token that is there, or the outcome of the mint that is under way, or of one's own.
    pub(super) async fn token(
        &self,
        transport: &dyn Transport,
        ask: impl FnOnce() -> Result<TokenRequest, Error> + Send,
    ) -> Result<Secret, Error> {
        let seen = {
            let last = self.last();
            if let Some(token) = last.fresh(Instant::now()) {
                return Ok(token.secret.clone());
            }
            last.mints
        };
        // Whoever leaves while it mints gives its turn to the next.
        let _turn = self.turn.lock().await;
        {
            let last = self.last();
            if let Some(outcome) = last.outcome.as_ref().filter(|_| last.mints != seen) {
                return told(outcome);
            }
        }
        let outcome = mint(transport, ask()?).await.map_err(Failure::of);
        let told = told(&outcome);
        let mut last = self.last();
        last.mints += 1;
        last.outcome = Some(outcome);
        told
    }

    /// Throws this token away, if it is still the one that is there.
    pub(super) fn refused(&self, token: &Secret, now: Instant) {
        let mut last = self.last();
        let is_there = matches!(&last.outcome, Some(Ok(there)) if there.secret == *token);
        let lately = last.thrown.is_some_and(|at| now.saturating_duration_since(at) < MARGIN);
        if is_there && !lately {
            last.outcome = None;
            last.thrown = Some(now);
        }
    }

    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        self.last().fresh(now).is_some()
    }

    fn last(&self) -> MutexGuard<'_, Last> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Last {
    /// The token, where it is good for longer than the margin.
    fn fresh(&self, now: Instant) -> Option<&Token> {
        let token = self.outcome.as_ref()?.as_ref().ok()?;
        let usable = token.expires.saturating_duration_since(now) > MARGIN;
        usable.then_some(token)
    }
}

fn told(outcome: &Result<Token, Failure>) -> Result<Secret, Error> {
    match outcome {
        Ok(token) => Ok(token.secret.clone()),
        Err(failure) => Err(failure.to_error()),
    }
}

async fn mint(transport: &dyn Transport, request: TokenRequest) -> Result<Token, Error> {
    let asked = Instant::now();
    let (request, credentials) = request.into_parts()?;
    let answered = timeout(PATIENCE, transport.send(request, LARGEST_ANSWER)).await;
    let outcome = match answered {
        Ok(Ok(answer)) => answer::read(&answer, asked),
        Ok(Err(unreachable)) => Err(unreachable),
        Err(_) => {
            let millis = PATIENCE.as_millis();
            let message = format!("upstream request timed out after {millis}ms: no access token");
            Err(Error::new(ErrorCode::UpstreamTimeout, message))
        }
    };
    outcome.map_err(|error| credentials.iter().fold(error, crate::classify::scrubbed))
}

impl Failure {
    fn of(error: Error) -> Self {
        Self {
            code: error.code(),
            message: error.message().to_owned(),
            upstream: error.upstream().cloned(),
            cause: std::error::Error::source(&error).map(with_causes),
        }
    }

    fn to_error(&self) -> Error {
        let mut error = Error::new(self.code, self.message.clone());
        if let Some(upstream) = &self.upstream {
            error = error.with_upstream(upstream.clone());
        }
        match &self.cause {
            Some(cause) => error.because(cause.clone()),
            None => error,
        }
    }
}
