//! Amazon's event stream (`application/vnd.amazon.eventstream`).
//!
//! Source: the Smithy specification, "Amazon Event Stream" (message encoding, headers, event
//! message, exception message, error message). A message is its length and the length of its
//! headers, a checksum of both, headers, a payload, and a checksum of all before it; integers are
//! big-endian, checksums are CRC-32.
//!
//! Both checksums are checked, the first before the lengths are believed.

use aisix_core::{Error, ErrorCode};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use serde_json::json;

use crate::frame::{Frame, FrameDecoder};

#[cfg(test)]
mod tests;

/// Finds the messages in an event stream.
///
/// A message that arrives within one piece is a slice of it; only one that is split is copied.
#[derive(Debug, Default)]
pub struct EventStreamDecoder {
    /// The beginning of a message whose end has not arrived.
    pending: BytesMut,
}

/// The longest message that is read, in bytes (16 MiB): as for an event of server-sent events, one
/// that is announced longer must not fill the memory.
pub const LARGEST_MESSAGE: usize = 16 << 20;

/// Two lengths and their checksum.
const PRELUDE: usize = 12;
/// The checksum at the end.
const CHECKSUM: usize = 4;

impl FrameDecoder for EventStreamDecoder {
    fn push(&mut self, mut bytes: Bytes, frames: &mut Vec<Frame>) -> Result<(), Error> {
        if !self.pending.is_empty() {
            self.pending.put_slice(&bytes);
            let known = Lengths::of(&self.pending)?;
            if known.is_none_or(|lengths| self.pending.len() < lengths.total) {
                return Ok(());
            }
            bytes = self.pending.split().freeze();
        }
        while let Some(lengths) = Lengths::of(&bytes)? {
            if bytes.len() < lengths.total {
                break;
            }
            frames.push(read(bytes.split_to(lengths.total), lengths)?);
        }
        self.pending.put_slice(&bytes);
        Ok(())
    }

    fn finish(&mut self, _: &mut Vec<Frame>) -> Result<(), Error> {
        if self.pending.is_empty() {
            return Ok(());
        }
        self.pending = BytesMut::new();
        Err(Error::new(ErrorCode::StreamAborted, "upstream stream ended inside a message"))
    }
}

/// How long a message is.
#[derive(Debug, Clone, Copy)]
struct Lengths {
    /// The whole, these lengths and both checksums included.
    total: usize,
    headers: usize,
}

impl Lengths {
    /// What the beginning of a message says; `None` while too little of it is there.
    fn of(message: &[u8]) -> Result<Option<Self>, Error> {
        let Some(mut prelude) = message.get(..PRELUDE) else {
            return Ok(None);
        };
        let expected = crc32fast::hash(&prelude[..PRELUDE - CHECKSUM]);
        let total = prelude.get_u32() as usize;
        let headers = prelude.get_u32() as usize;
        if prelude.get_u32() != expected {
            return Err(broken("the checksum of its lengths is wrong"));
        }
        if total > LARGEST_MESSAGE {
            let message = format!(
                "upstream response is too large: one message exceeds {LARGEST_MESSAGE} bytes"
            );
            return Err(Error::new(ErrorCode::UpstreamDecode, message));
        }
        if total < PRELUDE + CHECKSUM || headers > total - PRELUDE - CHECKSUM {
            return Err(broken("its lengths do not fit together"));
        }
        Ok(Some(Self { total, headers }))
    }
}

/// Reads one whole message.
fn read(mut message: Bytes, lengths: Lengths) -> Result<Frame, Error> {
    let mut checksum = message.split_off(lengths.total - CHECKSUM);
    if checksum.get_u32() != crc32fast::hash(&message) {
        return Err(broken("its checksum is wrong"));
    }
    message.advance(PRELUDE);
    let headers = message.split_to(lengths.headers);
    Headers::read(headers)?.frame(message)
}

/// The headers that say what a message is.
#[derive(Default)]
struct Headers {
    message_type: Option<Bytes>,
    event_type: Option<Bytes>,
    exception_type: Option<Bytes>,
    error_code: Option<Bytes>,
    error_message: Option<Bytes>,
}

impl Headers {
    fn read(mut headers: Bytes) -> Result<Self, Error> {
        let mut read = Self::default();
        while headers.has_remaining() {
            let length = headers.get_u8().into();
            let name = take(&mut headers, length)?;
            let Some(text) = value(&mut headers)? else {
                continue;
            };
            let place = match &*name {
                b":message-type" => &mut read.message_type,
                b":event-type" => &mut read.event_type,
                b":exception-type" => &mut read.exception_type,
                b":error-code" => &mut read.error_code,
                b":error-message" => &mut read.error_message,
                _ => continue,
            };
            *place = Some(text);
        }
        Ok(read)
    }

    fn frame(self, payload: Bytes) -> Result<Frame, Error> {
        let (event, data, failed) = match self.message_type.as_deref() {
            Some(b"event") => (self.event_type, payload, false),
            Some(b"exception") => (self.exception_type, payload, true),
            // What is wrong stands in the headers, not in the payload.
            Some(b"error") => {
                let said = self.error_message.unwrap_or_default();
                let data = json!({"message": String::from_utf8_lossy(&said)}).to_string();
                (self.error_code, data.into(), true)
            }
            _ => return Err(broken("it is neither an event, nor an exception, nor an error")),
        };
        match event {
            Some(_) => Ok(Frame { event, data, failed }),
            None => Err(broken("its type is missing")),
        }
    }
}

/// Takes the value of a header: `Some` where it is a text, as those are that matter.
fn value(headers: &mut Bytes) -> Result<Option<Bytes>, Error> {
    let kind = take(headers, 1)?[0];
    let length = match kind {
        // True and false.
        0 | 1 => 0,
        // A byte, a short, an integer, a long integer.
        2 => 1,
        3 => 2,
        4 => 4,
        5 => 8,
        // Bytes, a text.
        6 | 7 => take(headers, 2)?.get_u16().into(),
        // A time, a UUID.
        8 => 8,
        9 => 16,
        _ => return Err(broken("a header's value is of no known type")),
    };
    let value = take(headers, length)?;
    Ok((kind == 7).then_some(value))
}

fn take(headers: &mut Bytes, length: usize) -> Result<Bytes, Error> {
    if headers.len() < length {
        return Err(broken("a header ends after the headers do"));
    }
    Ok(headers.split_to(length))
}

fn broken(what: &str) -> Error {
    Error::new(ErrorCode::UpstreamDecode, "upstream response could not be decoded")
        .because(format!("a message of the event stream cannot be read: {what}"))
}
