//! An embedder's hooks: what they see, what they may change, and how exchanges end for them.

use std::sync::{Arc, Mutex};

use aisix_core::chat::{
    ChatEvent, ChatEvents, ChatResponse, Choice, Delta, FinishReason, Part, Role, Text, Turn, Usage,
};
use aisix_core::{Carried, Error, ErrorCode};
use aisix_gateway::Settings;
use aisix_hooks::{
    Access, Answer, AttemptFlow, AttemptInfo, Flow, Hook, HookFactory, HookRequest, Interest,
    Outcome, Payload, RequestInfo,
};
use aisix_testing::fixtures::openai;
use aisix_testing::{Reply, ScriptedUpstream};
use async_trait::async_trait;
use http::HeaderMap;
use serde_json::{Value, json};

use crate::common::world::{chat, streamed, whole};
use crate::common::*;

/// A factory out of an interest and a function.
struct Made<F> {
    interest: Interest,
    start: F,
}

impl<F, H> HookFactory for Made<F>
where
    F: Fn(&Arc<RequestInfo>) -> H + Send + Sync + 'static,
    H: Hook + 'static,
{
    fn name(&self) -> &'static str {
        "made"
    }

    fn interest(&self) -> Interest {
        self.interest
    }

    fn start(&self, info: &Arc<RequestInfo>) -> Option<Box<dyn Hook>> {
        Some(Box::new((self.start)(info)))
    }
}

fn hooked<H: Hook + 'static>(
    upstream: &ScriptedUpstream,
    response: Access,
    start: impl Fn(&Arc<RequestInfo>) -> H + Send + Sync + 'static,
) -> World {
    let documents = documents::standard(&upstream.base_url());
    with_documents(&documents, response, start)
}

fn with_documents<H: Hook + 'static>(
    documents: &documents::Documents,
    response: Access,
    start: impl Fn(&Arc<RequestInfo>) -> H + Send + Sync + 'static,
) -> World {
    let interest = Interest { request: Access::None, response };
    World::hooked(Settings::default(), documents, vec![Arc::new(Made { interest, start })])
}

fn made_up() -> ChatResponse {
    let parts = vec![Part::Text(Text::new("from the cache"))];
    let finish = Some(FinishReason::Stop);
    ChatResponse {
        choices: vec![Choice { parts, finish, ..Choice::default() }],
        usage: Some(Usage { input: 1, output: 3, ..Usage::default() }),
        ..ChatResponse::default()
    }
}

/// Has an answer, so that nobody is called.
struct Answers;

#[async_trait]
impl Hook for Answers {
    async fn on_request(&mut self, request: &mut HookRequest) -> Result<Flow, Error> {
        assert!(request.model.is_some(), "the gates have run");
        let headers = HeaderMap::from_iter([(
            http::HeaderName::from_static("x-aisix-cache"),
            http::HeaderValue::from_static("hit"),
        )]);
        Ok(Flow::Answer(Box::new(Answer { response: made_up(), headers })))
    }
}

#[tokio::test]
async fn a_held_answer_that_is_too_large_is_given_up() {
    let upstream = ScriptedUpstream::start();
    let frame = &openai::chat_stream([" ".repeat(1 << 20)])[1];
    let reply = (0..65).fold(Reply::open_sse(), |reply, _| reply.chunk(frame.clone()));
    upstream.enqueue(reply.hang());
    let answer = hooked(&upstream, Access::Hold, |_| Holds).chat(streamed("hi")).await;
    assert_eq!(answer.status, 502, "{:.200}", answer.text());
    let message = "upstream response is too large: it exceeds 67108864 bytes";
    assert_eq!(error_of(&answer)["message"], message);
    upstream.wait_disconnected().await;
}

