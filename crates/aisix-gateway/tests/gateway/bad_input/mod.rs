//! What callers and upstreams get wrong: a row is one kind of mistake, a column one format, and every
//! row is tried for every pair of a caller's format and a family of upstreams.
//!
//! A further format of callers fills a column of [`columns::REQUESTS`], a further way to upstreams says
//! in [`columns::ANSWERS`] what it answers in, and fills a column where that is a format of its own:
//! without it this program does not compile. A mistake that a format leaves no room for is named in its
//! column, with the reason.

mod callers;
mod clouds;
mod columns;
mod frames;
mod relayed;
mod upstreams;

use aisix_gateway::Settings;
use aisix_testing::{Reply, Response, ScriptedUpstream};
use serde_json::Value;

use self::columns::{ANSWERS, Answers, REQUESTS, Requests};
use crate::common::spoken::{FORMATS, Spoken, error_in};
use crate::common::ways::{WAYS, Way};
use crate::common::*;

/// A kind of mistake that not every format leaves room for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    /// Lines that end in every way that there is.
    MixedLines,
    /// A message with a wrong checksum, or cut off.
    SpoiltMessage,
    /// A frame whose type says that nobody knows it, so that it is counted.
    UnknownFrame,
    /// One of several answers that failed on its own.
    FailedChoice,
    /// An error beside what a frame says.
    ErrorBeside,
}

/// A caller of one format in front of an upstream that is reached in one way.
struct Pair {
    name: String,
    spoken: &'static Spoken,
    way: &'static Way,
    requests: &'static Requests,
    /// What the upstream gives whole answers in, and streamed ones.
    whole: &'static Answers,
    streamed: &'static Answers,
    upstream: ScriptedUpstream,
    world: World,
}

/// Runs for every pair.
async fn for_every_pair(check: impl AsyncFn(&Pair)) {
    static FORMATS_HERE: [Spoken; FORMATS.len()] = FORMATS;
    for (spoken, requests) in FORMATS_HERE.iter().zip(&REQUESTS) {
        for (way, answers) in WAYS.iter().zip(&ANSWERS) {
            let upstream = ScriptedUpstream::start();
            let world = World::with(Settings::default(), &way.documents(&upstream));
            let name = format!("{} over {}", spoken.path, way.name);
            let (whole, streamed) = (answers(spoken, false), answers(spoken, true));
            check(&Pair { name, spoken, way, requests, whole, streamed, upstream, world }).await;
        }
    }
}

/// Runs for every pair whose streams leave room for this mistake; a column says why others do not.
async fn for_every_pair_with(row: Row, check: impl AsyncFn(&Pair)) {
    for_every_pair(async |pair| {
        if !pair.streamed.never.iter().any(|(never, _)| *never == row) {
            check(pair).await;
        }
    })
    .await;
}

#[test]
fn every_mistake_is_tried_where_there_is_room_for_it() {
    let [chat, ..] = FORMATS;
    for (row, tried) in [
        (Row::MixedLines, 6),
        (Row::SpoiltMessage, 2),
        (Row::UnknownFrame, 4),
        (Row::FailedChoice, 3),
        (Row::ErrorBeside, 6),
    ] {
        let columns = ANSWERS.iter().map(|answers| answers(&chat, true).never);
        let said = columns.filter(|never| never.iter().any(|(never, _)| *never == row));
        assert_eq!(ANSWERS.len() - said.count(), tried, "{row:?}");
    }
}

impl Pair {
    /// How the upstream answers.
    fn answers(&self, stream: bool) -> &'static Answers {
        if stream { self.streamed } else { self.whole }
    }

    /// Whether the upstream speaks the caller's format.
    fn is_native(&self, stream: bool) -> bool {
        self.answers(stream).callers == Some(self.spoken.path)
    }

    /// What a caller gets that asks for a whole answer, of an upstream that says this.
    async fn whole(&self, reply: Reply) -> Response {
        self.upstream.enqueue(reply);
        self.world.send(self.spoken.request(self.spoken.body(MODEL, "hi", false))).await
    }

    /// What a caller gets that asks for a stream: the status, and everything that arrives.
    async fn streamed(&self, reply: Reply) -> (u16, String) {
        self.upstream.enqueue(reply);
        let request = self.spoken.request(self.spoken.body(MODEL, "hi", true));
        let mut answer = self.world.stream(request).await;
        (answer.status(), answer.rest().await)
    }

    /// The frames of a stream with these pieces.
    fn frames(&self, pieces: &[&str]) -> Vec<String> {
        (self.way.stream)(self.spoken, pieces)
    }

    /// Asserts that a caller is told of an error in its own format, and gives the message.
    #[track_caller]
    fn assert_refused(&self, status: u16, expected: u16, body: &str) -> String {
        assert_eq!(status, expected, "{}: {body}", self.name);
        let body: Value = serde_json::from_str(body).expect("an error is JSON");
        error_in(self.spoken.protocol, &body).1
    }

    /// Asserts that a stream says that it broke, in the caller's format, and does not look complete.
    #[track_caller]
    fn assert_broken(&self, text: &str) -> String {
        let error = text.rsplit_once("event: error\ndata: ");
        let (before, error) = error.unwrap_or_else(|| panic!("{}: {text}", self.name));
        assert!(!before.contains(self.spoken.last), "{}: {text}", self.name);
        let error: Value = serde_json::from_str(error.trim_end()).expect("an error is JSON");
        let message = error.pointer("/error/message").or(error.pointer("/message"));
        message.and_then(Value::as_str).expect("a message").to_owned()
    }

    /// Asserts that callers are told of an upstream's error: in its words, where its family tells
    /// them.
    #[track_caller]
    fn assert_told(&self, words: &str, message: &str) {
        let sentence = message.starts_with("upstream ");
        let expected = match self.way.adapter {
            "openai" | "anthropic" => message == words,
            // What is wrong with a request is told.
            "vertex" => sentence || message == words,
            _ => sentence,
        };
        assert!(expected, "{}: {message}", self.name);
    }

    /// Asserts that a stream is complete and says this.
    #[track_caller]
    fn assert_complete(&self, status: u16, text: &str, said: &str) {
        assert_eq!(status, 200, "{}: {text}", self.name);
        assert_eq!(self.spoken.streamed_text(text), said, "{}: {text}", self.name);
        let last = text.trim_end().rsplit("\n\n").next().expect("a frame");
        assert!(last.starts_with(self.spoken.last.trim_end()), "{}: {text}", self.name);
    }
}
