//! Server-sent events.
//!
//! Source: the HTML standard, "Server-sent events". Lines end with LF, CRLF or CR in any mix, a
//! blank line ends an event, several `data` lines join with LF, comments and other fields are
//! ignored. An unterminated last event is delivered at the end of the stream, because providers
//! leave the last blank line out.

use aisix_core::{Error, ErrorCode};
use bytes::{Buf, BufMut, Bytes, BytesMut};
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
    /// How far it was searched for its end.
    search: Search,
    /// The last piece ended with an event that ended with CR: an LF that comes next belongs to it.
    after_cr: bool,
    /// Whether the stream's beginning is over: only there may a byte order mark stand.
    begun: bool,
}

/// The most of one event that is kept while its end is waited for, in bytes (16 MiB). Providers
/// send some kilobytes; one that never ends an event must not fill the memory.
pub const LARGEST_EVENT: usize = 16 << 20;

const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

impl FrameDecoder for SseDecoder {
    fn push(&mut self, mut bytes: Bytes, frames: &mut Vec<Frame>) -> Result<(), Error> {
        if !self.begun {
            bytes = self.begin(bytes);
        }
        if bytes.is_empty() {
            return Ok(());
        }
        if std::mem::take(&mut self.after_cr) && bytes[0] == b'\n' {
            bytes.advance(1);
        }
        if !self.pending.is_empty() {
            self.pending.put_slice(&bytes);
            if self.search.event_end(&self.pending).is_none() {
                return self.check_size();
            }
            bytes = self.pending.split().freeze();
        }
        loop {
            self.search = Search::default();
            let Some(end) = self.search.event_end(&bytes) else {
                break;
            };
            let event = bytes.split_to(end);
            self.after_cr = bytes.is_empty() && event.ends_with(b"\r");
            frames.extend(parse(&event));
        }
        self.pending.put_slice(&bytes);
        self.check_size()
    }

    fn finish(&mut self, frames: &mut Vec<Frame>) -> Result<(), Error> {
        frames.extend(parse(&self.pending.split().freeze()));
        Ok(())
    }
}

impl SseDecoder {
    /// Gives an event up that is too large, and what there is of it.
    fn check_size(&mut self) -> Result<(), Error> {
        if self.pending.len() <= LARGEST_EVENT {
            return Ok(());
        }
        self.pending = BytesMut::new();
        self.search = Search::default();
        let message =
            format!("upstream response is too large: one event exceeds {LARGEST_EVENT} bytes");
        Err(Error::new(ErrorCode::UpstreamDecode, message))
    }

    /// The stream's first bytes without a byte order mark; nothing while they may become one.
    fn begin(&mut self, mut bytes: Bytes) -> Bytes {
        if !self.pending.is_empty() {
            self.pending.put_slice(&bytes);
            bytes = self.pending.split().freeze();
        }
        if bytes.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(&bytes) {
            self.pending.put_slice(&bytes);
            return Bytes::new();
        }
        self.begun = true;
        if bytes.starts_with(BYTE_ORDER_MARK) {
            bytes.advance(BYTE_ORDER_MARK.len());
        }
        bytes
    }
}

/// Looks for the end of an event; asked again when more has arrived, it does not begin anew.
#[derive(Debug, Default)]
struct Search {
    /// Where the last line begins.
    line: usize,
    /// Up to where there is no end of that line.
    searched: usize,
}

impl Search {
    /// Where the event ends, its blank line included.
    fn event_end(&mut self, bytes: &[u8]) -> Option<usize> {
        if self.line > 0 && bytes[self.line - 1] == b'\r' && bytes.get(self.line) == Some(&b'\n') {
            // The two halves of one line end arrived apart.
            self.line += 1;
            self.searched = self.searched.max(self.line);
        }
        while let Some(length) = memchr2(b'\n', b'\r', &bytes[self.searched..]) {
            let end = self.searched + length;
            let next = after_line_end(bytes, end);
            if end == self.line {
                return Some(next);
            }
            (self.line, self.searched) = (next, next);
        }
        self.searched = bytes.len();
        None
    }
}

/// The index after the line end that begins at `at`.
fn after_line_end(bytes: &[u8], at: usize) -> usize {
    if bytes[at] == b'\r' && bytes.get(at + 1) == Some(&b'\n') { at + 2 } else { at + 1 }
}

/// Reads one event; `None` where it has no data, as with comments that keep a connection open.
fn parse(event: &Bytes) -> Option<Frame> {
    let mut name = None;
    let mut data: Option<Bytes> = None;
    let mut lines: Option<BytesMut> = None;
    let mut at = 0;
    while at < event.len() {
        let end = memchr2(b'\n', b'\r', &event[at..]).map_or(event.len(), |length| at + length);
        let (field, value) = split_field(event, at, end);
        match field {
            b"data" => match (&mut lines, &data) {
                (Some(lines), _) => push_line(lines, &value),
                (None, Some(first)) => {
                    let lines = lines.insert(BytesMut::from(&**first));
                    push_line(lines, &value);
                }
                (None, None) => data = Some(value),
            },
            b"event" => name = Some(value),
            _ => {}
        }
        at = if end < event.len() { after_line_end(event, end) } else { end };
    }
    lines.map(BytesMut::freeze).or(data).map(|data| Frame { event: name, data, failed: false })
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

fn push_line(lines: &mut BytesMut, line: &[u8]) {
    lines.put_u8(b'\n');
    lines.put_slice(line);
}

/// The comment that keeps an idle stream open.
pub const HEARTBEAT: &[u8] = b":\n\n";

/// Appends an event without a type. Lines of the data that this appends become lines of the event,
/// as a line end would end it.
pub fn write_data(out: &mut BytesMut, data: impl FnOnce(&mut BytesMut)) {
    out.put_slice(b"data: ");
    let start = out.len();
    data(out);
    if memchr2(b'\n', b'\r', &out[start..]).is_some() {
        let data = out.split_off(start);
        put_lines(&data, out);
    }
    out.put_slice(b"\n\n");
}

/// Appends an event whose data may be of several lines, of a type if it has one; that holds no line
/// end.
pub fn write_named(out: &mut BytesMut, event: Option<&[u8]>, data: &[u8]) {
    if let Some(event) = event {
        for piece in [&b"event: "[..], event, b"\n"] {
            out.put_slice(piece);
        }
    }
    write_data(out, |out| out.put_slice(data));
}

/// Appends an event of a type; neither holds a line end.
pub fn write_event(out: &mut BytesMut, event: &[u8], data: &[u8]) {
    for piece in [b"event: ", event, b"\ndata: ", data, b"\n\n"] {
        out.put_slice(piece);
    }
}

fn put_lines(mut data: &[u8], out: &mut BytesMut) {
    while let Some(end) = memchr2(b'\n', b'\r', data) {
        out.put_slice(&data[..end]);
        out.put_slice(b"\ndata: ");
        data = &data[after_line_end(data, end)..];
    }
    out.put_slice(data);
}
