//! Upstreams' streams: read at both depths, and written for a caller of every format.

use std::collections::HashMap;

use aisix_core::chat::{ChatEvent, ChatEvents, FrameOutline, Usage, fold};
use aisix_core::{Carried, Error};
use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{Depth, Dialect, EventDecoder, EventEncoder, Frame, FrameDecoder};
use bytes::{Bytes, BytesMut};
use serde_json::Value;

use crate::answers::{context, is_the_upstreams};
use crate::said::Said;
use crate::wires::{CALLERS, Caller, UPSTREAMS, Upstream, Wire};

pub(crate) fn check(bytes: &[u8]) {
    let frames = frames(bytes);
    for from in &UPSTREAMS {
        let mut usage: Option<Usage> = None;
        let outlined = read(from, &frames, Depth::Outline, |frame| {
            let counted = frame.outline().usage;
            usage = counted.map(|counted| usage.unwrap_or_default().max(counted)).or(usage);
        });
        let mut events = Vec::new();
        let full = read(from, &frames, Depth::Full, |mut frame| {
            events.extend(frame.value().expect("a frame read in full is decoded").iter().cloned());
        });
        opens_parts_in_order(from, &events);
        is_outlined_alone_as_among_others(from, &frames);
        // Frames that nobody looks into may say less than frames that somebody reads.
        if let (Ok(()), Ok(())) = (&outlined, &full) {
            let counted = fold(events.iter().cloned()).usage;
            // To count nothing is to say nothing: `"usage": []` may be read as either.
            let [counted, usage] = [counted, usage].map(Option::unwrap_or_default);
            assert_eq!(counted, usage, "{from:?}: outlines count what events count");
        }
        for to in &CALLERS {
            if from.id() == to.id() {
                relay(to, &frames);
            }
            translate(from, to, &frames, &events);
        }
    }
}

/// What a decoder knows of the frames before does not change what it sees of one, but for what was
/// counted.
fn is_outlined_alone_as_among_others(from: &Upstream, frames: &[Frame]) {
    let outline = |decoder: &mut Box<dyn EventDecoder>, frame: &Frame| {
        let read = decoder.push(frame.clone()).ok()?;
        let known = |it: Carried<ChatEvents>| FrameOutline { usage: None, ..it.outline().clone() };
        Some(read.map(known))
    };
    let mut among_others = from.dialect.event_decoder(Depth::Outline);
    for frame in frames {
        let Some(among_others) = outline(&mut among_others, frame) else {
            return;
        };
        // What follows an end is passed over, whatever it is.
        if among_others.is_some() {
            let alone = outline(&mut from.dialect.event_decoder(Depth::Outline), frame);
            assert_eq!(alone, Some(among_others), "{from:?}: {frame:?}");
        }
    }
}

/// The frames of a stream whose framing cannot be broken: any bytes are some.
pub(crate) fn frames(bytes: &[u8]) -> Vec<Frame> {
    let (mut framing, mut frames) = (SseDecoder::default(), Vec::new());
    framing.push(Bytes::copy_from_slice(bytes), &mut frames).expect("any bytes are frames");
    framing.finish(&mut frames).expect("any bytes are frames");
    for frame in &mut frames {
        // As framings have it that tell failures apart.
        frame.failed = frame.event.as_ref().is_some_and(|event| event.ends_with(b"Exception"));
    }
    frames
}

/// Reads a stream that was written for a caller.
///
/// # Errors
/// What the framing or the dialect says of it.
pub(crate) fn read_events(wire: &Caller, bytes: &[u8]) -> Result<ChatEvents, Error> {
    let (mut framing, mut frames) = ((wire.framing)(), Vec::new());
    framing.push(Bytes::copy_from_slice(bytes), &mut frames)?;
    framing.finish(&mut frames)?;
    let mut events = Vec::new();
    read(wire, &frames, Depth::Full, |mut frame| {
        events.extend(frame.value().expect("a frame read in full is decoded").iter().cloned());
    })?;
    Ok(events)
}

