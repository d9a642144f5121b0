//! What an exchange took, where its provider does not say: gathered as it passes, for an estimate at
//! its end.
//!
//! An exchange whose usage is reported pays for this with little: its request is kept until then,
//! and of a streamed answer a few kilobytes are copied. Nothing is decoded, and no tokenizer is
//! loaded.

use aisix_core::Carried;
use aisix_core::chat::{ChatEvents, ChatResponse, FrameKind, Usage, fold};
use aisix_dialects::sse::{self, SseDecoder};
use aisix_dialects::{Depth, Dialect, FrameDecoder as _, RelayFormat};
use aisix_hooks::Payload;
use aisix_tokens::{Answered, Asked, estimate};
use bytes::{Bytes, BytesMut};

/// What was asked and what was answered, as far as it is kept.
#[derive(Default)]
pub(super) struct Evidence {
    /// The format of both, where they are only passed on.
    passed_on: Option<&'static RelayFormat>,
    asked: Option<Payload>,
    answered: Answer,
}

#[derive(Default)]
enum Answer {
    #[default]
    Nothing,
    /// All of a turn.
    Turn(Box<Carried<ChatResponse>>),
    /// All of what is passed on.
    Body(Bytes),
    /// What a stream has said.
    Stream(Sample),
}

/// The beginning of a stream, and how much followed it.
struct Sample {
    /// What the upstream speaks.
    dialect: &'static dyn Dialect,
    /// The first events, written as server-sent events.
    events: BytesMut,
    /// How many these are.
    sampled: u64,
    /// How many passed.
    passed: u64,
}

/// How much of a stream is kept, in bytes: some fifty events of a usual stream. What follows is
/// taken to say as much in each event.
const SAMPLE: usize = 16 << 10;

impl Evidence {
    /// This was asked; in this format, where it is only passed on.
    pub(super) fn asked(&mut self, mut payload: Payload, passed_on: Option<&'static RelayFormat>) {
        // What was translated is needed no more as long as its original is there.
        match &mut payload {
            Payload::Chat(request) => request.condense(),
            Payload::Embed(request) => request.condense(),
            _ => {}
        }
        (self.asked, self.passed_on) = (Some(payload), passed_on);
    }

    /// The provider has counted the prompt: it need not be kept.
    pub(super) fn prompt_is_counted(&mut self) {
        self.asked = None;
    }

    /// This was answered, and is the whole of it.
    pub(super) fn turn(&mut self, answer: Carried<ChatResponse>) {
        self.answered = Answer::Turn(Box::new(answer));
    }

    /// This was answered, and is passed on.
    pub(super) fn body(&mut self, body: &Bytes) {
        if self.passed_on.is_some_and(RelayFormat::continues_texts) {
            self.answered = Answer::Body(body.clone());
        }
    }

    /// An upstream that speaks this begins to stream.
    pub(super) fn stream(&mut self, dialect: &'static dyn Dialect) {
        let sample = Sample { dialect, events: BytesMut::new(), sampled: 0, passed: 0 };
        self.answered = Answer::Stream(sample);
    }

    /// A frame of the stream passes.
    pub(super) fn frame(&mut self, frame: &Carried<ChatEvents>) {
        if let Answer::Stream(sample) = &mut self.answered {
            sample.take(frame);
        }
    }

    /// Whether there is nothing to make an estimate from.
    pub(super) fn is_empty(&self) -> bool {
        self.asked.is_none() && self.answers_nothing()
    }

    /// Whether nothing was answered that counts.
    pub(super) fn answers_nothing(&self) -> bool {
        match &self.answered {
            Answer::Nothing => true,
            Answer::Turn(_) | Answer::Body(_) => false,
            Answer::Stream(sample) => sample.passed == 0,
        }
    }

    /// How much is held for the estimate, about, in bytes.
    pub(super) fn size(&self) -> usize {
        let asked = match &self.asked {
            Some(Payload::Chat(request)) => request.size(),
            Some(Payload::Embed(request)) => request.size(),
            Some(Payload::Relay(request)) => request.bytes().len(),
            _ => 0,
        };
        asked
            + match &self.answered {
                Answer::Nothing => 0,
                Answer::Turn(answer) => answer.size(),
                Answer::Body(body) => body.len(),
                Answer::Stream(sample) => sample.events.len(),
            }
    }

    /// The estimate: decodes what was kept and counts its tokens.
    pub(super) fn estimate(mut self) -> Usage {
        let texts;
        let asked = match &mut self.asked {
            Some(Payload::Chat(request)) => request.value().map_or(Asked::Nothing, Asked::Chat),
            Some(Payload::Embed(request)) => {
                request.value().map_or(Asked::Nothing, |request| Asked::Texts(&request.inputs))
            }
            Some(Payload::Relay(request)) => {
                texts = self.passed_on.map(|format| format.asked(request)).unwrap_or_default();
                Asked::Texts(&texts)
            }
            _ => Asked::Nothing,
        };
        match (&mut self.answered, self.passed_on) {
            (Answer::Turn(answer), _) => {
                estimate(asked, answer.value().map_or(Answered::Nothing, Answered::Chat))
            }
            (Answer::Body(body), Some(format)) => {
                estimate(asked, Answered::Text(&format.answered(body)))
            }
            (Answer::Stream(sample), Some(format)) => {
                sample.extended(estimate(asked, Answered::Text(&sample.text(format))))
            }
            (Answer::Stream(sample), None) => {
                sample.extended(estimate(asked, Answered::Chat(&sample.turn())))
            }
            (Answer::Nothing | Answer::Body(_), _) => estimate(asked, Answered::Nothing),
        }
    }
}

impl Sample {
    fn take(&mut self, frame: &Carried<ChatEvents>) {
        let outline = frame.outline();
        if outline.kind != FrameKind::Content {
            return;
        }
        self.passed += 1;
        if self.events.len() >= SAMPLE {
            return;
        }
        if let Some(data) = frame.original(frame.dialect()) {
            self.sampled += 1;
            sse::write_named(&mut self.events, outline.name.as_deref(), data);
        }
    }

    /// The turn that the kept events make.
    fn turn(&self) -> ChatResponse {
        let mut decoder = self.dialect.event_decoder(Depth::Full);
        let read = self.frames().into_iter().map_while(|frame| decoder.push(frame).ok());
        let events = read.flatten().filter_map(|mut frame| frame.value().ok().cloned());
        fold(events.flatten())
    }

    /// The text that the kept events make.
    fn text(&self, format: &RelayFormat) -> String {
        self.frames().iter().map(|frame| format.answered(&frame.data)).collect()
    }

    fn frames(&self) -> Vec<aisix_dialects::Frame> {
        let mut frames = Vec::new();
        let mut decoder = SseDecoder::default();
        let events = Bytes::copy_from_slice(&self.events);
        // What was written here can be read; whatever cannot be says nothing.
        let read = decoder.push(events, &mut frames).and_then(|()| decoder.finish(&mut frames));
        if read.is_err() {
            frames.clear();
        }
        frames
    }

    /// An estimate of the kept events, as one of all that passed.
    fn extended(&self, usage: Usage) -> Usage {
        let output = u128::from(usage.output) * u128::from(self.passed);
        let output = output / u128::from(self.sampled.max(1));
        Usage { output: u64::try_from(output).unwrap_or(u64::MAX), ..usage }
    }
}
