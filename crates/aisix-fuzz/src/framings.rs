//! Bytes to frames: however they are split, the same frames come out, or the same failure.

use aisix_dialects::Frame;
use bytes::Bytes;

use crate::chance::Chance;
use crate::wires::{FRAMINGS, Framing};

/// How often the bytes are split anew.
const SPLITS: usize = 3;

pub(crate) fn check(bytes: &[u8]) {
    let mut chance = Chance::of_bytes(bytes);
    for framing in FRAMINGS {
        let whole = separate(framing, [bytes]);
        assert_eq!(separate(framing, bytes.chunks(1)), whole, "byte by byte");
        for _ in 0..SPLITS {
            let cuts = cuts(bytes.len(), &mut chance);
            let pieces = cuts.windows(2).map(|cut| &bytes[cut[0]..cut[1]]);
            assert_eq!(separate(framing, pieces), whole, "cut at {cuts:?}");
        }
    }
}

/// The frames that these pieces hold, and whether they broke the framing.
fn separate<'a>(
    framing: Framing,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<Frame>, bool) {
    let (mut decoder, mut frames) = (framing(), Vec::new());
    for piece in pieces {
        if decoder.push(Bytes::copy_from_slice(piece), &mut frames).is_err() {
            return (frames, true);
        }
    }
    let broken = decoder.finish(&mut frames).is_err();
    (frames, broken)
}

/// Both ends, and some places between.
fn cuts(length: usize, chance: &mut Chance) -> Vec<usize> {
    let mut cuts: Vec<_> = (0..=chance.below(8)).map(|_| chance.below(length + 1)).collect();
    cuts.extend([0, length]);
    cuts.sort_unstable();
    cuts
}
