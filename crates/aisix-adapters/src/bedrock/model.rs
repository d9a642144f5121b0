//! Which way leads to a model.

use aisix_core::{Error, ErrorCode, Operation};
use aisix_dialects::converse::{id, vendor};
use aisix_dialects::embed::{COHERE_EMBED, EmbedFormat, TITAN_EMBED};

/// Whose Claude is.
const ANTHROPIC: &str = "anthropic";

/// How a model is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rail {
    /// In its vendor's own format, which is Anthropic's.
    Invoke,
    /// In its vendor's own format of embeddings.
    Embed,
    /// In Bedrock's.
    Converse,
    /// In Bedrock's, streamed.
    ConverseStream,
    /// Not spoken to, but asked what a message would take, in the format of its vendor.
    CountTokens,
}

impl Rail {
    /// The way of an operation, which is one of the family's, to this model.
    ///
    /// # Errors
    /// A gateway error where the name is none of Bedrock's: no address is guessed.
    pub(super) fn of(model: &str, operation: Operation, stream: bool) -> Result<Self, Error> {
        let permitted = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte);
        if model.is_empty() || !model.bytes().all(permitted) {
            let what = "holds characters that no id of Bedrock's has";
            return Err(misconfigured(model, what));
        }
        if operation == Operation::Embeddings {
            return embedding(model).map(|_| Self::Embed);
        }
        let is_arn = model.starts_with("arn:");
        match vendor(model) {
            Some(ANTHROPIC) if !stream && !is_arn => Ok(Self::Invoke),
            // An ARN names a profile or an imported model, whose vendor it need not tell.
            None if !is_arn => Err(misconfigured(model, "names no vendor that Bedrock hosts")),
            _ if stream => Ok(Self::ConverseStream),
            _ => Ok(Self::Converse),
        }
    }

    /// The last word of the address.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Invoke | Self::Embed => "invoke",
            Self::Converse => "converse",
            Self::ConverseStream => "converse-stream",
            Self::CountTokens => "count-tokens",
        }
    }
}

/// How a model embeds.
///
/// # Errors
/// A gateway error where its name is that of no model that is known to embed. Each vendor has a format
/// of its own, and an ARN that tells no name tells none.
pub(super) fn embedding(model: &str) -> Result<&'static dyn EmbedFormat, Error> {
    match id(model) {
        Some(id) if id.starts_with("amazon.titan-embed") => Ok(&TITAN_EMBED),
        Some(id) if id.starts_with("cohere.embed") => Ok(&COHERE_EMBED),
        _ => {
            let what = "names no model that embeds: of Bedrock's, amazon.titan-embed-* and \
                        cohere.embed-* are known";
            Err(misconfigured(model, what))
        }
    }
}

/// The model of Anthropic's that this name leads to, without the regions in which it may answer: the
/// operation that counts knows no profiles.
pub(super) fn claude(model: &str) -> Option<&str> {
    id(model).filter(|_| vendor(model) == Some(ANTHROPIC))
}

fn misconfigured(model: &str, what: &str) -> Error {
    let message = format!("invalid upstream configuration: model_name '{model}' {what}");
    Error::new(ErrorCode::UpstreamMisconfigured, message)
}
