//! Which way leads to a model.

use aisix_core::{Error, ErrorCode};
use aisix_dialects::converse::vendor;

/// How a model is spoken to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rail {
    /// In its vendor's own format.
    Invoke,
    /// In Bedrock's.
    Converse,
    /// In Bedrock's, streamed.
    ConverseStream,
}

impl Rail {
    /// The way to this model.
    ///
    /// # Errors
    /// A gateway error where the name is none of Bedrock's: no address is guessed.
    pub(super) fn of(model: &str, stream: bool) -> Result<Self, Error> {
        let permitted = |byte: u8| byte.is_ascii_alphanumeric() || b"._:/-".contains(&byte);
        if model.is_empty() || !model.bytes().all(permitted) {
            let what = "holds characters that no id of Bedrock's has";
            return Err(misconfigured(model, what));
        }
        let is_arn = model.starts_with("arn:");
        match vendor(model) {
            Some("anthropic") if !stream && !is_arn => Ok(Self::Invoke),
            // An ARN names a profile or an imported model, whose vendor it need not tell.
            None if !is_arn => Err(misconfigured(model, "names no vendor that Bedrock hosts")),
            _ if stream => Ok(Self::ConverseStream),
            _ => Ok(Self::Converse),
        }
    }

    /// The last word of the address.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Invoke => "invoke",
            Self::Converse => "converse",
            Self::ConverseStream => "converse-stream",
        }
    }
}

fn misconfigured(model: &str, what: &str) -> Error {
    let message = format!("invalid upstream configuration: model_name '{model}' {what}");
    Error::new(ErrorCode::UpstreamMisconfigured, message)
}
