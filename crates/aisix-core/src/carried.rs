//! Values that keep the bytes they arrived in.

use std::fmt;

use bytes::Bytes;

use crate::error::Error;

#[cfg(test)]
mod tests;

/// The name of a wire format, such as `openai_chat`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DialectId(pub &'static str);

impl fmt::Display for DialectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A noun that can be carried: what one skip-scan over its bytes finds out is its outline.
pub trait Carry: Sized {
    /// The facts that are known without decoding the whole.
    type Outline;
}

/// A value together with its original bytes: decoded only when somebody looks inside.
///
/// *Verbatim is a property of the value.* While nobody has changed it, [`Carried::verbatim`] gives
/// the original bytes to whoever speaks the same dialect; the outline says where the few fields
/// stand that the gateway must splice. Once [`Carried::value_mut`] was called, the bytes no longer
/// speak for the value, and it has to be encoded.
pub struct Carried<T: Carry> {
    dialect: DialectId,
    bytes: Bytes,
    outline: T::Outline,
    decode: Decode<T>,
    value: Option<Box<T>>,
    touched: bool,
}

/// How a dialect reads the whole of a value from its original bytes.
pub type Decode<T> = fn(&[u8]) -> Result<T, Error>;

impl<T: Carry> Carried<T> {
    /// A value that arrived as these bytes, to be decoded by `decode` when somebody looks inside.
    pub fn arrived(
        dialect: DialectId,
        bytes: Bytes,
        outline: T::Outline,
        decode: Decode<T>,
    ) -> Self {
        Self { dialect, bytes, outline, decode, value: None, touched: false }
    }

    /// A value that never was bytes: it has to be encoded for whoever reads it.
    pub fn made(dialect: DialectId, outline: T::Outline, value: T) -> Self {
        let decode: Decode<T> = |_| Err(Error::internal("a made value has nothing to decode"));
        let arrived = Self::arrived(dialect, Bytes::new(), outline, decode);
        Self { touched: true, ..arrived.with_value(value) }
    }

    /// The same, decoded already: for dialects whose events only make sense in their order.
    #[must_use]
    pub fn with_value(self, value: T) -> Self {
        Self { value: Some(Box::new(value)), ..self }
    }

    /// The dialect that the original bytes are written in.
    pub fn dialect(&self) -> DialectId {
        self.dialect
    }

    /// What is known without decoding.
    pub fn outline(&self) -> &T::Outline {
        &self.outline
    }

    /// The original bytes, where this dialect may use them: it wrote them, and nobody changed the
    /// value since.
    pub fn verbatim(&self, dialect: DialectId) -> Option<&Bytes> {
        (!self.touched && self.dialect == dialect).then_some(&self.bytes)
    }

    /// The original bytes, where they are this dialect's, even if the value may have changed since:
    /// for whoever sees that the value says nothing that could have.
    pub fn original(&self, dialect: DialectId) -> Option<&Bytes> {
        (self.dialect == dialect && !self.bytes.is_empty()).then_some(&self.bytes)
    }

    /// The value, if somebody decoded it already.
    pub fn decoded(&self) -> Option<&T> {
        self.value.as_deref()
    }

    /// The value, decoded on first use.
    ///
    /// # Errors
    /// What the dialect says of bytes that it cannot decode.
    pub fn value(&mut self) -> Result<&T, Error> {
        self.decode().map(|value| &*value)
    }

    /// The value, to be changed: from here on the original bytes are no longer used.
    ///
    /// # Errors
    /// What the dialect says of bytes that it cannot decode.
    pub fn value_mut(&mut self) -> Result<&mut T, Error> {
        self.touched = true;
        self.decode()
    }

    /// How long the original bytes are.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Keeps the bytes only, where they say all there is to say: for whoever keeps the value, and
    /// may never look at it.
    pub fn condense(&mut self) {
        if !self.touched && !self.bytes.is_empty() {
            self.value = None;
        }
    }

    fn decode(&mut self) -> Result<&mut T, Error> {
        let value = match self.value.take() {
            Some(value) => value,
            None => Box::new((self.decode)(&self.bytes)?),
        };
        Ok(self.value.insert(value))
    }
}

impl<T: Carry> fmt::Debug for Carried<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Carried")
            .field("dialect", &self.dialect)
            .field("bytes", &self.bytes.len())
            .field("decoded", &self.value.is_some())
            .field("touched", &self.touched)
            .finish()
    }
}
