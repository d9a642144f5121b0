//! However a stream is split, the same events come out: those that a reader of the whole finds.

use aisix_dialects::sse::SseDecoder;
use aisix_dialects::{Frame, FrameDecoder};
use bytes::Bytes;
use proptest::collection::vec;
use proptest::prelude::*;

proptest! {
    #[test]
    fn any_split_gives_the_events_that_the_whole_holds(
        stream in stream(),
        cuts in vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(stream.len() + 1)).collect();
        cuts.extend([0, stream.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|cut| &stream[cut[0]..cut[1]]);
        prop_assert_eq!(decode(pieces), reference(&stream));
    }

    #[test]
    fn byte_by_byte_is_a_split_too(stream in stream()) {
        prop_assert_eq!(decode(stream.chunks(1)), reference(&stream));
    }
}

fn decode<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Frame> {
    let mut decoder = SseDecoder::default();
    let mut frames = Vec::new();
    for piece in pieces {
        decoder.push(Bytes::copy_from_slice(piece), &mut frames).expect("any bytes are a stream");
    }
    decoder.finish(&mut frames).expect("any bytes are a stream");
    frames
}

/// Lines of every kind with every line end, or anything at all.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        4 => Just(String::new()),
        3 => "data: ?[a-zé☃😀{}\":]{0,9}",
        1 => "data",
        1 => "event: ?[a-z]{0,5}",
        1 => "(id|retry|:|: ping| data: x|DATA: x): ?[a-z]{0,5}",
    ];
    let end = prop_oneof![Just("\n"), Just("\r\n"), Just("\r")];
    let lines = vec((line, end), 0..24).prop_map(|lines| {
        lines.into_iter().fold(String::new(), |text, (line, end)| text + &line + end)
    });
    let mark = prop_oneof![9 => Just(""), 1 => Just("\u{feff}")];
    let rest = prop_oneof![3 => Just(""), 1 => Just("data: rest"), 1 => Just("data: rest\r")];
    prop_oneof![
        9 => (mark, lines, rest).prop_map(|(mark, lines, rest)| {
            format!("{mark}{lines}{rest}").into_bytes()
        }),
        1 => vec(any::<u8>(), 0..64),
    ]
}

/// The standard's rules, read line by line from the whole.
fn reference(stream: &[u8]) -> Vec<Frame> {
    let stream = stream.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(stream);
    let mut frames = Vec::new();
    let (mut event, mut data) = (None, Vec::<Vec<u8>>::new());
    let mut deliver = |event: &mut Option<Vec<u8>>, data: &mut Vec<Vec<u8>>| {
        let event = event.take().map(Bytes::from);
        if !data.is_empty() {
            let data = std::mem::take(data).join(&b'\n').into();
            frames.push(Frame { event, data, failed: false });
        }
    };
    for line in lines(stream) {
        let colon = line.iter().position(|byte| *byte == b':');
        let (field, value) = match colon {
            Some(colon) => (&line[..colon], &line[colon + 1..]),
            None => (&line[..], &b""[..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value).to_vec();
        match field {
            _ if line.is_empty() => deliver(&mut event, &mut data),
            b"data" => data.push(value),
            b"event" => event = Some(value),
            _ => {}
        }
    }
    deliver(&mut event, &mut data);
    frames
}

fn lines(stream: &[u8]) -> Vec<Vec<u8>> {
    let (mut lines, mut line) = (Vec::new(), Vec::new());
    let mut bytes = stream.iter().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\r' if bytes.peek() == Some(&&b'\n') => {}
            b'\r' | b'\n' => lines.push(std::mem::take(&mut line)),
            other => line.push(*other),
        }
    }
    lines.push(line);
    lines
}
