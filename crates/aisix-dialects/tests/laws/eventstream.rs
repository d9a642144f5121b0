//! However an event stream is split, the same messages come out; and no bit of it can be changed
//! without that being noticed.

use aisix_core::{Error, ErrorCode};
use aisix_dialects::eventstream::EventStreamDecoder;
use aisix_dialects::{Frame, FrameDecoder};
use aisix_testing::eventstream::{error, event, exception};
use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_split_gives_the_messages_that_were_written(
        messages in vec(message(), 0..8),
        cuts in vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let stream: Vec<u8> = messages.iter().flat_map(Message::written).collect();
        let expected: Vec<_> = messages.iter().map(Message::frame).collect();
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]);
        prop_assert_eq!(&decode(pieces).0, &expected);
        prop_assert_eq!(&decode(stream.chunks(1)).0, &expected, "byte by byte");
    }

    #[test]
    fn every_single_bit_counts(
        messages in vec(message(), 1..4),
        bit in any::<prop::sample::Index>(),
    ) {
        let mut stream: Vec<u8> = messages.iter().flat_map(Message::written).collect();
        let bit = bit.index(stream.len() * 8);
        stream[bit / 8] ^= 1 << (bit % 8);
        let (frames, ended) = decode([&*stream].into_iter());
        prop_assert!(ended.is_err(), "bit {} was flipped", bit);
        let expected: Vec<_> = messages.iter().map(Message::frame).collect();
        prop_assert!(expected.starts_with(&frames), "what is read is what was written");
    }

    #[test]
    fn a_cut_that_is_not_between_messages_is_noticed(
        messages in vec(message(), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let ends: Vec<_> = messages
            .iter()
            .scan(0, |end, message| { *end += message.written().len(); Some(*end) })
            .collect();
        let stream: Vec<u8> = messages.iter().flat_map(Message::written).collect();
        let cut = cut.index(stream.len() + 1);
        let (frames, ended) = decode([&stream[..cut]].into_iter());
        let between = cut == 0 || ends.contains(&cut);
        let expected = if between { Ok(()) } else { Err(ErrorCode::StreamAborted) };
        prop_assert_eq!(ended.map_err(|error| error.code()), expected);
        prop_assert_eq!(frames.len(), ends.iter().filter(|end| **end <= cut).count());
    }

    #[test]
    fn no_bytes_at_all_are_too_much(stream in vec(any::<u8>(), 0..96)) {
        let (whole, ended) = decode([&*stream].into_iter());
        let (split, split_ended) = decode(stream.chunks(1));
        prop_assert_eq!(whole, split);
        prop_assert_eq!(ended.map_err(|e| e.code()), split_ended.map_err(|e| e.code()));
    }
}

#[test]
fn every_bit_of_a_message_counts() {
    let whole = event("contentBlockDelta", r#"{"delta":{"text":"Hi"},"contentBlockIndex":0}"#);
    for bit in 0..whole.len() * 8 {
        let mut stream = whole.clone();
        stream[bit / 8] ^= 1 << (bit % 8);
        let (frames, ended) = decode([&*stream].into_iter());
        assert!(ended.is_err() && frames.is_empty(), "bit {bit} was flipped");
    }
}

#[derive(Debug, Clone)]
enum Message {
    Event(String, String),
    Exception(String, String),
    Error(String),
}

impl Message {
    fn written(&self) -> Vec<u8> {
        match self {
            Self::Event(kind, data) => event(kind, data),
            Self::Exception(kind, data) => exception(kind, data),
            Self::Error(code) => error(code, "said"),
        }
    }

    fn frame(&self) -> Frame {
        let (event, data, failed) = match self {
            Self::Event(kind, data) => (kind, data.clone(), false),
            Self::Exception(kind, data) => (kind, data.clone(), true),
            Self::Error(code) => (code, r#"{"message":"said"}"#.to_owned(), true),
        };
        Frame { event: Some(event.clone().into()), data: data.into(), failed }
    }
}

fn message() -> impl Strategy<Value = Message> {
    let data = prop_oneof!["[a-z☃{}\":]{0,40}", Just("{}".to_owned())];
    prop_oneof![
        4 => ("[a-zA-Z]{1,20}", data.clone()).prop_map(|(kind, data)| Message::Event(kind, data)),
        1 => ("[a-zA-Z]{1,20}", data).prop_map(|(kind, data)| Message::Exception(kind, data)),
        1 => "[a-zA-Z]{1,9}".prop_map(Message::Error),
    ]
}

fn decode<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Frame>, Result<(), Error>) {
    let mut decoder = EventStreamDecoder::default();
    let mut frames = Vec::new();
    let read = |piece: &[u8]| decoder.push(Bytes::copy_from_slice(piece), &mut frames);
    let ended = { pieces }.try_for_each(read);
    let ended = ended.and_then(|()| decoder.finish(&mut frames));
    (frames, ended)
}
