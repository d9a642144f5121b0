//! Upstreams' whole answers: read, and written for a caller of every format, whole and streamed.

use aisix_core::chat::{ChatResponse, Choice, FrameOutline, StreamOptions, fold, unfold};
use aisix_core::{Carried, Error, ErrorKind};
use aisix_dialects::{AnswerContext, Dialect, Encoded};
use bytes::{Bytes, BytesMut};

use crate::said::{self, Said};
use crate::streams::read_events;
use crate::wires::{CALLERS, Caller, UPSTREAMS, Upstream, Wire};

/// The caller's name for the model: one that has to be escaped.
const CALLERS_MODEL: &str = "a \"caller\"\\ ☃";

pub(crate) fn check(body: &[u8]) {
    let body = Bytes::copy_from_slice(body);
    for from in &UPSTREAMS {
        let mut answer = match from.dialect.decode_response(body.clone()) {
            Ok(answer) => answer,
            Err(error) => {
                is_the_upstreams(&error, from);
                continue;
            }
        };
        if let Some(caller) = CALLERS.iter().find(|caller| caller.id() == from.id()) {
            let relayed = write(caller, &mut answer).expect("what nobody changed is passed on");
            assert_eq!(relayed.dropped, [], "{from:?}: what is passed on says everything");
            from.dialect.decode_response(relayed.body).expect("it is an answer still");
        }
        if let Err(error) = answer.value_mut() {
            is_the_upstreams(&error, from);
            continue;
        }
        for to in &CALLERS {
            says_the_same(from, to, &mut answer);
        }
    }
}

/// An answer that cannot be read is the upstream's mistake.
pub(crate) fn is_the_upstreams<D: Dialect + ?Sized>(error: &Error, wire: &Wire<D>) {
    let kind = error.kind();
    let blames_the_upstream = matches!(kind, ErrorKind::Malformed | ErrorKind::Failed);
    assert!(blames_the_upstream, "{wire:?}: {kind:?}: {error}");
}

/// How a caller is answered.
pub(crate) fn context() -> AnswerContext {
    AnswerContext::new(CALLERS_MODEL)
        .stream_options(Some(StreamOptions { include_usage: true }))
        .minted("minted", 7)
}

fn write(to: &Caller, answer: &mut Carried<ChatResponse>) -> Result<Encoded, Error> {
    to.dialect.encode_response(answer, &context())
}

fn says_the_same(from: &Upstream, to: &Caller, answer: &mut Carried<ChatResponse>) {
    let written = write(to, answer).expect("a decoded answer can be written");
    let text = String::from_utf8_lossy(&written.body).into_owned();
    let mut read = match to.dialect.decode_response(written.body) {
        Ok(read) => read,
        Err(error) => panic!("{from:?} → {to:?}: it wrote no answer: {error}: {text}"),
    };
    let read = read.value().expect("it wrote an answer").clone();
    assert_eq!(read.model, CALLERS_MODEL, "{from:?} → {to:?}: {text}");
    let answer = answer.value().expect("it is decoded");
    // Formats that hold one choice hold the first; in a stream, choices are known by their numbers.
    // One that says nothing is not told in a stream.
    let is_told = |choice: &Choice| choice.finish.is_some() || !choice.parts.is_empty();
    let numbered = (0..).zip(&answer.choices).all(|(number, choice)| choice.index == number);
    if numbered && answer.choices.iter().all(is_told) {
        let streamed = stream(from, to, answer);
        let (one, other) = (said::finish(&streamed), said::finish(&read));
        assert_eq!(one, other, "{from:?} → {to:?}: {text}");
        let (one, other) = (Said::of(&streamed), Said::of(&read));
        assert_eq!(one, other, "{from:?} → {to:?}: streamed or whole, one answer: {text}");
    }
    if written.dropped.is_empty() {
        assert_eq!(Said::of(&read), Said::of(answer), "{from:?} → {to:?}: nothing is lost: {text}");
    }
}

/// The answer, streamed to a caller and put together again.
fn stream(from: &Upstream, to: &Caller, answer: &ChatResponse) -> ChatResponse {
    let mut answer = answer.clone();
    // Beside a whole answer it is a field like any other; a stream would end there.
    answer.native.retain(|native| native.name != "error");
    let mut out = BytesMut::new();
    let mut encoder = to.dialect.event_encoder(context());
    let outline = FrameOutline::default();
    let mut frame = Carried::made(from.dialect.id(), outline, unfold(answer));
    encoder.push(&mut frame, &mut out).expect("decoded events can be written");
    encoder.finish(&mut out);
    fold(read_events(to, &out).expect("it wrote a whole stream"))
}
