//! What hooks are shown of a request.

use std::sync::Arc;

use aisix_core::chat::{ChatRequest, RequestOutline};
use aisix_core::snapshot::Stored;
use aisix_core::{Carried, EmbedRequest, Id, Model, Relayed};

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
    /// A conversation: translated where an upstream speaks another dialect.
    Chat(Carried<ChatRequest>),
    /// Something to embed.
    Embed(Carried<EmbedRequest>),
    /// Something that is passed on as it is.
    Relay(Relayed),
}

impl Payload {
    /// What is known of the body without decoding it.
    #[must_use]
    pub fn outline(&self) -> &RequestOutline {
        match self {
            Self::Chat(request) => request.outline(),
            Self::Embed(request) => request.outline(),
            Self::Relay(request) => request.outline(),
        }
    }

    /// The model's name, as the caller sent it; `None` where it is absent, null or empty.
    #[must_use]
    pub fn model(&self) -> Option<&str> {
        self.outline().model.as_deref()
    }

    /// What is wrong with the body beside the model.
    #[must_use]
    pub fn complaint(&self) -> Option<&str> {
        self.outline().complaint.as_deref()
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
