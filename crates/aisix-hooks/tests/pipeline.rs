//! The order of hooks, and that every one of them learns how the exchange ended, once.
#![expect(clippy::expect_used, reason = "a test may say: this must hold")]

use std::sync::{Arc, Mutex};

use aisix_core::chat::{ChatEvents, ChatResponse};
use aisix_core::{Carried, Error, ErrorCode, Id};
use aisix_hooks::{
    Access, ActiveHooks, Answer, AttemptFlow, AttemptInfo, Flow, Hook, HookFactory, HookRequest,
    Interest, Outcome, Pipeline, RequestInfo,
};
use aisix_testing::conformance::hook::{frames, request};
use async_trait::async_trait;
use http::{HeaderMap, HeaderValue};

/// What happened, in order: `<hook>.<phase>`.
type Log = Arc<Mutex<Vec<String>>>;

/// What a recorded hook does when it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Does {
    LetPass,
    Answer,
    Refuse,
    NotStart,
}

/// A hook that writes down what it sees.
#[derive(Clone)]
struct Recorder {
    name: &'static str,
    does: Does,
    interest: Interest,
    log: Log,
    outcomes: Arc<Mutex<Vec<Outcome>>>,
}

impl Recorder {
    fn new(name: &'static str, log: &Log) -> Self {
        let (interest, outcomes) = Default::default();
        Self { name, does: Does::LetPass, interest, log: log.clone(), outcomes }
    }

    fn that(self, does: Does) -> Self {
        Self { does, ..self }
    }

    fn wanting(self, request: Access, response: Access) -> Self {
        Self { interest: Interest { request, response }, ..self }
    }

    fn saw(&self, phase: &str) {
        self.log.lock().expect("no test panics here").push(format!("{}.{phase}", self.name));
    }

    fn refusal() -> Error {
        Error::new(ErrorCode::ModelAccessForbidden, "refused")
    }

    fn answer(&self) -> Box<Answer> {
        let response = ChatResponse { id: self.name.to_owned(), ..ChatResponse::default() };
        Box::new(Answer { response, headers: HeaderMap::new() })
    }
}

impl HookFactory for Recorder {
    fn name(&self) -> &'static str {
        self.name
    }

    fn interest(&self) -> Interest {
        self.interest
    }

    fn start(&self, _: &Arc<RequestInfo>) -> Option<Box<dyn Hook>> {
        (self.does != Does::NotStart).then(|| Box::new(self.clone()) as Box<dyn Hook>)
    }
}

#[async_trait]
impl Hook for Recorder {
    async fn on_request(&mut self, _: &mut HookRequest) -> Result<Flow, Error> {
        self.saw("request");
        match self.does {
            Does::Answer => Ok(Flow::Answer(self.answer())),
            Does::Refuse => Err(Self::refusal()),
            Does::LetPass | Does::NotStart => Ok(Flow::Continue),
        }
    }

    async fn on_attempt(&mut self, _: &AttemptInfo) -> AttemptFlow {
        self.saw("attempt");
        match self.does {
            Does::Answer => AttemptFlow::Answer(self.answer()),
            Does::Refuse => AttemptFlow::Skip(Self::refusal()),
            Does::LetPass | Does::NotStart => AttemptFlow::Proceed,
        }
    }

    fn on_head(&mut self, headers: &mut HeaderMap) {
        self.saw("head");
        headers.append("x-hook", HeaderValue::from_static(self.name));
    }

    fn on_event(&mut self, _: &mut Carried<ChatEvents>) -> Result<(), Error> {
        self.saw("event");
        if self.does == Does::Refuse { Err(Self::refusal()) } else { Ok(()) }
    }

    async fn on_release(&mut self, _: &mut Vec<Carried<ChatEvents>>) -> Result<(), Error> {
        self.saw("release");
        if self.does == Does::Refuse { Err(Self::refusal()) } else { Ok(()) }
    }

    fn on_complete(&mut self, outcome: &Outcome) {
        self.saw("complete");
        self.outcomes.lock().expect("no test panics here").push(outcome.clone());
    }
}

fn started(pipeline: &Pipeline) -> (ActiveHooks, HookRequest) {
    let request = request("m", &["*"], "m");
    (pipeline.start(&request.info), request)
}

fn attempt() -> AttemptInfo {
    AttemptInfo {
        index: 0,
        model_id: Id::from("model"),
        display_name: "m".into(),
        provider_key_id: Id::from("key"),
    }
}

#[track_caller]
fn assert_saw(log: &Log, expected: &[&str]) {
    assert_eq!(*log.lock().expect("no test panics here"), expected);
}

#[tokio::test]
async fn hooks_see_every_phase_in_the_order_of_the_list() {
    let log = Log::default();
    let pipeline =
        Pipeline::new().then(Recorder::new("one", &log)).then(Recorder::new("two", &log));
    let (mut hooks, mut request) = started(&pipeline);
    let flow = hooks.on_request(&mut request).await.expect("nobody refuses");
    assert!(matches!(flow, Flow::Continue));
    assert!(matches!(hooks.on_attempt(&attempt()).await, AttemptFlow::Proceed));
    let mut headers = HeaderMap::new();
    hooks.on_head(&mut headers);
    let mut frames = frames(Access::Read);
    hooks.on_event(&mut frames[0]).expect("nobody refuses");
    hooks.on_release(&mut frames).await.expect("nobody refuses");
    hooks.complete(&Outcome::default());
    assert_saw(
        &log,
        &[
            "one.request",
            "two.request",
            "one.attempt",
            "two.attempt",
            "one.head",
            "two.head",
            "one.event",
            "two.event",
            "one.release",
            "two.release",
            "one.complete",
            "two.complete",
        ],
    );
    assert_eq!(headers.get_all("x-hook").iter().collect::<Vec<_>>(), ["one", "two"]);
}

