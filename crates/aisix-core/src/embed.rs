//! What is to be embedded.

use crate::carried::Carry;
use crate::chat::{Native, RequestOutline};

/// A request for embeddings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EmbedRequest {
    /// The model's name, as the caller sent it.
    pub model: String,
    /// What is to be embedded.
    pub inputs: Vec<EmbedInput>,
    /// Whether the inputs came as a list, be it of one.
    pub listed: bool,
    /// How numbers are to be written: `float` or `base64`.
    pub encoding_format: Option<String>,
    /// How many numbers an embedding is to have.
    pub dimensions: Option<u32>,
    /// The end user, as the caller names them.
    pub user: Option<String>,
    /// Fields that only the caller's dialect understands.
    pub native: Vec<Native>,
}

/// One thing to embed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EmbedInput {
    /// A text.
    Text(String),
    /// A text, as the numbers of its tokens.
    Tokens(Vec<u32>),
}

impl Carry for EmbedRequest {
    type Outline = RequestOutline;
}
