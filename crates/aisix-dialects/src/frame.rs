//! The unit of a stream, whatever separates one from the next.

use aisix_core::Error;
use bytes::Bytes;

/// One message of a stream.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frame {
    /// The message's type, where the framing has one.
    pub event: Option<Bytes>,
    /// The message.
    pub data: Bytes,
    /// Whether the framing itself says that something failed; `event` says what. Server-sent
    /// events never do: there, the message says so.
    pub failed: bool,
}

impl Frame {
    /// A name for this type of message: where the framing says the same, that is not copied.
    pub(crate) fn named(&self, kind: &str) -> Bytes {
        match &self.event {
            Some(event) if *event == kind => event.clone(),
            _ => Bytes::copy_from_slice(kind.as_bytes()),
        }
    }
}

/// Finds the frames in a stream of bytes.
pub trait FrameDecoder: Send {
    /// Appends the frames that these bytes complete.
    ///
    /// # Errors
    /// `Malformed` where the bytes break the framing.
    fn push(&mut self, bytes: Bytes, frames: &mut Vec<Frame>) -> Result<(), Error>;

    /// Appends what the end of the bytes completes.
    ///
    /// # Errors
    /// [`StreamAborted`](aisix_core::ErrorCode::StreamAborted) where they end inside a frame and the
    /// framing does not allow that.
    fn finish(&mut self, frames: &mut Vec<Frame>) -> Result<(), Error>;
}
