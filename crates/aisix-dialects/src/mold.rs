//! What the events of a stream have in common.

#[cfg(test)]
mod tests;

use aisix_core::chat::{FrameOutline, Span};
use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use crate::frame::Frame;
use crate::json::span_of;

/// The form of an event: its text with gaps, which are values that say nothing of its outline.
///
/// The events of a stream repeat each other but for a few letters. One that differs in nothing but
/// the gaps, and has a value in each, has the same outline: it need not be scanned for it.
#[derive(Debug, Default)]
pub(crate) struct Mold {
    text: String,
    /// Where the gaps are, in their order; none where there is no form yet.
    gaps: Vec<Span>,
    /// The event's type, as the framing names it.
    event: Option<Bytes>,
    outline: FrameOutline,
}

/// The longest event whose form is kept, in bytes: usual ones have some hundred.
const LONGEST: usize = 4 << 10;

impl Mold {
    /// The outline of an event that fits.
    pub(crate) fn outline(&self, frame: &Frame) -> Option<FrameOutline> {
        if self.gaps.is_empty() || self.event != frame.event {
            return None;
        }
        let mut rest = std::str::from_utf8(&frame.data).ok()?;
        let mut at = 0;
        for gap in &self.gaps {
            rest = after_value(rest.strip_prefix(&self.text[at..gap.start])?)?;
            at = gap.end;
        }
        (rest == &self.text[at..]).then(|| self.outline.clone())
    }

    /// Takes the form of this event. The gaps were borrowed out of its text, which is the frame's;
    /// without any, there is nothing that others could differ in.
    pub(crate) fn take<const N: usize>(
        &mut self,
        (frame, text): (&Frame, &str),
        gaps: [Option<&RawValue>; N],
        outline: &FrameOutline,
    ) {
        self.gaps.clear();
        if text.len() > LONGEST {
            return;
        }
        self.gaps.extend(gaps.into_iter().flatten().map(|gap| span_of(text, gap)));
        self.gaps.sort_unstable_by_key(|gap| gap.start);
        let shifts = |gap: &Span| outline.model_span.as_ref().is_some_and(|it| it.end > gap.start);
        if self.gaps.first().is_some_and(shifts) {
            self.gaps.clear();
        }
        self.text.clear();
        self.text.push_str(text);
        // Neither may keep what the upstream's connection reads into.
        let kept = |name: &Bytes| Bytes::copy_from_slice(name);
        self.event = frame.event.as_ref().map(kept);
        self.outline = FrameOutline { name: outline.name.as_ref().map(kept), ..outline.clone() };
    }
}

/// What stands behind the value with which a text begins.
fn after_value(text: &str) -> Option<&str> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<IgnoredAny>();
    values.next()?.ok()?;
    text.get(values.byte_offset()..)
}
