//! What hooks are shown of a request.

use std::sync::Arc;

use aisix_core::chat::ChatRequest;
use aisix_core::snapshot::Stored;
use aisix_core::{Carried, Id, Model};

use crate::hook::RequestInfo;

/// A request on its way through the pipeline.
#[derive(Debug)]
pub struct HookRequest {
    /// What was known before the body was read.
    pub info: Arc<RequestInfo>,
    /// The body.
    pub payload: Payload,
    /// The model that the caller means; known once the model was checked.
    pub model: Option<Arc<Stored<Model>>>,
}

/// A body, as its operation needs it.
#[derive(Debug)]
#[non_exhaustive]
pub enum Payload {
    /// A conversation.
    Chat(Carried<ChatRequest>),
}

impl Payload {
    /// The model's name, as the caller sent it; `None` where it is absent, null or empty.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        match self {
            Self::Chat(request) => request.outline().model.as_deref(),
        }
    }

    /// What is wrong with the body beside the model.
    #[must_use]
    pub fn complaint(&self) -> Option<&str> {
        match self {
            Self::Chat(request) => request.outline().complaint.as_deref(),
        }
    }
}

/// A candidate that is about to be called.
#[derive(Debug, Clone)]
pub struct AttemptInfo {
    /// Its number within the request, from 0.
    pub index: u32,
    /// The id of the model resource.
    pub model_id: Id,
    /// The name of the model resource.
    pub display_name: Arc<str>,
    /// The id of the provider key.
    pub provider_key_id: Id,
}
