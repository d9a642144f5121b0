//! Streams, as the family frames them.

use aisix_adapters::Adapter;
use aisix_core::{Error, ErrorCode, Operation};
use aisix_dialects::{Depth, EventDecoder, Frame, FrameDecoder};
use bytes::Bytes;

use super::{Setup, Streams};

pub(super) fn check(adapter: &dyn Adapter, setup: &Setup) {
    let Some(streams) = &setup.streams else {
        return;
    };
    let reader = || Reader::of(adapter, setup);
    reads_a_stream_however_it_is_split(&reader, streams);
    takes_no_bare_end_for_the_end(&reader, streams);
    hears_that_a_stream_failed(&reader, streams);
}

/// What finds the frames of a stream, and what reads them.
struct Reader {
    frames: Box<dyn FrameDecoder>,
    events: Box<dyn EventDecoder>,
}

impl Reader {
    fn of(adapter: &dyn Adapter, setup: &Setup) -> Self {
        let target = setup.usable();
        let dialect = adapter.dialect(&target, Operation::Chat, true).expect("it streams chats");
        let frames = adapter.framing(&target, Operation::Chat).decoder();
        Self { frames, events: dialect.event_decoder(Depth::Full) }
    }

    /// How many frames said something.
    fn push(&mut self, bytes: &[u8]) -> Result<usize, Error> {
        let mut frames = Vec::new();
        self.frames.push(Bytes::copy_from_slice(bytes), &mut frames)?;
        self.read(frames)
    }

    fn finish(&mut self) -> Result<usize, Error> {
        let mut frames = Vec::new();
        self.frames.finish(&mut frames)?;
        let said = self.read(frames)?;
        self.events.finish()?;
        Ok(said)
    }

    fn read(&mut self, frames: Vec<Frame>) -> Result<usize, Error> {
        let mut said = 0;
        for frame in frames {
            said += usize::from(self.events.push(frame)?.is_some());
        }
        Ok(said)
    }
}

fn reads_a_stream_however_it_is_split(reader: &dyn Fn() -> Reader, streams: &Streams) {
    let stream = streams.whole.concat();
    let read = |pieces: &[&[u8]]| {
        let mut reader = reader();
        let said: usize = pieces.iter().map(|piece| reader.push(piece).expect("a stream")).sum();
        said + reader.finish().expect("it is complete")
    };
    let said = read(&[&stream]);
    assert!(said >= 2, "a stream says something");
    for split in 0..stream.len() {
        let (first, second) = stream.split_at(split);
        assert_eq!(read(&[first, second]), said, "split at {split}");
    }
}

fn takes_no_bare_end_for_the_end(reader: &dyn Fn() -> Reader, streams: &Streams) {
    let mut reader = reader();
    reader.push(&streams.whole[0]).expect("a stream begins");
    let error = reader.finish().expect_err("it is not complete");
    assert_eq!(error.code(), ErrorCode::StreamAborted, "{error}");
}

fn hears_that_a_stream_failed(reader: &dyn Fn() -> Reader, streams: &Streams) {
    let message = "what the provider says";
    for before in [&streams.whole[..0], &streams.whole[..2]] {
        let mut reader = reader();
        reader.push(&before.concat()).expect("a stream begins");
        let error = reader.push(&(streams.failure)(message)).expect_err("it failed");
        assert_eq!(error.code(), ErrorCode::UpstreamInBand, "{error}");
        assert!(error.message().contains(message), "{error}");
        let status = error.upstream().map(|upstream| upstream.status);
        assert_eq!(status, Some(streams.status), "{error}");
    }
}