#[tokio::test]
async fn the_first_answer_wins_and_all_learn_of_the_end() {
    let log = Log::default();
    let pipeline = Pipeline::new()
        .then(Recorder::new("one", &log))
        .then(Recorder::new("two", &log).that(Does::Answer))
        .then(Recorder::new("three", &log).that(Does::Answer));
    let (mut hooks, mut request) = started(&pipeline);
    let flow = hooks.on_request(&mut request).await.expect("nobody refuses");
    let Flow::Answer(answer) = flow else { panic!("the second hook answers") };
    assert_eq!(answer.response.id, "two");
    hooks.complete(&Outcome::default());
    let phases = ["one.request", "two.request", "one.complete", "two.complete", "three.complete"];
    assert_saw(&log, &phases);
}

#[tokio::test]
async fn the_first_refusal_ends_the_request_and_all_learn_of_it() {
    let log = Log::default();
    let pipeline = Pipeline::new()
        .then(Recorder::new("one", &log).that(Does::Refuse))
        .then(Recorder::new("two", &log));
    let (mut hooks, mut request) = started(&pipeline);
    let error = hooks.on_request(&mut request).await.expect_err("the first hook refuses");
    assert_eq!(error.code(), ErrorCode::ModelAccessForbidden);
    hooks.complete(&Outcome { status: 403, error: Some(error.code()), ..Outcome::default() });
    assert_saw(&log, &["one.request", "one.complete", "two.complete"]);
}

#[tokio::test]
async fn the_first_hook_that_stops_an_attempt_decides() {
    for does in [Does::Refuse, Does::Answer] {
        let log = Log::default();
        let pipeline = Pipeline::new()
            .then(Recorder::new("one", &log).that(does))
            .then(Recorder::new("two", &log));
        let flow = started(&pipeline).0.on_attempt(&attempt()).await;
        match does {
            Does::Refuse => assert!(matches!(flow, AttemptFlow::Skip(_)), "{flow:?}"),
            _ => assert!(matches!(flow, AttemptFlow::Answer(_)), "{flow:?}"),
        }
        assert_saw(&log, &["one.attempt", "one.complete", "two.complete"]);
    }
}

#[tokio::test]
async fn a_frame_or_a_held_answer_that_is_refused_goes_no_further() {
    let log = Log::default();
    let pipeline = Pipeline::new()
        .then(Recorder::new("one", &log).that(Does::Refuse))
        .then(Recorder::new("two", &log));
    let (mut hooks, _) = started(&pipeline);
    let mut frames = frames(Access::Read);
    hooks.on_event(&mut frames[0]).expect_err("the first hook refuses");
    hooks.on_release(&mut frames).await.expect_err("the first hook refuses");
    hooks.complete(&Outcome::default());
    assert_saw(&log, &["one.event", "one.release", "one.complete", "two.complete"]);
}

#[test]
fn the_end_is_told_once_however_often_it_is_announced() {
    let log = Log::default();
    let recorder = Recorder::new("one", &log);
    let outcomes = recorder.outcomes.clone();
    let (mut hooks, _) = started(&Pipeline::new().then(recorder));
    let first = Outcome { status: 200, attempts: 1, ..Outcome::default() };
    hooks.complete(&first);
    hooks.complete(&Outcome { status: 500, ..Outcome::default() });
    drop(hooks);
    assert_eq!(*outcomes.lock().expect("no test panics here"), [first]);
}

#[tokio::test]
async fn hooks_that_are_dropped_are_told_once_that_the_caller_left() {
    let log = Log::default();
    let recorder = Recorder::new("one", &log);
    let outcomes = recorder.outcomes.clone();
    let (mut hooks, mut request) = started(&Pipeline::new().then(recorder));
    hooks.on_request(&mut request).await.expect("nobody refuses");
    drop(hooks);
    let left = Outcome { status: 499, cancelled: true, ..Outcome::default() };
    assert_eq!(*outcomes.lock().expect("no test panics here"), [left]);
}

#[test]
fn a_request_that_does_not_concern_a_hook_does_not_start_it() {
    let log = Log::default();
    let pipeline = Pipeline::new()
        .then(Recorder::new("one", &log).that(Does::NotStart))
        .then(Recorder::new("two", &log));
    drop(started(&pipeline));
    assert_saw(&log, &["two.complete"]);
}

#[test]
fn interests_are_folded_field_by_field_before_any_request() {
    let log = Log::default();
    let recorder = |request, response| Recorder::new("one", &log).wanting(request, response);
    let pipeline = Pipeline::new();
    assert_eq!(pipeline.interest(), Interest::default());
    let pipeline = pipeline.then(recorder(Access::Write, Access::None));
    let pipeline = pipeline.then(recorder(Access::Read, Access::Hold));
    let pipeline = pipeline.then(recorder(Access::None, Access::Read));
    let folded = Interest { request: Access::Write, response: Access::Hold };
    assert_eq!(pipeline.interest(), folded);
    assert_eq!(started(&pipeline).0.interest(), folded);
}

#[test]
fn a_pipeline_names_its_hooks_in_their_order() {
    let log = Log::default();
    let pipeline =
        Pipeline::new().then(Recorder::new("one", &log)).then(Recorder::new("two", &log));
    assert_eq!(format!("{pipeline:?}"), r#"["one", "two"]"#);
}