#[tokio::test]
async fn a_hook_may_have_the_answer_in_the_form_that_was_asked_for() {
    let upstream = ScriptedUpstream::start();
    let world = hooked(&upstream, Access::None, |_| Answers);
    let answer = world.chat(whole("hi")).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("x-aisix-cache"), Some("hit"));
    let id = answer.header("x-aisix-call-id").expect("a call id").to_owned();
    let body: Value = answer.json();
    assert_eq!(body["model"], MODEL);
    assert_eq!(body["choices"][0]["message"]["content"], "from the cache");
    assert_eq!(body["choices"][0]["finish_reason"], "stop");
    assert_eq!(body["id"], format!("chatcmpl-{id}"));

    let mut answer = world.stream(chat(streamed("hi"))).await;
    assert_eq!(answer.head.headers["content-type"], "text/event-stream");
    assert_eq!(answer.head.headers["x-aisix-cache"], "hit");
    let text = answer.rest().await;
    assert!(text.contains("from the cache") && text.ends_with(openai::DONE), "{text}");
    assert!(upstream.requests().is_empty());
}

#[tokio::test]
async fn hooks_see_only_what_passed_the_gates() {
    let upstream = ScriptedUpstream::start();
    let world = hooked(&upstream, Access::None, |_| Answers);
    for (body, status) in [("{}", 400), (r#"{"model":"my-gpt"}"#, 400), (r#"{"model":"x"}"#, 404)] {
        assert_eq!(world.chat(body).await.status, status);
    }
}

/// Remembers what it saw.
#[derive(Clone, Default)]
struct Reads(Arc<Mutex<Vec<ChatEvent>>>);

impl Hook for Reads {
    fn on_event(&mut self, events: &mut Carried<ChatEvents>) -> Result<(), Error> {
        self.0.lock().expect("no test panicked").extend(events.value()?.iter().cloned());
        Ok(())
    }
}

fn said(events: &[ChatEvent]) -> String {
    let texts = events.iter().filter_map(|event| match event {
        ChatEvent::PartDelta { delta: Delta::Text(text), .. } => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

#[tokio::test]
async fn a_hook_that_reads_changes_no_byte() {
    let upstream = ScriptedUpstream::start();
    let seen = Reads::default();
    let world = hooked(&upstream, Access::Read, {
        let seen = seen.clone();
        move |_| seen.clone()
    });
    let frames = openai::chat_stream(["Hel", "lo"]);
    upstream.enqueue(Reply::sse(frames.clone()));
    let mut answer = world.stream(chat(streamed("hi"))).await;
    assert_eq!(answer.rest().await, frames.concat().replace(openai::MODEL, MODEL));
    assert_eq!(said(&std::mem::take(&mut *seen.0.lock().expect("no panic"))), "Hello");

    let completion = openai::chat_completion("Hello there");
    upstream.enqueue(Reply::json(200, completion.clone()));
    let answer = world.chat(whole("hi")).await;
    assert_answer(&answer, 200, &completion.replace(openai::MODEL, MODEL));
    assert_eq!(said(&seen.0.lock().expect("no panic")), "Hello there");
}

/// Replaces a word.
struct Writes;

impl Hook for Writes {
    fn on_event(&mut self, events: &mut Carried<ChatEvents>) -> Result<(), Error> {
        let names = |event: &ChatEvent| match event {
            ChatEvent::PartDelta { delta: Delta::Text(text), .. } => text.contains("Rumpel"),
            _ => false,
        };
        if events.value()?.iter().any(names) {
            for event in events.value_mut()? {
                if let ChatEvent::PartDelta { delta: Delta::Text(text), .. } = event {
                    *text = text.replace("Rumpel", "***");
                }
            }
        }
        Ok(())
    }
}

#[tokio::test]
async fn a_hook_may_change_what_is_said() {
    let upstream = ScriptedUpstream::start();
    let world = hooked(&upstream, Access::Write, |_| Writes);
    let frames = openai::chat_stream(["My name is ", "Rumpel", "!"]);
    upstream.enqueue(Reply::sse(frames.clone()));
    let mut answer = world.stream(chat(streamed("hi"))).await;
    let mut texts = Vec::new();
    while let Some(frame) = answer.frame().await {
        if frame == openai::DONE {
            assert_eq!(answer.frame().await, None);
            break;
        }
        let data = frame.strip_prefix("data: ").unwrap_or_else(|| panic!("{frame:?}"));
        let chunk: Value = serde_json::from_str(data).expect("JSON");
        assert_eq!(chunk["model"], MODEL, "{chunk}");
        texts.extend(chunk["choices"][0]["delta"]["content"].as_str().map(str::to_owned));
    }
    assert_eq!(texts.concat(), "My name is ***!");

    upstream.enqueue(Reply::json(200, openai::chat_completion("I am Rumpel")));
    let body: Value = world.chat(whole("hi")).await.json();
    assert_eq!(body["choices"][0]["message"]["content"], "I am ***");
    assert_eq!(body["model"], MODEL);
    assert_eq!(body["usage"]["prompt_tokens"], openai::PROMPT_TOKENS);
    assert_eq!(body["id"], openai::ID);

    upstream.enqueue(Reply::json(200, openai::chat_completion("nothing to hide")));
    let untouched = openai::chat_completion("nothing to hide").replace(openai::MODEL, MODEL);
    assert_answer(&world.chat(whole("hi")).await, 200, &untouched);
}

/// Refuses what contains a word, when it comes to it.
struct Refuses;

fn refusal() -> Error {
    Error::new(ErrorCode::InvalidRequest, "not on my watch")
}

impl Hook for Refuses {
    fn on_event(&mut self, events: &mut Carried<ChatEvents>) -> Result<(), Error> {
        if said(events.value()?).contains("Rumpel") { Err(refusal()) } else { Ok(()) }
    }
}

#[tokio::test]
async fn a_hook_may_end_an_answer() {
    let upstream = ScriptedUpstream::start();
    let world = hooked(&upstream, Access::Read, |_| Refuses);
    upstream.enqueue(Reply::sse(openai::chat_stream(["My name is ", "Rumpel", "!"])));
    let mut answer = world.stream(chat(streamed("hi"))).await;
    let text = answer.rest().await;
    assert!(text.contains("My name is "), "{text}");
    assert!(!text.contains("Rumpel") && !text.contains("[DONE]"), "{text}");
    assert!(text.contains("event: error\ndata: ") && text.contains("not on my watch"), "{text}");
    upstream.enqueue(Reply::json(200, openai::chat_completion("I am Rumpel")));
    let answer = world.chat(whole("hi")).await;
    assert_eq!(answer.status, 400);
    assert_eq!(error_of(&answer)["message"], "not on my watch");
}

/// Holds an answer back until it has seen all of it.
struct Holds;

#[async_trait]
impl Hook for Holds {
    async fn on_release(&mut self, held: &mut Vec<Carried<ChatEvents>>) -> Result<(), Error> {
        let mut text = String::new();
        for frame in held.iter_mut() {
            text.push_str(&said(frame.value()?));
        }
        if text.contains("Rumpelstilzchen") { Err(refusal()) } else { Ok(()) }
    }
}

#[tokio::test]
async fn nothing_of_a_held_answer_passes_before_it_is_released() {
    let upstream = ScriptedUpstream::start();
    let world = hooked(&upstream, Access::Hold, |_| Holds);
    // The word comes in two pieces, so only who sees all of it can tell.
    upstream.enqueue(Reply::sse(openai::chat_stream(["Rumpel", "stilzchen"])));
    let answer = world.chat(streamed("hi")).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
    assert_eq!(error_of(&answer)["message"], "not on my watch");
    assert!(!answer.text().contains("Rumpel"));
    upstream.enqueue(Reply::json(200, openai::chat_completion("Rumpelstilzchen")));
    assert_eq!(world.chat(whole("hi")).await.status, 400);

    let frames = openai::chat_stream(["Rumpel", "punzel"]);
    upstream.enqueue(Reply::sse(frames.clone()));
    let answer = world.chat(streamed("hi")).await;
    assert_eq!(answer.header("content-type"), Some("text/event-stream"));
    assert_eq!(answer.header("cache-control"), Some("no-cache"));
    assert!(answer.header("x-aisix-call-id").is_some());
    assert_answer(&answer, 200, &frames.concat().replace(openai::MODEL, MODEL));
    upstream.enqueue(Reply::json(200, openai::chat_completion("Rapunzel")));
    let untouched = openai::chat_completion("Rapunzel").replace(openai::MODEL, MODEL);
    assert_answer(&world.chat(whole("hi")).await, 200, &untouched);
    assert_eq!(upstream.connections(), 1, "held answers are read to their end");
}

#[tokio::test]
async fn a_held_answer_that_breaks_off_is_an_ordinary_error() {
    let upstream = ScriptedUpstream::start();
    let world = hooked(&upstream, Access::Hold, |_| Holds);
    let frames = openai::chat_stream(["one", "two"]);
    upstream.enqueue(Reply::open_sse().chunks(frames[..2].to_vec()).reset());
    let answer = world.chat(streamed("hi")).await;
    assert_eq!(answer.status, 502, "{}", answer.text());
    assert_eq!(error_of(&answer)["type"], "transport_error");
}

/// Adds a turn to what is asked.
struct Instructs;

#[async_trait]
impl Hook for Instructs {
    async fn on_request(&mut self, request: &mut HookRequest) -> Result<Flow, Error> {
        let Payload::Chat(chat) = &mut request.payload else {
            return Err(refusal());
        };
        let parts = vec![Part::Text(Text::new("be brief"))];
        let turn = Turn { role: Role::System, name: None, parts, native: Vec::new() };
        chat.value_mut()?.turns.insert(0, turn);
        Ok(Flow::Continue)
    }
}

#[tokio::test]
async fn a_hook_may_change_what_is_asked() {
    let upstream = ScriptedUpstream::start();
    let world = hooked(&upstream, Access::None, |_| Instructs);
    upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
    let body = whole("hi").replacen('{', r#"{"x_vendor":[1],"temperature":0.5,"#, 1);
    assert_eq!(world.chat(body).await.status, 200);
    let sent: Value = upstream.next_request().await.json();
    assert_eq!(sent["model"], UPSTREAM_MODEL);
    assert_eq!(sent["messages"][0], json!({"role": "system", "content": "be brief"}));
    assert_eq!(sent["messages"][1], json!({"role": "user", "content": "hi"}));
    assert_eq!((&sent["x_vendor"], &sent["temperature"]), (&json!([1]), &json!(0.5)));

    upstream.enqueue(Reply::sse(openai::chat_stream(["ok"])));
    let mut answer = world.stream(chat(streamed("hi"))).await;
    assert!(answer.rest().await.ends_with(openai::DONE));
    let sent: Value = upstream.next_request().await.json();
    assert_eq!(sent["stream"], true);
    assert_eq!(sent["stream_options"], json!({"include_usage": true}));
}

/// Decides on attempts by the name of the candidate.
#[derive(Clone, Default)]
struct Attempts(Arc<Mutex<Vec<AttemptInfo>>>);

#[async_trait]
impl Hook for Attempts {
    async fn on_attempt(&mut self, attempt: &AttemptInfo) -> AttemptFlow {
        self.0.lock().expect("no test panicked").push(attempt.clone());
        match &*attempt.display_name {
            "skipped" => AttemptFlow::Skip(refusal()),
            "answered" => AttemptFlow::Answer(Box::new(Answer {
                response: made_up(),
                headers: HeaderMap::new(),
            })),
            _ => AttemptFlow::Proceed,
        }
    }
}

#[tokio::test]
async fn a_hook_may_pass_a_candidate_over_or_answer_in_its_place() {
    let upstream = ScriptedUpstream::start();
    let mut all = documents::standard(&upstream.base_url());
    all.extend(documents::documents([
        ("models/skipped", direct("skipped", "x", "pk")),
        ("models/answered", direct("answered", "x", "pk")),
        ("models/g1", group("g1", &["skipped", MODEL])),
        ("models/g2", group("g2", &["skipped"])),
        ("models/g3", group("g3", &["skipped", "answered", MODEL])),
    ]));
    let seen = Attempts::default();
    let world = with_documents(&all, Access::None, {
        let seen = seen.clone();
        move |_| seen.clone()
    });
    let ask = async |model: &str| {
        let mut request = chat(openai::chat_request(model, "hi"));
        request.headers_mut().insert("x-aisix-request-id", model.parse().expect("a value"));
        world.send(request).await
    };
    upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
    assert_eq!(ask("g1").await.header("x-aisix-served-by"), Some(MODEL));
    let names: Vec<_> = std::mem::take(&mut *seen.0.lock().expect("no panic"))
        .iter()
        .map(|attempt| (attempt.index, attempt.display_name.to_string()))
        .collect();
    assert_eq!(names, [(0, "skipped".to_owned()), (1, MODEL.to_owned())]);
    // A candidate that was passed over was not called.
    assert_eq!(world.recorder.outcome("g1").await.attempts, 1);

    for model in ["g2", "skipped"] {
        let answer = ask(model).await;
        assert_eq!(error_of(&answer)["message"], "not on my watch");
        assert_eq!(world.recorder.outcome(model).await.attempts, 0);
    }
    let answer = ask("g3").await;
    assert_eq!(answer.json::<Value>()["choices"][0]["message"]["content"], "from the cache");
    assert!(answer.header("x-aisix-served-by").is_none());
    assert_eq!(upstream.requests().len(), 1);
}

/// Adds headers.
struct Signs;

impl Hook for Signs {
    fn on_head(&mut self, headers: &mut HeaderMap) {
        headers.insert("x-signed", http::HeaderValue::from_static("yes"));
        headers.insert("server", http::HeaderValue::from_static("mine"));
        headers.insert("x-aisix-request-id", http::HeaderValue::from_static("mine"));
    }
}

#[tokio::test]
async fn a_hook_may_add_headers_but_not_the_gateways_own() {
    let upstream = ScriptedUpstream::start();
    let world = hooked(&upstream, Access::None, |_| Signs);
    upstream.enqueue(Reply::json(200, openai::chat_completion("ok")));
    upstream.enqueue(Reply::sse(openai::chat_stream(["ok"])));
    for body in [whole("hi"), streamed("hi")] {
        let answer = world.chat(body).await;
        assert_eq!(answer.header("x-signed"), Some("yes"));
        assert_ne!(answer.header("server"), Some("mine"));
        assert_ne!(answer.header("x-aisix-request-id"), Some("mine"));
    }
}

/// Remembers in which order hooks are told.
struct Ordered(&'static str, Arc<Mutex<Vec<String>>>);

#[async_trait]
impl Hook for Ordered {
    async fn on_request(&mut self, _: &mut HookRequest) -> Result<Flow, Error> {
        self.1.lock().expect("no test panicked").push(format!("{} request", self.0));
        Ok(Flow::Continue)
    }

    fn on_complete(&mut self, outcome: &Outcome) {
        let mut log = self.1.lock().expect("no test panicked");
        log.push(format!("{} complete {}", self.0, outcome.status));
    }
}

#[tokio::test]
async fn hooks_run_in_the_order_in_which_they_were_added_for_every_generation() {
    let upstream = ScriptedUpstream::start();
    let log = Arc::new(Mutex::new(Vec::new()));
    let ordered = |name: &'static str| -> Arc<dyn HookFactory> {
        let log = log.clone();
        let start = move |_: &Arc<RequestInfo>| Ordered(name, log.clone());
        Arc::new(Made { interest: Interest::default(), start })
    };
    let all = documents::standard(&upstream.base_url());
    let world = World::hooked(Settings::default(), &all, vec![ordered("a"), ordered("b")]);
    for _ in 0..2 {
        upstream.enqueue(Reply::json(404, openai::error(404)));
        assert_eq!(world.chat(whole("hi")).await.status, 404);
        let expected = ["a request", "b request", "a complete 404", "b complete 404"];
        assert_eq!(std::mem::take(&mut *log.lock().expect("no panic")), expected);
        world.publish(&all);
    }
}
