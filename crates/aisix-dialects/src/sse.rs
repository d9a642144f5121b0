//! Server-sent events.
//!
//! Source: the HTML standard, "Server-sent events". Lines end with LF, CRLF or CR in any mix, a
//! blank line ends an event, several `data` lines join with LF, comments and other fields are
//! ignored. An unterminated last event is delivered at the end of the stream, because providers
//! leave the last blank line out.

use aisix_core::Error;
use bytes::{BufMut, Bytes, BytesMut};
use memchr::memchr2;

use crate::frame::{Frame, FrameDecoder};

#[cfg(test)]
mod tests;

/// Finds the events in a stream of server-sent events.
///
/// An event that arrives within one piece is a slice of it; only one that is split over pieces, or
/// has several `data` lines, is copied.
#[derive(Debug, Default)]
pub struct SseDecoder {
    /// The beginning of an event whose end has not arrived.
    pending: BytesMut,
    /// The last piece ended with CR: an LF at the beginning of the next belongs to it.
    after_cr: bool,
    /// Whether any byte was seen: only the very first may be a byte order mark.
    begun: bool,
}

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

impl FrameDecoder for SseDecoder {
    fn push(&mut self, mut bytes: Bytes, frames: &mut Vec<Frame>) -> Result<(), Error> {
        if self.after_cr && bytes.first() == Some(&b'\n') {
            let _ = bytes.split_to(1);
        }
        if bytes.is_empty() {
            return Ok(());
        }
        self.after_cr = bytes.last() == Some(&b'\r');
        if !self.pending.is_empty() {
            self.pending.extend_from_slice(&bytes);
            bytes = self.pending.split().freeze();
        }
        if !self.begun {
            if bytes.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(&bytes) {
                self.pending.extend_from_slice(&bytes);
                return Ok(());
            }
            self.begun = true;
            if bytes.starts_with(BYTE_ORDER_MARK) {
                let _ = bytes.split_to(BYTE_ORDER_MARK.len());
            }
        }
        while let Some(end) = event_end(&bytes) {
            frames.extend(parse(&bytes.split_to(end)));
        }
        self.pending.extend_from_slice(&bytes);
        Ok(())
    }

    fn finish(&mut self, frames: &mut Vec<Frame>) -> Result<(), Error> {
        frames.extend(parse(&self.pending.split().freeze()));
        Ok(())
    }
}

/// Where the first event ends, its blank line included.
fn event_end(bytes: &[u8]) -> Option<usize> {
    let mut line = 0;
    while let Some(length) = memchr2(b'\n', b'\r', &bytes[line..]) {
        let next = after_line_end(bytes, line + length);
        if length == 0 {
            return Some(next);
        }
        line = next;
    }
    None
}

/// The index after the line end that begins at `at`.
fn after_line_end(bytes: &[u8], at: usize) -> usize {
    if bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n') { at + 2 } else { at + 1 }
}

/// Reads one event; `None` where it has no data, as with comments that keep a connection open.
fn parse(event: &Bytes) -> Option<Frame> {
    let mut name = None;
    let mut data: Option<Bytes> = None;
    let mut at = 0;
    while at < event.len() {
        let end = memchr2(b'\n', b'\r', &event[at..]).map_or(event.len(), |length| at + length);
        let (field, value) = split_field(event, at, end);
        match field {
            b"data" => {
                data = Some(match data {
                    None => value,
                    Some(before) => join_lines(&before, &value),
                });
            }
            b"event" => name = Some(value),
            _ => {}
        }
        at = if end < event.len() { after_line_end(event, end) } else { end };
    }
    data.map(|data| Frame { event: name, data })
}

fn split_field(event: &Bytes, start: usize, end: usize) -> (&[u8], Bytes) {
    let line = &event[start..end];
    match memchr::memchr(b':', line) {
        Some(colon) => {
            let space = usize::from(line.get(colon + 1) == Some(&b' '));
            (&line[..colon], event.slice(start + colon + 1 + space..end))
        }
        None => (line, Bytes::new()),
    }
}

fn join_lines(before: &[u8], line: &[u8]) -> Bytes {
    let mut joined = BytesMut::with_capacity(before.len() + 1 + line.len());
    joined.put_slice(before);
    joined.put_u8(b'\n');
    joined.put_slice(line);
    joined.freeze()
}

/// The comment that keeps an idle stream open.
pub const HEARTBEAT: &[u8] = b":\n\n";

/// Appends one event with the data in pieces; none of them holds a line end.
pub fn write_event(out: &mut BytesMut, event: Option<&[u8]>, data: &[&[u8]]) {
    if let Some(event) = event {
        out.put_slice(b"event: ");
        out.put_slice(event);
        out.put_u8(b'\n');
    }
    out.put_slice(b"data: ");
    for piece in data {
        out.put_slice(piece);
    }
    out.put_slice(b"\n\n");
}
