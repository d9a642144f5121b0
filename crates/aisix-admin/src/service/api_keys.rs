//! What is particular to caller API keys: their hashes, and their rotation.

use aisix_core::resource::{PreviousKey, Strictness};
use aisix_core::{ApiKey, KeyHash};
use async_trait::async_trait;
use http::StatusCode;
use jiff::{SignedDuration, Timestamp};

use super::managed::Managed;
use super::plan::{Plan, Step};
use super::resources::IfMatch;
use crate::error::ApiError;

impl Managed for ApiKey {
    /// A plaintext within its grace still opens the door, so its hash is claimed as well.
    fn claims(&self) -> Vec<(&'static str, KeyHash)> {
        let now = Timestamp::now();
        let alive = self.previous_keys.iter().filter(|key| key.expires_at >= now);
        let previous = alive.map(|key| ("previous_keys", key.key_hash));
        [("key_hash", self.key_hash)].into_iter().chain(previous).collect()
    }

    fn taken(_: &KeyHash) -> String {
        "this key is already used".to_owned()
    }
}

/// A plaintext of 256 random bits.
pub(crate) fn new_plaintext() -> Result<String, ApiError> {
    let mut bits = [0; 32];
    getrandom::fill(&mut bits).map_err(|error| {
        ApiError::internal("no key can be made now; the log says why", error.to_string())
    })?;
    let digits = bits.iter().map(|byte| format!("{byte:02x}"));
    Ok(format!("sk-{}", digits.collect::<String>()))
}

/// Replaces the plaintext of a key; every other field stays.
pub(crate) struct Rotate {
    pub(crate) id: String,
    /// The hash of the new plaintext.
    pub(crate) key_hash: KeyHash,
    /// How long the plaintexts that are accepted now stay accepted.
    pub(crate) grace: SignedDuration,
    pub(crate) if_match: IfMatch,
}

#[async_trait]
impl Step for Rotate {
    async fn plan(&self, plan: &mut Plan<'_>) -> Result<(), ApiError> {
        let standing = plan.find::<ApiKey>(&self.id).await?.ok_or_else(ApiError::not_found)?;
        self.if_match.check(standing.version)?;
        let held = standing.held()?;
        let mut document = held.document.clone();
        document.set("key_hash", &self.key_hash);
        let previous = self.previous_keys(&held.stored.spec, Timestamp::now())?;
        if previous.is_empty() {
            document.remove("previous_keys");
        } else {
            document.set("previous_keys", &previous);
        }
        plan.put(&self.id, document, Some(&standing), Strictness::Lenient).await
    }
}

impl Rotate {
    /// The key that is replaced, and those before it whose time is not up; none without grace.
    fn previous_keys(&self, key: &ApiKey, now: Timestamp) -> Result<Vec<PreviousKey>, ApiError> {
        if self.grace.is_zero() {
            return Ok(Vec::new());
        }
        let too_long = |_| {
            let message = "reaches further than the calendar does";
            ApiError::about(StatusCode::BAD_REQUEST, "grace_seconds", message)
        };
        let until = now.checked_add(self.grace).map_err(too_long)?;
        let until = Timestamp::from_millisecond(until.as_millisecond()).map_err(too_long)?;
        let replaced = PreviousKey { key_hash: key.key_hash, expires_at: until };
        let earlier = key.previous_keys.iter().filter(|earlier| earlier.expires_at >= now);
        Ok(std::iter::once(replaced).chain(earlier.cloned()).collect())
    }
}
