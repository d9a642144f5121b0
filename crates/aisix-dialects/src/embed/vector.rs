//! Embeddings, as upstreams write them and as callers read them.

use aisix_core::Error;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::relay::unreadable;

/// An embedding as its upstream writes it: a list of numbers, digit for digit.
#[derive(Debug, Clone, Deserialize)]
#[serde(transparent)]
pub struct Vector(Box<RawValue>);

/// How callers read numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packing {
    /// As they are.
    Floats,
    /// As OpenAI packs them: 32 bits each, the low ones first, in base64.
    Base64,
}

impl Packing {
    /// The packing of this name.
    ///
    /// # Errors
    /// A client error where OpenAI has none of this name.
    pub(super) fn named(name: Option<&str>) -> Result<Self, Error> {
        match name {
            None | Some("float") => Ok(Self::Floats),
            Some("base64") => Ok(Self::Base64),
            Some(_) => Err(Error::invalid_request("'encoding_format' must be 'float' or 'base64'")),
        }
    }
}

impl Vector {
    /// As a caller reads it, in JSON.
    ///
    /// # Errors
    /// `Malformed` where it is no list of numbers, or holds none.
    pub(super) fn packed(self, packing: Packing) -> Result<Box<RawValue>, Error> {
        let numbers: Vec<f32> = serde_json::from_str(self.0.get()).map_err(unreadable)?;
        if numbers.is_empty() {
            return Err(unreadable("the answer has an embedding without numbers"));
        }
        match packing {
            Packing::Floats => Ok(self.0),
            Packing::Base64 => {
                let bytes: Vec<u8> = numbers.iter().flat_map(|one| one.to_le_bytes()).collect();
                let quoted = format!("\"{}\"", STANDARD.encode(bytes));
                RawValue::from_string(quoted).map_err(Error::internal)
            }
        }
    }
}
