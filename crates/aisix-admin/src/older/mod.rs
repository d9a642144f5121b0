//! `/aisix/admin`: the older API, over the same store and the same services.
//!
//! It knows caller API keys by their plaintext, which is hashed on arrival, and models with a
//! credential of their own, which becomes a provider key that belongs to the model.

mod api_keys;
mod catalogue;
mod endpoints;
mod envelope;
mod models;

use aisix_core::Document;
use aisix_core::resource::Strictness;
use async_trait::async_trait;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;

pub(crate) use endpoints::all;
pub(crate) use envelope::{Item, Items};

use crate::error::ApiError;
use crate::service::{Held, Managed, Plan, Service, Standing};

/// A kind of resource as the older API speaks of it.
#[async_trait]
trait Older: Managed {
    /// The name of its collection in paths.
    const COLLECTION: &'static str;
    /// What a field of the document is called here.
    const FIELDS: &'static [(&'static str, &'static str)];
    /// What is written.
    type Body: DeserializeOwned + ToSchema + Send + Sync + 'static;
    /// What is shown.
    type View: Serialize + ToSchema + Send + 'static;

    /// Adds the writes that a body comes to.
    async fn write(
        plan: &mut Plan<'_>,
        id: &str,
        body: &Self::Body,
        standing: Option<&Standing<Self>>,
    ) -> Result<(), ApiError>;

    /// Refuses what this API may not change.
    fn writable(&self) -> Result<(), ApiError> {
        Ok(())
    }

    /// What is shown of these resources.
    async fn view(service: &Service, all: &[Held<Self>]) -> Result<Vec<Self::View>, ApiError>;

    /// A body, for the reference.
    fn example_body() -> Value;

    /// What is shown of it, for the reference.
    fn example_view() -> Value;
}

/// Brings a body's fields into the stored document, where there is one: fields that the older API
/// does not know stay as they are. What the body alone comes to must be valid, strictly.
async fn amend<T: Managed>(
    plan: &mut Plan<'_>,
    id: &str,
    standing: Option<&Standing<T>>,
    fill: impl Fn(&mut Document) + Send,
) -> Result<(), ApiError> {
    let mut alone = Document::parse(b"{}")?;
    fill(&mut alone);
    T::decode(&alone, Strictness::Strict)?;
    match standing.and_then(|standing| standing.read.as_ref().ok()) {
        None => plan.put(id, alone, standing, Strictness::Strict).await,
        Some(held) => {
            let mut amended = held.document.clone();
            T::normalise(&mut amended);
            fill(&mut amended);
            plan.put(id, amended, standing, Strictness::Lenient).await
        }
    }
}