/// Reads frames to their end, or to the first failure.
fn read<D: Dialect + ?Sized>(
    wire: &Wire<D>,
    frames: &[Frame],
    depth: Depth,
    mut each: impl FnMut(Carried<ChatEvents>),
) -> Result<(), Error> {
    let mut decoder = wire.dialect.event_decoder(depth);
    for frame in frames {
        if let Some(frame) =
            decoder.push(frame.clone()).inspect_err(|e| is_the_upstreams(e, wire))?
        {
            each(frame);
        }
    }
    decoder.finish()
}

/// Passes a stream on within its format.
fn relay(wire: &Caller, frames: &[Frame]) {
    let mut out = BytesMut::new();
    let mut encoder = wire.dialect.event_encoder(context());
    let ended = read(wire, frames, Depth::Outline, |mut frame| {
        encoder.push(&mut frame, &mut out).expect("what nobody changed is passed on");
    });
    end(wire, encoder, &ended, &mut out);
}

/// Ends a stream that was written for a caller: whoever reads it learns how it ended.
fn end(
    wire: &Caller,
    mut encoder: Box<dyn EventEncoder>,
    ended: &Result<(), Error>,
    out: &mut BytesMut,
) {
    match ended {
        Ok(()) => encoder.finish(out),
        Err(error) => {
            encoder.fail(error, out);
            assert!(read_events(wire, out).is_err(), "{wire:?}: a broken stream says so");
        }
    }
}

fn translate(from: &Upstream, to: &Caller, frames: &[Frame], events: &ChatEvents) {
    let mut out = BytesMut::new();
    let mut encoder = to.dialect.event_encoder(context());
    let ended = read(from, frames, Depth::Full, |mut frame| {
        // Somebody changed it, so that it is written for its own format, too.
        let _ = frame.value_mut();
        encoder.push(&mut frame, &mut out).expect("decoded events can be written");
    });
    let nothing_dropped = encoder.dropped().is_empty();
    end(to, encoder, &ended, &mut out);
    if ended.is_err() {
        return;
    }
    let text = String::from_utf8_lossy(&out);
    let read = match read_events(to, &out) {
        Ok(read) => read,
        Err(error) => panic!("{from:?} → {to:?}: it wrote no whole stream: {error}: {text}"),
    };
    opens_parts_in_order(to, &read);
    if from.id() == to.id() {
        return;
    }
    is_all_json(to, &out);
    if nothing_dropped {
        let (one, other) = (Said::of(&fold(read)), Said::of(&fold(events.iter().cloned())));
        assert_eq!(one, other, "{from:?} → {to:?}: nothing is lost: {text}");
    }
}

/// A caller reads JSON in every frame. Within one format, what is unknown goes on as it is.
fn is_all_json(to: &Caller, bytes: &[u8]) {
    let (mut framing, mut frames) = ((to.framing)(), Vec::new());
    framing.push(Bytes::copy_from_slice(bytes), &mut frames).expect("it wrote frames");
    framing.finish(&mut frames).expect("it wrote frames");
    for frame in frames {
        let is_json = serde_json::from_slice::<Value>(&frame.data).is_ok();
        let text = String::from_utf8_lossy(&frame.data);
        assert!(is_json || text == "[DONE]", "{to:?}: a frame holds JSON: {text}");
    }
}

/// Parts are numbered as they open, grow while they are open, and end before their choice does.
fn opens_parts_in_order<D: Dialect + ?Sized>(wire: &Wire<D>, events: &ChatEvents) {
    let mut choices = HashMap::<u32, Vec<bool>>::new();
    for event in events {
        match event {
            ChatEvent::PartStart { choice, part, .. } => {
                let parts = choices.entry(*choice).or_default();
                assert_eq!(parts.len(), *part as usize, "{wire:?}: numbered as they open");
                parts.push(true);
            }
            ChatEvent::PartDelta { choice, part, .. } => {
                let open = choices.entry(*choice).or_default().get(*part as usize);
                assert_eq!(open, Some(&true), "{wire:?}: a part grows while it is open");
            }
            ChatEvent::PartEnd { choice, part } => {
                let open = choices.entry(*choice).or_default().get_mut(*part as usize);
                let was_open = open.map(std::mem::take);
                assert_eq!(was_open, Some(true), "{wire:?}: a part ends once");
            }
            ChatEvent::Finish { choice, .. } => {
                let parts = choices.entry(*choice).or_default();
                assert!(!parts.contains(&true), "{wire:?}: parts end before their choice does");
            }
            _ => {}
        }
    }
}
