//! Access tokens that are minted: what families share whose credential is never sent to the
//! upstream itself.
//!
//! An adapter keeps one [`AccessTokens`]. For each call it asks for the token of the provider key's
//! credential, and says how to ask the token endpoint for it if need be:
//!
//! ```
//! # use aisix_adapters::{Call, tokens::{AccessTokens, TokenRequest}, request};
//! # use aisix_core::Error;
//! # async fn prepare(tokens: &AccessTokens, call: &Call<'_>) -> Result<http::HeaderValue, Error> {
//! let secret = &call.target.provider_key.spec.secret;
//! let token = tokens
//!     .of(secret, call.transport, || {
//!         // Only now and then: parse the credential, sign an assertion.
//!         let endpoint = http::Uri::from_static("https://login.example/token");
//!         Ok(TokenRequest::new(endpoint)
//!             .field("grant_type", "client_credentials")
//!             .credential("client_secret", secret))
//!     })
//!     .await?;
//! request::credential("Bearer ", &token)
//! # }
//! ```
//!
//! **Invariants.**
//! - A token is known by the whole credential that it was minted for: a replaced credential never
//!   gets the token of the one before, also where it is replaced while a token is being minted.
//! - Any number of requests that need the same token at once cause one mint. Whoever waits for it
//!   gets its outcome, also where it failed; whoever comes after a failure tries again.
//! - A requester that leaves takes nobody's token with it: whoever waits next goes on with the same
//!   mint, so that an endpoint slower than every requester's deadline is heard all the same.
//! - From [`MARGIN`] before a token expires one request at a time waits for the next one; the others
//!   go on with it, and so does the one that waited in vain, until [`LAST_USE`] before its end or the upstream refuses it: then that
//!   token, and none that was minted meanwhile, is thrown away, and whoever comes next mints.
//!   Where the one in its place is refused within [`MARGIN`] as well, it is not the token that is
//!   wrong, and the endpoint is left in peace until the time is over.
//! - Nothing here shows a credential: credentials are kept as hashes, tokens as [`Secret`]s, and
//!   what a token endpoint says is told without them.
//! - What is kept is bounded, and so are the wait for an answer and its size.
//!
//! A failed mint is told by the one who is to blame:
//!
//! | the token endpoint | error | status |
//! |---|---|---|
//! | answers 400 to 499 | [`ErrorCode::UpstreamMisconfigured`](aisix_core::ErrorCode::UpstreamMisconfigured) | 500 |
//! | answers anything else that is no success | [`ErrorCode::UpstreamFailed`](aisix_core::ErrorCode::UpstreamFailed) | 502 |
//! | cannot be reached | [`ErrorCode::UpstreamTransport`](aisix_core::ErrorCode::UpstreamTransport) | 502 |
//! | does not answer within [`PATIENCE`] | [`ErrorCode::UpstreamTimeout`](aisix_core::ErrorCode::UpstreamTimeout) | 504 |
//! | answers something that is no token | [`ErrorCode::UpstreamDecode`](aisix_core::ErrorCode::UpstreamDecode) | 502 |
//!
//! **Not here.** How a credential is read, and what an endpoint is asked for: the adapters know.

mod answer;
mod request;
mod slot;

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aisix_core::{Error, KeyHash, Secret};
use tokio::time::Instant;

pub use request::TokenRequest;

use self::slot::Slot;
use crate::classify::scrubbed;
use crate::transport::Transport;

/// How long before its expiry a token is replaced.
pub const MARGIN: Duration = Duration::from_secs(60);

/// How long before its expiry a token is no longer used, whether or not there is another: a request
/// takes a moment to arrive, and clocks differ.
pub const LAST_USE: Duration = Duration::from_secs(10);

/// How long a token endpoint may take to answer.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The most credentials that tokens are kept for.
const MOST: usize = 1024;

/// The tokens of one adapter; all workers share them.
#[derive(Default)]
pub struct AccessTokens {
    slots: Mutex<HashMap<KeyHash, Kept>>,
}

struct Kept {
    slot: Arc<Slot>,
    /// When it was last asked for.
    used: Instant,
}

impl AccessTokens {
    /// Without any token.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A token for this credential: the one that is there, or a new one, which `ask` says how to
    /// get.
    ///
    /// # Errors
    /// Those of the module's table, and those of `ask`.
    pub async fn of(
        &self,
        credential: &Secret,
        transport: &dyn Transport,
        ask: impl FnOnce() -> Result<TokenRequest, Error> + Send,
    ) -> Result<Secret, Error> {
        let token = self.slot(credential).token(transport, ask).await;
        token.map_err(|error| scrubbed(error, credential))
    }

    /// The upstream refused this token, which was minted for this credential: whoever asks next gets
    /// another one. Any number of refusals of one token throw away that one.
    pub fn refused(&self, credential: &Secret, token: &Secret) {
        let key = KeyHash::of(credential.expose());
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = slots.get(&key) {
            kept.slot.refused(token, Instant::now());
        }
    }

    fn slot(&self, credential: &Secret) -> Arc<Slot> {
        let key = KeyHash::of(credential.expose());
        let now = Instant::now();
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = slots.get_mut(&key) {
            kept.used = now;
            return kept.slot.clone();
        }
        // Credentials come and go; now is the time to forget those whose token has expired.
        slots.retain(|_, kept| kept.is_wanted(now));
        if slots.len() >= MOST {
            let longest = slots.iter().min_by_key(|(_, kept)| kept.used).map(|(key, _)| *key);
            longest.and_then(|key| slots.remove(&key));
        }
        let slot = Arc::<Slot>::default();
        slots.insert(key, Kept { slot: slot.clone(), used: now });
        slot
    }
}

impl Kept {
    /// Whether somebody waits for the token, or will be glad that it is there.
    fn is_wanted(&self, now: Instant) -> bool {
        Arc::strong_count(&self.slot) > 1 || self.slot.is_fresh(now)
    }
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        f.debug_struct("AccessTokens").field("credentials", &slots.len()).finish()
    }
}
