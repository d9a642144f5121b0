//! Heads that say twice how long their body is.
//!
//! The HTTP parser takes two lengths that agree for one, and lets a length pass beside a coding. A
//! proxy in front of the gateway may read such a request differently, and take a part of its body
//! for another request; callers are promised a refusal.

#[cfg(test)]
mod tests;

/// Reads heads as they arrive, in any pieces. Spoils the line that says too much, so that the
/// parser refuses the head.
#[derive(Debug, Default)]
pub(super) struct HeadScan {
    /// The beginning of the line, in lower case, as far as it may be one of the names.
    name: [u8; LONGEST_NAME],
    length: usize,
    /// The rest of the line does not matter.
    skips: bool,
    begun: bool,
    ended: bool,
    has_length: bool,
    has_coding: bool,
}

const CONTENT_LENGTH: &[u8] = b"content-length";
const TRANSFER_ENCODING: &[u8] = b"transfer-encoding";
const LONGEST_NAME: usize = TRANSFER_ENCODING.len();

impl HeadScan {
    /// Looks at what came next; whatever comes after the head is left alone.
    pub(super) fn look(&mut self, bytes: &mut [u8]) {
        let mut at = 0;
        while at < bytes.len() && !self.ended {
            if self.skips {
                let rest = &bytes[at..];
                at += rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
                self.skips = at == bytes.len();
                // The line's end is looked at like any other.
                self.length = self.length.max(1);
                continue;
            }
            match bytes[at] {
                b'\n' => self.end_line(),
                b'\r' => {}
                b':' => {
                    if self.clashes() {
                        // No field name holds it.
                        bytes[at] = 0;
                        self.ended = true;
                    }
                    self.skips = true;
                }
                _ if self.length == LONGEST_NAME => self.skips = true,
                byte => {
                    self.name[self.length] = byte.to_ascii_lowercase();
                    self.length += 1;
                }
            }
            at += 1;
        }
    }

    fn end_line(&mut self) {
        let blank = self.length == 0;
        // Blank lines may stand before a head.
        self.ended = blank && self.begun;
        self.begun |= !blank;
        self.length = 0;
    }

    /// Notes the field that begins; whether it says again how long the body is.
    fn clashes(&mut self) -> bool {
        match &self.name[..self.length] {
            CONTENT_LENGTH => std::mem::replace(&mut self.has_length, true) || self.has_coding,
            TRANSFER_ENCODING => {
                self.has_coding = true;
                self.has_length
            }
            _ => false,
        }
    }
}
