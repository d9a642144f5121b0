//! Streamed answers.

use aisix_core::chat::{ChatEvent, fold};
use aisix_core::{Error, ErrorCode};
use aisix_dialects::{AnswerContext, CallerDialect, Depth, Dialect};
use bytes::{Bytes, BytesMut};

use super::{Framing, MODEL, answers, foreign, read_frames, read_stream};

/// What holds of streams of any format.
pub(super) fn check_read(dialect: &dyn Dialect, bytes: &Bytes, framing: Framing) {
    says_the_same_however_it_is_split(dialect, bytes, framing);
    opens_parts_in_order(dialect, bytes, framing);
    knows_an_end_from_a_break(dialect, bytes, framing);
    counts_alike_at_either_depth(dialect, bytes, framing);
}

pub(super) fn check(dialect: &dyn CallerDialect, bytes: &Bytes, framing: Framing) {
    check_read(dialect, bytes, framing);
    relays_what_nobody_changed(dialect, bytes, framing);
    reports_what_it_cannot_say(dialect, bytes, framing);
}

fn says_the_same_however_it_is_split(dialect: &dyn Dialect, bytes: &Bytes, framing: Framing) {
    let whole = read_stream(dialect, framing, [bytes.clone()]).expect("the sample is a stream");
    for size in [1, 2, 3, 5, 7, 16, 61, 509] {
        let pieces = (0..bytes.len())
            .step_by(size)
            .map(|start| bytes.slice(start..bytes.len().min(start + size)));
        let split = read_stream(dialect, framing, pieces).expect("the sample is a stream");
        assert_eq!(split, whole, "in pieces of {size}");
    }
}

/// Parts are numbered as they open, grow while they are open, and end before their choice does.
fn opens_parts_in_order(dialect: &dyn Dialect, bytes: &Bytes, framing: Framing) {
    let events = read_stream(dialect, framing, [bytes.clone()]).expect("the sample is a stream");
    let mut opened = std::collections::HashMap::<u32, Vec<bool>>::new();
    for event in events {
        match event {
            ChatEvent::PartStart { choice, part, .. } => {
                let parts = opened.entry(choice).or_default();
                assert_eq!(parts.len(), part as usize, "parts are numbered as they open");
                parts.push(true);
            }
            ChatEvent::PartDelta { choice, part, .. } => {
                let is_open = opened.entry(choice).or_default().get(part as usize);
                assert_eq!(is_open, Some(&true), "a part grows while it is open");
            }
            ChatEvent::PartEnd { choice, part } => {
                let is_open = opened.entry(choice).or_default().get_mut(part as usize);
                let was_open = is_open.map(|is_open| std::mem::replace(is_open, false));
                assert_eq!(was_open, Some(true), "a part ends once");
            }
            ChatEvent::Finish { choice, .. } => {
                let parts = opened.entry(choice).or_default();
                assert!(!parts.contains(&true), "parts end before their choice does");
            }
            _ => {}
        }
    }
}

fn relays_what_nobody_changed(dialect: &dyn CallerDialect, bytes: &Bytes, framing: Framing) {
    let expected = read_stream(dialect, framing, [bytes.clone()]).expect("the sample is a stream");
    let mut expected = fold(expected);
    let options = aisix_core::chat::StreamOptions { include_usage: true };
    let context = AnswerContext::new(MODEL).stream_options(Some(options));
    // Nobody looks inside; somebody does; and every second frame is made anew.
    for (depth, changed) in [(Depth::Outline, 0), (Depth::Full, 0), (Depth::Full, 2)] {
        let mut encoder = dialect.event_encoder(context.clone());
        let mut out = BytesMut::new();
        let mut frames = 0;
        read_frames(dialect, framing, [bytes.clone()], depth, |mut frame| {
            frames += 1;
            if changed > 0 && frames % changed == 0 {
                frame.value_mut()?;
            }
            encoder.push(&mut frame, &mut out)
        })
        .expect("the sample can be relayed");
        encoder.finish(&mut out);
        let relayed = read_stream(dialect, framing, [out.freeze()]).expect("it wrote a stream");
        let relayed = fold(relayed);
        MODEL.clone_into(&mut expected.model);
        assert_eq!(relayed, expected, "at {depth:?} with every {changed}. frame made anew");
    }
}

/// A stream that breaks off says so, whatever had arrived, and reading it never panics.
fn knows_an_end_from_a_break(dialect: &dyn Dialect, bytes: &Bytes, framing: Framing) {
    let begun = read_stream(dialect, framing, [bytes.slice(..bytes.len() / 8)]);
    assert!(begun.is_err(), "a beginning is not complete");
    let empty = read_stream(dialect, framing, []).map_err(|error: Error| error.code());
    assert_eq!(empty, Err(ErrorCode::StreamAborted), "nothing is not complete");
    for length in 0..bytes.len() {
        let _ = read_stream(dialect, framing, [bytes.slice(..length)]);
    }
}

fn counts_alike_at_either_depth(dialect: &dyn Dialect, bytes: &Bytes, framing: Framing) {
    let mut outlined: Option<aisix_core::chat::Usage> = None;
    read_frames(dialect, framing, [bytes.clone()], Depth::Outline, |frame| {
        let usage = frame.outline().usage;
        outlined = usage.map(|usage| outlined.unwrap_or_default().max(usage)).or(outlined);
        Ok(())
    })
    .expect("the sample is a stream");
    let events = read_stream(dialect, framing, [bytes.clone()]).expect("the sample is a stream");
    assert_eq!(fold(events).usage, outlined, "outlines count what events count");
}

fn reports_what_it_cannot_say(dialect: &dyn CallerDialect, bytes: &Bytes, framing: Framing) {
    let mut encoder = dialect.event_encoder(AnswerContext::new(MODEL));
    let mut out = BytesMut::new();
    read_frames(dialect, framing, [bytes.clone()], Depth::Full, |mut frame| {
        for choice in [None, Some(0)] {
            frame.value_mut()?.push(ChatEvent::Native { choice, native: foreign() });
        }
        encoder.push(&mut frame, &mut out)
    })
    .expect("the sample can be written");
    encoder.finish(&mut out);
    let dropped: Vec<_> = encoder.dropped().iter().map(|dropped| &*dropped.field).collect();
    assert_eq!(dropped, ["foreign_field"], "a field of nobody's is reported, once");
    assert!(!String::from_utf8_lossy(&out).contains("foreign"), "nor is it written");
}

pub(super) fn check_pair(dialect: &dyn Dialect, whole: &Bytes, stream: &Bytes, framing: Framing) {
    let events = read_stream(dialect, framing, [stream.clone()]).expect("the sample is a stream");
    assert_eq!(fold(events), answers::decoded(dialect, whole), "streamed or whole, one answer");
}
