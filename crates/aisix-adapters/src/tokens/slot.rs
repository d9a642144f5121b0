//! The token of one credential.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aisix_core::error::{Upstream, with_causes};
use aisix_core::{Error, ErrorCode, Secret};
use futures_util::future::{BoxFuture, FutureExt as _, Shared};
use tokio::time::{Instant, timeout_at};

use super::answer::{self, Token};
use super::request::TokenRequest;
use super::{LAST_USE, MARGIN, PATIENCE};
use crate::transport::Transport;

/// The most that is read of an answer, in bytes. Tokens are a few kilobytes.
const LARGEST_ANSWER: usize = 64 << 10;

/// The token of one credential, and the mint of the next.
#[derive(Default)]
pub(super) struct Slot {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Token>,
    mint: Option<Mint>,
    /// When a token was thrown away last.
    thrown: Option<Instant>,
}

/// An exchange with a token endpoint. Whoever waits for it moves it on, and it outlives them all.
#[derive(Clone)]
struct Mint {
    begun: Instant,
    outcome: Shared<BoxFuture<'static, Outcome>>,
}

type Outcome = Result<Token, Arc<Failure>>;

/// What there is for somebody who asks.
enum Way {
    Token(Secret),
    Wait(Mint),
    /// Nobody has asked the endpoint yet.
    Ask,
}

/// An error that many can be told.
struct Failure {
    code: ErrorCode,
    message: String,
    upstream: Option<Upstream>,
    cause: Option<String>,
}

impl Slot {
    /// The token that is there, or the outcome of the mint that is under way, or of one that this
    /// begins.
    pub(super) async fn token(
        &self,
        transport: &dyn Transport,
        ask: impl FnOnce() -> Result<TokenRequest, Error> + Send,
    ) -> Result<Secret, Error> {
        let now = Instant::now();
        let way = self.state().way(now);
        let mint = match way {
            Way::Token(secret) => return Ok(secret),
            Way::Wait(mint) => mint,
            Way::Ask => self.state().begun(Mint::begin(transport, ask()?, now)?),
        };
        let outcome = mint.outcome().await;
        let mut state = self.state();
        state.ended(&mint, outcome.as_ref().ok());
        match outcome {
            Ok(token) => Ok(token.secret),
            // The one that was to be replaced still works.
            Err(failure) => state
                .usable(Instant::now(), LAST_USE)
                .map(|token| token.secret.clone())
                .ok_or_else(|| failure.to_error()),
        }
    }

    /// Throws this token away, if it is still the one that is there.
    pub(super) fn refused(&self, token: &Secret, now: Instant) {
        let mut state = self.state();
        let is_there = state.token.as_ref().is_some_and(|there| there.secret == *token);
        let lately = state.thrown.is_some_and(|at| now.saturating_duration_since(at) < MARGIN);
        if is_there && !lately {
            state.token = None;
            state.thrown = Some(now);
        }
    }

    pub(super) fn is_fresh(&self, now: Instant) -> bool {
        self.state().usable(now, MARGIN).is_some()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn way(&self, now: Instant) -> Way {
        if let Some(token) = self.usable(now, MARGIN) {
            return Way::Token(token.secret.clone());
        }
        let Some(mint) = self.mint.as_ref().filter(|mint| mint.is_alive(now)) else {
            return Way::Ask;
        };
        match self.usable(now, LAST_USE) {
            // Somebody replaces it already.
            Some(token) => Way::Token(token.secret.clone()),
            None => Way::Wait(mint.clone()),
        }
    }

    /// The token, where it is good for longer than this.
    fn usable(&self, now: Instant, longer: Duration) -> Option<&Token> {
        self.token.as_ref().filter(|token| token.expires.saturating_duration_since(now) > longer)
    }

    /// The mint to wait for: this one, unless somebody was faster.
    fn begun(&mut self, mint: Mint) -> Mint {
        match &self.mint {
            Some(other) if other.is_alive(mint.begun) => other.clone(),
            _ => self.mint.insert(mint).clone(),
        }
    }

    /// This mint is over; the first who hears of it says so.
    fn ended(&mut self, mint: &Mint, minted: Option<&Token>) {
        if self.mint.as_ref().is_some_and(|last| last.outcome.ptr_eq(&mint.outcome)) {
            self.mint = None;
            if let Some(token) = minted {
                self.token = Some(token.clone());
            }
        }
    }
}

impl Mint {
    fn begin(
        transport: &dyn Transport,
        request: TokenRequest,
        now: Instant,
    ) -> Result<Self, Error> {
        let (request, credentials) = request.into_parts()?;
        let answered = transport.send(request, LARGEST_ANSWER);
        let outcome = async move {
            let token = answered.await.and_then(|answer| answer::read(&answer, now));
            token.map_err(|error| {
                Failure::of(credentials.iter().fold(error, crate::classify::scrubbed))
            })
        };
        Ok(Self { begun: now, outcome: outcome.boxed().shared() })
    }

    /// Whether there is still patience with the endpoint.
    fn is_alive(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.begun) < PATIENCE
    }

    async fn outcome(&self) -> Outcome {
        // Each who waits has a clock of its own: the worker that began may be gone.
        timeout_at(self.begun + PATIENCE, self.outcome.clone()).await.unwrap_or_else(|_| {
            let millis = PATIENCE.as_millis();
            let message = format!("upstream request timed out after {millis}ms: no access token");
            Err(Failure::of(Error::new(ErrorCode::UpstreamTimeout, message)))
        })
    }
}

impl Failure {
    fn of(error: Error) -> Arc<Self> {
        Arc::new(Self {
            code: error.code(),
            message: error.message().to_owned(),
            upstream: error.upstream().cloned(),
            cause: std::error::Error::source(&error).map(with_causes),
        })
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
