//! Server-sent events, read from a body that arrives in pieces.
//!
//! Written apart from the product's own decoder on purpose, so that one cannot hide a mistake of
//! the other.

use bytes::{Bytes, BytesMut};

/// One event or comment, as it was on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The bytes, up to and including the blank line.
    pub raw: Bytes,
}

impl Event {
    /// The `data:` lines, joined with LF; empty without any.
    ///
    /// # Panics
    ///
    /// When the event is not UTF-8.
    #[must_use]
    pub fn data(&self) -> String {
        self.fields("data").collect::<Vec<_>>().join("\n")
    }

    /// The data as JSON.
    ///
    /// # Panics
    ///
    /// When it is not JSON of that shape; the message shows it.
    #[must_use]
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.data())
            .unwrap_or_else(|error| panic!("no JSON of that shape ({error}): {:?}", self.raw))
    }

    /// The last `event:` line.
    ///
    /// # Panics
    ///
    /// When the event is not UTF-8.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.fields("event").last()
    }

    /// Whether this is a comment (`:` and a blank line), as keep-alives are.
    #[must_use]
    pub fn is_comment(&self) -> bool {
        self.raw.starts_with(b":") && self.data().is_empty() && self.name().is_none()
    }

    fn fields<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let text = std::str::from_utf8(&self.raw).expect("an event of UTF-8");
        text.split(['\r', '\n']).filter_map(move |line| {
            let value = line.strip_prefix(name)?.strip_prefix(':')?;
            Some(value.strip_prefix(' ').unwrap_or(value))
        })
    }
}

/// Splits bytes into events: an event ends at two line ends in a row, each LF, CR or CRLF.
///
/// A CR that is the last byte so far may be the first half of a CRLF. It counts as a whole line end
/// only after another CR, where a stream evidently uses those; otherwise the next byte decides.
#[derive(Debug, Default)]
pub(super) struct EventReader {
    unread: BytesMut,
    /// The last event ended with a CR that was taken for whole: a following LF belongs to it.
    skip_line_feed: bool,
}

impl EventReader {
    pub(super) fn push(&mut self, piece: &[u8]) {
        self.unread.extend_from_slice(piece);
    }

    pub(super) fn next(&mut self) -> Option<Event> {
        if self.skip_line_feed && !self.unread.is_empty() {
            self.skip_line_feed = false;
            if self.unread[0] == b'\n' {
                let _ = self.unread.split_to(1);
            }
        }
        let end = self.end_of_event()?;
        let raw = self.unread.split_to(end).freeze();
        self.skip_line_feed = raw.ends_with(b"\r");
        Some(Event { raw })
    }

    /// What is left at the end of the body, if anything.
    pub(super) fn finish(&mut self) -> Option<Event> {
        let raw = self.unread.split().freeze();
        (!raw.is_empty()).then_some(Event { raw })
    }

    fn end_of_event(&self) -> Option<usize> {
        let (mut position, mut line_start) = (0, 0);
        while position < self.unread.len() {
            let line_end = match (self.unread[position], self.unread.get(position + 1)) {
                (b'\r', Some(b'\n')) => position + 2,
                (b'\r', None) if !self.unread[..position].ends_with(b"\r") => return None,
                (b'\r' | b'\n', _) => position + 1,
                _ => {
                    position += 1;
                    continue;
                }
            };
            if line_start == position {
                return Some(line_end);
            }
            (position, line_start) = (line_end, line_end);
        }
        None
    }
}
